"""script_trace(): every statement writes a line before it runs.

Generated code stores the index of each statement in `process.at[0]`. While tracing is on, a Tracer stands there instead
of the plain array, so that tracing costs nothing while it is off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.levels import NAMES

#: a level at which nothing is logged
OFF: Final = 0


class Tracer:
    """Stands in for `process.at` in one run: stores what is stored, and logs each statement."""

    __slots__ = ("at", "context", "expand", "info", "level")

    def __init__(self, context: Context, level: int, expand: Callable[[Context], str], info: str | None) -> None:
        self.context, self.level, self.expand, self.info = context, level, expand, info
        self.at: Any = plain(context.process.at)

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
    context.process.at = plain(context.process.at)


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
    process.at = plain(process.at)


def plain(at: Any) -> Any:
    """The array behind a tracer; any other array itself."""
    return at.at if isinstance(at, Tracer) else at
