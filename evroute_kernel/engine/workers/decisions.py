"""What is decided about raises, tasks and workers: state, stimuli in, instructions out.

`handle` is told what has happened and when, and answers with what is to be done; whoever carries that out
(`engine.workers.supervisor`) decides nothing. In here are no processes, descriptors, clocks or threads, so all of it
can be tried without them.

Raises and tasks. A *raise* is what a caller waits for: it has the deadline and the records. A *task* is what one
worker does for it: run an event and what follows, a chunk of a batch, a portion of a replay; it answers itself what
follows when it is begun, heard of or lost. `open` counts a raise's tasks that have not ended; at 0 the raise is
complete. To end a raise early (`_end`: interrupt, time-out, closing) means to drop what waits and interrupt what runs;
it is complete when the last task has ended, as any other.

Which worker. The lowest idle one takes the task that has waited longest, so a notebook gives the same process numbers
each time. Tasks bound to one worker (its statements, its timers, what its routes have raised) wait for that one. More
workers are started while tasks wait, up to the limit; one stays warm.

Two grades of force. A worker that has run too long or is interrupted is told first, and has `GRACE` to hand over what
it has logged; then it is killed. A worker that dies is not an error of ours but an end of its run: its black box tells
where in the script it was, the raise gets an error with that place, and what the worker had not begun goes back into
the queue. Other runs do not notice. Every wait has a deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Final

from evroute_kernel.engine.results.runs import Cause, RunError
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers import instructions as order
from evroute_kernel.engine.workers import stimuli as told
from evroute_kernel.engine.workers.deadlines import Deadlines
from evroute_kernel.engine.workers.failures import fault
from evroute_kernel.engine.workers.instructions import Instruction
from evroute_kernel.engine.workers.no_worker import Complaint
from evroute_kernel.engine.workers.portion_schedule import Replays
from evroute_kernel.engine.workers.portions import Replay
from evroute_kernel.engine.workers.queue import Queue
from evroute_kernel.engine.workers.raises import Many, Raise
from evroute_kernel.engine.workers.stimuli import Stimulus
from evroute_kernel.engine.workers.task import Task
from evroute_kernel.engine.workers.worker import State, Worker
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.messages import Stands

#: seconds that an interrupted route gets before its worker is killed
GRACE: Final = 0.025
#: workers that an error names to tell why there was none
_BUSY_NAMED: Final = 4


class Decisions:
    """The state of a session's raises and workers. `limit()`: workers that there may be now."""

    def __init__(self, world: World, limit: Callable[[], int]) -> None:
        self.world = world
        self.now = 0.0
        self.portions = Replays(world, self)
        self._limit = limit
        self._queue = Queue()
        self._raises: set[Raise] = set()
        self._deadlines = Deadlines()
        self._workers: dict[int, Worker] = {}
        #: whether there has been a worker; nobody's time counts before
        self._is_ready = False
        self._is_closing = False
        self._runs = 0
        #: whether no worker can be started
        self._has_complaint = False
        self._instructions: list[Instruction] = []
        self._reactions: dict[type[Any], Callable[[Any], None]] = {
            told.Submitted: self._submit,
            told.Fed: lambda what: self.portions.feed(what.replay, what.portion),
            told.AllFed: lambda what: self.portions.fed(what.replay, what.error),
            told.SentOut: lambda what: self.complete(what.raised),
            told.Ended: self._end_all,
            told.Rejected: lambda what: self.fail(what.raised, what.error),
            told.WentOn: lambda what: self.put(what.task),
            told.Broken: lambda what: self._break(what.raised, what.error),
            told.Joined: self._join,
            told.Heard: self._hear,
            told.Overdue: self._overdue,
            told.Lost: self._lose,
            told.Restarted: self._restart,
            told.Closed: self._close,
            told.Turn: self._turn,
        }

    def handle(self, stimulus: Stimulus, now: float) -> list[Instruction]:
        """Something has happened; what is to be done.

        After an exception, what was decided before it comes with the next answer.
        """
        self.now = now
        self._reactions[type(stimulus)](stimulus)
        instructions, self._instructions = self._instructions, []
        return instructions

    def patience(self, now: float) -> float:
        """Seconds until a raise must have begun or ended; infinite when none must."""
        return self._deadlines.patience(now)

    def raises(self) -> list[Raise]:
        """Those that have not ended."""
        return list(self._raises)

    # -- for tasks ----------------------------------------------------------------------------------------------------

    def instruct(self, instruction: Instruction) -> None:
        self._instructions.append(instruction)

    def put(self, task: Task) -> None:
        task.raised.open += 1
        self._queue.put(task)
        self._deadlines.add(task.raised)

    def put_rest(self, task: Task, order: int) -> None:
        if task.number is not None and self._queue.is_alone(task.number, task.raised):
            task.raised.open += 1
            task.order = order
            self.put_back(task)
        else:
            self.put(task)

    def put_back(self, task: Task) -> None:
        self._queue.put_back(task)
        self._deadlines.add(task.raised)

    def complete(self, raised: Raise) -> None:
        raised.open -= 1
        self._complete_if_done(raised)

    def fail(self, raised: Raise, error: BaseException) -> None:
        if raised in self._raises:
            self._forget(raised)
            self._end(raised, "interrupted")
            self.instruct(order.Reject(raised, error))

    # -- raises -------------------------------------------------------------------------------------------------------

    def _submit(self, what: told.Submitted) -> None:
        raised = what.raised
        self._raises.add(raised)
        if self._has_complaint:
            self.instruct(order.Forgive())
        for task in what.tasks:
            self.put(task)
        if self._is_closing:
            self._end(raised, "closed")
        elif not what.tasks:
            self._complete_if_done(raised)

    def _complete_if_done(self, raised: Raise) -> None:
        if raised.open > 0 or raised not in self._raises:
            return
        self._forget(raised)
        self.instruct(order.Settle(raised))

    def _forget(self, raised: Raise) -> None:
        self._raises.discard(raised)
        raised.is_over = True

    def _end_all(self, what: told.Ended) -> None:
        for raised in what.raises:
            self._end(raised, what.cause)

    def _end(self, raised: Raise, cause: Cause) -> None:
        """End a raise early: what waits is dropped, what runs is interrupted."""
        if raised.ended is not None:
            return
        raised.ended = cause
        raised.open += 1  # until all is dropped
        if isinstance(raised, Replay):
            self.portions.stop(raised)
        for worker in self._in_order():
            if worker.task is not None and worker.task.raised is raised:
                self._interrupt(worker, cause)
        for task in self._queue.remove(lambda task: task.raised is raised):
            task.dropped(self)
            self.complete(raised)
        self.complete(raised)

    def _break(self, raised: Raise, error: Exception) -> None:
        """A fault of ours has struck a raise. It ends at once, and says so; whatever its tasks still do is ignored."""
        if raised in self._raises:
            self._forget(raised)
            raised.fail(fault(raised, error))
            self._end(raised, "internal error")
            self.instruct(order.Settle(raised))

    def _expire(self, raised: Raise) -> None:
        """The time of a raise is over; perhaps no worker was free all the while."""
        if not self._is_ready and raised.started == inf:
            return
        if raised.started == inf and raised.ended is None:
            busy = [f"worker {w.number} runs {self.running(w)}" for w in self._in_order() if w.task]
            raised.give_up_waiting(", ".join(busy[:_BUSY_NAMED]))
        self._end(raised, "timed out")

    def _close(self, what: told.Closed) -> None:
        self._is_closing = True
        for raised in tuple(self._raises):
            self._end(raised, "closed")
        for worker in self._in_order():
            if (task := worker.task) is not None:
                worker.finished(self.now)
                self.complete(task.raised)

    # -- workers ------------------------------------------------------------------------------------------------------

    def _in_order(self) -> list[Worker]:
        """Lowest number first."""
        return [self._workers[number] for number in sorted(self._workers)]

    def running(self, worker: Worker) -> str | None:
        """The title of the route that a worker runs."""
        return None if worker.task is None else decode(self.world.registry.header(worker.top)[0])

    def _join(self, what: told.Joined) -> None:
        self._workers[what.worker.number] = what.worker

    def _interrupt(self, worker: Worker, cause: Cause) -> None:
        if worker.interrupted(cause, GRACE, self.now):
            self.instruct(order.Interrupt(worker))

    def _kill(self, worker: Worker) -> None:
        worker.killed(self.now)
        self.instruct(order.Kill(worker))

    def _hear(self, what: told.Heard) -> None:
        task = what.worker.task
        if isinstance(what.message, Stands):
            self._stand(what.worker, still=what.message.still)
        elif isinstance(task, Task):  # else it is what is left to say about a run that was given up
            task.heard(self, what.worker, what.message)

    def _stand(self, worker: Worker, *, still: bool) -> None:
        """A watcher has stopped the run of a worker, or lets it go on."""
        if still:
            worker.stand_still(self.now)
            return
        worker.go_on(self.now)
        if worker.task is not None:
            self._deadlines.add(worker.task.raised)

    def _overdue(self, what: told.Overdue) -> None:
        worker, task = what.worker, what.worker.task
        if worker.event_deadline > self.now:
            worker.deadline = worker.event_deadline
        elif task is not None and isinstance(task.raised, Many):
            self._interrupt(worker, "timed out")
        elif task is not None:
            self._end(task.raised, "timed out")

    def _lose(self, what: told.Lost) -> None:
        worker, task = what.worker, what.worker.task
        if self._workers.get(worker.number) is worker:
            del self._workers[worker.number]
        if worker.kept is not None:
            worker.kept.take(worker.spool)
        if isinstance(task, Task):
            if worker.fault is not None:
                self._break(task.raised, worker.fault)
            else:
                task.lost(self, worker)
        worker.finished(self.now)
        self._keep_warm()

    def _keep_warm(self) -> None:
        if not self._workers and not self._is_closing:
            self.instruct(order.StartWorker(1))

    def _restart(self, what: told.Restarted) -> None:
        for raised in tuple(self._raises):
            self._end(raised, "interrupted")
        for worker in self._in_order():
            self._kill(worker)

    # -- handing out --------------------------------------------------------------------------------------------------

    def _turn(self, what: told.Turn) -> None:
        self._is_ready = self._is_ready or self._becomes_ready()
        for raised in self._deadlines.passed(self.now):
            self._expire(raised)
        self._hand_out()
        self._has_complaint = what.complaint is not None
        if what.complaint is not None:
            self._give_up(what.complaint)

    def _becomes_ready(self) -> bool:
        """Whether the first worker of the session has started: the time of those who waited for it counts from now."""
        if not any(worker.has_booted for worker in self._workers.values()):
            return False
        for raised in self._raises:
            if raised.started == inf and raised.called != inf:
                raised.called = self.now
                self._deadlines.add(raised)
        return True

    def _hand_out(self) -> None:
        """Give tasks to idle workers, lowest number first; start workers for what still waits."""
        limit = self._limit()
        for worker in self._in_order():
            is_surplus = worker.number > limit
            while worker.state is State.IDLE and (task := self._queue.take(worker.number, not is_surplus)) is not None:
                self._try_to_give(worker, task)
            if is_surplus and worker.state is State.IDLE:
                self._kill(worker)
            elif worker.state is State.RUNNING and worker.task is not None:
                self._mark_wanted(worker, worker.task.raised)
        if not self._workers or not (self._is_closing or self._queue.is_empty()):
            self._start_workers(limit)

    def _mark_wanted(self, worker: Worker, raised: Raise) -> None:
        is_wanted = self._queue.is_wanted(worker.number, raised)
        if is_wanted != worker.is_wanted:
            worker.is_wanted = is_wanted
            self.instruct(order.MarkWanted(worker, is_wanted))

    def _start_workers(self, limit: int) -> None:
        asked = {number for number in self._queue.bound() if number not in self._workers}
        if not asked:
            self._keep_warm()
        starting = len(asked) + sum(worker.state is State.STARTING for worker in self._workers.values())
        for number in range(1, limit + 1):
            if self._queue.common() <= starting:
                break  # the limit may be any number
            if number not in self._workers and number not in asked:
                asked.add(number)
                starting += 1
        for number in sorted(asked):
            self.instruct(order.StartWorker(number))

    def _try_to_give(self, worker: Worker, task: Task) -> None:
        """As `_give`; what fails costs the worker, which may know half of what it needs, and the raise."""
        try:
            self._give(worker, task)
        except Exception as error:
            worker.killed(self.now)
            self.instruct(order.GiveUp(worker, error))
            self._break(task.raised, error)

    def _give(self, worker: Worker, task: Task) -> None:
        """Let an idle worker run a task, unless its raise has ended."""
        raised = task.raised
        if self.now > raised.due:
            self._expire(raised)
        if raised.ended is not None:
            task.dropped(self)
            self.complete(raised)
            return
        task.number = worker.number
        self._runs += 1
        task.started(self, worker)
        kept = worker.begin(task, self._runs, self.now)
        worker.is_wanted = self._queue.is_wanted(worker.number, raised)
        self.instruct(order.Give(worker, task, self._runs, worker.is_wanted, kept))
        task.given(self)

    def _give_up(self, complaint: Complaint) -> None:
        """No worker can be started: unless one lives, every task that waits fails."""
        if self._workers:
            return
        for task in self._queue.remove(lambda task: True):
            count = task.raised.unrun
            lost = f"; {count} events were not run" if count > 1 else ""
            message = f"no worker could be started: {complaint.reason}{lost}"
            event = decode(task.event)
            task.raised.fail(RunError("no worker", message, event, "", None, complaint.hint, complaint.detail))
            self.complete(task.raised)
