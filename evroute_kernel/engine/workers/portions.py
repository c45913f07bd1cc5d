"""A replay as the supervisor sees it: `Replay` is what a caller waits for, a `Portion` what one worker does of it.

A portion is a block of raw lines, which the worker parses, or a list of events where somebody has parsed already. It
may be done in several goes, when an event is interrupted or costs its worker: `skip` events of it have been seen to.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final, Literal, TypeAlias

from evroute_kernel.engine.results.replays import BrokenLine, FailedEvent, Latencies, ReplayResult
from evroute_kernel.engine.results.runs import Log, LogRecord, RunError
from evroute_kernel.engine.state.registry import NO_SLOT
from evroute_kernel.engine.workers.flows import put_events_left, wait_in_worker
from evroute_kernel.engine.workers.raises import ERRORS_KEPT, Many, next_size
from evroute_kernel.engine.workers.task import Desk, Task
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.levels import WARNING
from evroute_kernel.runtime.limits import FIRST_PORTION
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.messages import (
    EventsWaiting,
    InnerRuns,
    Message,
    Params,
    PortionFinished,
    RouteFailed,
    RunPortion,
)
from evroute_kernel.worker.recorded import OnBroken, events_in
from evroute_kernel.worker.recorded_texts import Format, events_written

#: which log records of a replay are shown: all, none, the severe ones (WARNING and worse), or the first so many
Shown: TypeAlias = "Literal['all', 'errors', 'none'] | int"
#: bytes of a line, until some have been seen
LINE_SIZE: Final = 128
#: log records that the result keeps, whatever is shown
RECORDS_KEPT: Final = 10_000
#: unhandled events that are counted by name; those of further names are counted together
NAMES_KEPT: Final = 1000
OTHER_NAMES: Final = "(other names)"
_NO_LIMIT: Final = 2**31


@dataclass(slots=True, eq=False, kw_only=True)
class Replay(Many):
    """One replay under way. Time is limited for each event, not for the whole.

    `workers` may run portions at once. `open` counts one for whoever feeds it, as long as more portions may come.
    """

    workers: int
    only: frozenset[str] | None = None
    shown_records: Shown = "all"
    #: portions that nobody runs yet
    ready: deque[Portion] = field(default_factory=deque)
    #: portions that workers have or will have next
    handed_out: set[Portion] = field(default_factory=set)
    #: set when the replay ends early: nothing more is to be fed
    stop: threading.Event = field(default_factory=threading.Event)
    #: bounds the portions that are ready
    may_feed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(2))
    is_fed: bool = False
    size: int = FIRST_PORTION
    bytes_per_event: float = LINE_SIZE
    # what became of it
    done: int = 0
    handled: Counter[str] = field(default_factory=Counter)
    unhandled: Counter[str] = field(default_factory=Counter)
    filtered: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    failed_events: list[FailedEvent] = field(default_factory=list)
    broken: int = 0
    broken_lines: list[BrokenLine] = field(default_factory=list)
    latencies: Latencies = field(default_factory=Latencies)
    records_shown: int = 0
    #: bytes of the source that have been run
    position: int = 0
    last_line: int = 0

    @property
    def room(self) -> int:
        if isinstance(self.shown_records, int):
            return max(0, self.shown_records - self.records_shown)
        return -1 if self.shown_records == "none" else _NO_LIMIT

    @property
    def level_limit(self) -> int | None:
        """The level above which records are not sent."""
        return WARNING if self.shown_records == "errors" else None

    def keep(self, record: LogRecord) -> bool:
        if self.room <= 0:  # two workers may have used the same room
            if record.diagnostic and self.room == 0:
                return self.keep_late(record)
            self.dropped_lines += 1
            return False
        self.records_shown += 1
        if len(self.records) < RECORDS_KEPT or (record.diagnostic and self.is_news(record)):
            self.records.append(record)
        return True

    @property
    def block_size(self) -> int:
        """Bytes that the next portion should have."""
        return int(self.size * self.bytes_per_event) + 1

    def stop_feeding(self) -> None:
        """It takes no more portions. Whoever feeds it may be waiting for room, or for its source."""
        self.stop.set()
        self.may_feed.release()

    # -- what becomes of it -------------------------------------------------------------------------------------------

    def fail(self, error: RunError, line: int = 0) -> None:
        self.failed += 1
        self.causes[error.cause] += 1
        if len(self.failed_events) < ERRORS_KEPT:
            self.failed_events.append(FailedEvent(line, error))

    def add_broken(self, count: int, lines: Iterator[BrokenLine]) -> None:
        self.broken += count
        self.broken_lines += [line for line, _ in zip(lines, range(ERRORS_KEPT - len(self.broken_lines)), strict=False)]

    def finish_portion(self, portion: Portion, end: PortionFinished, seconds: float) -> None:
        """A worker has done a portion, or some of it."""
        self.dropped_lines += end.dropped
        ran, unhandled = sum(end.ran.values()), sum(end.unhandled.values())
        self.done += ran
        self.handled.update(end.ran)
        for event, count in end.unhandled.items():
            known = event in self.unhandled or len(self.unhandled) < NAMES_KEPT
            self.unhandled[event if known else OTHER_NAMES] += count
        self.filtered += end.done - portion.skip - ran - unhandled
        self.add_broken(end.broken, (BrokenLine(line, why) for line, why in end.broken_lines))
        self.latencies.add(end.latencies)
        if portion.data and end.done > portion.skip and not portion.skip:
            self.bytes_per_event = max(16.0, len(portion.data) / end.done)
        self.size = next_size(self.size, end.done - portion.skip, seconds)

    def portion_done(self, portion: Portion) -> None:
        """Nothing of a portion remains."""
        self.position = max(self.position, portion.position)
        self.last_line = max(self.last_line, portion.last_line)

    def _result(self, duration: float) -> Any:
        return ReplayResult(
            events=self.done,
            failed=self.failed,
            causes=dict(self.causes),
            failures=tuple(sorted(self.failed_events, key=lambda event: event.line)),
            handled=_readable(self.handled),
            unhandled=_readable(self.unhandled),
            filtered=self.filtered,
            broken=self.broken,
            broken_lines=tuple(sorted(self.broken_lines, key=lambda broken: broken.line)),
            last_line=self._through(),
            duration=duration,
            latencies=self.latencies,
            log=Log(self.records),
            unshown=self.dropped_lines,
            dropped_events=self.dropped_events,
            ended=self.ended,
            ran=self._ran(),
        )

    def limit_notices(self) -> list[str]:
        """The result tells all."""
        return []

    def _through(self) -> int:
        """The line up to which all was seen to."""
        unfinished = [portion.through or portion.first_line - 1 for portion in self.handed_out]
        return min([*unfinished, self.last_line])


def _readable(counts: Mapping[str, int]) -> dict[str, int]:
    return {decode(name): count for name, count in counts.items()}


@dataclass(slots=True, eq=False)
class Portion(Task):
    """Some events of a replay. `handlers` are filled in when a worker takes it."""

    raised: Replay
    first_line: int
    data: bytes = b""
    entries: list[tuple[int, str, Params]] | None = None
    #: bytes of the source up to its end
    position: int = 0
    skip: int = 0
    skip_broken: int = 0
    #: the line up to which it has been seen to; 0: not begun
    through: int = 0
    handlers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    #: the event that the worker speaks of, and its line
    event: str = ""
    line: int = 0
    #: whether listeners have been told of its events
    is_announced: bool = False
    number: int | None = None
    order: int = 0
    tries: int = 0
    #: how `data` is written; None for JSON lines
    written: Format | None = None
    #: when `entries` were recorded, in seconds of the epoch
    times: list[float | None] | None = None

    @property
    def draws_as(self) -> str | None:
        chance = self.raised.chance
        return chance and f"{chance[0]} {chance[1]}"

    @property
    def last_line(self) -> int:
        if self.entries is not None:
            return self.entries[-1][0] if self.entries else self.first_line
        return self.first_line + self.data.count(b"\n", 0, -1)

    @property
    def slots(self) -> tuple[int, ...]:
        return tuple({slot: None for slots in self.handlers.values() for slot in slots})

    @property
    def slot(self) -> int:
        """The route that runs first, of the event that the worker speaks of if there is one; `NO_SLOT` for none."""
        return next(iter(self.handlers.get(self.event, self.slots)), NO_SLOT)

    def runs_event(self, event: str, line: int) -> None:
        self.event, self.line = event, line

    def started(self, desk: Desk, worker: Worker) -> None:
        self.raised.start(desk.now)
        desk.portions.began(self)

    def heard(self, desk: Desk, worker: Worker, message: Message) -> None:
        if isinstance(message, RouteFailed):
            self.route_failed(desk, worker, message, self.line)
        elif isinstance(message, EventsWaiting):
            wait_in_worker(desk, worker, self, message)
        elif isinstance(message, InnerRuns):
            self.count_inner(desk, message)
        elif isinstance(message, PortionFinished):
            desk.portions.ended(worker, self, message)

    def lost(self, desk: Desk, worker: Worker) -> None:
        put_events_left(desk, worker, self)
        if not self.is_for_another(worker):
            desk.portions.lost(worker, self, worker.cause)
            return
        self.tries += 1
        if self.raised.ended is None:
            desk.put_back(self)
        else:
            desk.complete(self.raised)

    def message(self, run: int) -> Message:
        replay = self.raised
        return RunPortion(
            run,
            dict(self.handlers),
            self.data,
            self.first_line,
            self.entries,
            self.skip,
            self.skip_broken,
            replay.only,
            replay.room,
            replay.level_limit,
            self.written,
            self.draws_as,
            self.times,
        )

    def events(self, on_broken: OnBroken = lambda line, why: None) -> Iterator[tuple[int, str, Params]]:
        """What is in it, with line numbers."""
        if self.entries is not None:
            return iter(self.entries)
        if self.written is not None:
            return events_written(self.data, self.first_line, self.written, on_broken)
        return events_in(self.data, self.first_line, on_broken)

    def after(self, end: PortionFinished) -> Portion:
        """What remains of it, when some of its events have been seen to."""
        return Portion(
            self.raised,
            self.first_line,
            self.data,
            self.entries,
            self.position,
            end.done,
            self.skip_broken + end.broken,
            is_announced=self.is_announced,
            through=end.line,
            written=self.written,
            times=self.times,
        )

    def seen_to(self, done: int) -> tuple[PortionFinished, str]:
        """What a worker that died would have said about its first `done` events; the name of the last of them."""
        only = self.raised.only
        ran: Counter[str] = Counter()
        unhandled: Counter[str] = Counter()
        broken: list[tuple[int, str]] = []
        line, last, is_whole = self.first_line, "", True
        for index, (at, event, _) in enumerate(self.events(lambda at, why: broken.append((at, why)))):
            if index >= done:
                is_whole = False
                break
            line, last = at, event
            if index >= self.skip and (only is None or event in only):
                (ran if event in self.handlers else unhandled)[event] += 1
        reasons = tuple(broken[self.skip_broken :])
        return PortionFinished(0, done, line, is_whole, 0, dict(ran), dict(unhandled), len(reasons), reasons, {}), last
