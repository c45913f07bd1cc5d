"""Profiles: what the workers tell of statements, added up by line."""

from __future__ import annotations

import threading
from typing import Final

from evroute_kernel.engine.results.profile import LineProfile, as_text
from evroute_kernel.engine.state.watches import Told
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.watching.beginning import Begun
from evroute_kernel.source import Source


class Profiling(Begun):
    """A profile that is being taken: `engine.state.watches.WatchingSide`. It ends with `close`, or `with`."""

    kind: Final = "profile"
    asked: Final = ()

    def __init__(self, world: World, origin: object) -> None:
        self._world = world
        self._origin = origin
        self._spent: dict[tuple[int, int], tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._end = world.watches.add(self)

    # -- in the supervisor's thread -----------------------------------------------------------------------------------

    def hear(self, told: Told) -> None:
        with self._lock:
            for slot, statement, hits, nanoseconds in told.data:
                before = self._spent.get((slot, statement), (0, 0))
                self._spent[slot, statement] = before[0] + hits, before[1] + nanoseconds

    # -- what was run -------------------------------------------------------------------------------------------------

    def lines(self) -> list[LineProfile]:
        """The lines that were run, what took longest first."""
        with self._lock:
            spent = dict(self._spent)
        found: dict[tuple[Source, int], tuple[int, int]] = {}
        for (slot, statement), (hits, nanoseconds) in spent.items():
            span = self._world.registry.place(slot, statement)[1]
            if span is not None:
                before = found.get((span.source, span.line), (0, 0))
                found[span.source, span.line] = before[0] + hits, before[1] + nanoseconds
        total = sum(nanoseconds for _, nanoseconds in found.values()) or 1
        ranked = sorted(found.items(), key=lambda item: -item[1][1])
        return [LineProfile(*key, hits, taken / 1e9, taken / total) for key, (hits, taken) in ranked]

    def text(self) -> str:
        """The table of the lines that took longest, then each text annotated; ends with a line break."""
        return as_text(self.lines())
