"""A thread that sends what waits for one subscription through a client that may block."""

from __future__ import annotations

import threading
from math import inf
from time import monotonic
from typing import Final, Protocol

from evroute_kernel.engine.delivery.transports.destination import SENT, Destination, Letter, Outcome, Surroundings
from evroute_kernel.engine.delivery.transports.mailbox import Mailbox, Parcel
from evroute_kernel.worker.sockets import Address

#: seconds that the end of a session gives to what still waits, and then to a client that is in a call
LAST_MOMENT: Final = 0.5
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


class Courier(Destination):
    """A subscription with a thread and a queue of its own."""

    is_deferred = True

    def __init__(self, address: Address, around: Surroundings, client: Client) -> None:
        super().__init__(address, around)
        self._client = client
        self._news = threading.Event()
        self._mailbox = Mailbox(self._news.set)
        self._thread: threading.Thread | None = None
        self._end = inf

    def pack(self, letter: Letter) -> bytes:
        """What is sent of an event."""
        from evroute_kernel.engine.delivery.transports.payload import payload

        return payload(letter.event, letter.params)

    @property
    def waiting(self) -> int:
        return len(self._mailbox)

    def _deliver(self, letter: Letter) -> Outcome:
        if self._end != inf:
            return Outcome(False, ("the subscription has ended",))
        if self._thread is None:
            name = f"evroute {self.address.protocol} sender"
            self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
            self._thread.start()
        if self._mailbox.put(Parcel(self.pack(letter), letter, self)):
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
            while self._end == inf or (len(self._mailbox) and monotonic() < self._end):
                self._news.clear()
                parcel = self._mailbox.take()
                if parcel is not None:
                    self._send(parcel)
                elif self._end == inf and not self._news.wait(IDLE):
                    self._client.idle()
        finally:
            for parcel in self._mailbox.take_all():
                self.lost(parcel.letter, "the subscription has ended")
            self._client.close()

    def _send(self, parcel: Parcel) -> None:
        try:
            self._client.send(parcel.data)
        except ClientError as error:
            self.lost(parcel.letter, str(error))
        else:
            self.count_sent()
