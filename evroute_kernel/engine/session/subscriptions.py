"""Subscriptions of a Session: who gets which event, beyond its own routes."""

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
from evroute_kernel.engine.delivery.socket_delivery import describe
from evroute_kernel.engine.delivery.transports.folders import OutOfReach, check_reach
from evroute_kernel.engine.events import given
from evroute_kernel.engine.session.knowledge import Knowledge
from evroute_kernel.runtime.values import decode, encode
from evroute_kernel.worker.sockets import BadSocket, check, look_up, parse


class Subscriptions(Knowledge):
    """`subscribe` and `subscribers`."""

    def subscribe(
        self,
        event: str,
        socket: str,
        expire: int | None = None,
        *,
        by_script: bool = False,
        within: Sequence[str] | None = None,
    ) -> None:
        """Send an event, from now on, to a socket such as `udp:127.0.0.1:9000`; or run one more route: `route:NAME`.

        As MI event_subscribe: `expire` in seconds (None: an hour), and 0 ends a subscription within a second. With
        `by_script` as subscribe_event() of a script: for ever, if `expire` is None or 0. The same socket again renews
        the subscription. `within`: folders that files and unix sockets must be in, for a subscription on behalf of
        somebody else (None: anywhere; empty: nowhere). Waits while the host is looked up. Raises SocketError.
        """
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
            target = replace(check(encode(socket), set(self.registry.names("event_route"))), within=bounds)
            self._world.subscribe(name, target, look_up(target), expire, by_script=by_script)
        except OutOfReach as error:
            raise OutOfReachError(decode(str(error))) from None
        except BadSocket as error:
            raise refusal(socket, decode(str(error))) from None

    def _subscribable(self) -> set[str]:
        """The events that exist: published ones, and those of any module or of one's own, which need no loadmodule."""
        from evroute_kernel.engine.state.published import published
        from evroute_kernel.library.catalogue import events

        return {*published(self), *events(), *self.declared_events}

    def subscribers(self, event: str | None = None) -> list[SubscriberInfo]:
        """Who gets an event, in the order of delivery; without a name, all subscriptions, by event."""
        events = self.events() if event is None else [given.text(event, "the name of an event")]
        return [describe(encode(e), s) for e in events for s in self._world.subscribers(encode(e))]

    def rotate_flatstore(self, path: str) -> bool:
        """Close the file of a `flatstore:` subscription, so that the next event opens it anew.

        False when nobody has subscribed this path. MI `evi_flat_rotate` does this.
        """
        return self._world.rotate(encode(given.text(path, "the name of a file")))
