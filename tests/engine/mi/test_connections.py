"""The HTTP door and connections: too many, idle ones, slow ones, and a process without descriptors."""

from __future__ import annotations

import json
import re
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.mi.doors import http
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session

OpenDoor = Callable[..., str]
Wait = Callable[[Callable[[], bool]], None]

SCRIPT = 'event_route[E_X] { xlog("$param(1)"); }'
DEADLINE = 30.0
HEAD = b"POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
WHICH = b'{"jsonrpc":"2.0","id":1,"method":"which"}'


def port_of(address: str) -> int:
    return int(address.split(":")[-1].partition("/")[0])


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def status(peer: socket.socket, request: bytes = WHICH) -> int:
    """The status of a reply to a request on a connection that is open; 0 when it has been closed."""
    peer.sendall(HEAD % len(request) + request)
    reply = peer.recv(1 << 16)
    return int(reply.split()[1]) if reply else 0


def is_answered(port: int) -> bool:
    """Whether a client is answered that comes now."""
    connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("POST", "/mi", WHICH, {"Content-Type": "application/json"})
        return b"get_statistics" in connection.getresponse().read()
    finally:
        connection.close()


@pytest.fixture
def peers() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


class TestBounds:
    def test_the_oldest_idle_one_makes_way(
        self, open_door: OpenDoor, peers: ExitStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "MOST_CONNECTIONS", 3)
        port = port_of(open_door("http:127.0.0.1:0"))
        first, second, third = (peers.enter_context(connected(port)) for _ in range(3))
        assert [status(peer) for peer in (second, first, third)] == [200, 200, 200]
        fourth = peers.enter_context(connected(port))
        assert second.recv(1) == b""
        assert [status(peer) for peer in (first, third, fourth)] == [200, 200, 200]

    def test_a_request_that_is_not_complete_protects_nobody(
        self, open_door: OpenDoor, peers: ExitStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "MOST_CONNECTIONS", 2)
        port = port_of(open_door("http:127.0.0.1:0"))
        for _ in range(2):
            peers.enter_context(connected(port)).sendall(HEAD % 1000 + b"{")
        assert is_answered(port)

    def test_those_in_work_are_waited_for(
        self,
        server: Server,
        open_door: OpenDoor,
        loaded: Session,
        peers: ExitStack,
        monkeypatch: pytest.MonkeyPatch,
        wait: Wait,
    ) -> None:
        from threading import Event

        monkeypatch.setattr(http, "MOST_CONNECTIONS", 2)
        go, workers = Event(), loaded.workers

        def slow() -> Any:
            assert go.wait(DEADLINE)
            return workers()

        monkeypatch.setattr(loaded, "workers", slow)
        address = open_door("http:127.0.0.1:0")
        port, door = port_of(address), server._doors[address][0]
        assert isinstance(door, http.HttpDoor)
        request = b'{"jsonrpc":"2.0","id":1,"method":"ps"}'
        busy = [peers.enter_context(connected(port)) for _ in range(2)]
        for peer in busy:
            peer.sendall(HEAD % len(request) + request)
        # one that has come without its request still may make way
        wait(lambda: len(door.connections._in_work) == 2)
        late = peers.enter_context(connected(port))
        late.sendall(HEAD % len(WHICH) + WHICH)
        go.set()
        for peer in (*busy, late):
            assert peer.recv(1 << 16).startswith(b"HTTP/1.1 200")

    def test_many_come_and_go(self, open_door: OpenDoor, peers: ExitStack) -> None:
        port = port_of(open_door("http:127.0.0.1:0"))
        for _ in range(3 * http.MOST_CONNECTIONS):
            peers.enter_context(connected(port))
        assert is_answered(port)


class TestSlowClients:
    @pytest.mark.parametrize("begun", [b"", b"POST /mi HTTP/1.1\r\nHost: local", b"\r\n\r\n\r\n"])
    def test_a_head_that_never_ends(
        self, open_door: OpenDoor, peers: ExitStack, monkeypatch: pytest.MonkeyPatch, begun: bytes
    ) -> None:
        monkeypatch.setattr(http, "IDLE", 0.05)
        peer = peers.enter_context(connected(port_of(open_door("http:127.0.0.1:0"))))
        peer.sendall(begun)
        assert peer.recv(1000) in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def test_limits_are_seconds(self) -> None:
        assert 1 <= http.PATIENCE <= http.IDLE <= 15

    def test_a_body_that_never_ends(
        self, open_door: OpenDoor, peers: ExitStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "PATIENCE", 0.05)
        peer = peers.enter_context(connected(port_of(open_door("http:127.0.0.1:0"))))
        peer.sendall(HEAD % 100 + b"{")
        assert peer.recv(1000) == b""

    def test_a_reply_that_is_not_taken(
        self, server: Server, open_door: OpenDoor, loaded: Session, peers: ExitStack, monkeypatch: Any, wait: Wait
    ) -> None:
        monkeypatch.setattr(http, "PATIENCE", 0.5)
        for i in range(300):
            loaded.shared.put("shv", f"v{i}", "x" * 100_000)
        address = open_door("http:127.0.0.1:0")
        peer = peers.enter_context(connected(port_of(address)))
        request = b'{"jsonrpc":"2.0","id":1,"method":"shv_get"}'
        peer.sendall(HEAD % len(request) + request)
        head = peer.recv(1000)
        assert head.startswith(b"HTTP/1.1 200")
        door = server._doors[address][0]
        assert isinstance(door, http.HttpDoor)
        wait(lambda: len(door.connections) == 0)
        assert len(peer.makefile("rb").read()) < 30_000_000  # it was cut off
        assert is_answered(port_of(address))


#: opens a door or a listener, uses up all descriptors, lets a client come, and gives descriptors back after some tries
WITHOUT_DESCRIPTORS = """
import json, os, resource, socket, sys
from time import monotonic, sleep
from evroute_kernel.engine.session.session import Session
import logging
logging.basicConfig(stream=sys.stderr, format="%(message)s")

tries = []
accept = socket.socket.accept
def counted(self):
    try:
        return accept(self)
    except BlockingIOError:
        raise
    except OSError:
        tries.append(monotonic())
        raise
socket.socket.accept = counted

with Session(workers=1) as session:
    session.load('event_route[E_X] { xlog("x"); }')
    if sys.argv[1] == "http":
        from evroute_kernel.engine.mi.management import Management
        from evroute_kernel.engine.mi.server import Server
        server = Server.of(session)
        where = "127.0.0.1", int(server.open("http:127.0.0.1:0", Management(session)).split(":")[2].partition("/")[0])
    else:
        from evroute_kernel.engine.live.addresses import ListenAddress, MiAddress
        from evroute_kernel.engine.live.listeners import open_listener
        found = []
        mi = MiAddress.parse("datagram:127.0.0.1:8080")
        server = open_listener(ListenAddress("tcp"), mi, found.append)
        server.start()
        where = "127.0.0.1", int(server.event_socket.split(":")[2])
    client = socket.socket()
    client.settimeout(30)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    taken = []
    while True:
        try:
            taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            break
    client.connect(where)
    deadline = monotonic() + 30
    while len(tries) < 4 and monotonic() < deadline:
        sleep(0.01)
    for descriptor in taken:
        os.close(descriptor)
    if sys.argv[1] == "http":
        body = b'{"jsonrpc":"2.0","id":1,"method":"which"}'
        client.sendall(b"POST /mi HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n")
        client.sendall(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
        answer = client.recv(12).decode()
    else:
        client.sendall(b'{"method":"E_A"}')
        while not found and monotonic() < deadline:
            sleep(0.01)
        answer = found[0].decode()
    client.close()
    server.close()
    print(json.dumps([answer, tries[3] - tries[0]]))
"""


@pytest.mark.parametrize(("kind", "answer"), [("http", "HTTP/1.1 200"), ("live", '{"method":"E_A"}')])
def test_without_descriptors_nothing_is_tried_in_vain(kind: str, answer: str) -> None:
    command = [sys.executable, "-c", WITHOUT_DESCRIPTORS, kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * DEADLINE, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answered, seconds = json.loads(done.stdout)
    assert answered == answer
    assert seconds > 0.5  # three pauses
    (line,) = done.stderr.splitlines()
    assert "takes no new connections for the moment: too many open files (see ulimit -n)" in line


@contextmanager
def serving(folder: Path, descriptors: int) -> Iterator[tuple[int, Path]]:
    """`evroute serve` with so many descriptors; the port of its HTTP door, and what it prints."""
    (folder / "x.cfg").write_text(SCRIPT)
    evroute = Path(sys.executable).with_name("evroute")
    command = f"ulimit -n {descriptors}; exec {evroute} serve --workers=1 --mi=http:127.0.0.1:0 {folder}/x.cfg"
    with (folder / "err").open("w") as err, subprocess.Popen(["sh", "-c", command], stderr=err) as process:
        try:
            yield port_told(process, folder / "err"), folder / "err"
        finally:
            process.terminate()
            assert process.wait(DEADLINE) == 0


def port_told(process: subprocess.Popen[bytes], err: Path) -> int:
    from threading import Event

    for _ in range(3000):
        if (found := re.search(r"listening on http:127\.0\.0\.1:(\d+)", err.read_text())) is not None:
            return int(found[1])
        assert process.poll() is None, err.read_text()
        Event().wait(0.01)
    raise AssertionError("it does not listen")


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell, for ulimit")
@pytest.mark.parametrize("descriptors", [48, 1024])
def test_as_many_idle_connections_as_descriptors(tmp_path: Path, peers: ExitStack, descriptors: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(2 * descriptors, 1200)
    wanted = count + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("this user may not have as many descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    peers.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
    with serving(tmp_path, descriptors) as (port, err):
        for _ in range(count):
            peers.enter_context(connected(port))
        assert is_answered(port)
        assert is_answered(port)
        lines = err.read_text().splitlines()
        assert len(lines) <= 2, lines[:20]
