"""When raises must have ended that wait for a worker. Those that run are the matter of their worker's deadline."""

from __future__ import annotations

import heapq
from math import inf
from typing import Final
from weakref import ref

from evroute_kernel.engine.workers.raises import Raise

#: entries of raises that have ended, until they are swept out
_SWEPT: Final = 64


class Deadlines:
    """Used in the supervisor's thread only. Keeps no raise alive."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, ref[Raise]]] = []
        self._count = 0
        self._limit = _SWEPT

    def add(self, raised: Raise) -> None:
        """A task of it waits from now on."""
        if raised.due == inf:
            return
        self._count += 1
        heapq.heappush(self._heap, (raised.due, self._count, ref(raised)))
        if len(self._heap) > self._limit:
            self._sweep()

    def patience(self, now: float) -> float:
        """Seconds until the first is due; infinite when none is."""
        while self._heap:
            due, _, waiting = self._heap[0]
            raised = waiting()
            if raised is not None and raised.due == due:
                return max(0.0, due - now)
            heapq.heappop(self._heap)
        return inf

    def passed(self, now: float) -> list[Raise]:
        """Those that are due; they are told once."""
        found = []
        while self.patience(now) == 0.0:
            raised = heapq.heappop(self._heap)[2]()
            if raised is not None:
                found.append(raised)
        return found

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if (raised := entry[2]()) is not None and raised.due == entry[0]]
        heapq.heapify(self._heap)
        self._limit = 2 * len(self._heap) + _SWEPT
