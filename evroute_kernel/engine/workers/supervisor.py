"""Hands tasks to worker processes, in one thread, and keeps account of what callers wait for.

One thread, commands in, futures out. Whatever changes a raise, a task or a worker happens in the supervisor's thread,
so none of it needs a lock. Callers post commands (`Loop.post`) and get a future at once; pipes of workers and the clock
wake the same loop. After each batch of commands and messages comes one `turn`: workers past their deadline are dealt
with, raises past theirs end, and tasks that wait are handed out. A turn that finds nothing to do costs next to nothing,
so nobody has to tell what has changed.

Raises and tasks. A *raise* is what a caller waits for: it has the future, the deadline and the records. A *task* is
what one worker does for it: run a route, a chunk of a batch, a portion of a replay. What a route raises becomes further
tasks of the same raise. `open` counts its tasks that have not ended; at 0 the raise is complete. To end a raise early
(`_end`: interrupt, time-out, closing) means to drop what waits and interrupt what runs; it is complete when the last
task has ended, as any other.

Which worker. The lowest idle one takes the task that has waited longest, so a notebook gives the same process numbers
each time. Tasks bound to one worker (its statements, its timers) wait for that one. More workers are started while
tasks wait, up to the limit; one stays warm.

Two grades of force. A worker that has run too long or is interrupted is told first, and has `GRACE` to hand over what
it has logged; then it is killed. A worker that dies is not an error of ours but an end of its run: its black box tells
where in the script it was, the raise ends with that place, and the rest of a chunk or a portion goes back into the
queue. Other runs do not notice. Every wait has a deadline.

Faults of ours. What fails while one raise is dealt with costs that raise, which ends with the cause "internal error"
(`_post_about`, `_try_to_start`, `hear`); what fails anywhere else ends the thread, and from then on every call raises
`SupervisorFailed`. Both say what to do and that it is our fault.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from math import inf
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

from evroute_kernel.engine.results.replays import BrokenLine
from evroute_kernel.engine.results.runs import Cause, LogRecord, RunError, Variables, WorkerInfo
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.deadlines import Deadlines
from evroute_kernel.engine.workers.failures import fault, words_of
from evroute_kernel.engine.workers.loop import Loop
from evroute_kernel.engine.workers.no_worker import Complaint
from evroute_kernel.engine.workers.pool import Pool
from evroute_kernel.engine.workers.portion_schedule import Replays
from evroute_kernel.engine.workers.portions import Portion, Replay
from evroute_kernel.engine.workers.queue import Queue
from evroute_kernel.engine.workers.raises import Many, Raise
from evroute_kernel.engine.workers.route_ends import RouteEnds, is_for_another
from evroute_kernel.engine.workers.route_messages import RouteMessages
from evroute_kernel.engine.workers.tasks import Batch, Chunk, Task
from evroute_kernel.engine.workers.worker import Restart, State, Worker
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker import messages
from evroute_kernel.worker.messages import (
    BatchFinished,
    EventsWaiting,
    Message,
    PortionFinished,
    RouteFailed,
    RunFinished,
)

#: seconds that an interrupted route gets before its worker is killed
GRACE: Final = 0.025
#: workers that an error names to tell why there was none
BUSY_NAMED: Final = 4
_log = logging.getLogger(__name__)


class SupervisorFailed(RuntimeError):
    """The thread that runs a session's routes has failed, by a fault of ours."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(
            f"the session runs no routes any more, because a part of it has failed ({words_of(error)}): "
            "%reset, in Python Session.reset(), starts afresh. This is a fault of evroute_kernel; please report it"
        )
        self.__cause__ = error


class Supervisor:
    """Start it with `start`, end it with `close`; every other method may be called from any thread in between."""

    def __init__(self, world: World, directory: Path, workers: int) -> None:
        self._world = world
        self._directory = directory
        #: workers that may run at once; any thread may change it, the next task sees it
        self.worker_limit = workers
        self._loop = Loop("evroute supervisor", self)
        self._pool = Pool(self, self._loop.selector, directory, world.limits)
        self._queue = Queue()
        self._replays = Replays(world, self)
        self._route_messages = RouteMessages(world, self)
        self._route_ends = RouteEnds(world, self)
        self._raises: set[Raise] = set()
        self._deadlines = Deadlines()
        #: whether there has been a worker; nobody's time counts before
        self._is_ready = False
        self._restarts: list[Restart] = []
        #: workers that may run for a while, each number as long as something lasts
        self._allowed: list[int] = []
        self._runs = 0
        self._closing = False
        #: why there is no supervisor any more
        self.failure: SupervisorFailed | None = None

    # -- for any thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, with one worker kept warm. Returns at once."""
        self._loop.start()
        self._loop.post(self._keep_warm)

    def submit(self, raised: Raise, *tasks: Task) -> None:
        """Queue the first tasks of a raise."""
        raised.future.set_running_or_notify_cancel()
        self._post_about(raised, lambda: self._submit(raised, tasks))

    def feed(self, replay: Replay, portion: Portion) -> None:
        """One more portion of a replay that has been submitted."""
        self._post_about(replay, lambda: self._replays.feed(replay, portion))

    def fed(self, replay: Replay, error: BaseException | None = None) -> None:
        """A replay gets no more portions; `error`: because reading them failed."""
        self._post_about(replay, lambda: self._replays.fed(replay, error))

    def tell_broken(self, replay: Replay, line: int, reason: str) -> None:
        """A line of what is replayed holds no event."""
        self._post_about(replay, lambda: replay.add_broken(1, iter([BrokenLine(line, reason)])))

    def send_out(self, batch: Batch) -> None:
        """Raise the events of a batch that no route handles: they only go to those who listen."""
        batch.open += 1
        self.submit(batch)
        self._post_about(batch, lambda: self._send_out(batch))

    def post(self, command: Callable[[], None]) -> None:
        """Let the thread do something."""
        self._loop.post(command)

    def report(self, raised: Raise, record: LogRecord) -> None:
        """Add a record to those of a raise."""
        self._post_about(raised, lambda: self.record(raised, record))

    def interrupt(self, selects: Callable[[Raise], bool]) -> int:
        """End the raises that `selects` chooses; how many there were. Their routes end within milliseconds."""
        return self._loop.ask(lambda: self._interrupt(selects))

    def restart(self) -> None:
        """End every run and every worker: what they kept is gone. Returns when none of them is left."""
        self._loop.ask(self._restart).result()

    def limit_memory(self, limit: int | None) -> None:
        """Change the limit of the workers that live."""
        self._loop.post(lambda: self._pool.send_all(messages.encode(messages.LimitMemory(limit))))

    def limit_workers(self, number: int) -> None:
        """Change how many workers there may be."""
        self.worker_limit = number
        self._loop.post(lambda: None)  # wakes the thread, which then looks

    def allow_workers(self, number: int, until: Future[Any]) -> None:
        """Let so many workers run until a future is done, if they are more than the limit."""
        self._loop.post(lambda: self._allowed.append(number))
        until.add_done_callback(lambda _: self._loop.post(lambda: self._allowed.remove(number)))

    def workers(self) -> list[WorkerInfo]:
        """The workers that live, lowest number first. Raises SupervisorFailed."""
        self.check()
        return self._loop.ask(lambda: [worker.info(self._running(worker)) for worker in self._pool])

    def variables(self, number: int) -> Future[Variables]:
        """What a worker keeps; known when the run that it may have under way has ended. Raises SupervisorFailed."""
        self.check()
        future: Future[Variables] = Future()
        self._loop.post(lambda: self._pool.ask(number, future))
        return future

    def check(self) -> None:
        """Raise SupervisorFailed if the thread has failed."""
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """End every run and process. Returns when none is left; closing twice is harmless."""
        self._loop.post(self._close)
        self._loop.join()

    def abandon(self, before: Callable[[], None]) -> None:
        """End everything as `close`, after `before` in the thread, and do not wait."""

        def command() -> None:
            try:
                before()
            finally:
                self._close()

        self._loop.post(command)

    def leave_to_parent(self) -> None:
        """In a process that was forked: close the copies of descriptors, and leave all else alone."""
        self._pool.leave_to_parent()
        self._loop.leave_to_parent()

    # -- the thread -----------------------------------------------------------------------------------------------

    def patience(self) -> float | None:
        mine, pools = self._deadlines.patience(monotonic()), self._pool.patience()
        return pools if mine == inf else min(mine, inf if pools is None else pools)

    def turn(self) -> None:
        self._pool.check_deadlines()
        self._is_ready = self._is_ready or self._becomes_ready()
        for raised in self._deadlines.passed(monotonic()):
            self._expire(raised)
        self._hand_out()
        self._pool.put_questions()

    def failed(self, error: BaseException) -> None:
        self._closing = True
        self.failure = SupervisorFailed(error)
        raises, self._raises = self._raises, set()
        for raised in raises:
            raised.ended = "internal error"
            if isinstance(raised, Replay):
                self._replays.stop(raised)  # or the thread that feeds it would wait for ever
            raised.future.set_exception(self.failure)

    def end(self) -> None:
        self._pool.close()
        for restart in self._restarts:
            restart.give_up()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _close(self) -> None:
        self._closing = True
        self._loop.stop()
        for raised in tuple(self._raises):
            self._end(raised, "closed")
        for worker in self._pool:
            if (task := worker.finished()) is not None:
                self.complete(task.raised)

    # -- raises ---------------------------------------------------------------------------------------------------

    def _submit(self, raised: Raise, tasks: tuple[Task, ...]) -> None:
        if self.failure is not None:
            raised.future.set_exception(self.failure)
            return
        self._raises.add(raised)
        self._pool.forgive()
        for task in tasks:
            self.put(task)
        if self._closing:
            self._end(raised, "closed")
        elif not tasks:
            self._complete_if_done(raised)

    def put(self, task: Task) -> None:
        """Queue a task."""
        task.raised.open += 1
        self._queue.put(task)
        self._deadlines.add(task.raised)

    def put_rest(self, task: Task, order: int) -> None:
        """Queue what remains of a task, with the place that it had unless others wait."""
        if task.number is not None and self._queue.is_alone(task.number, task.raised):
            task.raised.open += 1
            task.order = order
            self.put_back(task)
        else:
            self.put(task)

    def put_back(self, task: Task) -> None:
        """Queue a task again, before all others."""
        self._queue.put_back(task)
        self._deadlines.add(task.raised)

    def tell(self, worker: Worker, message: Message) -> None:
        """Send a message to a worker that runs."""
        worker.send(messages.encode(message))
        self._pool.watch(worker)

    def complete(self, raised: Raise) -> None:
        """One of its tasks has ended."""
        raised.open -= 1
        self._complete_if_done(raised)

    def _complete_if_done(self, raised: Raise) -> None:
        if raised.open > 0 or raised not in self._raises:
            return
        self._raises.discard(raised)
        for record in raised.last_records(time()):
            self._world.records.publish(record, raised.origin)
        raised.close(monotonic())

    def _end(self, raised: Raise, cause: Cause) -> None:
        """End a raise early: what waits is dropped, what runs is interrupted."""
        if raised.ended is not None:
            return
        raised.ended = cause
        raised.open += 1  # until all is dropped
        if isinstance(raised, Replay):
            self._replays.stop(raised)
        for worker in self._pool:
            if worker.task is not None and worker.task.raised is raised:
                worker.interrupt(cause, GRACE, monotonic())
        for _ in self._queue.remove(lambda task: task.raised is raised):
            self.complete(raised)
        self.complete(raised)

    def _becomes_ready(self) -> bool:
        """Whether the first worker of the session has started: the time of those who waited for it counts from now."""
        if not any(worker.has_booted for worker in self._pool):
            return False
        for raised in self._raises:
            if raised.started == inf and raised.called != inf:
                raised.called = monotonic()
                self._deadlines.add(raised)
        return True

    def _expire(self, raised: Raise) -> None:
        """The time of a raise is over; perhaps no worker was free all the while."""
        if not self._is_ready and raised.started == inf:
            return
        if raised.started == inf and raised.ended is None:
            busy = [f"worker {worker.number} runs {self._running(worker)}" for worker in self._pool if worker.task]
            raised.give_up_waiting(", ".join(busy[:BUSY_NAMED]))
        self._end(raised, "timed out")

    def _interrupt(self, selects: Callable[[Raise], bool]) -> int:
        chosen = [raised for raised in self._raises if selects(raised)]
        for raised in chosen:
            self._end(raised, "interrupted")
        return len(chosen)

    def _restart(self) -> Future[None]:
        self._interrupt(lambda raised: True)
        restart = Restart(set(self._pool))
        self._restarts.append(restart)
        self._pool.kill_all()
        restart.without(None)
        return restart.done

    def record(self, raised: Raise, record: LogRecord) -> None:
        """A raise has one more record. In the thread."""
        if raised.keep(record):
            self._world.records.publish(record, raised.origin)

    # -- handing out ----------------------------------------------------------------------------------------------

    def _keep_warm(self) -> None:
        if not self._pool and not self._closing:
            self._pool.start(1)

    def _hand_out(self) -> None:
        """Give tasks to idle workers, lowest number first; start workers for what still waits."""
        limit = max([self.worker_limit, *self._allowed])
        for worker in self._pool:
            is_surplus = worker.number > limit
            while worker.state is State.IDLE and (task := self._queue.take(worker.number, not is_surplus)) is not None:
                self._try_to_start(worker, task)
            if is_surplus and worker.state is State.IDLE:
                worker.kill(monotonic())
            elif worker.state is State.RUNNING and worker.task is not None:
                worker.blackbox.is_wanted = self._queue.is_wanted(worker.number, worker.task.raised)
        for number in self._queue.bound():
            self._pool.start(number)
        starting = sum(worker.state is State.STARTING for worker in self._pool)
        for number in range(1, limit + 1):
            if self._queue.common() <= starting:
                break  # the limit may be any number
            if number not in self._pool:
                self._pool.start(number)
                starting += 1
        if self._pool.complaint is not None:
            self._give_up(self._pool.complaint)

    def _try_to_start(self, worker: Worker, task: Task) -> None:
        """As `_start`; what fails costs the worker, which may know half of what it needs, and the raise."""
        try:
            self._start(worker, task)
        except Exception as error:
            _log.exception("worker %d could not be given a run", worker.number)
            worker.give_up(error, monotonic())
            self._break(task.raised, error)

    def _start(self, worker: Worker, task: Task) -> None:
        """Let an idle worker run a task, unless its raise has ended."""
        raised, now = task.raised, monotonic()
        if now > raised.due:
            self._expire(raised)
        if raised.ended is not None:
            self.complete(raised)
            return
        task.number = worker.number
        self._runs += 1
        raised.start(now)
        if isinstance(task, Portion):
            self._replays.began(task)
        is_wanted = self._queue.is_wanted(worker.number, raised)
        worker.start(task, self._runs, self._world.program(), now, is_wanted)
        self._pool.watch(worker)
        if isinstance(task, Chunk):
            self._prepare(task.raised)

    def _prepare(self, batch: Batch) -> None:
        """Make the next chunk while the worker is busy."""
        try:
            batch.prepare()
        except Exception as error:  # of the caller's iterable, so the caller gets it
            self.fail(batch, error)

    def fail(self, raised: Raise, error: BaseException) -> None:
        """End a raise with an exception, which whoever waits for it gets."""
        if raised in self._raises:
            self._raises.discard(raised)
            self._end(raised, "interrupted")
            raised.future.set_exception(error)

    def _break(self, raised: Raise, error: Exception) -> None:
        """A fault of ours has struck a raise. It ends at once, and says so; whatever its tasks still do is ignored."""
        if raised in self._raises:
            self._raises.discard(raised)
            raised.fail(fault(raised, error))
            self._end(raised, "internal error")
            raised.close(monotonic())

    def _post_about(self, raised: Raise, command: Callable[[], object]) -> None:
        """Let the thread do something about a raise, which is all that it costs if that fails."""

        def guarded() -> None:
            try:
                command()
            except Exception as error:
                _log.exception("a raise of %s has failed", decode(raised.event))
                self._break(raised, error)

        self._loop.post(guarded)

    def _send_out(self, batch: Batch) -> None:
        """Raise some events, then let others have the thread."""
        try:
            lists = batch.next_lists() if batch.ended is None else []
        except Exception as error:  # of the caller's iterable, so the caller gets it
            self.fail(batch, error)
            return
        batch.done += len(lists)
        if lists:
            self._post_about(batch, lambda: self._send_out(batch))
        else:
            self.complete(batch)

    def _give_up(self, complaint: Complaint) -> None:
        """No worker can be started: unless one lives, every task that waits fails."""
        if self._pool:
            return
        for task in self._queue.remove(lambda task: True):
            message = f"no worker could be started: {complaint.reason}"
            event = decode(task.event)
            task.raised.fail(RunError("no worker", message, event, "", None, complaint.hint, complaint.detail))
            self.complete(task.raised)

    def _running(self, worker: Worker) -> str | None:
        return None if worker.task is None else decode(self._world.registry.header(worker.top)[0])

    # -- what the pool tells --------------------------------------------------------------------------------------

    def received(self, worker: Worker, message: Message) -> None:
        task = worker.task
        if task is None:
            return  # what is left to say about a run that was given up
        try:
            self._handle(worker, task, message)
        except Exception as error:  # here, because the worker may have no task any more
            self._break(task.raised, error)
            raise

    def _handle(self, worker: Worker, task: Task, message: Message) -> None:
        if isinstance(message, RunFinished):
            self._route_ends.events_ended(worker, task, message)
        elif isinstance(message, EventsWaiting):
            self._route_ends.events_waiting(worker, task, message)
        elif isinstance(message, RouteFailed):
            self._route_ends.route_failed(worker, task, message)
        elif isinstance(message, BatchFinished) and isinstance(task, Chunk):
            self._route_ends.chunk_ended(worker, task, message)
        elif isinstance(message, PortionFinished) and isinstance(task, Portion):
            self._replays.ended(worker, task, message)
        else:
            self._route_messages.handle(worker, task, message)

    def printed(self, worker: Worker, lines: list[str]) -> None:
        """Nothing of ours prints in a worker; whatever does is worth seeing."""
        task = worker.task
        event, route = ("", "") if task is None else (decode(task.event), self._running(worker) or "")
        for line in lines:
            record = LogRecord("WARNING", line, True, event, route, worker.number, None, time())
            if task is None:
                self._world.records.publish(record, None)
            else:
                self.record(task.raised, record)

    def overdue(self, worker: Worker) -> None:
        task, now = worker.task, monotonic()
        if worker.event_deadline > now:
            worker.deadline = worker.event_deadline
        elif task is not None and isinstance(task.raised, Many):
            worker.interrupt("timed out", GRACE, now)
        elif task is not None:
            self._end(task.raised, "timed out")

    def lost(self, worker: Worker) -> None:
        task = worker.finished()
        if worker.kept is not None:
            worker.kept.take(worker.blackbox.spool)
        if task is not None:
            try:
                self._task_lost(worker, task)
            except Exception as error:
                _log.exception("the end of worker %d could not be told", worker.number)
                self._break(task.raised, error)
        self._restarts = [restart for restart in self._restarts if not restart.without(worker)]
        self._keep_warm()

    def _task_lost(self, worker: Worker, task: Task) -> None:
        if worker.fault is not None:
            self._break(task.raised, worker.fault)
            return
        if isinstance(task, Portion | Chunk):
            self._route_ends.events_left(worker, task)
        if isinstance(task, Portion) and not is_for_another(worker, task):
            self._replays.lost(worker, task, worker.cause)
        else:
            self._route_ends.lost(worker, task)
