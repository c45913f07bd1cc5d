"""The stack of routes of OpenSIPS 4.0, where one event can run inside another.

All that runs in a process at once shares one array of names: `start` is where the running top route begins in it, and
`size` where the next block goes. An event that ends inside another one takes one entry too many away (observed on
4.0.1). So `$route` loses a level with each, and at `size` -1 the server writes in front of its array, where it keeps
`start`: another event that begins there kills it at once, a block that is called there when the top route ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evroute_kernel.runtime.control import ScriptCrash

#: blocks that the server runs at once; with more of them it runs nothing
LIMIT: Final = 100
#: `error_route` stands in the array with this mark, and is shown without it
_AS_IT_IS: Final = "!"


class RouteStack:
    """The stack of one event and of all that run inside it. `append` and `pop` are those of a list of titles."""

    __slots__ = ("at", "front", "front_place", "kind", "names", "size", "start")

    def __init__(self, at: Sequence[int]) -> None:
        """`at`: the running statement, [statement, slot]."""
        self.at = at
        self.kind = "event_route"
        self.names: list[str] = []
        self.start = 0
        self.size = 0
        #: what the running top route has written in front of the array
        self.front: str | None = None
        #: the statement that did
        self.front_place: tuple[int, int] = -1, 0

    def __len__(self) -> int:
        return max(0, self.size)

    @property
    def is_full(self) -> bool:
        return self.size > LIMIT

    def append(self, title: tuple[str, str]) -> None:
        kind, name = title
        self._write(name if kind != "error_route" else _AS_IT_IS + kind)

    def pop(self) -> None:
        self.size -= 1

    def begin(self, name: str) -> tuple[int, int, str | None]:
        """A top route begins inside the running one; what `end` wants."""
        before = self.start, self.size, self.front
        self.start, self.front = self.size, None
        self._write(name)
        return before

    def end(self, before: tuple[int, int, str | None]) -> None:
        """It has ended, and with it an entry is lost that was never there."""
        self.start, self.size, self.front = before
        self.size -= 1

    def _write(self, name: str) -> None:
        if self.size == -1:
            self.front, self.front_place = name, (self.at[0], self.at[1])
        elif self.size >= 0:
            self.names[self.size : self.size + 1] = [name]
        self.size += 1

    # -- what scripts see of it ---------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Blocks of the running top route, as the server counts them."""
        return self.size - self.start

    @property
    def count(self) -> int:
        """Blocks that `$route` can tell of."""
        return 1 if self.front is not None else max(0, self.depth)

    def title(self, place: int) -> tuple[str, str]:
        """Kind and name at a place, 0 for the top route."""
        if self.front is not None:
            return _title("route", self.front)
        return _title("route" if place else self.kind, self.names[self.start + place])

    def path(self) -> list[tuple[str, str]]:
        """All of them. The top route is named even where it has lost its place, and never as error_route."""
        self._refuse("$(route[*])")
        return [(self.kind, self.names[self.start]), *map(self.title, range(1, self.count))]

    def name(self, place: int) -> str:
        """What `$route.name` shows for a place: the server counts from the outermost event."""
        self._refuse("$route.name")
        name = self.names[place]
        return "" if name.startswith(_AS_IT_IS) else name

    def _refuse(self, variable: str) -> None:
        """Where the start is written over, the server reads from anywhere: it shows null then, or dies."""
        if self.front is not None:
            raise ScriptCrash(
                f"{variable} in a route that is called after two events have run inside this one kills a 4.0.1: "
                "call the route before raise_event()"
            )


def _title(kind: str, name: str) -> tuple[str, str]:
    return (name.removeprefix(_AS_IT_IS), "") if name.startswith(_AS_IT_IS) else (kind, name)
