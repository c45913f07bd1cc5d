"""E_PROFILING_PROC of OpenSIPS 4.0, as a worker raises it: one job for each event that comes from outside.

Observed on 4.0.1 with the level 1 and more, which MI `profiling_proc` sets; `file` and `line` are those of its C code.
Each event that a route on it would handle is a job that tells of itself again, so a 4.0.1 with one worker never ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from evroute_kernel.library.chance import process_id
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import wrap
from evroute_kernel.worker.blackbox import STATEMENT, TOP, BlackBox
from evroute_kernel.worker.messages import Params

EVENT: Final = "E_PROFILING_PROC"
#: a process that receives by UDP
_TYPE: Final = 1
#: name, function, and the lines where it begins and ends
_STEPS: Final = (("ipc_job", "handle_io", 348, 350), ("RPC", "ipc_handle_job", 325, 335))

_ENDLESS: Final = (
    "it runs in the worker whose work it tells of, and so tells of itself, which never ends: a 4.0.1 hangs. "
    "Subscribe a socket instead, or switch it on for the process 0 alone: profiling_proc id=0"
)


#: the id of the process that tells, and the microsecond of the epoch
Teller: TypeAlias = "tuple[int, int]"


def fields(
    teller: Teller,
    name: str,
    verb: str,
    kind: int,
    depth: int,
    place: tuple[str, int] | None = None,
    status: int | None = None,
) -> tuple[tuple[str, int | str], ...]:
    """The parameters of one event, without those that have no value."""
    process, moment = teller
    seconds, microseconds = divmod(moment, 1_000_000)
    given: list[tuple[str, int | str]] = [
        ("sec", wrap(seconds)),
        ("usec", microseconds),
        ("session", process),
        ("verb", verb),
        ("name", name),
        ("type", kind),
        ("depth", depth),
    ]
    if place is not None:
        given += [("file", place[0]), ("line", place[1])]
    if status is not None:
        given.append(("status", status))
    return tuple(given)


class ProcessProfile:
    """What one worker tells. `tell` gives an event to those who have subscribed it, `handlers` its routes."""

    def __init__(
        self,
        process: Process,
        blackbox: BlackBox,
        tell: Callable[[str, Params], object],
        handlers: Callable[[str], tuple[int, ...]],
    ) -> None:
        self._process = process
        self._name = f"SIP receiver {process.number}"
        self._place = blackbox.place
        self._tell = tell
        self._handlers = handlers
        self.level = 0
        #: whether somebody has subscribed the event
        self.is_heard = False

    def begin(self) -> None:
        """An event has come."""
        if not (self.level and self.is_heard):
            return
        if handlers := self._handlers(EVENT):
            self._place[STATEMENT], self._place[TOP] = -1, handlers[0]
            raise ScriptCrash(_ENDLESS)
        self._raise("start", self._name, 0)
        for depth, (name, function, line, _) in enumerate(_STEPS, 1):
            self._raise("enter", name, depth, (function, line))

    def end(self) -> None:
        """Its routes have been run."""
        if not (self.level and self.is_heard):
            return
        for depth, (name, function, _, line) in reversed(tuple(enumerate(_STEPS))):
            self._raise("exit", name, depth, (function, line), 0)
        self._raise("end", self._name, 0, None, 0)

    def _raise(
        self, verb: str, name: str, depth: int, place: tuple[str, int] | None = None, status: int | None = None
    ) -> None:
        teller = process_id(self._process), self._process.shared.clock.microseconds()
        self._tell(EVENT, fields(teller, name, verb, _TYPE, depth, place, status))
