"""The subscriptions of routes by notify_on_event(), of a whole session.

Workers are told of each once: the list only grows, and is made anew when much of it has expired.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from evroute_kernel.records import dataclass
from evroute_kernel.worker.notifying.subscriptions import Entry

#: entries up to which it is not looked whether some have expired
_FEW: Final = 1024
#: entries beyond which nobody wants to be told of each
_TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class NotificationInfo:
    """A subscription of a route, or a run that waits, as text people read.

    `ttl`: seconds left, 0 in its last second; None for a wait that no timer ends. `waits_in`: the worker in which a run
    waits, 0 for a subscription; `manner`: what comes of that: "held" (the route goes on), "blocked" (the process itself
    waits, and no route is named), "doomed" (a server dies of it).
    """

    event: str
    route: str
    filters: tuple[str, ...]
    ttl: int | None
    waits_in: int = 0
    manner: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The first `count` of a list that grows: what there is at one moment."""

    entries: list[Entry]
    count: int


class RouteNotifications:
    """Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._number = 0
        self._limit = _FEW
        #: runs that wait no more
        self._over: set[int] = set()
        #: counts what was done to them
        self.changes = 0
        #: the name of each event that was ever subscribed so, by the same without case: the first spelling counts
        self.events: dict[str, str] = {}
        #: those of them whose own subscribers they are: a name may be known by `routing:NAME` at another event alone
        self.begun: set[str] = set()

    @property
    def picture(self) -> Picture:
        """What workers must know."""
        return Picture(self._entries, len(self._entries))

    def add(
        self, event: str, filters: tuple[tuple[str, str], ...], route: str, last: int, now: int, worker: int = 0
    ) -> int:
        """Add one that counts up to a second of the epoch; its number. `worker`: where a run waits."""
        if len(self._entries) >= self._limit:
            self._entries = list(reversed(self.live(now)))
            self._limit = max(_FEW, 2 * len(self._entries))
            self._over.clear()
        self.changes += 1
        self._entries.append((number := self.next_number(), event, filters, route, last, worker))
        return number

    def next_number(self) -> int:
        """A number that none has had."""
        self._number += 1
        return self._number

    def end(self, number: int) -> None:
        """A run waits no more. Workers ask before they believe that one does."""
        self._over.add(number)

    def few(self, events: Collection[str], now: int) -> list[Entry]:
        """Those to some events that count, the latest first; none where they are many."""
        if len(self._entries) > _TOLD:
            return []
        return [entry for entry in self.live(now) if entry[1] in events]

    def of_routes(self, now: int) -> dict[str, list[str]]:
        """The routes of those that count, each with its events."""
        found: dict[str, dict[str, None]] = {}
        for _, event, _, route, _, worker in self.live(now):
            if not worker:
                found.setdefault(route, {})[event] = None
        return {route: list(events) for route, events in found.items()}

    def live(self, now: int) -> list[Entry]:
        """Those that count, the latest first."""
        return [entry for entry in reversed(self._entries) if entry[4] >= now and entry[0] not in self._over]

    def forget(self) -> None:
        """End all."""
        self._entries = []
        self._over.clear()
        self.changes += 1
        self._limit = _FEW
        self.events.clear()
        self.begun.clear()
