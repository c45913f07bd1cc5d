"""The routes of a session, by kind and name, and the cell each belongs to.

All routes of a text are defined together. Running the same cell again replaces its routes and drops those it no longer
defines; a definition of another cell is replaced, and the change says so. A slot is the number of one compiled block;
it keeps its meaning for ever, so that a late log line still finds the statement it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import time
from typing import TYPE_CHECKING, Final

from evroute_kernel.records import dataclass
from evroute_kernel.source import Span
from evroute_kernel.worker.messages import RouteCode

if TYPE_CHECKING:  # the compiler is imported when there is something to compile
    from evroute_kernel.lang.compiler import CompiledRoute

#: kind, name, and a count for timer routes, of which several may have one name
Key = tuple[str, str, int]
NO_PLACE: Final = ("", None)
#: no block at all: what is said of a task that runs none
NO_SLOT: Final = -1
#: kinds of route that nothing calls: they run because of an event, a timer or the start
TOP_ROUTES: Final = frozenset({"event_route", "timer_route", "startup_route"})


@dataclass(slots=True)
class Definition:
    """A route that is defined now. `owner` is the cell, None when nobody said; `runs` counts runs as a top route."""

    route: CompiledRoute
    slot: int
    owner: str | None
    time: float
    runs: int = 0

    @property
    def title(self) -> str:
        return self.route.title

    @property
    def counts_runs(self) -> bool:
        """Whether `runs` says something: routes that others call are no top routes, and some kinds never run here."""
        return self.route.kind in TOP_ROUTES

    @property
    def owner_name(self) -> str:
        """What people call the text that holds it."""
        return self.route.source.name


@dataclass(frozen=True, slots=True)
class Change:
    """What a definition did: titles, and for replaced ones the name of the text that had defined them."""

    defined: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


class Registry:
    """Not thread-safe: its owner locks. Iterating gives the definitions, in the order they were made."""

    def __init__(self) -> None:
        self._definitions: dict[Key, Definition] = {}
        self._slots: dict[tuple[str, str], int] = {}
        self._compiled: list[CompiledRoute] = []
        #: the code of every slot so far
        self.codes: dict[int, RouteCode] = {}

    def __iter__(self) -> Iterator[Definition]:
        return iter(tuple(self._definitions.values()))

    def __len__(self) -> int:
        return len(self._definitions)

    # -- changes --------------------------------------------------------------------------------------------------

    def preview(self, routes: Iterable[CompiledRoute], owner: str | None) -> Change:
        """What `define` would do."""
        keyed = _keys(routes)
        gone = self._no_longer_defined(keyed, owner)
        return Change(
            tuple(route.title for route in keyed.values()),
            tuple((d.title, d.owner_name) for key in keyed if (d := self._foreign(key, owner))),
            tuple(self._definitions[key].title for key in gone),
        )

    def define(self, routes: Iterable[CompiledRoute], owner: str | None = None) -> Change:
        """Make these the routes of `owner`. Without an owner, what was defined before stays unless redefined."""
        routes = tuple(routes)
        change = self.preview(routes, owner)
        keyed, now = _keys(routes), time()
        for key in self._no_longer_defined(keyed, owner):
            del self._definitions[key]
        for key, route in keyed.items():
            before = self._definitions.pop(key, None)
            slot = self.slot(route)
            runs = before.runs if before and before.slot == slot else 0
            self._definitions[key] = Definition(route, slot, owner, now, runs)
        return change

    def forget(self, name: str) -> list[str]:
        """Drop the routes of this title or name; their titles."""
        return self._drop(key for key, d in self._definitions.items() if name in (d.title, d.route.name))

    def forget_owner(self, owner: str) -> list[str]:
        """Drop what a cell defined; the titles."""
        return self._drop(key for key, d in self._definitions.items() if d.owner == owner)

    def reset(self) -> None:
        """Drop everything. Slots stay: records that come late still have a place."""
        self._definitions.clear()

    def _drop(self, keys: Iterable[Key]) -> list[str]:
        return [self._definitions.pop(key).title for key in tuple(keys)]

    def _foreign(self, key: Key, owner: str | None) -> Definition | None:
        """The definition that `owner` would take over from somebody else."""
        found = self._definitions.get(key)
        return found if found is not None and (owner is None or found.owner != owner) else None

    def _no_longer_defined(self, keyed: dict[Key, CompiledRoute], owner: str | None) -> list[Key]:
        if owner is None:
            return []
        return [key for key, d in self._definitions.items() if d.owner == owner and key not in keyed]

    # -- slots ----------------------------------------------------------------------------------------------------

    def slot(self, route: CompiledRoute) -> int:
        """The number of a compiled block; the same text at the same place keeps its number."""
        identity = route.digest, route.source.path
        slot = self._slots.get(identity)
        if slot is None:
            slot = self._slots[identity] = len(self._compiled)
            self._compiled.append(route)
            self.codes[slot] = _travelling(slot, route)
        return slot

    def place(self, slot: int, statement: int) -> tuple[str, Span | None]:
        """Title and span of a statement; the route's header where none is running."""
        if not 0 <= slot < len(self._compiled):
            return NO_PLACE
        route = self._compiled[slot]
        return route.title, route.spans[statement] if 0 <= statement < len(route.spans) else route.header

    def compiled(self, start: int = 0) -> list[tuple[int, CompiledRoute]]:
        """The block of every slot from one on, with its slot, those too that are defined no more."""
        return list(enumerate(self._compiled[start:], start))

    def header(self, slot: int) -> tuple[str, Span | None]:
        """Title and header of a block; nothing for `NO_SLOT`."""
        return self.place(slot, -1)

    def raises(self, slot: int, event: str) -> bool:
        """Whether a block names an event (a byte string) in a raise_event() of its own."""
        pool = self._compiled[slot].pool if 0 <= slot < len(self._compiled) else ()
        return any(item[1:3] == ("call", "raise_event") and item[3][:1] == (("value", event),) for item in pool)

    # -- look-up --------------------------------------------------------------------------------------------------

    def look_up(self, kind: str, name: str = "") -> list[Definition]:
        """The definitions of this kind and name: one at most, but for timer routes."""
        return [d for d in self._definitions.values() if d.route.kind == kind and d.route.name == name]

    def find(self, name: str) -> list[Definition]:
        """The definitions of this title or name."""
        return [d for d in self._definitions.values() if name in (d.title, d.route.name)]

    def names(self, kind: str) -> list[str]:
        return [d.route.name for d in self._definitions.values() if d.route.kind == kind]

    def subscribing(self) -> list[str]:
        """The events that event_routes subscribe to."""
        return [
            d.route.name for d in self._definitions.values() if d.route.kind == "event_route" and d.route.subscribes
        ]

    def event_slot(self, name: str) -> int | None:
        """The slot of event_route[name]; None when it is not defined."""
        found = self._definitions.get(("event_route", name, 0))
        return found.slot if found else None

    def event_slots(self) -> dict[str, int]:
        """The slots of all event_routes, by name."""
        return {d.route.name: d.slot for d in self._definitions.values() if d.route.kind == "event_route"}

    def count_runs(self, slot: int, count: int = 1) -> None:
        """A top route has been run."""
        route = self._compiled[slot]
        found = self._definitions.get((route.kind, route.name, 0))
        if found is not None and found.slot == slot:
            found.runs += count

    def callable_slots(self) -> dict[str, int]:
        """The blocks that `route(name)` can call now."""
        return {d.route.name: d.slot for d in self._definitions.values() if d.route.kind == "route"}

    def current_slots(self) -> list[int]:
        """The slots of all routes that can run here."""
        from evroute_kernel.lang.compiler import RUNNABLE

        return [d.slot for d in self._definitions.values() if d.route.kind in RUNNABLE]


def _keys(routes: Iterable[CompiledRoute]) -> dict[Key, CompiledRoute]:
    keyed: dict[Key, CompiledRoute] = {}
    for route in routes:
        count = 0
        if route.kind == "timer_route":
            count = sum(1 for kind, name, _ in keyed if (kind, name) == (route.kind, route.name))
        keyed[route.kind, route.name, count] = route
    return keyed


def _travelling(slot: int, route: CompiledRoute) -> RouteCode:
    return RouteCode(
        slot, route.kind, route.name, route.code, route.pool, route.lines, route.source.name, route.actions
    )
