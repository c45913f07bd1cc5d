"""What doors have in common: requests are carried out one after another, apart from the loop, at a bounded rate."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final, TypeVar

from evroute_kernel.engine.mi.addresses import Address
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management

T = TypeVar("T")

#: bytes of a request; longer ones are refused
REQUEST_LIMIT: Final = 1 << 20
#: requests a second that one door carries out; further ones wait
RATE_LIMIT: Final = 5000
#: seconds that a client may take to send its request, or to fetch its reply
PATIENCE: Final = 5.0


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
    """A way in. `start` and `stop` run in the event loop of the server's thread."""

    def __init__(self, address: Address, management: Management) -> None:
        #: with the port that was chosen, once it is started
        self.address = address
        #: requests that have been answered or carried out
        self.requests = 0
        #: requests of users who may not command this door; they are dropped, and not answered
        self.refused = 0
        self._management = management
        self._pace = Pace(RATE_LIMIT)
        # one thread: replies come in the order of the requests, and a name that takes long to look up holds up
        # nothing but this door
        self._worker = ThreadPoolExecutor(1, f"evroute MI {address.kind}")

    @abstractmethod
    async def start(self) -> None:
        """Begin to listen. Raises OSError, AddressError."""

    async def stop(self) -> None:
        """Listen no more, and leave nothing behind."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def answer(self, message: bytes) -> bytes | None:
        """Carry out a request; its reply, None for a notification."""
        return await self.carry_out(lambda: answer(self._management, message))

    def refuse(self, why: str) -> None:
        """Drop a request; whoever opened the door is told of the first one."""
        self.refused += 1
        if self.refused == 1:
            self._management.tell(f"{self.address} has dropped a request: {why}")

    async def carry_out(self, work: Callable[[], T]) -> T:
        self.requests += 1
        if delay := self._pace.delay():
            await asyncio.sleep(delay)
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)
