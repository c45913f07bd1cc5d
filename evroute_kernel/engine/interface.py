"""The Event Interface: who subscribed to which event, and who gets it.

One list per event, in the order of delivery: a new subscriber goes to its head. Each event_route subscribes itself to
the event of its name as `route:NAME`; scripts add subscribers with `subscribe_event`. A `route:` subscriber never
matches an earlier one, so every call adds one more run of that route. Observed on OpenSIPS 3.6.

Sockets of other protocols are kept and listed; `Transport` is where they will be delivered from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from time import time

ROUTE = "route"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`socket` as written, `protocol:address`. `expire` in seconds after `since` (epoch); None: never."""

    socket: str
    since: float
    expire: int | None = None
    #: an event_route's own subscription, which goes when the route goes
    own: bool = False

    @property
    def protocol(self) -> str:
        return self.socket.partition(":")[0]

    @property
    def address(self) -> str:
        return self.socket.partition(":")[2]

    def is_expired(self, now: float) -> bool:
        """The server compares whole seconds."""
        return self.expire is not None and int(self.since) + self.expire < int(now)


class Interface:
    """All subscriptions of a session. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._subscribers: dict[str, list[Subscriber]] = {}

    def sync_routes(self, names: Iterable[str]) -> None:
        """Make the event routes' own subscriptions those of `names`; what stays keeps its place."""
        names = set(names)
        for event, subscribers in self._subscribers.items():
            if event not in names:
                subscribers[:] = [s for s in subscribers if not s.own]
        for name in names:
            subscribers = self._subscribers.setdefault(name, [])
            if not any(s.own for s in subscribers):
                subscribers.append(Subscriber(f"{ROUTE}:{name}", time(), own=True))

    def subscribe(self, event: str, socket: str, expire: int | None = None) -> None:
        """Add a subscriber, or renew the one with the same socket where its protocol compares sockets."""
        new = Subscriber(socket, time(), expire or None)
        subscribers = self._subscribers.setdefault(event, [])
        if new.protocol == ROUTE:
            subscribers.insert(0, replace(new, expire=None))
            return
        for i, known in enumerate(subscribers):
            if known.socket == socket:
                subscribers[i] = replace(known, since=new.since, expire=new.expire or known.expire)
                return
        subscribers.insert(0, new)

    def deliveries(self, event: str) -> list[Subscriber]:
        """The subscribers that get an event now, in order. Expired ones are forgotten."""
        subscribers = self._subscribers.get(event)
        if not subscribers:
            return []
        now = time()
        if any(s.expire is not None for s in subscribers):
            subscribers[:] = [s for s in subscribers if not s.is_expired(now)]
        return list(subscribers)

    def events(self) -> Iterator[str]:
        """Events that have a subscriber."""
        return (event for event, subscribers in self._subscribers.items() if subscribers)

    def forget_all(self) -> None:
        self._subscribers.clear()
