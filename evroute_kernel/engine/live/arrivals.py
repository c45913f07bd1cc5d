"""Events that a server sent: what became of each, the box that keeps them, the order in which they are told."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import field
from threading import Lock
from time import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.engine.events.params import Params
    from evroute_kernel.engine.results.runs import LogRecord, Run, RunError

#: events that an inbox keeps, and log records of each
MOST_KEPT: Final = 10_000
MOST_RECORDS: Final = 100

#: causes of errors that are no fault of the routes
STOPPED: Final = frozenset({"interrupted", "closed"})

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Arrival:
    """An event that a server sent, and what its routes made of it. Event and params are byte strings.

    It is the origin of its run: the log comes back to it. `log` keeps the first hundred records; `records` counts all.
    """

    number: int
    event: str
    params: Params
    time: float
    #: whether anything here handles the event
    is_handled: bool = True
    is_done: bool = False
    log: list[LogRecord] = field(default_factory=list)
    records: int = 0
    runs: int = 0
    errors: tuple[RunError, ...] = ()
    #: why the event could not be raised here
    refused: str | None = None
    teller: Teller | None = None

    def record(self, record: LogRecord) -> None:
        """A route has logged something."""
        self.records += 1
        if self.records <= MOST_RECORDS:
            self.log.append(record)
        if self.teller is not None:
            self.teller.record(self, record)

    def end(self, run: Run | None) -> None:
        """All its routes have ended."""
        if run is not None:
            if self.records == 0:  # a session that was not told to hand out records as they come
                for record in run.log:
                    self.record(record)
            self.runs, self.errors = run.routes, run.errors
        self.is_done = True
        if self.teller is not None:
            self.teller.end(self)
            self.teller = None

    @property
    def is_stopped(self) -> bool:
        """Whether its routes ended for no fault of theirs."""
        return all(error.cause in STOPPED for error in self.errors) and bool(self.errors)

    @property
    def outcome(self) -> str:
        """In a word or two."""
        if self.refused is not None:
            return self.refused
        if not self.is_done:
            return "running"
        if not self.is_handled:
            return "no route"
        return ", ".join(dict.fromkeys(error.cause for error in self.errors)) or "ok"


class Listening(Protocol):
    """Who is told of arrivals as they come, one after the other, each with its log: never mixed."""

    def began(self, arrival: Arrival) -> None: ...

    def logged(self, arrival: Arrival, record: LogRecord) -> None: ...

    def ended(self, arrival: Arrival) -> None: ...


class Teller:
    """Puts what happens at the same time into the order of arrival: the first one's log at once, the others' later."""

    def __init__(self, listening: Listening) -> None:
        self.listening = listening
        self._lock = Lock()
        #: arrivals that are not told to their end, and what they logged meanwhile
        self._unreported: deque[tuple[Arrival, list[LogRecord]]] = deque()

    def begin(self, arrival: Arrival) -> None:
        with self._lock:
            self._unreported.append((arrival, []))
            if len(self._unreported) == 1:
                _tell(self.listening.began, arrival)

    def record(self, arrival: Arrival, record: LogRecord) -> None:
        with self._lock:
            if self._unreported and self._unreported[0][0] is arrival:
                _tell(self.listening.logged, arrival, record)
            else:
                held = next((held for known, held in self._unreported if known is arrival), None)
                if held is not None:
                    held.append(record)

    def end(self, arrival: Arrival) -> None:
        with self._lock:
            while self._unreported and self._unreported[0][0].is_done:
                _tell(self.listening.ended, self._unreported.popleft()[0])
                if self._unreported:
                    self._go_on(*self._unreported[0])

    def _go_on(self, arrival: Arrival, held: list[LogRecord]) -> None:
        _tell(self.listening.began, arrival)
        for record in held:
            _tell(self.listening.logged, arrival, record)
        held.clear()


def _tell(listener: Callable[..., None], *what: Any) -> None:
    try:
        listener(*what)
    except Exception:  # the listener's fault, which must not stop the routes
        _log.exception("a listener failed at an arrival")


class Inbox:
    """The last arrivals, by number. Those that are pushed out are counted in `dropped`."""

    def __init__(self, limit: int = MOST_KEPT) -> None:
        self.limit = limit
        self.dropped = 0
        self._arrivals: deque[Arrival] = deque()
        self._number = 0

    def add(self, event: str, params: Params) -> Arrival:
        self._number += 1
        arrival = Arrival(self._number, event, params, time())
        self._arrivals.append(arrival)
        if len(self._arrivals) > self.limit:
            self._arrivals.popleft()
            self.dropped += 1
        return arrival

    def __len__(self) -> int:
        return len(self._arrivals)

    def __iter__(self) -> Iterator[Arrival]:
        return iter(tuple(self._arrivals))

    def find(self, number: int) -> Arrival | None:
        """An arrival by its number, None if it is not there, or no longer."""
        return next((arrival for arrival in self if arrival.number == number), None)

    def clear(self) -> None:
        """Begin anew, with number 1."""
        self._arrivals.clear()
        self._number = self.dropped = 0
