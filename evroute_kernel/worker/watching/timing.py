"""Times runs: when blocks and their statements begin and end, and when events are raised, in the order of time.

What is told (`WatchTold.data`) is one of these; times are nanoseconds of the epoch, `depth` counts blocks from 0:

    ("enter", time, depth, slot, event)      a block begins; event: that of the run which it begins, None where it is
                                             called by one
    ("reach", time, depth, slot, statement)  a statement begins, and the one before in this block has ended
    ("leave", time, depth, is_whole)         a block ends; not whole: something has ended the script in it
    ("raise", time, event)                   the statement that is running raises an event
    ("notice", time, what, value)            something of `runtime.watching.notices`

The system's clock, whatever that of the session shows.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns
from typing import Any

from evroute_kernel.runtime.context import Params, Process
from evroute_kernel.runtime.watching.hook import Frame, Watcher


class Timing(Watcher):
    """`asked`: nothing."""

    def __init__(self, process: Process, tell: Callable[[Any], None], asked: None) -> None:
        self._tell = tell

    def enters(self, frame: Frame) -> None:
        event = frame.context.event if frame.is_top else None
        self._tell(("enter", time_ns(), frame.depth, frame.route.slot, event))

    def reaches(self, frame: Frame, statement: int) -> None:
        self._tell(("reach", time_ns(), frame.depth, frame.route.slot, statement))

    def leaves(self, frame: Frame, code: int | None) -> None:
        self._tell(("leave", time_ns(), frame.depth, code is not None))

    def raises(self, frame: Frame | None, event: str, params: Params | None) -> None:
        self._tell(("raise", time_ns(), event))

    def notices(self, frame: Frame | None, what: str, value: str | int) -> None:
        self._tell(("notice", time_ns(), what, value))
