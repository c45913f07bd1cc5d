"""What waits to be sent to one address: a bounded queue. A peer that is slow or dead fills it and no more."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from evroute_kernel.engine.delivery.transports.destination import Destination, Letter

#: what may wait for one address; the server's pipe to its sender holds as many events
EVENT_LIMIT: Final = 8192
BYTE_LIMIT: Final = 64 * 2**20


@dataclass(slots=True, eq=False)
class Parcel:
    """One event, packed. `since` is on the monotonic clock; `tries` counts connections that were lost with it."""

    data: bytes
    letter: Letter
    owner: Destination
    identifier: int = 0
    since: float = 0.0
    tries: int = 0


class Mailbox:
    """Takes from any thread, gives to one. `woken` is called, outside the lock, when something came into it."""

    def __init__(self, woken: Callable[[], None]) -> None:
        self._woken = woken
        self._parcels: deque[Parcel] = deque()
        self._size = 0
        self._lock = threading.Lock()

    def put(self, parcel: Parcel) -> bool:
        """Queue a parcel; False, with nothing changed, when too much waits already."""
        size = len(parcel.data)
        with self._lock:
            full = len(self._parcels) >= EVENT_LIMIT or (self._parcels and self._size + size > BYTE_LIMIT)
            if full:
                return False
            parcel.since = monotonic()
            self._parcels.append(parcel)
            self._size += size
        self._woken()
        return True

    def first(self) -> Parcel | None:
        with self._lock:
            return self._parcels[0] if self._parcels else None

    def take(self) -> Parcel | None:
        """The first parcel, which leaves the queue."""
        with self._lock:
            if not self._parcels:
                return None
            parcel = self._parcels.popleft()
            self._size -= len(parcel.data)
            return parcel

    def put_back(self, parcel: Parcel) -> None:
        """It goes before all others, whatever waits."""
        with self._lock:
            self._parcels.appendleft(parcel)
            self._size += len(parcel.data)

    def take_all(self) -> list[Parcel]:
        with self._lock:
            parcels, self._size = list(self._parcels), 0
            self._parcels.clear()
            return parcels

    def count(self, owner: Destination) -> int:
        """How many parcels of one subscription wait."""
        with self._lock:
            return sum(parcel.owner is owner for parcel in self._parcels)

    def __len__(self) -> int:
        return len(self._parcels)
