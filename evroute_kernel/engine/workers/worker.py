"""The supervisor's side of one worker: its state, its stream, and what it leaves when it dies.

    STARTING --Booted--> IDLE --run--> RUNNING --end--> IDLE
                                          |  interrupt     ^
                                          v                | end
                                     INTERRUPTED ----------+
    any --killed, out of memory, stream closed--> ENDING --stream closed and reaped--> gone

All changes of state happen in this file.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from pathlib import Path
from time import monotonic
from typing import Final

from evroute_kernel.engine.results.runs import Cause, WorkerInfo
from evroute_kernel.engine.state.program import Program, SentProgram
from evroute_kernel.engine.workers.launcher import Launcher
from evroute_kernel.engine.workers.no_worker import ended
from evroute_kernel.engine.workers.raises import Many
from evroute_kernel.engine.workers.tasks import RaisedEvents, Task
from evroute_kernel.runtime.memory.room import anonymous_file
from evroute_kernel.worker import blackbox
from evroute_kernel.worker.blackbox import INDEX, SLOT, STATEMENT, TOP, BlackBox
from evroute_kernel.worker.messages import Decoder, Message, StartWorker, encode
from evroute_kernel.worker.process import EXIT_OUT_OF_MEMORY

#: seconds for what should take milliseconds; only a machine in trouble needs more
START_DEADLINE: Final = 30.0
END_DEADLINE: Final = 5.0
ANSWER_DEADLINE: Final = 10.0
#: seconds after which it is looked whether a worker has said something that it has not sent
LOOK: Final = 0.05
_RECEIVE_SIZE: Final = 2**18
_OUTPUT_SIZE: Final = 2**16


class State(Enum):
    STARTING = "starting"
    IDLE = "idle"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    ENDING = "ending"


class Worker:
    """One worker process, from the request to fork it to its last byte."""

    def __init__(self, number: int, launcher: Launcher, directory: Path, memory: int | None, now: float) -> None:
        self.number = number
        self.state = State.STARTING
        #: when something must be done about it, on the monotonic clock
        self.deadline = now + START_DEADLINE
        self.pid: int | None = None
        self.task: Task | None = None
        #: events that wait in it, which nobody has taken from it
        self.kept: RaisedEvents | None = None
        self.run = 0
        self.runs = 0
        #: asked and not answered yet
        self.questions = 0
        self.started = 0.0
        #: when to look at what it has not sent
        self.look_at = inf
        #: why its run is being ended
        self.end_cause: Cause | None = None
        #: exit code, or minus the signal that ended it; None while nobody has said
        self.status: int | None = None
        #: why the system has refused it a process
        self.refusal: OSError | None = None
        #: what was printed in its process before it could run anything
        self.early: list[str] = []
        self.is_closed = False
        self.has_booted = False
        self.was_killed = False
        #: what failed about it in this process: nothing that it says is believed any more
        self.fault: Exception | None = None
        self._launcher = launcher
        self._sent = SentProgram()
        self._decoder = Decoder()
        #: how much of its stream has come, and how much was read: it may be seen before it is sent
        self._received = self._read_to = 0
        self._unsent = bytearray()
        self._printed = b""
        self._open(directory, memory)

    def _open(self, directory: Path, memory: int | None) -> None:
        with contextlib.ExitStack() as undo, contextlib.ExitStack() as done:
            box = anonymous_file(blackbox.SIZE)
            done.callback(os.close, box)
            self.blackbox = BlackBox(box)
            undo.callback(self.blackbox.close)
            self.blackbox.place[STATEMENT] = -1
            self.stream, theirs = socket.socketpair()
            done.callback(theirs.close)
            undo.callback(self.stream.close)
            self.stream.setblocking(False)
            self.output, output = os.pipe()
            done.callback(os.close, output)
            undo.callback(os.close, self.output)
            os.set_blocking(self.output, False)
            self._launcher.start(StartWorker(self.number, str(directory), memory), theirs, output, box)
            undo.pop_all()

    # -- transitions ----------------------------------------------------------------------------------------------

    def booted(self, pid: int) -> None:
        """It can run tasks."""
        self.pid = pid
        self.has_booted = True
        if self.state is State.STARTING:
            self._rest()

    def start(self, task: Task, run: int, program: Program, now: float, is_wanted: bool = False) -> None:
        """Give it a task. It is idle. `is_wanted`: others wait for it, too."""
        self.state, self.task, self.run, self.end_cause = State.RUNNING, task, run, None
        self.started = now
        self.look_at = now + LOOK
        self.deadline = task.raised.latest_end(now)
        self.blackbox.clock[0] = 0.0  # so that a worker that dies before it begins is known
        self.blackbox.place[TOP] = task.slot
        self.blackbox.is_wanted = is_wanted
        kept, self.kept = self.kept, None
        if kept is not None and kept is not task and kept.raised.ended is None:
            kept.take(self.blackbox.spool)
        frames = [encode(message) for message in self._sent.updates(program, task.slots)]
        self.send(b"".join([*frames, encode(task.message(run))]))

    def finished(self, runs: int = 1) -> Task | None:
        """Its run is over, with so many runs of routes; the task it had. A worker that is ending stays so."""
        task, self.task = self.task, None
        self.runs += runs
        if self.state is not State.ENDING:
            self._rest()
        return task

    def _rest(self) -> None:
        self.state, self.deadline, self.end_cause, self.run = State.IDLE, inf, None, 0
        self.look_at = inf
        if self.questions:
            self.deadline = monotonic() + ANSWER_DEADLINE

    def asked(self, message: Message) -> None:
        """Ask it something, which it answers when it has nothing to run."""
        self.questions += 1
        self.send(encode(message))
        if self.state is State.IDLE:
            self._rest()

    def answered(self) -> None:
        """It has answered a question."""
        self.questions -= 1
        if self.state is State.IDLE:
            self._rest()

    def interrupt(self, cause: Cause, grace: float, now: float) -> None:
        """End its run politely, if there is one; it keeps its state if it answers within `grace` seconds."""
        if self.state is not State.RUNNING:
            return
        self.state, self.end_cause, self.deadline = State.INTERRUPTED, cause, now + grace
        self.blackbox.interrupt = self.run
        self._signal(signal.SIGUSR1)

    def kill(self, now: float) -> None:
        """End it, whatever it does."""
        self.was_killed = True
        self.state, self.deadline = State.ENDING, now + END_DEADLINE
        self._signal(signal.SIGKILL)

    def give_up(self, error: Exception, now: float) -> None:
        """Something about it has failed in this process; it is killed, and its run is told why."""
        self.fault = self.fault or error
        self.kill(now)

    def expect_end(self, now: float) -> None:
        """It is ending by itself; it gets nothing more to do."""
        if self.state is not State.ENDING:
            self.state, self.deadline = State.ENDING, now + END_DEADLINE

    def _signal(self, number: signal.Signals) -> None:
        # the fork server has ended, and its workers with it; its stream may be closed already
        with contextlib.suppress(OSError):
            self._launcher.signal(self.number, number)

    # -- stream ---------------------------------------------------------------------------------------------------

    def receive(self) -> list[Message]:
        """What it said. Sets `is_closed` at the end of the stream."""
        data = self._read()
        return self._decoder.feed(data) if data and self.fault is None else []

    def unsent(self) -> list[Message]:
        """What it has said and not sent yet: where many events are run, it sends when there is much to send."""
        position, held = self.blackbox.seen_so_far()
        if position > self._received or self.fault is not None:
            return []  # what was before is still on its way
        fresh = held[self._read_to - position :]
        self._read_to += len(fresh)
        return self._decoder.feed(fresh)

    def last_messages(self) -> list[Message]:
        """All that is left of a worker whose process has ended, sent or not."""
        messages: list[Message] = []
        while not self.is_closed and (data := self._read()) is not None:
            messages += self._decoder.feed(data)
        return messages + self._decoder.feed(self.blackbox.after(self._read_to))

    def _read(self) -> bytes | None:
        """What is there to read and was not seen before; None when nothing is there yet."""
        try:
            data = self.stream.recv(_RECEIVE_SIZE)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        self.is_closed = not data
        seen = min(len(data), self._read_to - self._received)
        self._received += len(data)
        self._read_to = max(self._read_to, self._received)
        return data[seen:]

    def send(self, data: bytes) -> None:
        """Send now what fits; the rest when the stream takes more (`has_unsent`)."""
        self._unsent += data
        try:
            sent = self.stream.send(self._unsent)
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            self._unsent.clear()  # it is dead, and the end of its stream will say so
            return
        del self._unsent[:sent]

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def read_output(self) -> list[str] | None:
        """Lines printed in its process since the last call; None when nothing can come any more."""
        try:
            data = os.read(self.output, _OUTPUT_SIZE)
        except BlockingIOError:
            return []
        if not data:
            return None
        *lines, self._printed = (self._printed + data).split(b"\n")
        if len(self._printed) > _OUTPUT_SIZE:
            lines, self._printed = [*lines, self._printed], b""
        return [line.decode("utf-8", "replace") for line in lines if line.strip()]

    def last_output(self) -> list[str]:
        """What is left of it when the process has ended."""
        lines: list[str] = []
        while more := self.read_output():
            lines += more
        rest, self._printed = self._printed.decode("utf-8", "replace"), b""
        return [*lines, rest] if rest.strip() else lines

    def close(self) -> None:
        self.stream.close()
        os.close(self.output)
        self.blackbox.close()

    def leave_to_parent(self) -> None:
        """In a process that was forked: close the copies of descriptors."""
        self.stream.close()
        with contextlib.suppress(OSError):  # the parent was closing it just then
            os.close(self.output)
        self.blackbox.leave_to_parent()

    # -- what is known of it --------------------------------------------------------------------------------------

    @property
    def has_server(self) -> bool:
        """Whether the fork server that it comes from is there, and will say how it ended."""
        return not self._launcher.is_closed

    @property
    def has_begun(self) -> bool:
        """Whether its task was begun: of a chunk, any of its lists."""
        return self.blackbox.clock[0] != 0.0

    @property
    def place(self) -> tuple[int, int]:
        """Slot and statement that it runs, or ran when it died."""
        return self.blackbox.place[SLOT], self.blackbox.place[STATEMENT]

    @property
    def top(self) -> int:
        """Slot of the route that its event went to."""
        return self.blackbox.place[TOP]

    @property
    def index(self) -> int:
        """Which list of its chunk is running."""
        return self.blackbox.place[INDEX]

    @property
    def event_deadline(self) -> float:
        """When the running event of a chunk must have ended; its own deadline for anything else."""
        task = self.task
        if task is not None and isinstance(task.raised, Many) and self.state is State.RUNNING and self.has_begun:
            return self.blackbox.clock[0] + task.raised.timeout
        return self.deadline

    @property
    def ending(self) -> str:
        """How its process ended, in words."""
        return ended(self.status)

    @property
    def cause(self) -> Cause:
        """Why the run that it had, if it had one, is lost."""
        return self.end_cause or ("out of memory" if self.status == EXIT_OUT_OF_MEMORY else "worker died")

    def info(self, running: str | None) -> WorkerInfo:
        return WorkerInfo(self.number, self.pid, self.state.value, running, self.runs, _memory(self.pid))


@dataclass(slots=True)
class Restart:
    """Somebody waits until these workers are gone."""

    workers: set[Worker]
    done: Future[None] = field(default_factory=Future)

    def give_up(self) -> None:
        """Nobody will tell of them any more."""
        self.workers.clear()
        self.without(None)

    def without(self, worker: Worker | None) -> bool:
        """One more is gone; whether none is left."""
        self.workers.discard(worker)
        if not self.workers and not self.done.done():
            self.done.set_result(None)
        return not self.workers


def _memory(pid: int | None) -> int | None:
    """Resident memory of a process, in bytes."""
    if pid is None:
        return None
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # ended, or no /proc
        return None
