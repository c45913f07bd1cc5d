"""Files of recorded profiling events of a 4.0, read as a timeline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from evroute_kernel.engine.replay.formats import entries, recognised, written_blocks
from evroute_kernel.engine.replay.reading import FileSource
from evroute_kernel.engine.results.profiled import PROCESS, SCRIPT, profiled
from evroute_kernel.engine.results.timeline import BARS_KEPT, Timeline
from evroute_kernel.runtime.values import decode

#: bytes that are read at a time
_BLOCK = 2**18


class NoProfileError(ValueError):
    """A file holds no event that tells of routes or processes."""

    def __init__(self) -> None:
        super().__init__(f"it holds neither {SCRIPT} nor {PROCESS} that tells when something began")


def recorded_timeline(path: str | os.PathLike[str], limit: int = BARS_KEPT) -> Timeline:
    """The timeline that a recording tells, in any of the formats of recorded events.

    Raises OSError, UnknownFormatError, NoProfileError.
    """
    with FileSource(path) as source:
        timeline = profiled(_events(source, recognised(source.head())), limit)
    if not len(timeline):
        raise NoProfileError
    return timeline


def _events(source: FileSource, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    blocks = source.blocks(lambda: _BLOCK, _pass_over)
    for block, how in written_blocks(kind, blocks, {}):
        for _, event, params, _ in entries(block, how, _pass_over):
            named = {name: decode(value) if isinstance(value, str) else value for name, value in params if name}
            yield decode(event), named


def _pass_over(line: int, reason: str) -> None:
    """What is no event tells of no time."""
