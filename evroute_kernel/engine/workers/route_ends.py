"""How runs end: well, with an error, or with the death of their worker. What remains of their tasks goes on."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any, Final

from evroute_kernel.engine.results.runs import Cause, RunError
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.failures import describe
from evroute_kernel.engine.workers.portions import Portion
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.scheduler import Scheduler
from evroute_kernel.engine.workers.tasks import Chunk, Delivery, RaisedEvents, Task
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.worker.messages import BatchFinished, EventsWaiting, RouteFailed, RunFinished
from evroute_kernel.worker.spool import Spool, unpack

#: times a task is handed out again when its worker died before beginning it
TRIES: Final = 3


class RouteEnds:
    """Used in the supervisor's thread only."""

    def __init__(self, world: World, scheduler: Scheduler) -> None:
        self._world = world
        self._scheduler = scheduler

    def route_failed(self, worker: Worker, task: Task, message: RouteFailed) -> None:
        """A route did not come to its end."""
        cause: Any = message.cause
        if cause == "interrupted" and worker.end_cause is not None:
            cause = worker.end_cause
        place, top = (message.slot, message.statement), message.top
        error = self._error(cause, message.message, task.raised, task.event, top, place, message.detail)
        task.raised.fail(error, task.line if isinstance(task, Portion) else 0)
        if cause == "out of memory":
            worker.expect_end(monotonic())

    def events_waiting(self, worker: Worker, task: Task, message: EventsWaiting) -> None:
        """A run is about to end and leaves events in its worker, where they go on at once if nobody else waits."""
        raised = task.raised
        raised.dropped_events += message.dropped
        if not message.count or raised.ended is not None:
            return
        rest = RaisedEvents(raised, worker.number, message.count, message.slots, message.spent)
        worker.kept = rest
        if isinstance(task, RaisedEvents):
            self._scheduler.put_rest(rest, task.order)
        else:
            self._scheduler.put(rest)

    def events_ended(self, worker: Worker, task: Task, message: RunFinished) -> None:
        """A worker has run events, as many as it was to in one go."""
        raised = task.raised
        raised.finish(message)
        for (event, slot), count in message.ran.items():
            self._count_runs(raised, event, slot, count)
        runs = sum(message.ran.values())
        raised.routes += runs
        worker.finished(runs)
        self._scheduler.complete(raised)

    def chunk_ended(self, worker: Worker, task: Chunk, message: BatchFinished) -> None:
        """A worker has run a chunk, or as much of it as it could."""
        batch = task.raised
        batch.done += message.done
        batch.dropped_lines += message.dropped
        batch.adapt(message.done, monotonic() - worker.started)
        for slot in task.slots:
            self._count_runs(batch, batch.event, slot, message.done)
        worker.finished()
        rest = task.after(message.done)
        if rest is not None:
            self._scheduler.put(rest)
        self._scheduler.complete(batch)

    def _count_runs(self, raised: Raise, event: str, slot: int, count: int) -> None:
        registry = self._world.registry
        registry.count_runs(slot, count)
        raised.ran[event, registry.header(slot)[0]] += count

    def _error(
        self,
        cause: Cause,
        words: str,
        raised: Raise,
        event: str,
        top: int,
        place: tuple[int, int],
        detail: str = "",
    ) -> RunError:
        world = self._world
        return describe(cause, words, raised, event, top, place, world.registry, world.limits, detail)

    # -- workers that died --------------------------------------------------------------------------------------------

    def lost(self, worker: Worker, task: Task) -> None:
        """Its worker died."""
        again = self._after_loss(worker, task)
        if again is not None and task.raised.ended is None:
            again.order = task.order
            self._scheduler.put_back(again)
        else:
            self._scheduler.complete(task.raised)

    def events_left(self, worker: Worker, task: Task) -> None:
        """A batch or replay has lost its worker: what its events had raised is still to be run."""
        spool, raised = worker.blackbox.spool, task.raised
        if worker.kept is not None or spool.run != worker.run or raised.ended is not None:
            return
        raised.dropped_events += spool.dropped
        if (rest := _rest(spool, raised, worker.number)) is not None:
            self._scheduler.put(rest)

    def _after_loss(self, worker: Worker, task: Task) -> Task | None:
        """What is still to be run of a task whose worker died; the routes and lists that it had begun are not."""
        if isinstance(task, Delivery | RaisedEvents):
            return self._after_events(worker, task)
        if is_for_another(worker, task):
            task.tries += 1
            return task
        assert isinstance(task, Chunk)
        batch, top = task.raised, worker.top
        batch.fail(self._error(worker.cause, worker.ending, batch, batch.event, top, worker.place))
        ended = worker.index if worker.has_begun else 0
        for slot in task.slots:
            self._count_runs(batch, batch.event, slot, ended)
        done = ended + worker.has_begun
        batch.done += done
        return task.after(done)

    def _after_events(self, worker: Worker, task: Delivery | RaisedEvents) -> Task | None:
        """As `_after_loss`: events that a worker has run are counted, the one that it was running has failed."""
        spool, raised = worker.blackbox.spool, task.raised
        if spool.run != worker.run:  # it had not even looked at them
            if isinstance(task, RaisedEvents):
                task.take(spool)
            return self._not_begun(worker, task)
        raised.dropped_events += spool.dropped
        self._count_ended(raised, spool.ended())
        rest = _rest(spool, raised, worker.number) if worker.kept is None else None  # else they wait already
        if rest is None:
            return None
        if spool.is_untouched:
            rest.tries = task.tries
            return self._not_begun(worker, rest)
        if spool.state % 2 == 0:
            return rest
        event, _, slots, _ = rest.first
        raised.routes += 1
        raised.fail(self._error(worker.cause, worker.ending, raised, event, slots[rest.done], worker.place))
        return rest.after(rest.done + 1)

    def _count_ended(self, raised: Raise, ended: Iterator[tuple[str, int]]) -> None:
        """Count the runs of routes that a worker has not told of."""
        for event, slot in ended:
            self._count_runs(raised, event, slot, 1)
            raised.routes += 1

    def _not_begun(self, worker: Worker, task: Delivery | RaisedEvents) -> Task | None:
        """What is to be done with events of which none was begun: they are for another worker, unless that is the end
        of several already."""
        if worker.end_cause is None and task.tries < TRIES:
            task.tries += 1
            return task
        raised, rest = task.raised, task.packed() if isinstance(task, Delivery) else task
        event, _, slots, _ = rest.first
        top = slots[rest.done]
        raised.routes += 1
        raised.fail(self._error(worker.cause, worker.ending, raised, event, top, (top, -1)))
        return rest.after(rest.done + 1)


def _rest(spool: Spool, raised: Raise, number: int) -> RaisedEvents | None:
    """The events that wait in a worker which is gone, the one included that it was running."""
    data, done = spool.rest(), spool.state // 2
    entries = [entry for _, entry in unpack(data)]
    slots = tuple({slot: None for entry in entries for slot in entry[2]})
    if not entries:
        return None
    return RaisedEvents(raised, number, len(entries), slots, data=data, done=done, event=entries[0][0])


def is_for_another(worker: Worker, task: Task) -> bool:
    """Whether a task whose worker died was not begun, and is to be tried again."""
    return not worker.has_begun and worker.end_cause is None and task.tries < TRIES
