"""script_trace(): every statement writes a line before it runs.

Generated code stores the index of each statement in `process.at[0]`. While tracing is on, a Tracer stands there instead
of the plain array, so that tracing costs nothing while it is off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.levels import NAMES
from evroute_kernel.runtime.watching.hook import Stand, bare

#: a level at which nothing is logged
OFF: Final = 0


class Tracer(Stand):
    """Stands in for `process.at` in one run: stores what is stored, and logs each statement.

    Where the run is watched besides, it stands in front of what does that.
    """

    __slots__ = ("at", "context", "expand", "info", "level")

    def __init__(self, context: Context, level: int, expand: Callable[[Context], str], info: str | None) -> None:
        self.context, self.level, self.expand, self.info = context, level, expand, info
        self.at: Any = _behind(context.process.at)

    @property
    def bare(self) -> Any:
        return bare(self.at)

    def untraced(self) -> Any:
        return plain(self.at)

    def __getitem__(self, index: int) -> int:
        return int(self.at[index])

    def __setitem__(self, index: int, value: int) -> None:
        self.at[index] = value
        if index == 0:
            self._log(value)

    def _log(self, statement: int) -> None:
        process = self.context.process
        route = process.slots.get(self.at[1])
        if route is None or self.level not in NAMES or self.level > process.log_level:
            return
        info = "" if self.info is None else f"[{self.info}]"
        text = self.expand(self.context)
        line = f"[Script Trace][{route.file}:{route.lines[statement]}]{info}[{route.actions[statement]}] -> ({text})\n"
        process.emit((self.level, line, False, (self.at[1], statement)))


def start(context: Context, level: int, expand: Callable[[Context], str], info: str | None) -> None:
    """Trace from the next statement on, until the top route ends or `stop`."""
    context.process.at = Tracer(context, level, expand, info)


def stop(context: Context) -> None:
    context.process.at = _behind(context.process.at)


def follow(context: Context) -> None:
    """A run that begins inside of one that is traced is traced too."""
    at = context.process.at
    if isinstance(at, Tracer):
        context.process.at = Tracer(context, at.level, at.expand, at.info)


def end(process: Process, *tracers: Any) -> None:
    """Nothing is traced any more, though these tracers may still be told of statements."""
    for at in (*tracers, process.at):
        if isinstance(at, Tracer):
            at.level = OFF
    process.at = _behind(process.at)


def plain(at: Any) -> Any:
    """Where the head of a loop stores its index at each round: that is traced once only, but watched each time."""
    return at.untraced() if isinstance(at, Stand) else at


def _behind(at: Any) -> Any:
    """What stands behind a tracer; anything else itself."""
    return at.at if isinstance(at, Tracer) else at
