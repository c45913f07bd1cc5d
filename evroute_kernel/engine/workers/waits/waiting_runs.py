"""What workers say of runs that wait, and who goes on when an event has come or the time is over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from math import inf
from typing import Any, Final, Protocol

from evroute_kernel.engine.delivery.waits import Wait
from evroute_kernel.engine.events.params import Params, UnknownEventError
from evroute_kernel.engine.results.runs import LogRecord, Run
from evroute_kernel.engine.state.published import named_in_calls, not_published
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.flows import Delivery
from evroute_kernel.engine.workers.processes.process import Process
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.task import Task
from evroute_kernel.errors import Diagnostic
from evroute_kernel.runtime.values import decode
from evroute_kernel.runtime.waits import BLOCKED
from evroute_kernel.worker.messages import (
    RESUME,
    Answer,
    Message,
    Remarked,
    TransactionAsked,
    TransactionEnded,
    WaitAsked,
    WaitGivenUp,
    WaitsReached,
)

#: seconds for which a server remembers a transaction that has ended (`wt_timer` of module tm)
_REMEMBERED: Final = 5
#: functions whose constant names of events the timer of a server knows
_TIMED: Final = ("notify_on_event", "wait_for_event")
#: later than all time
_NEVER: Final = 2**40


class Thread(Protocol):
    """The supervisor, as this part of it sees it."""

    def tell(self, worker: Process, message: Message) -> None:
        """Send a message to a worker that runs."""

    def tell_number(self, number: int, message: Message) -> None:
        """The same to the worker of this number, if there is one."""

    def go_on(self, raised: Raise, task: Task) -> None:
        """A raise that has not ended gets one more task."""

    def submit(self, raised: Raise, *tasks: Task) -> None:
        """Queue the first tasks of a raise."""


class WaitingRuns:
    """Used in the supervisor's thread only."""

    def __init__(self, world: World, thread: Thread) -> None:
        self._world = world
        self._waits = world.waits
        self._thread = thread
        #: somebody moves the clock, and sees to those whose time is over
        self.is_moved = False
        #: raises of runs that nobody has raised, under way
        self.alone: set[Raise] = set()
        #: worker -> with which request it has begun a wait last, and the number of that
        self._latest: dict[int, tuple[int, int]] = {}
        #: what a worker that runs a task may say of this
        self.reactions: dict[type[Any], Callable[[Process, Task, Any], None]] = {
            WaitAsked: self._begin,
            WaitsReached: self._reached,
            WaitGivenUp: lambda worker, task, message: self._give_up(worker, message.request),
            TransactionAsked: self._transaction_asked,
            TransactionEnded: lambda worker, task, message: self._end_transaction(worker.number),
            Remarked: self._remarked,
        }

    # -- a wait begins ------------------------------------------------------------------------------------------------

    def _begin(self, worker: Process, task: Task, asked: WaitAsked) -> None:
        raised, now = task.raised, self._world.now()
        common = (asked.manner, raised.origin)
        if asked.event is None:
            number = self._world.next_wait()
            self._latest[worker.number] = asked.request, number
            self._waits.add(Wait(number, "", asked.route, worker.number, now + asked.timeout, *common))
            self._thread.tell(worker, Answer(asked.request, True, (str(number),)))
            return
        last, due, expires = self._times(asked.event, int(asked.timeout), int(now))
        try:
            number, event = self._world.notify(asked.event, asked.filters, asked.route, last, worker.number)
        except UnknownEventError:
            reply = Answer(asked.request, False, (not_published(self._world, decode(asked.event)),))
        else:
            self._latest[worker.number] = asked.request, number
            self._waits.add(Wait(number, event, asked.route, worker.number, due, *common, expires, raised))
            reply = Answer(asked.request, True, (str(number), event, str(last)))
        self._thread.tell(worker, reply)

    def _times(self, event: str, timeout: int, now: int) -> tuple[int, float, float]:
        """The last second in which an event counts, the one in which the wait ends without it, and where the clock does
        not end it, the one after which an event is too late: the timer of a server looks once a second, and only at
        events whose name stands in the script."""
        if timeout < 0:  # as on a server that has just been started
            return _NEVER, inf, inf
        if event not in named_in_calls(self._world, _TIMED):
            return _NEVER, inf, now + timeout
        due = now + max(1, timeout)
        return now + timeout if timeout < 1 else due - 1, due, inf

    def _give_up(self, worker: Process, given_up: int) -> None:
        request, number = self._latest.get(worker.number, (0, 0))
        if request != given_up:
            return
        self._waits.end(number)
        self._world.forget_wait(number)

    # -- an event has come --------------------------------------------------------------------------------------------

    def _reached(self, worker: Process, task: Task, message: WaitsReached) -> None:
        if message.params is None:
            self._thread.tell(worker, Answer(message.request, self._waits.any_of(message.numbers), ()))
            return
        here = []
        for wait in self._waits.claim(message.numbers):
            self._world.forget_wait(wait.number)
            params = None if self._world.now() >= wait.expires + 1 else message.params
            if wait.worker == worker.number and params is not None:  # it runs, so that it is not the one that waits
                here.append(str(wait.number))
            else:
                self._wake(wait, params, task.raised)
        self._thread.tell(worker, Answer(message.request, True, tuple(here)))

    def _wake(self, wait: Wait, params: Params | None, raised: Raise | None) -> None:
        """A run goes on: as part of the raise that has woken it, or else of one of its own. `params` is None where no
        event has come."""
        if wait.manner == BLOCKED:
            self._thread.tell_number(wait.worker, Answer(-wait.number, params is not None, (), params or ()))
        elif raised is not None and raised.ended is None:
            self._thread.go_on(raised, self._task(raised, wait, params))
        else:
            alone = self._raise(wait)
            self._thread.submit(alone, self._task(alone, wait, params))

    def _task(self, raised: Raise, wait: Wait, params: Params | None) -> Delivery:
        return Delivery(raised, wait.event, ((None, wait.number), *(params or ())), (RESUME,), wait.worker)

    def _raise(self, wait: Wait) -> Raise:
        """What a run that nobody has raised is part of: nobody waits for it, so that its errors are published."""
        limits = self._world.limits
        raised = Raise(wait.event, wait.origin, limits.timeout, limits.log)
        raised.chance = self._world.settings.chance(f"{wait.event} goes on")

        def publish(run: Run) -> None:
            for error in run.errors:
                text = str(error)
                record = LogRecord(
                    "ERROR", text, True, run.event, error.route, wait.worker, error.span, self._world.now()
                )
                self._world.records.publish(record, wait.origin)

        def done(future: Future[Run]) -> None:
            self.alone.discard(raised)
            if future.exception() is None:
                publish(future.result())

        self.alone.add(raised)
        raised.future.add_done_callback(done)
        return raised

    # -- the time is over ---------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Whose time is over goes on."""
        if self.is_moved:
            return
        for wait in self._overdue():
            self._wake(wait, None, None)

    def overdue(self, raised: Raise) -> list[Delivery]:
        """The same as tasks of a raise."""
        tasks = []
        for wait in self._overdue():
            if wait.manner == BLOCKED:
                self._wake(wait, None, raised)
            else:
                tasks.append(self._task(raised, wait, None))
        return tasks

    def _overdue(self) -> list[Wait]:
        found = self._waits.overdue(self._world.now())
        for wait in found:
            self._world.forget_wait(wait.number)
        return found

    def patience(self) -> float:
        """Seconds until the time of one is over; infinite for none."""
        due = inf if self.is_moved else self._waits.next_due
        return due if due == inf else max(0.0, due - self._world.now())

    def lost(self, number: int) -> None:
        """A worker is gone, with all that waited in it."""
        self._latest.pop(number, None)
        for wait in self._waits.of_worker(number):
            self._world.forget_wait(wait.number)
            if wait.manner != BLOCKED and wait.route:
                what = f"for {decode(wait.event)}" if wait.event else "in async()"
                title = f"route[{decode(wait.route)}]"
                text = f"the run that waits {what} is lost with worker {number}: {title} does not go on"
                record = LogRecord("WARNING", text, True, decode(wait.event), "", number, None, self._world.now())
                self._world.records.publish(record, wait.origin)

    # -- transactions and remarks -------------------------------------------------------------------------------------

    def _transaction_asked(self, worker: Process, task: Task, message: TransactionAsked) -> None:
        is_free = self._waits.begin_transaction(worker.number, self._world.now())
        self._thread.tell(worker, Answer(message.request, is_free, (str(self._remembered()),)))

    def _end_transaction(self, worker: int) -> None:
        self._waits.end_transaction(worker, self._world.now() + self._remembered())

    def _remembered(self) -> int:
        given = self._world.settings.modparams_in_force().get(("tm", "wt_timer"), ())
        return next((value for value in reversed(given) if isinstance(value, int)), _REMEMBERED)

    def _remarked(self, worker: Process, task: Task, message: Remarked) -> None:
        _, span = self._world.registry.place(message.slot, message.statement)
        remark = Diagnostic("info", "wait-for-event", message.text, span, message.hint)
        if remark not in task.raised.remarks:
            task.raised.remarks += (remark,)
