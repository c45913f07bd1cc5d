"""The Event Interface: who subscribed to which event, and who gets it.

One list per event, in the order of delivery: a new subscriber goes to its head. Each event_route subscribes itself to
the event of its name as `route:NAME`; scripts, MI and users add others. A `route:` subscriber never matches an earlier
one, so every call adds one more run of that route. Observed on OpenSIPS 3.6.

The server has faults here that are not repeated: a `udp:` or `unix:` address renews another one that merely begins with
it, and a subscription of `kafka:`, `xmlrpc:` or `tcp:` with a method is never renewed but added once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from time import time
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.worker.sockets import PROTOCOLS, SILENT, Address, parse

if TYPE_CHECKING:
    from evroute_kernel.engine.transports.destination import Destination

ROUTE = "route"
#: protocols whose subscriptions never expire, whatever was asked for
PERMANENT: Final = frozenset({ROUTE, "rabbitmq"})
#: seconds that a subscription lasts when MI names none
DEFAULT_EXPIRE: Final = 3600
#: what a script gives as `expire` is taken as a number without sign
_UNSIGNED: Final = 2**32

#: opens the way out of a new subscription
Open = Callable[[Address], "Destination | None"]


class SocketError(ScriptError):
    """A subscription was refused; the diagnostics say what is wrong with event or socket."""

    def __init__(self, message: str, hint: str | None = None, code: str = "socket") -> None:
        super().__init__([Diagnostic("error", code, message, None, hint)])


class OutOfReachError(SocketError):
    """The socket is one that its subscriber may not use: its file is outside the folders that were named for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "whoever opens the door names folders with --files DIR", "out-of-reach")
        self.reason = reason


class UnpublishedEventError(SocketError):
    """Nobody has published the event, so that nobody can subscribe to it."""

    def __init__(self, event: str, published: Iterable[str]) -> None:
        hint = did_you_mean(event, published) or f"define event_route[{event}], or declare it: %event declare {event}"
        super().__init__(f"no event {event} is known", hint, "unknown-event")
        self.event = event


def refusal(socket: str, reason: str) -> SocketError:
    """The error for a socket (readable text) that was refused; `reason` may be SILENT."""
    if reason == SILENT:
        return SocketError(f"the port in {socket} is no number from 1 to 65535")
    protocol, colon, _ = socket.partition(":")
    hint = None
    if colon and protocol not in PROTOCOLS:
        hint = did_you_mean(protocol, PROTOCOLS)
    elif not colon:
        hint = f"write unix:{socket} for a path" if socket.startswith("/") else "write PROTOCOL:ADDRESS"
    return SocketError(reason, hint)


@dataclass(frozen=True, slots=True)
class SubscriberInfo:
    """A subscription as `%subscribers` and MI show it, as text people read.

    `expire`: seconds, None for never; `ttl`: seconds left, 0 for one that has expired but still stands, None for
    never. `sent`, `failed`, `dropped`: events, the last for want of room in the queue; `waiting`: queued now; `state`:
    "ok", or the last failure. A route's subscription counts nothing.
    """

    event: str
    socket: str
    expire: int | None
    ttl: int | None
    protocol: str
    sent: int = 0
    failed: int = 0
    dropped: int = 0
    waiting: int = 0
    state: str = "ok"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`expire` in seconds after `since` (epoch); None: never. `outlet` is where it gets events, None for a route."""

    target: Address
    since: float
    expire: int | None = None
    #: an event_route's own subscription, which goes when the route goes
    own: bool = False
    outlet: Destination | None = field(default=None, compare=False)

    @property
    def socket(self) -> str:
        """As the server lists it, `protocol:address`."""
        return self.target.socket

    @property
    def protocol(self) -> str:
        return self.target.protocol

    @property
    def address(self) -> str:
        return self.target.shown

    def is_expired(self, now: float) -> bool:
        """The server compares whole seconds."""
        return self.expire is not None and int(self.since) + self.expire < int(now)

    def ttl(self, now: float) -> int | None:
        """Seconds left, 0 at the least; None: for ever."""
        return None if self.expire is None else max(0, self.expire - (int(now) - int(self.since)))


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
                subscribers.append(Subscriber(parse(f"{ROUTE}:{name}"), time(), own=True))

    def subscribe(
        self,
        event: str,
        target: Address,
        expire: int | None = None,
        *,
        by_script: bool = False,
        open_outlet: Open = lambda target: None,
    ) -> None:
        """Add a subscriber, or renew the one with the same socket.

        MI gives an `expire` always (None: the default), and 0 ends a subscription when the second is over; a script
        that gives none, or 0, leaves the one that stands and makes a new one last for ever.
        """
        subscribers = self._subscribers.setdefault(event, [])
        given = self._expiry(target, expire, by_script)
        now = time()
        for i, known in enumerate(subscribers):
            if known.protocol != ROUTE and known.target.key == target.key:
                subscribers[i] = replace(known, since=now, expire=known.expire if given is None else given)
                return
        if given != 0:  # there is nothing to unsubscribe
            subscribers.insert(0, Subscriber(target, now, given, outlet=open_outlet(target)))

    @staticmethod
    def _expiry(target: Address, expire: int | None, by_script: bool) -> int | None:
        if target.protocol in PERMANENT:
            return None
        if by_script:
            return expire % _UNSIGNED if expire else None
        return DEFAULT_EXPIRE if expire is None else expire

    def deliveries(self, event: str) -> list[Subscriber]:
        """The subscribers that get an event now, in order. Expired ones are forgotten."""
        subscribers = self._subscribers.get(event)
        if not subscribers:
            return []
        now = time()
        if any(s.expire is not None for s in subscribers):
            expired = [s for s in subscribers if s.is_expired(now)]
            subscribers[:] = [s for s in subscribers if not s.is_expired(now)]
            _close(expired)
        return list(subscribers)

    def events(self) -> Iterator[str]:
        """Events that have a subscriber."""
        return (event for event, subscribers in self._subscribers.items() if subscribers)

    def outside(self) -> dict[str, tuple[Subscriber, ...]]:
        """The subscribers that are no routes, by event, in order; also those that have expired since."""
        found = {event: tuple(s for s in known if s.outlet is not None) for event, known in self._subscribers.items()}
        return {event: subscribers for event, subscribers in found.items() if subscribers}

    def forget_outside(self) -> None:
        """End all subscriptions but those of routes."""
        for subscribers in self._subscribers.values():
            _close(subscribers)
            subscribers[:] = [s for s in subscribers if s.outlet is None]

    def forget_all(self) -> None:
        """End all subscriptions."""
        for subscribers in self._subscribers.values():
            _close(subscribers)
        self._subscribers.clear()


def _close(subscribers: Iterable[Subscriber]) -> None:
    for subscriber in subscribers:
        if subscriber.outlet is not None:
            subscriber.outlet.close()
