"""What waits to be sent to one address: a bounded queue. A peer that is slow or dead fills it and no more."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from evroute_kernel.engine.delivery.transports.destination import Destination, OutgoingEvent
from evroute_kernel.records import dataclass

#: what may wait for one address; the server's pipe to its sender holds as many events
EVENT_LIMIT: Final = 8192
BYTE_LIMIT: Final = 64 * 2**20


@dataclass(slots=True, eq=False)
class QueuedEvent:
    """One event, packed. `since` is on the monotonic clock; `tries` counts connections that were lost with it."""

    data: bytes
    outgoing: OutgoingEvent
    owner: Destination
    identifier: int = 0
    since: float = 0.0
    tries: int = 0


class SendQueue:
    """Takes from any thread, gives to one. `woken` is called, outside the lock, when something came into it."""

    def __init__(self, woken: Callable[[], None]) -> None:
        self._woken = woken
        self._events: deque[QueuedEvent] = deque()
        self._size = 0
        self._lock = threading.Lock()

    def put(self, queued: QueuedEvent) -> bool:
        """Queue a queued; False, with nothing changed, when too much waits already."""
        size = len(queued.data)
        with self._lock:
            full = len(self._events) >= EVENT_LIMIT or (self._events and self._size + size > BYTE_LIMIT)
            if full:
                return False
            queued.since = monotonic()
            self._events.append(queued)
            self._size += size
        self._woken()
        return True

    def first(self) -> QueuedEvent | None:
        with self._lock:
            return self._events[0] if self._events else None

    def take(self) -> QueuedEvent | None:
        """The first queued, which leaves the queue."""
        with self._lock:
            if not self._events:
                return None
            queued = self._events.popleft()
            self._size -= len(queued.data)
            return queued

    def put_back(self, queued: QueuedEvent) -> None:
        """It goes before all others, whatever waits."""
        with self._lock:
            self._events.appendleft(queued)
            self._size += len(queued.data)

    def take_all(self) -> list[QueuedEvent]:
        with self._lock:
            events, self._size = list(self._events), 0
            self._events.clear()
            return events

    def count(self, owner: Destination) -> int:
        """How many events of one subscription wait."""
        with self._lock:
            return sum(queued.owner is owner for queued in self._events)

    def __len__(self) -> int:
        return len(self._events)
