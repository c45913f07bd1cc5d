"""Keeps this program subscribed to events of a running server: renews in time, notices when the server is gone, tries
again in growing intervals, and unsubscribes in the end.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from threading import Event, Thread
from time import monotonic
from typing import Any, Final, Literal

from evroute_kernel.engine.live.mi_client import MiClient, MiError, MiFaultError
from evroute_kernel.engine.live.peer import Peer, met
from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.table import Library
from evroute_kernel.records import dataclass

#: seconds for which a server keeps sending to somebody who does not renew
EXPIRE: Final = 60
#: seconds after which the server is asked whether it still is the same
CHECK: Final = 5.0
#: seconds before the first new attempt, and at most between attempts
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 15.0
#: seconds for each answer of a server that is being left
LEAVING: Final = 1.0

_log = logging.getLogger(__name__)


class SubscribeError(MiError):
    """The server takes no such subscription."""


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """How things stand. `next_try` is a time of `monotonic()`, None unless the server is gone for now."""

    state: Literal["connected", "waiting", "closed"] = "connected"
    attempts: int = 0
    next_try: float | None = None
    last_error: str | None = None
    #: how often the server was found restarted, or answering again
    returns: int = 0


class Subscription:
    """A list of events that go to one socket, renewed by a thread of its own.

    `changed(state)` is called in that thread when the server stops answering, or answers again.
    """

    def __init__(
        self,
        client: MiClient,
        events: Collection[str],
        event_socket: str,
        library: Library,
        expire: int = EXPIRE,
        changed: Callable[[SubscriptionState], None] = lambda _: None,
        peer: Peer | None = None,
    ) -> None:
        self.client = client
        self.events = tuple(events)
        self.event_socket = event_socket
        self.expire = expire
        self._library = library
        self.state = SubscriptionState()
        self._changed = changed
        self._stop = Event()
        #: what the server says of itself
        self.peer = peer or Peer()
        self._renew_at = 0.0
        self._up_since: Any = None
        self._thread = Thread(target=self._keep, name="evroute live subscription", daemon=True)

    def start(self) -> None:
        """Subscribe, and keep it so. Raises MiError, and then takes back what was subscribed."""
        self._up_since = self.up_since()
        try:
            self.subscribe()
        except MiError:
            self._leave()
            raise
        self._thread.start()

    def close(self) -> None:
        """Unsubscribe, if the server is there; waits some seconds at most. Twice is harmless."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    # -- the thread -------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        while not self._stop.wait(self._pause()):
            try:
                self.check()
            except MiError as error:
                self._failed(error)
            else:
                self._succeeded()
        self._leave()

    def _pause(self) -> float:
        """Seconds until there is something to do."""
        if self.state.next_try is not None:
            return max(0.0, self.state.next_try - monotonic())
        return max(0.0, min(CHECK, self._renew_at - monotonic()))

    def check(self) -> None:
        """Renew the subscription if it is time, or if the server may have forgotten it. Raises MiError."""
        up_since = self.up_since()
        is_new = self.state.state == "waiting" or up_since != self._up_since
        if is_new:  # it may have been upgraded meanwhile
            self.peer = met(self.client)
        if is_new or monotonic() >= self._renew_at:
            self.subscribe()
        if is_new:
            self._up_since = up_since
            self.state = replace(self.state, returns=self.state.returns + 1)
            if self.state.state == "connected":  # restarted between two looks
                self._tell()

    def up_since(self) -> Any:
        """When the server was started, as it says itself."""
        try:
            found = self.client.call("uptime")
        except MiFaultError:  # not a server of OpenSIPS, but it answers
            return None
        return found.get("Up since") if isinstance(found, dict) else None

    def subscribe(self) -> None:
        """Subscribe to each event, or renew. Raises MiError."""
        for event in self.events:
            try:
                self.ask(event, self.expire)
            except MiFaultError as error:
                raise self.explained(error, event) from error
        self._renew_at = monotonic() + self.expire / 2

    def ask(self, event: str, expire: int, **options: float) -> None:
        params = {"event": event, "socket": self.event_socket, "expire": expire}
        self.client.call("event_subscribe", params, **options)

    def explained(self, error: MiFaultError, event: str) -> MiError:
        """What it means that the server refuses a subscription."""
        if error.code != 400:
            return error
        known = server_events(self.client)
        if event not in known:
            return unknown_event(event, known, self._library)
        module = self._library.transport_module(self.event_socket.partition(":")[0])
        message = f"the server does not send events to {self.event_socket}"
        return SubscribeError(message, f'its configuration needs loadmodule "{module}.so"')

    def _failed(self, error: MiError) -> None:
        attempts = self.state.attempts + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 10)) * random.uniform(0.5, 1.0)
        self.state = replace(
            self.state, state="waiting", attempts=attempts, next_try=monotonic() + pause, last_error=error.message
        )
        if attempts == 1:
            self._tell()

    def _succeeded(self) -> None:
        if self.state.state == "waiting":
            self.state = replace(self.state, state="connected", attempts=0, next_try=None)
            self._tell()

    def _tell(self) -> None:
        try:
            self._changed(self.state)
        except Exception:  # the listener's fault, which must not cost the subscription
            _log.exception("a listener failed at a change of %s", self.event_socket)

    def _leave(self) -> None:
        """Unsubscribe. What cannot be taken back expires by itself."""
        if self.state.state == "connected":
            for event in self.events:
                try:
                    self.ask(event, 0, timeout=LEAVING)
                except MiFaultError:  # an event that it does not know, or no longer
                    continue
                except MiError as error:
                    self.state = replace(self.state, last_error=error.message)
                    break
        self.state = replace(self.state, state="closed", next_try=None)


def server_events(client: MiClient) -> list[str]:
    """Names of the events that a server knows. Raises MiError."""
    found = client.call("events_list")
    events = found.get("Events") if isinstance(found, dict) else None
    if not isinstance(events, list):
        return []
    names = (event.get("name") for event in events if isinstance(event, dict))
    return [name for name in names if isinstance(name, str)]


def unknown_event(event: str, known: Iterable[str], library: Library) -> SubscribeError:
    """The server does not know an event: a misspelling, or what it would have to load."""
    hint = did_you_mean(event, known)
    if hint is None:
        found = library.events.get(event)
        if found is None:
            hint = "it becomes known by an event_route or raise_event() in the server's script"
        elif found.module != "core":
            hint = f'its module is not loaded: loadmodule "{found.module}.so"'
    return SubscribeError(f"the server does not know the event {event}", hint)
