"""A real worker and the supervisor's end of it, as plain as can be: messages in, messages out."""

from __future__ import annotations

import marshal
import os
import selectors
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent
from time import monotonic
from typing import Any, TypeVar

import pytest

from evroute_kernel.engine.workers.processes.launcher import Launcher
from evroute_kernel.runtime.shared import make_directory, remove_directory
from evroute_kernel.worker.blackbox import STATEMENT, BlackBox
from evroute_kernel.worker.messages import (
    Booted,
    Decoder,
    LoadRoutes,
    LogLine,
    Message,
    RouteCode,
    RunEvents,
    SignalWorker,
    StartWorker,
    WorkerEnded,
    encode,
    plain,
)
from evroute_kernel.worker.spool import pack

DEADLINE = 30.0
MEMORY = 256 * 2**20
T = TypeVar("T")

# compiled routes have no built-in names; these take them from a function of the runtime
PROLOGUE = """
p = c.process
names = assign.__globals__["__builtins__"]
load, range, bytearray = names["__import__"], names["range"], names["bytearray"]
def at(statement):
    p.at[0] = statement
def say(text):
    p.emit((2, text, False, (p.at[1], p.at[0])))
"""


def handmade(slot: int, body: str, kind: str = "event_route", name: str = "E_T") -> RouteCode:
    """A route written in Python: `say(text)` logs, `at(n)` sets the statement, `load(name)` imports."""
    program = f"def route(c):\n{indent(PROLOGUE + body, '    ')}\n    return 1\n"
    namespace: dict[str, Any] = {}
    exec(compile(program, "<hand.cfg>", "exec"), namespace)
    return RouteCode(slot, kind, name, marshal.dumps(namespace["route"].__code__), ())


class Peer:
    """Talks to one worker."""

    handmade = staticmethod(handmade)

    def __init__(self, launcher: Launcher, directory: Path, memory: int | None = MEMORY) -> None:
        self.launcher = launcher
        self.decoder = Decoder()
        self.received = 0
        self.heard: list[Message] = []
        self.end: WorkerEnded | None = None
        self.stream, theirs = socket.socketpair()
        self.stream.settimeout(DEADLINE)
        self.output, output = os.pipe()
        with tempfile.TemporaryFile(dir=directory) as file:
            self.blackbox = BlackBox(file.fileno())
            self.blackbox.place[STATEMENT] = -1
            launcher.start(StartWorker(1, str(directory), memory), theirs, output, file.fileno())
        theirs.close()
        os.close(output)
        self.pid = self.until(Booted)[1].pid

    def load(self, *bodies: str, callable: dict[str, int] | None = None, error_route: int | None = None) -> None:
        """Routes with the slots 0, 1, ..."""
        routes = tuple(plain(handmade(slot, body)) for slot, body in enumerate(bodies))
        self.send(LoadRoutes(routes, callable or {}, error_route))

    def send(self, message: Message) -> None:
        self.stream.sendall(encode(message))

    def run(self, slot: int = 0, run: int = 1, room: int = 1000, params: Any = ()) -> None:
        self.send(RunEvents(run, pack("E_T", params, (slot,)), 1, 0, room, True))

    def until(self, wanted: type[T]) -> tuple[list[Message], T]:
        """Messages up to the next one of a class, and that one."""
        before: list[Message] = []
        while True:
            while self.heard:
                message = self.heard.pop(0)
                if isinstance(message, wanted):
                    return before, message
                before.append(message)
            data = self.stream.recv(2**16)
            assert data, f"the stream ended before {wanted.__name__}, after {before}"
            self.received += len(data)
            self.heard += self.decoder.feed(data)

    def texts(self, messages: list[Message]) -> list[str]:
        return [message.text for message in messages if isinstance(message, LogLine)]

    def rest(self) -> list[Message]:
        """All that comes until the stream ends, and what the black box holds after that."""
        while data := self.stream.recv(2**16):
            self.received += len(data)
            self.heard += self.decoder.feed(data)
        heard, self.heard = self.heard, []
        return heard + self.decoder.feed(self.blackbox.after(self.received))

    def signal(self, number: signal.Signals) -> None:
        self.launcher._stream.sendall(encode(SignalWorker(1, int(number))))

    def interrupt(self, run: int) -> None:
        self.blackbox.interrupt = run
        self.signal(signal.SIGUSR1)

    def ended(self) -> WorkerEnded:
        """How the process ended, once the fork server has reaped it."""
        while self.end is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self.launcher, selectors.EVENT_READ)
                assert selector.select(DEADLINE), "the fork server says nothing"
            messages = self.launcher.receive()
            assert messages is not None, "the fork server has ended"
            self.end = next((m for m in messages if isinstance(m, WorkerEnded)), None)
        return self.end

    def is_sleeping(self) -> bool:
        """Whether the process waits for something."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"

    def printed(self) -> str:
        """All that the worker printed, once it has ended."""
        text = b""
        while data := os.read(self.output, 2**16):
            text += data
        return text.decode()

    def close(self) -> None:
        self.stream.close()
        os.close(self.output)
        self.blackbox.close()


def wait_until(true: Callable[[], bool]) -> None:
    """Look again and again, for something that nothing tells us of."""
    end = monotonic() + DEADLINE
    while not true():
        assert monotonic() < end, "it did not become true in time"


@pytest.fixture(scope="module")
def launcher() -> Iterator[tuple[Launcher, Path]]:
    """One fork server for the tests of a file."""
    directory = make_directory()
    server = Launcher(directory)
    yield server, directory
    server.close()
    remove_directory(directory)


@pytest.fixture
def peer(launcher: tuple[Launcher, Path]) -> Iterator[Peer]:
    """A fresh worker."""
    opened = Peer(*launcher)
    yield opened
    if opened.end is None:
        opened.signal(signal.SIGKILL)
        opened.ended()
    opened.close()


@pytest.fixture
def wait() -> Callable[[Callable[[], bool]], None]:
    return wait_until
