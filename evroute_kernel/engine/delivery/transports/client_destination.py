"""A thread that sends what waits for one subscription through a client that may block."""

from __future__ import annotations

import threading
from math import inf
from time import monotonic
from typing import Final, Protocol

from evroute_kernel.engine.delivery.transports.destination import (
    LAST_MOMENT,
    SENT,
    Destination,
    Outcome,
    OutgoingEvent,
    SessionView,
)
from evroute_kernel.engine.delivery.transports.send_queue import QueuedEvent, SendQueue
from evroute_kernel.worker.sockets import Address

#: seconds that the end of a session gives to a client that is in a call
PATIENCE: Final = 5.0
#: seconds after which a client that has nothing to send may look after its connection
IDLE: Final = 5.0


class ClientError(Exception):
    """An event could not be sent; the text says why."""


class Client(Protocol):
    """Used in one thread. Each call ends within some seconds."""

    def send(self, data: bytes) -> None:
        """Raises ClientError. It may be called again afterwards, and then connects anew."""

    def idle(self) -> None:
        """Nothing is to be sent now."""

    def close(self) -> None: ...


class ClientDestination(Destination):
    """A subscription with a thread and a queue of its own."""

    is_deferred = True

    def __init__(self, address: Address, session: SessionView, client: Client) -> None:
        super().__init__(address, session)
        self._client = client
        self._news = threading.Event()
        self._send_queue = SendQueue(self._news.set)
        self._thread: threading.Thread | None = None
        self._end = inf

    def pack(self, outgoing: OutgoingEvent) -> bytes:
        """What is sent of an event."""
        from evroute_kernel.library.formats.event_payload import payload

        return payload(outgoing.event, outgoing.params)

    @property
    def waiting(self) -> int:
        return len(self._send_queue)

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        if self._end != inf:
            return Outcome(False, ("the subscription has ended",))
        if self._thread is None:
            name = f"evroute {self.address.protocol} sender"
            self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
            self._thread.start()
        if self._send_queue.put(QueuedEvent(self.pack(outgoing), outgoing, self)):
            return SENT
        return Outcome(
            False, (f"cannot send event to {self.address.protocol} sender: its queue is full",), dropped=True
        )

    def close(self) -> None:
        with self._guard:
            self._end = min(self._end, monotonic() + LAST_MOMENT)
        self._news.set()

    @property
    def has_ended(self) -> bool:
        return self._end != inf and (self._thread is None or not self._thread.is_alive())

    def join(self) -> None:
        """Wait until the thread has ended; after `close`."""
        if self._thread is not None:
            self._thread.join(LAST_MOMENT + PATIENCE)

    def _serve(self) -> None:
        try:
            while self._end == inf or (len(self._send_queue) and monotonic() < self._end):
                self._news.clear()
                queued = self._send_queue.take()
                if queued is not None:
                    self._send(queued)
                elif self._end == inf and not self._news.wait(IDLE):
                    self._client.idle()
        finally:
            for queued in self._send_queue.take_all():
                self.lost(queued.outgoing, "the subscription has ended")
            self._client.close()

    def _send(self, queued: QueuedEvent) -> None:
        try:
            self._client.send(queued.data)
        except ClientError as error:
            self.lost(queued.outgoing, str(error))
        else:
            self.count_sent()
