"""Who gets which event of a session, beyond its own routes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from evroute_kernel.engine.delivery.interface import (
    OutOfReachError,
    SocketError,
    SubscriberInfo,
    UnpublishedEventError,
    refusal,
)
from evroute_kernel.engine.delivery.notifications import NotificationInfo
from evroute_kernel.engine.delivery.socket_delivery import describe
from evroute_kernel.engine.delivery.transports.folders import OutOfReach, check_reach
from evroute_kernel.engine.events import given
from evroute_kernel.engine.state.published import published
from evroute_kernel.engine.state.world import World
from evroute_kernel.runtime.values import decode, encode
from evroute_kernel.worker.sockets import BadSocket, check, look_up, parse


class Subscribing:
    """The subscriptions of one session."""

    def __init__(self, world: World) -> None:
        self._world = world

    def subscribe(
        self, event: str, socket: str, expire: int | None, *, by_script: bool, within: Sequence[str] | None
    ) -> None:
        """As `Session.subscribe`."""
        given.name(event, "the name of an event")
        given.text(socket, "a socket")
        if expire is not None and given.integer(expire, "the time of a subscription") < 0:
            raise SocketError(f"a subscription cannot expire after {expire} seconds", "0 ends it")
        known = self._subscribable()
        if event not in known:
            raise UnpublishedEventError(event, known)
        name = encode(event)
        try:
            bounds = None if within is None else tuple(map(os.path.realpath, within))
            check_reach(replace(parse(encode(socket)), within=bounds))
            routes = set(self._world.registry.names("event_route"))
            target = replace(check(encode(socket), routes), within=bounds)
            self._world.subscribe(name, target, look_up(target), expire, by_script=by_script)
        except OutOfReach as error:
            raise OutOfReachError(decode(str(error))) from None
        except BadSocket as error:
            raise refusal(socket, decode(str(error))) from None

    def _subscribable(self) -> set[str]:
        """The events that exist: published ones, and those of any module or of one's own, which need no loadmodule."""
        return {*published(self._world), *self._world.library.events, *self._world.declared_events}

    def subscribers(self, event: str | None) -> list[SubscriberInfo]:
        """As `Session.subscribers`."""
        events = self._world.events() if event is None else [given.text(event, "the name of an event")]
        return [describe(encode(e), s, self._world.now()) for e in events for s in self._world.subscribers(encode(e))]

    def subscriptions(self) -> list[SubscriberInfo]:
        """As `Session.subscriptions`."""
        return [describe(event, subscriber, self._world.now()) for event, subscriber in self._world.subscriptions()]

    def notify(self, info: NotificationInfo) -> None:
        """Subscribe a route as another session has it subscribed. Raises UnknownEventError."""
        filters = (encode(text).partition("=") for text in info.filters)
        last = int(self._world.now()) + (info.ttl or 0)
        pairs = tuple((key, pattern) for key, _, pattern in filters)
        self._world.notify(encode(info.event), pairs, encode(info.route), last)

    def notifications(self, event: str | None) -> list[NotificationInfo]:
        """As `Session.notifications`."""
        return self._world.notifications(None if event is None else encode(given.text(event, "the name of an event")))

    def rotate_flatstore(self, path: str) -> bool:
        """As `Session.rotate_flatstore`."""
        return self._world.rotate(encode(given.text(path, "the name of a file")))
