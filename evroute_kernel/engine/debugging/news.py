"""What a debugger tells: what stands still, what goes on, what was said meanwhile."""

from __future__ import annotations

from typing import Any, Literal

from evroute_kernel.engine.debugging.breakpoints import Placed
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: how a run goes on: to the next breakpoint, into called routes, over them, out of this block
How = Literal["run", "in", "over", "out"]


@dataclass(frozen=True, slots=True)
class Place:
    """A block that stands still: its title, and the statement that is about to run."""

    route: str
    span: Span | None

    @property
    def line(self) -> int:
        """The line of that statement in its text, from 1; 0 where it is not known."""
        return self.span.line if self.span is not None else 0

    @property
    def name(self) -> str:
        """The name of its text."""
        return self.span.source.name if self.span is not None else ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The run of a worker stands still. `reason`: breakpoint, step, pause, entry or exception (a diagnostic, with its
    words). `places`: the running blocks, the innermost first."""

    worker: int
    event: str
    reason: str
    words: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class WentOn:
    """It goes on, or is over."""

    worker: int


@dataclass(frozen=True, slots=True)
class Said:
    """The text of a logpoint."""

    worker: int
    text: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """The condition of a breakpoint (`number`, as in `Placed`) could not be told in a run: it did not hold."""

    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What an expression has come to: whether it could be told, its values, and what it logged: (level, text)."""

    ok: bool
    values: tuple[Any, ...]
    logged: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """Something else is true of a breakpoint of this text than what was said before: the text has been loaded."""

    path: str
    placed: Placed


News = Stopped | WentOn | Said | ConditionFailed | Moved


class NotStopped(RuntimeError):
    """What was asked for can be told only while the run of that worker stands still."""
