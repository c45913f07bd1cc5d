"""Delivers events to the sockets that subscribed them, and says what went wrong where it can be seen.

Nothing is made here before the first such subscription, and an event that no socket subscribed costs one look into a
dictionary.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from time import time
from typing import TYPE_CHECKING, TypeAlias

from evroute_kernel.engine.delivery.interface import Subscriber, SubscriberInfo
from evroute_kernel.engine.delivery.transports.destination import Destination, Outcome, OutgoingEvent, SessionView
from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.reach import Reach
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.datagrams import Target
from evroute_kernel.worker.sockets import Address

if TYPE_CHECKING:
    from evroute_kernel.engine.delivery.transports.open_destinations import OpenDestinations


@dataclass(frozen=True, slots=True)
class Fault:
    """What a subscriber that is no route said to an event. Names are byte strings, as scripts have them."""

    event: str
    socket: str
    outcome: Outcome
    #: whether it was not said about the same raise just now
    is_news: bool = True

    @property
    def record(self) -> LogRecord:
        """What a user is told about it."""
        outcome = self.outcome
        reason = outcome.reason or (outcome.lines[-1] if outcome.lines else "it could not be sent")
        level, text = "ERROR", f"{self.socket} did not get {self.event}: {reason}"
        if self.outcome.ok:
            level, text = "WARNING", f"{self.socket} got {self.event} by a detour: {reason}"
        elif self.outcome.dropped:
            level, text = "WARNING", f"{text} (it is too slow: events are dropped until it takes some)"
        return LogRecord(level, decode(text), True, decode(self.event), "", 0, None, time())


Report: TypeAlias = Callable[[Fault], None]


class SocketDelivery:
    """The subscribers beyond routes. `picture` belongs to who keeps the subscriptions, and changes with them."""

    def __init__(
        self,
        publish: Callable[[LogRecord, object], None],
        picture: Mapping[str, tuple[Subscriber, ...]],
        now: Callable[[], float] = time,
    ) -> None:
        #: event -> subscribers, in order of delivery; read without a lock
        self.picture = picture
        self._publish = publish
        #: the clock by which subscriptions expire
        self._now = now
        self._destinations: OpenDestinations | None = None
        self._lock = threading.Lock()

    def open(
        self, target: Address, hosts: Mapping[str, str], session: SessionView, reach: Reach = "outside"
    ) -> Destination:
        """The destination of a new subscription; with any other `reach` it gets nothing. Raises BadSocket."""
        # most sessions do without
        from evroute_kernel.engine.delivery.transports.open_destinations import OpenDestinations

        with self._lock:
            if self._destinations is None:
                self._destinations = OpenDestinations(session)
            destinations = self._destinations
        if reach != "outside":
            return destinations.unopened(target, hosts)
        return destinations.open(target, hosts)

    def deliver(self, event: str, params: Params, origin: object, report: Report) -> bool:
        """Send an event to its subscribers; False when one of them has expired, and the picture is to be renewed."""
        now, is_fresh = self._now(), True
        for subscriber in self.picture.get(event, ()):
            if subscriber.is_expired(now):
                is_fresh = False
                continue
            destination = subscriber.destination
            assert destination is not None, "only those are in the picture"
            outcome = destination.deliver(OutgoingEvent(event, params, origin))
            if not outcome.ok or outcome.lines:
                is_news = destination.is_news(origin, outcome.lines[-1:])
                report(Fault(event, subscriber.socket, outcome, is_news))
        return is_fresh

    def datagrams(self) -> dict[str, tuple[Target, ...]]:
        """The events whose sockets all get datagrams, which workers send themselves."""
        found = {}
        for event, subscribers in self.picture.items():
            targets = [
                (s.socket, *s.destination.datagram_target, None if s.expire is None else int(s.since) + s.expire)
                for s in subscribers
                if s.destination is not None and s.destination.datagram_target is not None
            ]
            if len(targets) == len(subscribers):
                found[event] = tuple(targets)
        return found

    def count_datagrams(self, counts: Iterable[tuple[str, str, int, int, str | None]]) -> None:
        """A worker has sent some of them."""
        for event, socket, sent, failed, error in counts:
            for subscriber in self.picture.get(event, ()):
                if subscriber.socket == socket and subscriber.destination is not None:
                    subscriber.destination.count(sent, failed, error)

    def report_lost(self, socket: str, outgoing: OutgoingEvent, reason: str) -> None:
        """An event that a subscriber had taken is lost after all. Called in a thread of its transport."""
        self._publish(Fault(outgoing.event, socket, Outcome(False, (reason,))).record, outgoing.origin)

    def rotate(self, path: str) -> bool:
        """Rotate the file of a flatstore subscription; False when there is none of this path."""
        return self._destinations is not None and self._destinations.rotate(path)

    def close(self) -> None:
        """Close what the subscriptions shared, and wait for their threads."""
        with self._lock:
            destinations, self._destinations = self._destinations, None
        if destinations is not None:
            destinations.close()


def describe(event: str, subscriber: Subscriber, now: float) -> SubscriberInfo:
    """A subscription as users see it, at a second of the epoch."""
    socket, protocol, ttl = decode(subscriber.socket), subscriber.protocol, subscriber.ttl(now)
    destination = subscriber.destination
    if destination is None:
        return SubscriberInfo(decode(event), socket, subscriber.expire, ttl, protocol)
    counts = destination.sent, destination.failed, destination.dropped, destination.waiting
    state = decode(destination.error) if destination.error else "ok"
    return SubscriberInfo(decode(event), socket, subscriber.expire, ttl, protocol, *counts, state)
