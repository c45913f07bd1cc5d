"""What is known at a place of a script of the size of the route stack, and how statements are left."""

from __future__ import annotations

from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.records import dataclass

#: the size at which the server dies, and one below which no more is told apart
DEADLY: Final = -1
LEAST: Final = -3
#: of the places where every way ends, so many are kept
_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """What is known where a statement begins: the size lies between two; whether an event from within may have ended
    (`seen`), and whether one has (`surely`)."""

    least: int
    most: int
    seen: bool = False
    surely: bool = False

    def moved(self, by: int) -> Place:
        return Place(max(LEAST, self.least + by), max(LEAST, self.most + by), self.seen, self.surely)


#: where an event route begins that a worker's queue has started
BEGINNING: Final = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Death:
    """A node at which the server dies, and why it may."""

    node: nodes.Node
    why: str


@dataclass(slots=True)
class Ways:
    """How statements are left: they go on behind them, `return`, `break`, or end everything (`ends`: somewhere, or
    perhaps). None: no way does. `fatal` are the places at which ways end with the server, `possible` the first at which
    one may."""

    on: Place | None
    returned: Place | None = None
    broken: Place | None = None
    ends: bool = False
    fatal: tuple[Death, ...] = ()
    possible: Death | None = None

    @property
    def is_fatal(self) -> bool:
        """Whether every way ends with the server."""
        return bool(self.fatal) and not self.ends and self.on is self.returned is self.broken is None

    def take(self, other: Ways) -> None:
        """What else comes of the statements that have been looked at; `on` is left to the caller."""
        self.returned = either(self.returned, other.returned)
        self.broken = either(self.broken, other.broken)
        self.ends = self.ends or other.ends
        self.fatal = (self.fatal + other.fatal)[:_KEPT]
        self.possible = self.possible or other.possible


def either(one: Place | None, other: Place | None) -> Place | None:
    """What holds where two ways meet."""
    if one is None or other is None or one == other:
        return other if one is None else one
    least, most = min(one.least, other.least), max(one.most, other.most)
    return Place(least, most, one.seen or other.seen, one.surely and other.surely)
