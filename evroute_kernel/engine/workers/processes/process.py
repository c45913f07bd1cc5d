"""The process of one worker: its stream, what it prints, its black box, and the signals that it gets."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from concurrent.futures import Future
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from evroute_kernel.engine.results.runs import WorkerInfo
from evroute_kernel.engine.state.program import Program, SentProgram
from evroute_kernel.engine.state.watches import NOBODY
from evroute_kernel.engine.workers.instructions import Give
from evroute_kernel.engine.workers.processes.launcher import Launcher
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.memory.room import anonymous_file
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.worker import blackbox
from evroute_kernel.worker.blackbox import STATEMENT, TOP, BlackBox
from evroute_kernel.worker.messages import Decoder, Message, StartWorker, Watch, WatchCommand, encode

_RECEIVE_SIZE: Final = 2**18
_OUTPUT_SIZE: Final = 2**16


class Process(Worker):
    """One worker with its process."""

    def __init__(
        self, number: int, launcher: Launcher, directory: Path, memory: int | None, version: ServerVersion, now: float
    ) -> None:
        self.pid: int | None = None
        #: why the system has refused it a process
        self.refusal: OSError | None = None
        #: what was printed in its process before it could run anything
        self.early: list[str] = []
        self.is_closed = False
        self._launcher = launcher
        self._sent = SentProgram()
        #: what it was told last of who watches; None: it may be more than that
        self._watched: Watch | None = NOBODY
        #: (run, watcher) of those that were told that nobody hears them
        self._ended: tuple[int, int] | None = None
        self._decoder = Decoder()
        #: how much of its stream has come, and how much was read: it may be seen before it is sent
        self._received = self._read_to = 0
        self._unsent = bytearray()
        self._printed = b""
        self._open(StartWorker(number, str(directory), memory, version))
        super().__init__(number, self.blackbox, now)

    def _open(self, message: StartWorker) -> None:
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
            self._launcher.start(message, theirs, output, box)
            undo.pop_all()

    # -- what it is told ------------------------------------------------------------------------------------------

    def give(self, order: Give, program: Program, watch: Watch) -> None:
        """Let it run its task, watched like this."""
        box, task = self.blackbox, order.task
        box.clock[0] = 0.0  # so that a worker that dies before it begins is known
        box.place[TOP] = task.slot
        box.is_wanted = order.is_wanted
        if order.kept is not None:
            order.kept.take(box.spool)
        frames = [encode(message) for message in self._sent.updates(program, task.slots)]
        if watch is not self._watched and watch != self._watched:
            self._watched = watch
            frames.append(encode(watch))
        self.send(b"".join([*frames, encode(task.message(order.run))]))

    def command(self, number: int, data: Any) -> None:
        """Something for the watcher of this number in the run that it has."""
        self._command(WatchCommand(number, data))

    def begin_watch(self, number: int, kind: str, asked: Any) -> None:
        """A watcher begins in the midst of the run that it has."""
        self._watched = None
        self._command(WatchCommand(number, asked, kind))

    def _command(self, command: WatchCommand) -> None:
        self.send(encode(command))
        self.blackbox.commands[0] += 1
        self.signal(signal.SIGUSR1)

    def end_watch(self, number: int) -> None:
        """Tell a watcher in its run that nobody hears it any more; once will do."""
        if self._ended != (self.run, number):
            self._ended = self.run, number
            self.command(number, None)

    def ask(self, message: Message, now: float) -> None:
        """Ask it something."""
        self.asked(now)
        self.send(encode(message))

    def strike(self) -> None:
        """End its run, if it listens to signals."""
        self.blackbox.interrupt = self.run
        self.signal(signal.SIGUSR1)

    def kill(self, now: float) -> None:
        """End it, whatever it does."""
        self.killed(now)
        self.signal(signal.SIGKILL)

    def give_up(self, error: Exception, now: float) -> None:
        """Something about it has failed in this process; it is killed, and its run is told why."""
        self.fault = self.fault or error
        self.kill(now)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
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

    def info(self, running: str | None) -> WorkerInfo:
        return WorkerInfo(self.number, self.pid, self.state.value, running, self.runs, _memory(self.pid))


@dataclass(slots=True)
class Restart:
    """Somebody waits until these workers are gone."""

    workers: set[Process]
    done: Future[None] = field(default_factory=Future)

    def give_up(self) -> None:
        """Nobody will tell of them any more."""
        self.workers.clear()
        self.without(None)

    def without(self, worker: Process | None) -> bool:
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
