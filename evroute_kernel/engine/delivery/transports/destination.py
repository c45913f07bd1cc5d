"""What every transport is to the engine: something that takes events, counts them, and never makes the raiser wait."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, TypeAlias

from evroute_kernel.engine.events.params import Params
from evroute_kernel.worker.sockets import Address

#: seconds that the end of a session gives to what still waits
LAST_MOMENT: Final = 0.5
#: seconds after which a failure that goes on is told again
REMIND: Final = 10.0
REPORTED_KEPT: Final = 8
#: (module, parameter) -> every value given, in order; the last one counts
ModParams: TypeAlias = Mapping[tuple[str, str], list[int | str]]


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """One event on its way to one subscriber. `on_failure` is called once if it is known later that it got lost.

    `origin` is that of the raise, so that what is said later comes out where the event was raised.
    """

    event: str
    params: Params
    origin: object = None
    on_failure: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it at once: whether the event is sent or waits to be sent, and the server's error lines.

    `reason`: why it failed, where more is known than those lines say.
    """

    ok: bool = True
    lines: tuple[str, ...] = ()
    #: it was dropped because too much was waiting
    dropped: bool = False
    reason: str = ""


SENT = Outcome()


@dataclass(frozen=True, slots=True)
class SessionView:
    """What transports know of their session: module parameters as they are now, and whom to tell of late failures.

    `report_lost(socket, outgoing, what happened)` is called in a thread of the transport.
    """

    modparams: Callable[[], ModParams]
    report_lost: Callable[[str, OutgoingEvent, str], None]
    #: a text with variables in it, as a script would print it
    expand: Callable[[str], str] = lambda text: text

    def number(self, module: str, name: str, default: int) -> int:
        value = self._last(module, name)
        return value if isinstance(value, int) else default

    def text(self, module: str, name: str) -> str | None:
        value = self._last(module, name)
        return None if value is None else str(value)

    def _last(self, module: str, name: str) -> int | str | None:
        values = self.modparams().get((module, name))
        return values[-1] if values else None


class Destination(ABC):
    """One subscription's way out. `deliver` may be called from any thread, and returns at once."""

    #: whether a success is only known later; then the transport itself counts
    is_deferred = False
    #: family and address of a socket that takes datagrams from anybody
    datagram_target: tuple[int, Any] | None = None

    def __init__(self, address: Address, session: SessionView) -> None:
        self.address = address
        self.session = session
        self.sent = self.failed = self.dropped = 0
        #: the last failure; None after a success
        self.error: str | None = None
        #: what was complained about, about whose raise, and when (monotonic clock)
        self._reported: deque[tuple[object, tuple[str, ...], float]] = deque(maxlen=REPORTED_KEPT)
        self._guard = threading.Lock()
        self._counting = threading.Lock()

    @property
    def waiting(self) -> int:
        """Events that are still to be sent."""
        return 0

    def deliver(self, outgoing: OutgoingEvent) -> Outcome:
        """Send an event, or queue it."""
        with self._guard:
            outcome = self._deliver(outgoing)
        if outcome.dropped:
            self.count_dropped(outcome.lines[0] if outcome.lines else "its queue is full")
        elif not outcome.ok:
            self.count_failed(outcome.reason or (outcome.lines[0] if outcome.lines else "it could not be sent"))
        elif not self.is_deferred:
            self.count_sent()
        return outcome

    @abstractmethod
    def _deliver(self, outgoing: OutgoingEvent) -> Outcome: ...

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """The subscription has ended. Returns at once; closing twice is harmless."""

    # -- counters -------------------------------------------------------------------------------------------------

    def count_sent(self) -> None:
        with self._counting:
            self.sent += 1
            self.error = None

    def count(self, sent: int, failed: int, error: str | None) -> None:
        """Others have sent events to it; the last one failed if there is an error."""
        with self._counting:
            self.sent += sent
            self.failed += failed
            self.error = error

    def count_failed(self, error: str) -> None:
        with self._counting:
            self.failed += 1
            self.error = error

    def count_dropped(self, error: str) -> None:
        with self._counting:
            self.dropped += 1
            self.error = error

    def is_news(self, origin: object, words: tuple[str, ...]) -> bool:
        """Whether this was not said about the same raise just now: of a flood of failures one is told."""
        now = monotonic()
        with self._counting:
            if any(known[:2] == (origin, words) and now - known[2] < REMIND for known in self._reported):
                return False
            self._reported.append((origin, words, now))
        return True

    def lost(self, outgoing: OutgoingEvent, error: str) -> None:
        """A queued event could not be sent: count it, say so, and let a virtual socket try the next."""
        self.count_failed(error)
        if self.is_news(outgoing.origin, (error,)):
            self.session.report_lost(self.address.socket, outgoing, error)
        if outgoing.on_failure is not None:
            outgoing.on_failure()
