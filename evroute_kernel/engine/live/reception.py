"""What becomes of notifications that arrive: they wait their turn, and run the routes here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events.params import Received, UnknownEventError
from evroute_kernel.engine.live.arrivals import Arrival, Inbox, Listening, Teller
from evroute_kernel.engine.live.notifications import BrokenNotificationError, read_notification
from evroute_kernel.errors import ScriptError
from evroute_kernel.runtime.values import decode

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import Run
    from evroute_kernel.engine.session.session import Session

#: notifications, and their bytes, that wait to be run; those beyond are dropped and counted
MOST_WAITING: Final = 100_000
MOST_WAITING_BYTES: Final = 64 << 20
#: events whose routes may run at a time
MOST_RUNNING: Final = 256


class Reception:
    """Takes payloads from a listener's thread and runs the notebook's routes on them.

    `wanted(event)` tells which events were subscribed; `most`: so many are taken and no more, and `finished` is done
    when they have ended, or the reception has been closed.
    """

    def __init__(
        self,
        session: Session,
        inbox: Inbox,
        wanted: Callable[[str], bool],
        listening: Listening | None = None,
        most: int | None = None,
    ) -> None:
        self.session = session
        self.inbox = inbox
        self.wanted = wanted
        self.most = most
        self.finished: Future[None] = Future()
        #: events taken, those of them that no route handles, those with a route that failed
        self.received = 0
        self.unhandled = 0
        self.failed = 0
        #: events whose routes were stopped from outside
        self.stopped = 0
        #: pieces that were no notification
        self.broken = 0
        #: events that nobody here has subscribed, and those that came too fast
        self.strays = 0
        self.dropped = 0
        self._teller = None if listening is None else Teller(listening)
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._running = 0
        self._is_closed = False
        self._condition = Condition()
        self._thread = Thread(target=self._run, name="evroute live reception", daemon=True)
        self._thread.start()

    def deliver(self, payload: bytes) -> None:
        """A payload has arrived. Returns at once."""
        with self._condition:
            if len(self._waiting) >= MOST_WAITING or self._bytes + len(payload) > MOST_WAITING_BYTES:
                self.dropped += 1
                return
            self._waiting.append(payload)
            self._bytes += len(payload)
            if len(self._waiting) == 1:  # else the thread has not even taken those before
                self._condition.notify_all()

    def close(self) -> None:
        """Take no more; what has not begun is dropped and counted. Twice is harmless."""
        with self._condition:
            self._is_closed = True
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._condition.notify_all()
        self._thread.join()
        self._finish()

    def drain(self) -> None:
        """Wait until no route runs any more on what was taken."""
        with self._condition:
            while self._running:
                self._condition.wait()

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (payload := self._next()) is not None:
            try:
                self._take(payload)
            except BrokenNotificationError:
                self.broken += 1

    def _next(self) -> bytes | None:
        """The next payload, None when there are to be no more. Waits."""
        with self._condition:
            while not self._is_closed:
                if self._waiting and self._running < MOST_RUNNING:
                    payload = self._waiting.popleft()
                    self._bytes -= len(payload)
                    return payload
                self._condition.wait()
        return None

    def _take(self, payload: bytes) -> None:
        found = read_notification(payload)
        if self.most is not None and self.received >= self.most:
            return
        if not self.wanted(found.event):
            self.strays += 1
            return
        with self._condition:
            self._running += 1
            self.received += 1
        arrival = self.inbox.add(found.event, found.params)
        arrival.is_handled = self.session.is_heard(decode(found.event))
        if self._teller is not None:
            arrival.teller = self._teller
            self._teller.begin(arrival)
        self._raise(arrival)

    def _raise(self, arrival: Arrival) -> None:
        """Run what handles the event."""
        try:
            future = self.session.submit(decode(arrival.event), Received(arrival.params), origin=arrival)
        except UnknownEventError:
            self.unhandled += 1
            arrival.is_handled = False
            self._ended(arrival, None)
        except ScriptError as error:
            self.failed += 1
            arrival.refused = str(error)
            self._ended(arrival, None)
        else:
            future.add_done_callback(lambda done: self._finished(arrival, done))

    def _finished(self, arrival: Arrival, done: Future[Run]) -> None:
        if (error := done.exception()) is None:
            self._ended(arrival, done.result())
            return
        self.failed += 1
        arrival.refused = f"{type(error).__name__}: {error}"
        self._ended(arrival, None)

    def _ended(self, arrival: Arrival, run: Run | None) -> None:
        arrival.end(run)
        with self._condition:
            if run is not None and not run.ok:
                self.stopped += arrival.is_stopped
                self.failed += not arrival.is_stopped
            self._running -= 1
            if self._running in (0, MOST_RUNNING // 2):  # not for each: the thread then takes many in one go
                self._condition.notify_all()
            is_last = self._running == 0 and self.most is not None and self.received >= self.most
        if is_last:
            self._finish()

    def _finish(self) -> None:
        with suppress(InvalidStateError):  # done already
            self.finished.set_result(None)
