"""The worker processes of a session: starts, watches, reaps and replaces them; hands what they say to its owner.

Used in the supervisor's thread only. A worker is gone when its stream has ended and the fork server has reaped it:
only then is everything known that it said, and how it ended.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
from collections.abc import Iterator
from concurrent.futures import Future
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol

from evroute_kernel.engine.results.runs import Variables
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.engine.workers.no_worker import Complaint, of_end, of_error, of_fault
from evroute_kernel.engine.workers.processes.launcher import Launcher
from evroute_kernel.engine.workers.processes.process import Process
from evroute_kernel.engine.workers.processes.variable_queries import VariableQueries
from evroute_kernel.engine.workers.worker import LOOK, State
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.worker.messages import Booted, Message, VariablesAnswer, WorkerEnded, WorkerNotForked, WorkerStarted

#: workers that may end before they can run anything, in a row, until no more are started
START_FAILURES: Final = 3
#: seconds for which the loop waits at most: the system's own limit is lower than what may be asked for
MOST_PATIENCE: Final = 3600.0
FORK_SERVER: Final = "the process that workers are forked from"
#: of what the fork server prints, in characters
_OUTPUT_KEPT: Final = 4000

_log = logging.getLogger(__name__)


class Owner(Protocol):
    """Who decides what workers do."""

    def received(self, worker: Process, message: Message) -> None:
        """A worker said something about its task."""

    def printed(self, worker: Process, lines: list[str]) -> None:
        """Something was printed in a worker's process."""

    def overdue(self, worker: Process) -> None:
        """A run has passed its deadline."""

    def lost(self, worker: Process) -> None:
        """A worker is gone, perhaps with a task."""


class Pool:
    """All workers, by number."""

    def __init__(self, owner: Owner, selector: selectors.BaseSelector, directory: Path, limits: Limits) -> None:
        self._owner = owner
        self._selector = selector
        self._directory = directory
        self._limits = limits
        self._workers: dict[int, Process] = {}
        self._queries = VariableQueries()
        self._launcher: Launcher | None = None
        self._failures = 0
        #: why the last worker that was to be started could not be
        self._complaint: Complaint | None = None
        #: what the fork server has printed
        self._printed = ""
        #: how the last fork server has ended
        self._server_end: Complaint | None = None

    def __iter__(self) -> Iterator[Process]:
        """The workers there are now, lowest number first. What is done with one may cost another."""
        return iter([self._workers[number] for number in sorted(self._workers)])

    def __contains__(self, number: int) -> bool:
        return number in self._workers

    def __bool__(self) -> bool:
        return bool(self._workers)

    # -- starting -------------------------------------------------------------------------------------------------

    @property
    def complaint(self) -> Complaint | None:
        """Why no worker can be started; None while one can."""
        return self._complaint if self._failures >= START_FAILURES else None

    def forgive(self) -> None:
        """Try once more, although starting has failed."""
        self._failures = min(self._failures, START_FAILURES - 1)

    def start(self, number: int, version: ServerVersion) -> Process | None:
        """Start worker `number` for a server of that version; None when `complaint` says that this cannot be done.

        Returns at once.
        """
        while self.complaint is None and number not in self._workers:
            try:
                worker = Process(number, self._server(), self._directory, self._limits.memory, version, monotonic())
            except (BrokenPipeError, ConnectionResetError):  # the fork server has just ended
                self._failed(self._drop_server())
                continue
            except OSError as error:  # no more processes, descriptors or room: what runs goes on
                self._failed(of_error(error, self._directory))
                continue
            except Exception as error:  # a fault of ours, which costs this start alone
                _log.exception("worker %d could not be started", number)
                self._failed(of_fault(error))
                continue
            self._workers[number] = worker
            self.watch(worker)
            self._selector.register(worker.output, selectors.EVENT_READ, lambda mask, w=worker: self._read_output(w))
            return worker
        return None

    def _failed(self, complaint: Complaint) -> None:
        self._failures += 1
        self._complaint = complaint

    def _server(self) -> Launcher:
        if self._launcher is None:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            launcher = self._launcher = Launcher(self._directory)
            self._selector.register(launcher, selectors.EVENT_READ, lambda mask: self._receive_from_server(launcher))
            self._selector.register(launcher.output, selectors.EVENT_READ, lambda mask: self._read_server(launcher))
        return self._launcher

    # -- the fork server ------------------------------------------------------------------------------------------

    def _receive_from_server(self, launcher: Launcher) -> None:
        if launcher is not self._launcher:
            return  # replaced since the selector looked
        try:
            messages = launcher.receive()
        except Exception:
            _log.exception("the fork server cannot be understood; it is replaced")
            messages = None
        if messages is None:
            self._drop_server()
            return
        for message in messages:
            worker = self._workers.get(getattr(message, "number", 0))
            if worker is None:
                continue
            if isinstance(message, WorkerStarted):
                worker.pid = message.pid
            elif isinstance(message, WorkerEnded):
                worker.status = message.status
                self._reap(worker)
            elif isinstance(message, WorkerNotForked):
                worker.refusal = OSError(message.errno, os.strerror(message.errno))
                self._reap(worker)

    def _read_server(self, launcher: Launcher) -> None:
        if launcher is not self._launcher:
            return
        data = launcher.read_output()
        if data is None:
            self._selector.unregister(launcher.output)
        elif data:
            self._printed = (self._printed + data)[-_OUTPUT_KEPT:]

    def _replace_server(self) -> None:
        """The fork server does not do what it is asked: end it, with its workers."""
        if self._launcher is not None:
            self._launcher.kill()
            self._drop_server()

    def _drop_server(self) -> Complaint:
        """The fork server has ended, and its workers with it; how. The next start makes a new one."""
        launcher, self._launcher = self._launcher, None
        if launcher is None:  # it has ended before it could say that it was ready
            return self._server_end or of_end(FORK_SERVER, None, "", self._limits.memory)
        printed = self._printed + (launcher.read_output() or "")
        self._printed = ""
        for watched in (launcher, launcher.output):
            self._unwatch(watched)
        launcher.close()
        self._server_end = of_end(FORK_SERVER, launcher.status, printed[-_OUTPUT_KEPT:], self._limits.memory)
        for worker in self:
            worker.expect_end(monotonic())
            if worker.is_closed:
                self._reap(worker)
        return self._server_end

    # -- workers --------------------------------------------------------------------------------------------------

    def watch(self, worker: Process) -> None:
        """Listen to a worker; also wait until its stream takes the rest of what it was sent."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.has_unsent else 0)
        try:
            known = self._selector.get_key(worker.stream)
        except KeyError:
            self._selector.register(worker.stream, events, lambda mask: self._ready(worker, mask))
            return
        if known.events != events:
            self._selector.modify(worker.stream, events, known.data)

    def send_all(self, data: bytes) -> None:
        for worker in self:
            with self._at_cost_of(worker):
                worker.send(data)
                self.watch(worker)

    def ask(self, number: int, future: Future[Variables]) -> None:
        """Ask a worker for its variables, at the next `put_questions`; one that does not exist has none."""
        self._queries.add(number, future)

    def put_questions(self) -> None:
        """Ask workers what is to be asked. Called when they have been given what they are to run."""
        for worker in self._queries.ask(self._workers):
            self.watch(worker)

    def _ready(self, worker: Process, mask: int) -> None:
        if not self._is_known(worker):
            return  # reaped since the selector looked
        with self._at_cost_of(worker):
            if mask & selectors.EVENT_WRITE:
                worker.send(b"")
            if mask & selectors.EVENT_READ:
                for message in worker.receive():
                    self._received(worker, message)
        if not worker.is_closed:
            self.watch(worker)
            return
        self._unwatch(worker.stream)
        if worker.state is not State.ENDING:
            worker.expect_end(monotonic())
        if worker.status is not None or not worker.has_server:
            self._reap(worker)

    def _received(self, worker: Process, message: Message) -> None:
        if isinstance(message, Booted):
            self._failures, self._complaint = 0, None
            worker.pid = message.pid
            worker.booted(monotonic())
            if worker.early:
                lines, worker.early = worker.early, []
                self._owner.printed(worker, lines)
        elif isinstance(message, VariablesAnswer):
            self._queries.answer(message)
        else:
            self._owner.received(worker, message)

    def _read_output(self, worker: Process) -> None:
        if not self._is_known(worker):
            return
        lines = worker.read_output()
        if lines is None:
            self._unwatch(worker.output)
        elif lines and worker.has_booted:
            with self._at_cost_of(worker):
                self._owner.printed(worker, lines)
        else:
            worker.early += lines  # if it does not come further, this tells why

    def _reap(self, worker: Process) -> None:
        """A worker is gone: take over what it left, and make its number free."""
        if not self._is_known(worker):
            return
        worker.expect_end(monotonic())
        if worker.fault is None:
            with self._at_cost_of(worker):
                for message in worker.last_messages():
                    self._received(worker, message)
        lines = [*worker.early, *worker.last_output()]
        if not worker.has_booted and not worker.was_killed:
            self._failed(self._why(worker, lines))
        elif lines:
            with self._at_cost_of(worker):
                self._owner.printed(worker, lines)
        del self._workers[worker.number]
        self._queries.forget(worker)
        self._owner.lost(worker)
        self._release(worker)

    @contextlib.contextmanager
    def _at_cost_of(self, worker: Process) -> Iterator[None]:
        """What fails here is about this worker: it is given up, and with it its run. All others go on."""
        try:
            yield
        except Exception as error:
            _log.exception("worker %d (process %s) is given up", worker.number, worker.pid)
            worker.give_up(error, monotonic())

    def _why(self, worker: Process, lines: list[str]) -> Complaint:
        """Why a worker has ended before it was ready."""
        if worker.refusal is not None:
            return of_error(worker.refusal, self._directory)
        if worker.status is None and self._server_end is not None:
            return self._server_end
        return of_end("a worker", worker.status, "\n".join(lines), self._limits.memory)

    def _is_known(self, worker: Process) -> bool:
        return self._workers.get(worker.number) is worker

    def _release(self, worker: Process) -> None:
        self._unwatch(worker.stream)
        self._unwatch(worker.output)
        worker.close()

    def _unwatch(self, watched: Any) -> None:
        with contextlib.suppress(KeyError):  # it may have been at its end before
            self._selector.unregister(watched)

    # -- time -----------------------------------------------------------------------------------------------------

    def patience(self) -> float | None:
        """Seconds until a worker is overdue; None when none can be."""
        due = min((min(worker.deadline, worker.look_at) for worker in self._workers.values()), default=inf)
        return None if due == inf else min(max(0.0, due - monotonic()), MOST_PATIENCE)

    def check_deadlines(self) -> None:
        now = monotonic()
        for worker in self:
            if worker.look_at <= now:
                self._look(worker, now)
            if worker.deadline > now:
                continue
            if not self._is_known(worker):
                continue  # it has gone with the fork server of another one
            if worker.state is State.RUNNING:
                with self._at_cost_of(worker):
                    self._owner.overdue(worker)
            elif worker.state is State.ENDING and (worker.was_killed or not worker.has_server):
                self._leave_behind(worker)
            else:
                if worker.state is State.STARTING:
                    self._failed(Complaint("a worker did not start in time", "the machine is busy: try it again"))
                worker.kill(now)

    def _look(self, worker: Process, now: float) -> None:
        """Hear what a worker has said that runs for a while, and holds back what it says."""
        worker.look_at = now + LOOK if worker.task is not None else inf
        with self._at_cost_of(worker):
            for message in worker.unsent():
                self._received(worker, message)

    def leave_to_parent(self) -> None:
        """In a process that was forked: close the copies of descriptors. No worker may wait for our end."""
        for worker in self:
            worker.leave_to_parent()
        if self._launcher is not None:
            self._launcher.leave_to_parent()

    def _leave_behind(self, worker: Process) -> None:
        """A worker is killed and does not end: most likely because the fork server, which signals it, is stopped."""
        if worker.has_server:
            _log.error("the fork server does not answer; another one takes its place")
            self._replace_server()
        if self._is_known(worker) and not worker.is_closed:
            _log.error("worker %d (process %s) does not end; it is left behind", worker.number, worker.pid)
        self._reap(worker)

    def close(self) -> None:
        """End all processes. Returns when none is left."""
        for worker in self:
            self._release(worker)
        self._workers.clear()
        self._queries.close()
        if self._launcher is not None:
            for watched in (self._launcher, self._launcher.output):
                self._unwatch(watched)
            self._launcher.close()
            self._launcher = None
