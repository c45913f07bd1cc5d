"""How runs end: well, with an error, or with the death of their worker. What remains of their tasks goes on."""

from __future__ import annotations

from time import monotonic
from typing import Any, Final

from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.failures import describe
from evroute_kernel.engine.workers.portions import Portion
from evroute_kernel.engine.workers.scheduler import Scheduler
from evroute_kernel.engine.workers.tasks import Chunk, Delivery, Task
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.worker.messages import BatchFinished, RouteFailed

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
        place = message.slot, message.statement
        world = self._world
        error = describe(cause, message.message, task, place, world.registry, world.limits, message.detail)
        task.raised.fail(error, task.line if isinstance(task, Portion) else 0)
        if cause == "out of memory":
            worker.expect_end(monotonic())
        if isinstance(task, Delivery):
            task.raised.dropped_lines += message.dropped
            self.route_ended(worker)

    def route_ended(self, worker: Worker) -> None:
        """The first route of a delivery has ended; the event's other routes follow at once, in the same worker."""
        task = worker.finished()
        assert isinstance(task, Delivery)
        self._count_runs(task, task.slot, 1)
        rest = task.rest()
        if rest is None:
            self._scheduler.complete(task.raised)
        else:
            self._scheduler.go_on(worker, rest)

    def chunk_ended(self, worker: Worker, task: Chunk, message: BatchFinished) -> None:
        """A worker has run a chunk, or as much of it as it could."""
        batch = task.raised
        batch.done += message.done
        batch.dropped_lines += message.dropped
        batch.adapt(message.done, monotonic() - worker.started)
        for slot in task.slots:
            self._count_runs(task, slot, message.done)
        worker.finished()
        rest = task.after(message.done)
        if rest is not None:
            self._scheduler.put(rest)
        self._scheduler.complete(batch)

    def _count_runs(self, task: Task, slot: int, count: int) -> None:
        registry = self._world.registry
        registry.count_runs(slot, count)
        task.raised.ran[task.event, registry.header(slot)[0]] += count

    def lost(self, worker: Worker, task: Task) -> None:
        """Its worker died."""
        again = self._after_loss(worker, task)
        if again is not None and task.raised.ended is None:
            again.order = task.order
            self._scheduler.put_back(again)
        else:
            self._scheduler.complete(task.raised)

    def _after_loss(self, worker: Worker, task: Task) -> Task | None:
        """What is still to be run of a task whose worker died; the routes and lists that it had begun are not."""
        if is_for_another(worker, task):
            task.tries += 1
            return task
        assert not isinstance(task, Portion)
        cause = worker.cause
        world = self._world
        task.raised.fail(describe(cause, worker.ending, task, worker.place, world.registry, world.limits))
        if isinstance(task, Delivery):
            return task.rest()
        ended = worker.index if worker.has_begun else 0
        for slot in task.slots:
            self._count_runs(task, slot, ended)
        done = ended + worker.has_begun
        task.raised.done += done
        return task.after(done)


def is_for_another(worker: Worker, task: Task) -> bool:
    """Whether a task whose worker died was not begun, and is to be tried again."""
    return not worker.has_begun and worker.end_cause is None and task.tries < TRIES
