"""What callers wait for: a `Raise` is one event with all that follows from it, `Many` are many events.

Raises are carried out by tasks: `engine.workers.task`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import field, replace
from math import inf
from operator import attrgetter
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.results.runs import Cause, Log, LogRecord, RouteRuns, Run, RunError
from evroute_kernel.errors import Diagnostic
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import RAISED_BYTES, RAISED_LIMIT
from evroute_kernel.runtime.seed import Chance
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.late import Late
from evroute_kernel.worker.messages import RunFinished

if TYPE_CHECKING:
    from evroute_kernel.engine.cluster.exchange import Exchange

ERRORS_KEPT: Final = 100
#: seconds that a task of many events should take: long enough to make its message cheap, short enough to stay
#: answerable; and how many events it may have
TASK_TIME: Final = 0.02
TASK_SIZES: Final = (16, 4096)


@dataclass(slots=True, eq=False, weakref_slot=True)
class Raise:
    """One raise under way. `open` counts its tasks, queued or running; at 0 the future gets its result.

    The event's name is a byte string, as scripts have it.
    """

    event: str
    origin: object
    #: seconds, for all of it
    timeout: float
    #: log records that are kept
    log_limit: int
    #: when the caller began to wait, if the time counts from then; else it counts from the start of the first route
    called: float = inf
    future: Future[Any] = field(default_factory=Future)
    open: int = 0
    started: float = inf
    deadline: float = inf
    #: why it ends early
    ended: Cause | None = None
    #: nothing more is to come: the future has its result, or gets it now
    is_over: bool = False
    records: list[LogRecord] = field(default_factory=list)
    errors: list[RunError] = field(default_factory=list)
    shown: list[int | str | None] = field(default_factory=list)
    failed: int = 0
    routes: int = 0
    #: (event, title of a route) -> how often it was run, in the order of the first runs
    ran: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: log lines and raised events beyond the limits
    dropped_lines: int = 0
    dropped_events: int = 0
    #: what the runtime itself says beyond the limit
    late: Late[LogRecord] = field(default_factory=Late)
    late_records: list[LogRecord] = field(default_factory=list)
    #: about its parameters
    remarks: tuple[Diagnostic, ...] = ()
    #: how many of its runs stand still because of a watcher, since when, and what the deadline was then
    standing: int = 0
    stands_since: float = 0.0
    kept_deadline: float = inf
    #: when it was asked for, on the monotonic clock
    asked: float = field(default_factory=monotonic)
    #: what its first event draws with (`runtime.seed`)
    chance: Chance = None
    #: in a cluster: what it shares with the raises on other nodes that follow of it
    exchange: Exchange | None = None

    @property
    def waits_since(self) -> float | None:
        """Since when it waits for a worker, on the monotonic clock; None where that means nothing: of many events."""
        return self.asked

    @property
    def unrun(self) -> int:
        """Events that are not run if no worker can be; what follows of them does not count."""
        return 1

    @property
    def room(self) -> int:
        """Log records that may still come."""
        return max(0, self.log_limit - len(self.records))

    def start(self, now: float) -> None:
        """One of its routes starts."""
        if self.started == inf:
            self.started = now
            self.deadline = self.last_moment(now)

    def last_moment(self, now: float) -> float:
        """When all of it must have ended, if it starts now."""
        return min(now, self.called) + self.timeout

    @property
    def due(self) -> float:
        """When it must have ended, or begun, though it may be waiting for a worker; infinite once it has ended."""
        if self.ended is not None or self.is_over:
            return inf
        return self.called + self.timeout if self.started == inf else self.deadline

    def stand_still(self, now: float) -> None:
        """One of its runs stands still: its time does not count."""
        self.standing += 1
        if self.standing == 1:
            self.stands_since, self.kept_deadline, self.deadline = now, self.deadline, inf

    def go_on(self, now: float) -> None:
        """One of its runs goes on, or has ended."""
        self.standing -= 1
        if not self.standing:
            self.deadline = self.kept_deadline + now - self.stands_since

    def latest_end(self, now: float) -> float:
        """When a route that starts now must have ended."""
        return min(self.deadline, now + self.timeout)

    def keep(self, record: LogRecord) -> bool:
        """Keep a log record; False when it is not to be shown now."""
        if self.room > 0:
            self.records.append(record)
            return True
        if record.diagnostic:
            return self.keep_late(record)
        self.dropped_lines += 1
        return False

    def keep_late(self, record: LogRecord) -> bool:
        """Keep what the runtime itself says beyond the limit. It is shown last of all, where nobody overlooks it."""
        if self.is_news(record):
            self.late_records.append(record)
        return False

    def is_news(self, record: LogRecord) -> bool:
        """Whether the same, or much like it, has not been said beyond the limit yet."""
        return self.late.is_to_be_sent(_statement(record), record.text, record)

    def count_late(self, record: LogRecord, count: int) -> None:
        """The runtime said so, or much the same, so many times beyond the limit."""
        self.late.hold(_statement(record), record, count)

    def fail(self, error: RunError, line: int = 0) -> None:
        """A route did not come to its end. `line`: where its event is recorded, 0 for one that is not."""
        self.failed += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(error)

    def give_up_waiting(self, busy: str) -> None:
        """No worker was free in time. `busy`: what the workers do meanwhile."""
        event = decode(self.event)
        what = f"the event {event}" if event else "the script"
        message = f"{what} was not run: it waited {self.timeout:g} s for a worker, which is all the time it had"
        hint = f"{busy}: wait for that, interrupt it, or allow more workers" if busy else None
        self.errors.append(RunError("timed out", message, event, "", None, hint))

    @property
    def event_limit(self) -> float | None:
        """Seconds that each of its events may take with all that comes of it; None where all share the time."""
        return None

    def finish(self, end: RunFinished) -> None:
        self.dropped_lines += end.dropped
        self.shown += [decode(value) if isinstance(value, str) else value for value in end.shown]

    def limit_notices(self) -> list[str]:
        """What is to be said about limits when it is over."""
        words = []
        if self.dropped_lines:
            words.append(f"{self.dropped_lines} more log lines were not kept: the limit of {self.log_limit} is reached")
        if self.dropped_events:
            most = f"{RAISED_LIMIT}, or {RAISED_BYTES // 2**20} MiB,"
            words.append(f"{self.dropped_events} raised events were dropped: {most} were waiting already")
        return words

    def last_records(self, moment: float) -> list[LogRecord]:
        """What is to be shown when it is over; from now on part of its log. `moment`: seconds of the epoch."""
        event = decode(self.event)
        words = [LogRecord("WARNING", said, True, event, "", 0, None, moment) for said in self.limit_notices()]
        late = [*self.late_records, *(_counted(record, count) for record, count in self.late.release())]
        last = [*words, *sorted(late, key=attrgetter("time"))]
        self.records += last
        return last

    def close(self, now: float) -> None:
        """All of it has ended: hand over the result."""
        if self.ended is not None and not self.errors:
            event = decode(self.event)
            what = f"the event {event}" if event else "the script"
            self.errors.append(RunError(self.ended, f"{what} was {_ENDED[self.ended]}", event, ""))
        self.future.set_result(self._result(max(0.0, now - self.started)))

    def _result(self, duration: float) -> Any:
        event, errors, log, shown = decode(self.event), tuple(self.errors), Log(self.records), tuple(self.shown)
        return Run(event, errors, duration, log, shown, self.routes, self._ran(), self.remarks)

    def _ran(self) -> tuple[RouteRuns, ...]:
        return tuple(RouteRuns(decode(event), decode(route), runs) for (event, route), runs in self.ran.items())


def _statement(record: LogRecord) -> Hashable:
    """What a record is about."""
    return record.route, record.span, record.level


def _counted(record: LogRecord, count: int) -> LogRecord:
    """The last of many."""
    return record if count == 1 else replace(record, text=f"{record.text} (and {count - 1:,} more like this)")


_ENDED: Final[dict[Cause, str]] = {
    "interrupted": "interrupted",
    "timed out": "not finished in time",
    "no worker": "not run: no worker could be started",
    "closed": "not run to its end: the session was closed",
    "internal error": "not run to its end: the kernel failed",
}


@dataclass(slots=True, eq=False)
class Many(Raise):
    """Many events. Time is limited for each of them and what comes of it, not for the whole; it also limits the wait
    for the first."""

    def last_moment(self, now: float) -> float:
        return inf

    @property
    def waits_since(self) -> float | None:
        return None

    @property
    def event_limit(self) -> float | None:
        return self.timeout

    def keep_late(self, record: LogRecord) -> bool:
        """It is shown at once: there may be hours until all is over."""
        if not self.is_news(record):
            return False
        self.records.append(record)
        return True


def next_size(size: int, count: int, seconds: float) -> int:
    """How many events the next task of `Many` should have, if it had `size` and `count` of them took some seconds."""
    rate = count / max(seconds, 1e-6)
    return int(min(max(rate * TASK_TIME, size / 4, TASK_SIZES[0]), size * 4, TASK_SIZES[1]))
