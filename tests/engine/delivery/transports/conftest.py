"""Receivers for tests, in this process and in others, and transports without a session."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.delivery.transports.destination import Destination, OutgoingEvent, SessionView
from evroute_kernel.engine.delivery.transports.open_destinations import OpenDestinations
from evroute_kernel.engine.session.session import Session
from evroute_kernel.worker.sockets import look_up, parse

DEADLINE = 30.0

#: a program that receives: prints where, then what comes, as Python would write it
RECEIVER = """
import socket, sys
kind, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
receiver = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
receiver.bind(address if kind == "unix" else ("127.0.0.1", 0))
if kind == "tcp":
    receiver.listen()
print(address if kind == "unix" else receiver.getsockname()[1], flush=True)
if kind == "tcp":
    receiver, _ = receiver.accept()
    data = b""
    while len(data) < count:
        data += receiver.recv(65536)
    print(data)
else:
    for _ in range(count):
        print(receiver.recv(1 << 20))
"""


class Reader:
    """The program above, running."""

    def __init__(self, kind: str, address: str, count: int) -> None:
        command = [sys.executable, "-c", RECEIVER, kind, address, str(count)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        where = self.process.stdout.readline().strip()
        self.socket = f"unix:{where}" if kind == "unix" else f"{kind}:127.0.0.1:{where}"

    def result(self) -> list[bytes]:
        out, _ = self.process.communicate(timeout=DEADLINE)
        return [eval(line) for line in out.splitlines()]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass
class Peers:
    """Sockets of this process, closed with the test."""

    directory: Path
    stack: ExitStack = field(default_factory=ExitStack)

    def reader(self, kind: str, count: int) -> Reader:
        """Another process that takes so many datagrams, or bytes of a connection."""
        return self.keep(Reader(kind, str(self.directory / "reader.sock"), count))

    def udp(self) -> tuple[socket.socket, str]:
        receiver = self.bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        return receiver, f"udp:127.0.0.1:{receiver.getsockname()[1]}"

    def unix(self, name: str = "peer.sock") -> tuple[socket.socket, str]:
        path = str(self.directory / name)
        return self.bound(socket.AF_UNIX, socket.SOCK_DGRAM, path), f"unix:{path}"

    def tcp(self) -> tuple[socket.socket, str]:
        listener = self.bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        listener.listen()
        return listener, f"tcp:127.0.0.1:{listener.getsockname()[1]}"

    def dead(self) -> str:
        """An address where nobody listens."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            return f"tcp:127.0.0.1:{taken.getsockname()[1]}"

    def accept(self, listener: socket.socket) -> socket.socket:
        connection, _ = listener.accept()
        connection.settimeout(DEADLINE)
        return self.keep(connection)

    def bound(self, family: int, kind: int, address: Any) -> socket.socket:
        made = self.keep(socket.socket(family, kind))
        made.settimeout(DEADLINE)
        made.bind(address)
        return made

    def keep(self, closeable: Any) -> Any:
        self.stack.callback(closeable.close)
        return closeable


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    made = Peers(tmp_path)
    with made.stack:
        yield made


def take(connection: socket.socket, size: int) -> bytes:
    """Exactly so many bytes of a connection."""
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        assert more, f"closed after {data!r}"
        data += more
    return data


@pytest.fixture
def receive() -> Callable[[socket.socket, int], bytes]:
    return take


@dataclass
class Bench:
    """Transports without a session: module parameters to set, complaints to look at."""

    modparams: dict[tuple[str, str], list[int | str]] = field(default_factory=dict)
    complaints: list[tuple[str, str, str]] = field(default_factory=list)
    opened: list[Destination] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = SessionView(
            lambda: self.modparams,
            lambda socket, outgoing, words: self.complaints.append((socket, outgoing.event, words)),
            lambda text: text.replace("$var(n)", "7"),
        )
        self.destinations = OpenDestinations(session)

    def open(self, socket: str) -> Destination:
        address = parse(socket)
        destination = self.destinations.open(address, look_up(address))
        self.opened.append(destination)
        return destination

    def close(self) -> None:
        for destination in self.opened:
            destination.close()
        self.destinations.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def outgoing() -> type[OutgoingEvent]:
    return OutgoingEvent


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with one worker."""
    with Session(workers=1, timeout=DEADLINE) as opened:
        yield opened
