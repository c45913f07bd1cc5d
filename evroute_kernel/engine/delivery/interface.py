"""The Event Interface: who subscribed to which event, and who gets it.

One list per event, in the order of delivery: a new subscriber goes to its head. Each event_route subscribes itself to
the event of its name as `route:NAME`; scripts, MI and users add others. A `route:` subscriber never matches an earlier
one, so every call adds one more run of that route. Observed on OpenSIPS 3.6.

The server has faults here that are not repeated: a `udp:` or `unix:` address renews another one that merely begins with
it, and a subscription of `kafka:`, `xmlrpc:` or `tcp:` with a method is never renewed but added once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from time import time
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import DEFAULT_EXPIRE
from evroute_kernel.worker.sockets import PROTOCOLS, SILENT, Address

if TYPE_CHECKING:
    from evroute_kernel.engine.delivery.transports.destination import Destination

ROUTE = "route"
#: of the one subscriber that stands for all routes which notify_on_event() has subscribed to an event
ROUTING = "routing"
#: protocols whose subscriptions never expire, whatever was asked for
PERMANENT: Final = frozenset({ROUTE, ROUTING, "rabbitmq"})
#: what a script gives as `expire` is taken as a number without sign
_UNSIGNED: Final = 2**32

#: opens the destination of a new subscription
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
    """`expire`: seconds after `since` (epoch), None: never. `destination`: where it gets events, None for a route."""

    target: Address
    since: float
    expire: int | None = None
    #: an event_route's own subscription, which goes when the route goes
    own: bool = False
    destination: Destination | None = field(default=None, compare=False)

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


@dataclass(slots=True)
class _Audience:
    """The subscribers of one event: the route's own, which stays the last to be served, and others, oldest first."""

    own: Subscriber | None = None
    others: dict[object, Subscriber] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Subscriber]:
        """In order of delivery."""
        yield from reversed(self.others.values())
        if self.own is not None:
            yield self.own

    def __len__(self) -> int:
        return len(self.others) + (self.own is not None)


class Interface:
    """All subscriptions of a session. Not thread-safe: its owner locks.

    `by_socket`: event -> the subscribers that are no routes, in order, those included that have expired since. Other
    threads may look an event up there without a lock. `changes` counts what was done to subscriptions. `now`:
    the clock, in seconds of the epoch.
    """

    def __init__(self, now: Callable[[], float] = time) -> None:
        self._now = now
        self._audiences: dict[str, _Audience] = {}
        self.by_socket: dict[str, tuple[Subscriber, ...]] = {}
        self.changes = 0

    def sync_routes(self, names: Iterable[str]) -> None:
        """Make the event routes' own subscriptions those of `names`; what stays keeps its place."""
        self.changes += 1
        names = set(names)
        for event, audience in self._audiences.items():
            if event not in names:
                audience.own = None
        for name in names:
            audience = self._audiences.setdefault(name, _Audience())
            if audience.own is None:
                audience.own = Subscriber(Address(ROUTE, name, path=name), self._now(), own=True)

    def subscribe(
        self,
        event: str,
        target: Address,
        expire: int | None = None,
        *,
        by_script: bool = False,
        open_destination: Open = lambda target: None,
    ) -> None:
        """Add a subscriber, or renew the one with the same socket.

        MI gives an `expire` always (None: the default), and 0 ends a subscription when the second is over; a script
        that gives none, or 0, leaves the one that stands and makes a new one last for ever.
        """
        others = self._audiences.setdefault(event, _Audience()).others
        given = self._expiry(target, expire, by_script)
        now = self._now()
        # a route never matches an earlier one
        key = object() if target.protocol == ROUTE else target.key
        known = others.get(key)
        if known is not None:
            others[key] = replace(known, since=now, expire=known.expire if given is None else given)
        elif given != 0:  # there is nothing to unsubscribe
            others[key] = Subscriber(target, now, given, destination=open_destination(target))
        self._changed(event)

    @staticmethod
    def _expiry(target: Address, expire: int | None, by_script: bool) -> int | None:
        if target.protocol in PERMANENT:
            return None
        if by_script:
            return expire % _UNSIGNED if expire else None
        return DEFAULT_EXPIRE if expire is None else expire

    def deliveries(self, event: str) -> list[Subscriber]:
        """The subscribers that get an event now, in order. Expired ones are forgotten."""
        audience = self._audiences.get(event)
        if not audience:
            return []
        now = self._now()
        expired = {key: s for key, s in audience.others.items() if s.expire is not None and s.is_expired(now)}
        if expired:
            for key in expired:
                del audience.others[key]
            self._changed(event)
            _close(expired.values())
        return list(audience)

    def routing(self, event: str) -> tuple[str, ...]:
        """The events whose routes of notify_on_event() an event goes to, in order: its own, or those of
        `routing:NAME` that somebody has subscribed to it."""
        audience = self._audiences.get(event)
        return tuple(s.address for s in audience if s.protocol == ROUTING) if audience else ()

    def events(self) -> Iterator[str]:
        """Events that have a subscriber."""
        return (event for event, audience in self._audiences.items() if audience)

    def forget_sockets(self) -> None:
        """End all subscriptions but those of routes."""
        for event, audience in self._audiences.items():
            gone = {key: s for key, s in audience.others.items() if s.destination is not None}
            for key in gone:
                del audience.others[key]
            self._changed(event)
            _close(gone.values())

    def forget_all(self) -> None:
        """End all subscriptions."""
        for audience in self._audiences.values():
            _close(audience)
        self._audiences.clear()
        self.by_socket.clear()
        self.changes += 1

    def _changed(self, event: str) -> None:
        self.changes += 1
        found = tuple(s for s in self._audiences[event] if s.destination is not None)
        if found:
            self.by_socket[event] = found
        else:
            self.by_socket.pop(event, None)


def _close(subscribers: Iterable[Subscriber]) -> None:
    for subscriber in subscribers:
        if subscriber.destination is not None:
            subscriber.destination.close()
