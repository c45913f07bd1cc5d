"""The runs of a session that wait for an event, or for a time: who wakes them, and when nobody has.

A wait is over once: by the first event that reaches it, by the clock, or because its worker is gone. All routes that
notify_on_event() has subscribed have one message, so that one transaction at a time can be made of it: while a run
with it waits or goes on, and for some seconds afterwards, the server takes another one for a retransmission.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from math import inf

from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class Wait:
    """A run that waits.

    `event` is a byte string, empty for one that only sleeps; `due`: second of the epoch at which it ends by itself;
    `manner`: what comes of it then (`runtime.waits`); `origin`: that of the raise which began it; `expires`:
    the second after which an event is too late for one that the clock does not end.
    """

    number: int
    event: str
    route: str
    worker: int
    due: float
    manner: str
    origin: object
    expires: float = inf
    #: the raise that began it
    raised: object = None


class Waits:
    """Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[int, Wait] = {}
        #: the second of the epoch at which the next one ends by itself; infinite for none
        self.next_due = inf
        #: the second of the epoch from which a transaction can be made of the dummy message, and whose run has one
        self._is_free_at = 0.0
        self._transaction = 0

    def __contains__(self, number: int) -> bool:
        return number in self._all

    def manner(self, number: int) -> str:
        """What comes of a wait; empty for one that is none, or over."""
        wait = self._all.get(number)
        return wait.manner if wait is not None else ""

    def blocks(self, raised: object) -> bool:
        """Whether a process waits itself, as part of a raise."""
        return any(wait.raised is raised and wait.manner == "blocked" for wait in list(self._all.values()))

    def add(self, wait: Wait) -> None:
        with self._lock:
            self._all[wait.number] = wait
            self.next_due = min(self.next_due, wait.due)

    def any_of(self, numbers: Iterable[int]) -> bool:
        """Whether one of these still waits."""
        return any(number in self._all for number in numbers)

    def claim(self, numbers: Iterable[int]) -> list[Wait]:
        """Those of these that still wait: now they are over."""
        with self._lock:
            found = [wait for number in numbers if (wait := self._all.pop(number, None)) is not None]
            self._look()
        return found

    def end(self, number: int) -> None:
        """It is over."""
        self.claim((number,))

    def overdue(self, now: float) -> list[Wait]:
        """Those whose time is over, which end now; of those of one moment the latest comes first."""
        if self.next_due > now:
            return []
        with self._lock:
            found = sorted((w for w in self._all.values() if w.due <= now), key=lambda wait: (wait.due, -wait.number))
            for wait in found:
                del self._all[wait.number]
            self._look()
        return found

    def of_worker(self, worker: int) -> list[Wait]:
        """Those of a worker that is gone: they are over, and so is its transaction."""
        with self._lock:
            found = [wait for wait in self._all.values() if wait.worker == worker]
            for wait in found:
                del self._all[wait.number]
            self._look()
            if self._transaction == worker:
                self._transaction, self._is_free_at = 0, 0.0
        return found

    def forget(self) -> None:
        """Nothing waits."""
        with self._lock:
            self._all.clear()
            self.next_due = inf
            self._transaction, self._is_free_at = 0, 0.0

    def _look(self) -> None:
        self.next_due = min((wait.due for wait in self._all.values()), default=inf)

    # -- the transaction ----------------------------------------------------------------------------------------------

    def begin_transaction(self, worker: int, now: float) -> bool:
        """A run in a worker makes a transaction of the dummy message; False where there is one."""
        with self._lock:
            if self._transaction or now < self._is_free_at:
                return False
            self._transaction = worker
            return True

    def forget_transaction(self) -> None:
        """What comes next has a message of its own."""
        with self._lock:
            self._transaction, self._is_free_at = 0, 0.0

    def end_transaction(self, worker: int, until: float) -> None:
        """It is over, but stays known for a while."""
        with self._lock:
            if self._transaction == worker:
                self._transaction, self._is_free_at = 0, until
