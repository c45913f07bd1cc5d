"""A connection to a running server: client, listener, subscription and reception, opened and closed as one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from evroute_kernel.engine.live.addresses import ListenAddress, MiAddress
from evroute_kernel.engine.live.arrivals import Inbox, Listening
from evroute_kernel.engine.live.listeners import Listener, open_listener
from evroute_kernel.engine.live.mi_client import MiClient
from evroute_kernel.engine.live.mi_transports import open_client
from evroute_kernel.engine.live.peer import Peer, met
from evroute_kernel.engine.live.reception import Reception
from evroute_kernel.engine.live.subscription import (
    EXPIRE,
    SubscribeError,
    Subscription,
    SubscriptionState,
    server_events,
    unknown_event,
)
from evroute_kernel.library import table
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """What to connect to. `events` None: those that the session handles and the server knows.

    `expire` in seconds: a program that dies unheard is forgotten by the server after so long. `count`: take so many
    events and no more. Without `subscribe` the server is only asked and commanded.
    """

    mi: MiAddress
    events: tuple[str, ...] | None = None
    listen: ListenAddress | None = None
    expire: int = EXPIRE
    reply_dir: str | None = None
    subscribe: bool = True
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What has come so far. `lost` and `dropped` never ran: the socket, or the queue behind it, was full."""

    received: int = 0
    unhandled: int = 0
    failed: int = 0
    stopped: int = 0
    broken: int = 0
    strays: int = 0
    lost: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Parts:
    """What a connection with subscriptions is made of."""

    listener: Listener
    reception: Reception
    subscription: Subscription


class Connection:
    """Open from the moment it is made. The session closes it with itself, if nobody has before.

    Raises MiError (a ScriptError) when the server cannot be reached or refuses; nothing is left open then.
    """

    def __init__(
        self,
        session: Session,
        options: ConnectOptions,
        inbox: Inbox,
        listening: Listening | None = None,
        changed: Callable[[SubscriptionState], None] = lambda _: None,
    ) -> None:
        self.options = options
        self.session = session
        #: events that are handled here and unknown to the server
        self.unknown: tuple[str, ...] = ()
        self.client: MiClient = open_client(options.mi, options.reply_dir)
        self._parts: _Parts | None = None
        self._is_closed = False
        with ExitStack() as undo:
            undo.callback(self.client.close)
            self._peer = met(self.client)
            known = server_events(self.client)
            if options.subscribe:
                self._parts = self._subscribed(self._events(known), inbox, listening, changed, undo)
            undo.pop_all()
        session.attach(self)

    def _events(self, known: list[str]) -> tuple[str, ...]:
        """The events to subscribe. Raises SubscribeError for one that the server does not know, or if there is none."""
        if self.options.events is not None:
            for event in self.options.events:
                if event not in known:
                    raise unknown_event(event, known, table.of(self.session.version))
            return self.options.events
        handled = sorted(set(map(decode, self.session.registry.subscribing())))
        self.unknown = tuple(event for event in handled if event not in known)
        events = tuple(event for event in handled if event in known)
        if not events:
            reason = f"the server knows none of {', '.join(self.unknown)}" if handled else "no route handles any"
            raise SubscribeError(f"there is no event to subscribe: {reason}", "events=E_X,E_Y names events")
        return events

    def _subscribed(
        self,
        events: tuple[str, ...],
        inbox: Inbox,
        listening: Listening | None,
        changed: Callable[[SubscriptionState], None],
        undo: ExitStack,
    ) -> _Parts:
        wanted = frozenset(map(encode, events))
        reception = Reception(self.session, inbox, wanted.__contains__, listening, self.options.count)
        undo.callback(reception.close)
        listener = open_listener(self.options.listen, self.options.mi, reception.deliver)
        undo.callback(listener.close)
        listener.start()
        library = table.of(self.session.version)
        subscription = Subscription(
            self.client, events, listener.event_socket, library, self.options.expire, changed, self._peer
        )
        undo.callback(subscription.close)
        subscription.start()
        if any(known.socket == listener.event_socket for known in self.session.subscribers()):
            hint = "connect to the management interface of another process"
            raise SubscribeError("this would run the routes here on their own events, without end", hint)
        return _Parts(listener, reception, subscription)

    # -- how things stand -------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return not self._is_closed

    @property
    def peer(self) -> Peer:
        """What the server says of itself; asked again when it is found restarted."""
        return self._parts.subscription.peer if self._parts else self._peer

    @property
    def reception(self) -> Reception | None:
        """What runs the routes; None for a connection without subscriptions."""
        return self._parts.reception if self._parts else None

    @property
    def events(self) -> tuple[str, ...]:
        """The events that are subscribed."""
        return self._parts.subscription.events if self._parts else ()

    @property
    def event_socket(self) -> str | None:
        """Where the server sends them."""
        return self._parts.listener.event_socket if self._parts else None

    @property
    def state(self) -> SubscriptionState:
        """Whether the server answers."""
        if self._parts is None:
            return SubscriptionState("closed" if self._is_closed else "connected")
        return self._parts.subscription.state

    @property
    def traffic(self) -> Traffic:
        """What has come so far."""
        if self._parts is None:
            return Traffic()
        listener, reception = self._parts.listener, self._parts.reception
        return Traffic(
            reception.received,
            reception.unhandled,
            reception.failed,
            reception.stopped,
            reception.broken + listener.broken,
            reception.strays,
            listener.lost,
            reception.dropped,
        )

    def close(self) -> None:
        """Unsubscribe and close everything; takes some seconds if the server does not answer. Twice is harmless."""
        if self._is_closed:
            return
        self._is_closed = True
        self.session.detach(self)
        if self._parts is not None:
            self._parts.subscription.close()
            self._parts.listener.close()
            self._parts.reception.close()
        self.client.close()
