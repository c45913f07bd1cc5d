"""What doors have in common: a thread each, in which requests are carried out one after another, at a bounded rate.

What takes long (a name that is looked up) or is sent in masses holds up nothing but its own door.
"""

from __future__ import annotations

import os
import select
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import ceil
from threading import Thread
from time import monotonic, sleep
from typing import Final

from evroute_kernel.engine.mi.addresses import Address
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management

#: bytes of a request; longer ones are refused
REQUEST_LIMIT: Final = 1 << 20
#: requests a second that one door carries out; further ones wait
RATE_LIMIT: Final = 50_000
#: seconds that a client may take to send its request, or to fetch its reply
PATIENCE: Final = 5.0
#: seconds for the request under way when a door is closed; one that takes longer ends by itself
LAST_REQUEST: Final = 2.0


class Pace:
    """Lets `rate` turns a second pass, a second's worth of them at once."""

    def __init__(self, rate: float, clock: Callable[[], float] = monotonic) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._due = clock() - 1.0

    def delay(self) -> float:
        """Seconds to wait before the next turn, which is taken by asking."""
        now = self._clock()
        self._due = max(self._due, now - 1.0) + self._interval
        return max(0.0, self._due - now)


class Door(ABC):
    """A way in. `start` and `stop` are called in one thread, all else happens in the door's own."""

    def __init__(self, address: Address, management: Management) -> None:
        #: with the port that was chosen, once it is started
        self.address = address
        #: requests that have been answered or carried out
        self.requests = 0
        #: requests of users who may not command this door; they are dropped, and not answered
        self.refused = 0
        self.management = management
        self._pace = Pace(RATE_LIMIT)
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to listen. Raises OSError, AddressError."""
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        self._thread = Thread(target=self._serve, name=f"evroute MI {self.address.kind}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, and leave nothing behind."""
        if self._thread is not None:
            self._wake()
            self._thread.join(LAST_REQUEST)
        self._close()

    @abstractmethod
    def _open(self) -> None:
        """Make what is listened on. Raises OSError, AddressError."""

    @abstractmethod
    def _serve(self) -> None:
        """The thread: take requests until `_wake` says that it is to end."""

    @abstractmethod
    def _wake(self) -> None:
        """Let the thread end."""

    @abstractmethod
    def _close(self) -> None:
        """Give back whatever there is, also of a door that could not be opened."""

    def answer(self, message: bytes) -> bytes | None:
        """Carry out a request; its reply, None for a notification. `go_on` is to follow when that has been sent."""
        self.take_turn()
        return answer(self.management, message)

    def take_turn(self) -> None:
        """Count a request, and wait where they come too fast."""
        if delay := self.count():
            self.go_on()
            sleep(delay)

    def count(self) -> float:
        """Count a request; the seconds that it has to wait, where they come too fast."""
        self.requests += 1
        return self._pace.delay()

    def go_on(self) -> float | None:
        """Replies have been sent: what their requests have raised may begin.

        Returns the seconds after which this is to be called again, None where it need not be.
        """
        return self.management.hand_over()

    def refuse(self, why: str) -> None:
        """Drop a request; whoever opened the door is told of the first one."""
        self.refused += 1
        if self.refused == 1:
            self.management.tell(f"{self.address} has dropped a request: {why}")


class Descriptors:
    """Waits for a descriptor to be readable, for time, or for the door to be closed."""

    def __init__(self, descriptor: int) -> None:
        self.is_closing = False
        self._ended, self._end = os.pipe()
        self._poll, self._end_alone = select.poll(), select.poll()
        for poll in (self._poll, self._end_alone):
            poll.register(self._ended, select.POLLIN)
        self.heed(descriptor)

    def heed(self, descriptor: int) -> None:
        self._poll.register(descriptor, select.POLLIN)

    def forget(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)

    def wait(self, seconds: float | None = None, is_full: bool = False) -> bool:
        """Whether the descriptor is readable, or has an error to tell; False when the time is over, or the door.

        `is_full`: the descriptor is not looked at, for nothing more can be taken.
        """
        poll = self._end_alone if is_full else self._poll
        return bool(poll.poll(None if seconds is None else ceil(seconds * 1000))) and not self.is_closing

    def wake(self) -> None:
        """The door is to be closed."""
        self.is_closing = True
        os.write(self._end, b"x")

    def close(self) -> None:
        os.close(self._ended)
        os.close(self._end)
