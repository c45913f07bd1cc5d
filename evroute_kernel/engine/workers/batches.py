"""Many parameter lists for one event: a `Batch` is what a caller waits for, a `Chunk` what one worker does of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from itertools import islice
from typing import Any

from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.results.runs import BatchResult, Log
from evroute_kernel.engine.workers.flows import put_events_left, wait_in_worker
from evroute_kernel.engine.workers.instructions import Prepare
from evroute_kernel.engine.workers.raises import Many, next_size
from evroute_kernel.engine.workers.task import Desk, Task
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import FIRST_PORTION
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.messages import BatchFinished, EventsWaiting, InnerRuns, Message, RouteFailed, RunBatch


@dataclass(slots=True, eq=False, kw_only=True)
class Batch(Many):
    """Many parameter lists for one event."""

    source: Iterator[Params]
    slots: tuple[int, ...]
    done: int = 0
    size: int = FIRST_PORTION
    #: the next chunk, made while the one before runs
    prepared: list[Params] = field(default_factory=list)
    is_exhausted: bool = False
    handed_out: int = 0

    def prepare(self) -> None:
        """Make the next chunk. What the source raises is the caller's to see."""
        if not self.prepared and not self.is_exhausted:
            self.prepared = list(islice(self.source, self.size))
            self.is_exhausted = not self.prepared

    def next_lists(self) -> list[Params]:
        """The next chunk; empty at the end."""
        self.prepare()
        lists, self.prepared = self.prepared, []
        self.handed_out += len(lists)
        return lists

    def adapt(self, count: int, seconds: float) -> None:
        """Choose the size of chunks by the time that `count` events took."""
        self.size = next_size(self.size, count, seconds)

    def _result(self, duration: float) -> Any:
        event, errors, log = decode(self.event), tuple(self.errors), Log(self.records)
        return BatchResult(event, self.done, self.failed, errors, duration, log, self._ran())


@dataclass(slots=True, eq=False)
class Chunk(Task):
    """Some parameter lists of a batch."""

    raised: Batch
    lists: list[Params]
    number: int | None = None
    order: int = 0
    tries: int = 0
    event: str = field(init=False)
    slots: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.event, self.slots = self.raised.event, self.raised.slots

    def message(self, run: int) -> Message:
        batch = self.raised
        chance = batch.chance and (batch.chance[0], batch.chance[1] + batch.handed_out - len(self.lists))
        return RunBatch(run, self.slots, batch.event, self.lists, batch.room, chance)

    def runs_event(self, event: str, line: int) -> None:
        self.event = event

    def rest(self) -> Chunk | None:
        """What remains when its lists have been run."""
        lists = self.raised.next_lists() if self.raised.ended is None else []
        return Chunk(self.raised, lists, self.number) if lists else None

    def after(self, count: int) -> Chunk | None:
        """What remains when `count` of its lists have been run."""
        if count >= len(self.lists) or self.raised.ended is not None:
            return self.rest()
        return Chunk(self.raised, self.lists[count:], self.number)

    # -- what becomes of it -------------------------------------------------------------------------------------------

    def given(self, desk: Desk) -> None:
        desk.instruct(Prepare(self.raised))

    def heard(self, desk: Desk, worker: Worker, message: Message) -> None:
        if isinstance(message, RouteFailed):
            self.route_failed(desk, worker, message)
        elif isinstance(message, EventsWaiting):
            wait_in_worker(desk, worker, self, message)
        elif isinstance(message, InnerRuns):
            self.count_inner(desk, message)
        elif isinstance(message, BatchFinished):
            self._ended(desk, worker, message)

    def _ended(self, desk: Desk, worker: Worker, message: BatchFinished) -> None:
        """The worker has run it, or as much of it as it could."""
        batch = self.raised
        batch.done += message.done
        batch.dropped_lines += message.dropped
        batch.adapt(message.done, desk.now - worker.started)
        for slot in self.slots:
            self.count_runs(desk, batch.event, slot, message.done)
        worker.finished(desk.now)
        rest = self.after(message.done)
        if rest is not None:
            desk.put(rest)
        desk.complete(batch)

    def lost(self, desk: Desk, worker: Worker) -> None:
        put_events_left(desk, worker, self)
        self.replaced(desk, self._after_loss(desk, worker))

    def _after_loss(self, desk: Desk, worker: Worker) -> Chunk | None:
        """What is still to be run; the lists that the worker had begun are not."""
        if self.is_for_another(worker):
            self.tries += 1
            return self
        batch, ended = self.raised, worker.index if worker.has_begun else 0
        batch.fail(self.error(desk, worker.cause, worker.ending, self.event, worker.top, worker.place))
        for slot in self.slots:
            self.count_runs(desk, batch.event, slot, ended)
        done = ended + 1  # one that nobody has lived to begin is given up
        batch.done += done
        return self.after(done)
