"""The thread that runs a session's routes: it carries out what is decided, and tells the decisions what happens.

One thread, commands in, futures out. Whatever changes a raise, a task or a worker happens in it, so none of that needs
a lock. Callers post commands (`Loop.post`) and get a future at once; pipes of workers and the clock wake the same loop.
Each of them becomes a stimulus for the decisions (`engine.workers.decisions`, whose head tells how raises, tasks and
workers go together), and the instructions that come back are carried out here, by the `pool` where they are about
processes. After each batch of commands and messages comes one `turn`: workers past their deadline are dealt with,
raises past theirs end, and tasks that wait are handed out. A turn that finds nothing to do costs next to nothing, so
nobody has to tell what has changed.

Faults of ours. What fails while one raise or worker is dealt with costs that raise and that worker, and the raise ends
with the cause "internal error" (`_post_about`, `received`, `lost`, and `_give`); what fails anywhere else ends the
thread, and from then on every call raises `SupervisorFailed`. Both say what to do and that it is our fault.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from evroute_kernel.engine.results.replays import BrokenLine
from evroute_kernel.engine.results.runs import LogRecord, Variables, WorkerInfo
from evroute_kernel.engine.state.watches import WatchingSide
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers import instructions, stimuli
from evroute_kernel.engine.workers.batches import Batch
from evroute_kernel.engine.workers.decisions import Decisions
from evroute_kernel.engine.workers.failures import words_of
from evroute_kernel.engine.workers.loop import Loop
from evroute_kernel.engine.workers.portions import Portion, Replay
from evroute_kernel.engine.workers.processes.pool import Pool
from evroute_kernel.engine.workers.processes.process import Process, Restart
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.route_messages import RouteMessages
from evroute_kernel.engine.workers.task import Task
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker import messages
from evroute_kernel.worker.messages import Message

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
        #: workers that may run for a while, each number as long as something lasts
        self._allowed: list[int] = []
        self._decisions = Decisions(world, lambda: max([self.worker_limit, *self._allowed]))
        self._route_messages = RouteMessages(world, self)
        self._restarts: list[Restart] = []
        self._carriers: dict[type[Any], Callable[[Any], None]] = {
            instructions.StartWorker: self._start_worker,
            instructions.Forgive: lambda order: self._pool.forgive(),
            instructions.Give: self._give,
            instructions.MarkWanted: self._mark_wanted,
            instructions.Interrupt: lambda order: order.worker.strike(),
            instructions.Kill: lambda order: order.worker.kill(monotonic()),
            instructions.GiveUp: lambda order: order.worker.give_up(order.error, monotonic()),
            instructions.Settle: lambda order: self._settle(order.raised),
            instructions.Reject: lambda order: order.raised.future.set_exception(order.error),
            instructions.Prepare: lambda order: self._prepare(order.batch),
            instructions.Announce: lambda order: self._announce(order.portion),
            instructions.LetFeed: lambda order: order.replay.may_feed.release(),
            instructions.StopFeeding: lambda order: order.replay.stop_feeding(),
        }
        #: why there is no supervisor any more
        self.failure: SupervisorFailed | None = None

    # -- for any thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, with one worker kept warm. Returns at once."""
        self._loop.start()
        self._loop.post(lambda: None)

    def submit(self, raised: Raise, *tasks: Task) -> None:
        """Queue the first tasks of a raise."""
        raised.future.set_running_or_notify_cancel()
        self._post_about(raised, lambda: self._submit(raised, tasks))

    def move_clock(self, move: Callable[[], None], raised: Raise) -> None:
        """Move the clock of the session: whose time is over then goes on, as part of a raise. From now on nobody else
        does so, until `release_clock`."""
        raised.future.set_running_or_notify_cancel()

        def command() -> None:
            self._route_messages.waiting.is_moved = True
            move()
            self._submit(raised, tuple(self._route_messages.waiting.overdue(raised)))

        self._post_about(raised, command)

    def going_on(self) -> list[Raise]:
        """What has gone on by itself, and has not ended."""
        return self._loop.ask(lambda: list(self._route_messages.waiting.alone))

    def release_clock(self) -> None:
        """The clock goes on by itself."""

        def command() -> None:
            self._route_messages.waiting.is_moved = False

        self._loop.ask(command)

    def feed(self, replay: Replay, portion: Portion) -> None:
        """One more portion of a replay that has been submitted."""
        self._post_about(replay, lambda: self._tell(stimuli.Fed(replay, portion)))

    def fed(self, replay: Replay, error: BaseException | None = None) -> None:
        """A replay gets no more portions; `error`: because reading them failed."""
        self._post_about(replay, lambda: self._tell(stimuli.AllFed(replay, error)))

    def tell_broken(self, replay: Replay, line: int, reason: str) -> None:
        """A line of what is replayed holds no event."""
        self._post_about(replay, lambda: replay.add_broken(1, iter([BrokenLine(line, reason)])))

    def send_out(self, batch: Batch) -> None:
        """Raise the events of a batch that no route handles: they only go to those who listen."""
        batch.open += 1
        self.submit(batch)
        self._post_about(batch, lambda: self._send_out(batch))

    def command(self, watcher: int, data: Any, number: int | None = None) -> None:
        """Something for a watcher in the worker of this number, or in each, that runs something now."""
        self._loop.post(lambda: self._command(watcher, data, number))

    def _command(self, watcher: int, data: Any, number: int | None) -> None:
        for worker in self._pool:
            if worker.task is not None and number in (None, worker.number):
                worker.command(watcher, data)
                self._pool.watch(worker)

    def begin_watch(self, number: int, side: WatchingSide) -> None:
        """One who watches from now on does so in the midst of what runs. Those whose part can (`runtime.watching.
        stepping`)."""
        self._loop.post(lambda: self._begin_watch(number, side))

    def _begin_watch(self, number: int, side: WatchingSide) -> None:
        for worker in self._pool:
            if worker.task is not None and side.watches(worker.task.raised.origin):
                worker.begin_watch(number, side.kind, side.asked)
                self._pool.watch(worker)

    def post(self, command: Callable[[], None]) -> None:
        """Let the thread do something."""
        self._loop.post(command)

    def report(self, raised: Raise, record: LogRecord) -> None:
        """Add a record to those of a raise."""
        self._post_about(raised, lambda: self.record(raised, record))

    def runs_for(self, selects: Callable[[Raise], bool]) -> bool:
        """Whether a worker runs something of the raises that `selects` chooses. In the thread."""
        tasks = (worker.task for worker in self._pool)
        return any(task is not None and selects(task.raised) for task in tasks)

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
        return self._loop.ask(lambda: [worker.info(self._decisions.running(worker)) for worker in self._pool])

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
        mine, pools = self._decisions.patience(monotonic()), self._pool.patience()
        if self._world.waits.next_due != inf:
            mine = min(mine, self._route_messages.waiting.patience())
        return pools if mine == inf else min(mine, inf if pools is None else pools)

    def turn(self) -> None:
        self._pool.check_deadlines()
        if self._world.waits.next_due != inf:
            self._route_messages.waiting.look()
        known = self._pool.complaint
        self._tell(stimuli.Turn(known))
        if self._pool.complaint is not known:  # none could be started just now
            self._tell(stimuli.Turn(self._pool.complaint))
        self._pool.put_questions()

    def failed(self, error: BaseException) -> None:
        self.failure = SupervisorFailed(error)
        for raised in self._decisions.raises():
            if isinstance(raised, Replay):
                raised.stop_feeding()  # or the thread that feeds it would wait for ever
            if not raised.future.done():
                raised.future.set_exception(self.failure)

    def end(self) -> None:
        numbers = [worker.number for worker in self._pool]
        self._pool.close()
        for number in numbers:
            self._world.watches.lost(number)
        for restart in self._restarts:
            restart.give_up()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _close(self) -> None:
        self._loop.stop()
        self._tell(stimuli.Closed())

    def _tell(self, stimulus: stimuli.Stimulus) -> None:
        """Tell the decisions what has happened, and carry out what they want. After a failure there is nothing to do
        it with."""
        if self.failure is not None:
            return
        for instruction in self._decisions.handle(stimulus, monotonic()):
            self._carriers[type(instruction)](instruction)

    # -- what is posted -------------------------------------------------------------------------------------------

    def _submit(self, raised: Raise, tasks: tuple[Task, ...]) -> None:
        if self.failure is not None:
            raised.future.set_exception(self.failure)
        else:
            self._tell(stimuli.Submitted(raised, tasks))

    def _interrupt(self, selects: Callable[[Raise], bool]) -> int:
        if self.failure is not None:
            return 0
        chosen = tuple(raised for raised in self._decisions.raises() if selects(raised))
        self._tell(stimuli.Ended(chosen, "interrupted"))
        return len(chosen)

    def _restart(self) -> Future[None]:
        restart = Restart(set(self._pool))
        self._restarts.append(restart)
        self._tell(stimuli.Restarted())
        restart.without(None)
        return restart.done

    def _send_out(self, batch: Batch) -> None:
        """Raise some events, then let others have the thread."""
        try:
            lists = batch.next_lists() if batch.ended is None else []
        except Exception as error:  # of the caller's iterable, so the caller gets it
            self._tell(stimuli.Rejected(batch, error))
            return
        batch.done += len(lists)
        if lists:
            self._post_about(batch, lambda: self._send_out(batch))
        else:
            self._tell(stimuli.SentOut(batch))

    def _post_about(self, raised: Raise, command: Callable[[], object]) -> None:
        """Let the thread do something about a raise, which is all that it costs if that fails."""

        def guarded() -> None:
            try:
                command()
            except Exception as error:
                _log.exception("a raise of %s has failed", decode(raised.event))
                self._tell(stimuli.Broken(raised, error))

        self._loop.post(guarded)

    # -- carrying out ---------------------------------------------------------------------------------------------

    def _start_worker(self, order: instructions.StartWorker) -> None:
        worker = self._pool.start(order.number, self._world.settings.version)
        if worker is not None:
            self._tell(stimuli.Joined(worker))

    def _give(self, order: instructions.Give) -> None:
        """What fails here costs the worker, which may know half of what it needs, and the raise."""
        worker: Any = order.worker
        try:
            worker.give(order, self._world.program(), self._world.watches.message(order.task.raised.origin))
            self._pool.watch(worker)
        except Exception as error:
            _log.exception("worker %d could not be given a run", worker.number)
            worker.give_up(error, monotonic())
            self._tell(stimuli.Broken(order.task.raised, error))

    def _mark_wanted(self, order: instructions.MarkWanted) -> None:
        worker: Any = order.worker
        worker.blackbox.is_wanted = order.is_wanted

    def _settle(self, raised: Raise) -> None:
        for record in raised.last_records(self._world.now()):
            self._world.records.publish(record, raised.origin)
        raised.close(monotonic())

    def _prepare(self, batch: Batch) -> None:
        try:
            batch.prepare()
        except Exception as error:  # of the caller's iterable, so the caller gets it
            self._tell(stimuli.Rejected(batch, error))

    def _announce(self, portion: Portion) -> None:
        """The portion's events are raised now: whoever listens beside the routes is told, once."""
        if not self._world.has_listeners:
            return  # or every event would have to be parsed here
        only = portion.raised.only
        for _, event, params in portion.events():
            if only is None or event in only:
                self._world.raised(event, params, origin=portion.raised.origin)

    # -- what routes say ------------------------------------------------------------------------------------------

    def tell(self, worker: Process, message: Message) -> None:
        """Send a message to a worker that runs."""
        worker.send(messages.encode(message))
        self._pool.watch(worker)

    def tell_number(self, number: int, message: Message) -> None:
        """Send a message to the worker of this number, if there is one."""
        for worker in self._pool:
            if worker.number == number:
                self.tell(worker, message)

    def go_on(self, raised: Raise, task: Task) -> None:
        """A raise that has not ended gets one more task. In the thread."""
        self._tell(stimuli.WentOn(raised, task))

    def record(self, raised: Raise, record: LogRecord) -> None:
        """A raise has one more record. In the thread."""
        if raised.keep(record):
            self._world.records.publish(record, raised.origin)

    # -- what the pool tells --------------------------------------------------------------------------------------

    def received(self, worker: Process, message: Message) -> None:
        task = worker.task
        if not isinstance(task, Task):
            return  # what is left to say about a run that was given up
        try:
            if not self._route_messages.handle(worker, task, message):
                self._tell(stimuli.Heard(worker, message))
        except Exception as error:  # here, because the worker may have no task any more
            self._tell(stimuli.Broken(task.raised, error))
            raise

    def printed(self, worker: Process, lines: list[str]) -> None:
        """Nothing of ours prints in a worker; whatever does is worth seeing."""
        task = worker.task
        event, route = ("", "") if task is None else (decode(task.event), self._decisions.running(worker) or "")
        for line in lines:
            record = LogRecord("WARNING", line, True, event, route, worker.number, None, self._world.now())
            if task is None:
                self._world.records.publish(record, None)
            else:
                self.record(task.raised, record)

    def overdue(self, worker: Process) -> None:
        self._tell(stimuli.Overdue(worker))

    def lost(self, worker: Process) -> None:
        task = worker.task
        try:
            self._world.watches.lost(worker.number)
            self._route_messages.waiting.lost(worker.number)
            self._tell(stimuli.Lost(worker))
        except Exception as error:
            _log.exception("the end of worker %d could not be told", worker.number)
            if task is not None:
                self._tell(stimuli.Broken(task.raised, error))
        self._restarts = [restart for restart in self._restarts if not restart.without(worker)]
