"""Doors, by real sockets, FIFO files and HTTP: good requests and bad ones."""

from __future__ import annotations

import gc
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.mi.addresses import AddressError
from evroute_kernel.engine.mi.doors.datagram import DatagramDoor
from evroute_kernel.engine.mi.doors.door import Pace
from evroute_kernel.engine.mi.doors.fifo import Requests
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session

OpenDoor = Callable[..., str]
Wait = Callable[[Callable[[], bool]], None]

SCRIPT = 'event_route[E_X] { xlog("$param(1)"); }'
DEADLINE = 30.0
PWD = b'{"jsonrpc":"2.0","id":%d,"method":"pwd"}'
WHERE = b'{"jsonrpc":"2.0","result":{"WD":"%b"},"id":%d}'
PARSE_ERROR = b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}'


def pwd(number: int = 1) -> bytes:
    return WHERE % (bytes(Path.cwd()), number)


def port_of(address: str) -> int:
    return int(address.split(":")[-1].partition("/")[0])


def fill(session: Session) -> None:
    """Variables that make a reply of 100 kB."""
    for i in range(100):
        session.shared.put("shv", f"v{i}", "x" * 1000)


class Datagrams:
    """A client of a datagram door."""

    def __init__(self, address: str, own_path: str) -> None:
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(own_path)
            self.socket.connect(address.removeprefix("unix:"))
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.connect(("127.0.0.1", port_of(address)))
        self.socket.settimeout(DEADLINE)

    def ask(self, message: bytes) -> bytes:
        self.socket.send(message)
        return self.socket.recv(1 << 16)


@pytest.fixture(params=["datagram", "unix"])
def client(request: pytest.FixtureRequest, open_door: OpenDoor, tmp_path: Path) -> Any:
    address = open_door("datagram:127.0.0.1:0" if request.param == "datagram" else f"unix:{tmp_path}/mi")
    found = Datagrams(address, f"{tmp_path}/reply")
    yield found
    found.socket.close()


class TestDatagrams:
    def test_requests_and_replies(self, client: Datagrams) -> None:
        assert client.ask(PWD % 1) == pwd()
        assert client.ask(PWD % 2) == pwd(2)

    @pytest.mark.parametrize("message", [b"garbage", b"\xff\xfe", b"{", b"[" * 60_000])
    def test_garbage_disturbs_nothing(self, client: Datagrams, message: bytes) -> None:
        assert client.ask(message) == PARSE_ERROR
        client.socket.send(b"")
        assert client.ask(PWD % 2) == pwd(2)

    def test_a_notification_is_carried_out(self, client: Datagrams, loaded: Session, wait: Wait) -> None:
        client.socket.send(b'{"jsonrpc":"2.0","method":"raise_event","params":["E_X",["quiet"]]}')
        assert client.ask(PWD % 1) == pwd()
        wait(lambda: [r.text for r in loaded.log] == ["quiet"])

    def test_large_requests(self, client: Datagrams, loaded: Session, wait: Wait) -> None:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        text = "x" * 4000
        request = {"jsonrpc": "2.0", "id": 1, "method": "raise_event", "params": ["E_X", [text] * 15]}
        assert client.ask(json.dumps(request).encode()) == b'{"jsonrpc":"2.0","result":"OK","id":1}'
        wait(lambda: [r.text for r in loaded.log] == [text])

    def test_a_reply_too_long_for_a_datagram(self, open_door: OpenDoor, loaded: Session, tmp_path: Path) -> None:
        fill(loaded)
        client = Datagrams(open_door("datagram:127.0.0.1:0"), "")
        try:
            error = json.loads(client.ask(b'{"jsonrpc":"2.0","id":1,"method":"shv_get"}'))["error"]
            assert "too long for a datagram" in error["data"]
            assert client.ask(PWD % 2) == pwd(2)
        finally:
            client.socket.close()

    def test_a_client_that_is_gone_disturbs_nobody(self, open_door: OpenDoor, tmp_path: Path) -> None:
        address = open_door(f"unix:{tmp_path}/mi")
        gone, stays = Datagrams(address, f"{tmp_path}/gone"), Datagrams(address, f"{tmp_path}/stays")
        gone.socket.send(PWD % 1)
        gone.socket.close()
        (tmp_path / "gone").unlink()
        assert stays.ask(PWD % 2) == pwd(2)
        stays.socket.close()


class TestFiles:
    @pytest.mark.parametrize("kind", ["unix", "fifo"])
    def test_they_are_for_their_owner_and_go(
        self, server: Server, open_door: OpenDoor, tmp_path: Path, kind: str
    ) -> None:
        path = tmp_path / "mi"
        before = os.umask(0)
        try:
            address = open_door(f"{kind}:{path}")
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert server.close_door(address)
        assert not path.exists()
        assert not server.close_door(address)

    @pytest.mark.parametrize("kind", ["unix", "fifo"])
    @pytest.mark.parametrize("make", [Path.touch, Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
    def test_other_files_are_left_alone(
        self, open_door: OpenDoor, tmp_path: Path, kind: str, make: Callable[[Path], object]
    ) -> None:
        path = tmp_path / "mi"
        make(path)
        before = path.lstat()
        with pytest.raises(AddressError, match="exists already"):
            open_door(f"{kind}:{path}")
        assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)

    @pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
    def test_the_socket_of_a_killed_process_makes_way(self, open_door: OpenDoor, tmp_path: Path, kind: int) -> None:
        path = tmp_path / "mi"
        with socket.socket(socket.AF_UNIX, kind) as other:
            other.bind(str(path))
            if kind == socket.SOCK_STREAM:
                other.listen()
            with pytest.raises(AddressError, match="exists already"):
                open_door(f"unix:{path}")
        before = path.lstat().st_ino
        client = Datagrams(open_door(f"unix:{path}"), str(tmp_path / "client"))
        assert "result" in json.loads(client.ask(PWD % 1))
        client.socket.close()
        assert before != path.lstat().st_ino or path.is_socket()

    @pytest.mark.parametrize("kind", ["unix", "fifo"])
    def test_a_file_put_in_its_place_stays(
        self, server: Server, open_door: OpenDoor, tmp_path: Path, kind: str
    ) -> None:
        address = open_door(f"{kind}:{tmp_path}/mi")
        (tmp_path / "other").touch()
        (tmp_path / "other").rename(tmp_path / "mi")
        server.close_door(address)
        assert (tmp_path / "mi").exists()

    def test_a_folder_that_is_not_there(self, open_door: OpenDoor, tmp_path: Path) -> None:
        for kind in ("unix", "fifo"):
            with pytest.raises(AddressError, match="cannot listen") as refused:
                open_door(f"{kind}:{tmp_path}/nowhere/mi")
            assert refused.value.diagnostics[0].hint == "the folder must exist; make it first"


class Fifo:
    """A client of a FIFO door."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.reply = folder / "reply"
        os.mkfifo(self.reply)

    def write(self, data: bytes) -> None:
        with self.path.open("wb", buffering=0) as fifo:
            fifo.write(data)

    def ask(self, request: bytes) -> bytes:
        self.write(b":reply:" + request)
        return self.reply.read_bytes()


@pytest.fixture
def fifo(open_door: OpenDoor, tmp_path: Path) -> Fifo:
    open_door(f"fifo:{tmp_path}/mi", reply_directory=str(tmp_path))
    return Fifo(tmp_path / "mi", tmp_path)


class TestFifo:
    def test_requests_and_replies(self, fifo: Fifo) -> None:
        assert fifo.ask(PWD % 1) == pwd()
        assert fifo.ask((PWD % 2) + b"\n") == pwd(2)

    def test_garbage_is_answered(self, fifo: Fifo) -> None:
        assert fifo.ask(b"garbage") == PARSE_ERROR
        assert fifo.ask(PWD % 2) == pwd(2)

    def test_what_has_no_header_is_passed_over(self, fifo: Fifo) -> None:
        fifo.write(b"no header at all\n")
        assert fifo.ask(PWD % 2) == pwd(2)

    def test_a_name_that_no_file_has(self, fifo: Fifo, caplog: pytest.LogCaptureFixture) -> None:
        fifo.write(b":no\0file:" + PWD % 1)
        assert fifo.ask(PWD % 2) == pwd(2)
        gc.collect()  # a task that failed says so when it is collected
        assert not caplog.records

    def test_a_notification_ends_the_waiting(self, fifo: Fifo) -> None:
        assert fifo.ask(b'{"jsonrpc":"2.0","method":"pwd"}') == b""

    def test_a_request_in_pieces(self, fifo: Fifo) -> None:
        request = PWD % 3
        fifo.write(b":reply:" + request[:20])
        fifo.write(request[20:])
        assert fifo.reply.read_bytes() == pwd(3)

    def test_nobody_reads(self, fifo: Fifo, loaded: Session, wait: Wait) -> None:
        """Neither a reader that vanished nor a reply that nobody wants holds anything up."""
        os.mkfifo(fifo.path.with_name("vanished"))
        raises = b'{"jsonrpc":"2.0","id":1,"method":"raise_event","params":["E_X",["%b"]]}'
        for name in (b"vanished", b"nowhere", b"", b"../reply", b"mi.x"):
            fifo.write(b":%b:" % name + raises % (name or b"none"))
        assert fifo.ask(PWD % 2) == pwd(2)
        wait(lambda: len(loaded.log) == 5)

    def test_a_reply_goes_into_no_other_file(self, fifo: Fifo, loaded: Session, wait: Wait) -> None:
        for name, make in (("plain", Path.touch), ("link", lambda path: path.symlink_to(fifo.reply))):
            path = fifo.path.with_name(name)
            make(path)
            fifo.write(b":%b:" % name.encode() + PWD % 1)
        assert fifo.ask(PWD % 2) == pwd(2)
        assert fifo.path.with_name("plain").read_bytes() == b""

    def test_a_reply_larger_than_a_pipe(self, fifo: Fifo, loaded: Session) -> None:
        fill(loaded)
        reply = fifo.ask(b'{"jsonrpc":"2.0","id":1,"method":"shv_get"}')
        assert len(json.loads(reply)["result"][0]) == 100


class TestRequests:
    """How what is written to a FIFO file is cut."""

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_any_pieces(self, size: int) -> None:
        data = '\n:a:{"x":"ä:b:{"} :b:[1] trailing :c:{"y":{}}'.encode()
        requests, found = Requests(), []
        for start in range(0, len(data), size):
            found += [
                (name, str(getattr(value, "pairs", value))) for name, value in requests.feed(data[start : start + size])
            ]
        assert found[:2] == [("a", "[('x', 'ä:b:{')]"), ("b", "[1]")]
        assert [name for name, _ in requests.give_up()] == ["c"]
        assert requests.is_empty

    def test_a_broken_one_before_a_good_one(self) -> None:
        requests = Requests()
        assert list(requests.feed(b':a:{"x":nonsense:b:{"y":1}')) == []
        assert [(name, value is None) for name, value in requests.give_up()] == [("a", True), ("b", False)]

    def test_thousands_that_are_never_completed(self) -> None:
        requests = Requests()
        assert list(requests.feed(b":a:{" * 20_000)) == []
        assert {value for _, value in requests.give_up()} == {None}
        assert requests.is_empty

    def test_too_long(self) -> None:
        requests = Requests()
        assert [name for name, _ in requests.feed(b':a:"' + b"x" * (1 << 20))] == ["a"]
        assert requests.is_empty


class TestHttp:
    @pytest.fixture
    def post(self, open_door: OpenDoor) -> Any:
        connection = HTTPConnection("127.0.0.1", port_of(open_door("http:127.0.0.1:0/mi")), timeout=DEADLINE)

        def post(body: bytes | str = b"", method: str = "POST", path: str = "/mi", **headers: str) -> tuple[int, bytes]:
            told = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
            connection.request(method, path, body, told)
            response = connection.getresponse()
            return response.status, response.read()

        yield post
        connection.close()

    def test_requests_and_replies(self, post: Any) -> None:
        assert post(PWD % 1) == (200, pwd())
        assert post(PWD % 2, path="/mi/", Content_Type="application/json; charset=utf-8") == (200, pwd(2))

    def test_what_is_no_request(self, post: Any) -> None:
        assert post(b"garbage") == (200, PARSE_ERROR)
        assert post(b'{"jsonrpc":"2.0","method":"pwd"}') == (202, b"")
        assert post(b"") == (400, b"")
        assert post(PWD % 1, Content_Type="text/plain") == (400, b"")
        assert post(method="GET") == (405, b"")
        assert post(method="PUT")[0] == post(method="OPTIONS")[0] == 406
        assert post(PWD % 1, path="/other") == (400, b"<html><body>Unable to parse URL!</body></html>")
        assert post(PWD % 1, path="/mining")[0] == 400
        assert post(PWD % 2) == (200, pwd(2))

    def test_other_hosts_are_refused(self, post: Any) -> None:
        """A web page whose name leads here must not reach in."""
        assert post(PWD % 1, Host="evil.example:8888")[0] == 403
        assert post(PWD % 1, Host="192.0.2.1")[0] == 403
        assert post(PWD % 1, Host="localhost:1")[0] == post(PWD % 1, Host="[::1]:1")[0] == 200

    def test_a_token(self, open_door: OpenDoor) -> None:
        port = port_of(open_door("http:127.0.0.1:0/mi", token="secret"))
        for given, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Bearer secret"}, 200),
        ):
            connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
            connection.request("POST", "/mi", PWD % 1, {"Content-Type": "application/json"} | given)
            assert connection.getresponse().status == status
            connection.close()

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    def test_a_token_that_is_not_of_ascii(self, open_door: OpenDoor, encoding: str) -> None:
        """Clients send it in one encoding or the other; `?` stands for nothing."""
        port = port_of(open_door("http:127.0.0.1:0/mi", token="Zo\xeb"))
        for given, status in (("Zo\xeb", 200), ("Zo?", 401), ("Zoe", 401)):
            connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
            headers = {"Content-Type": "application/json", "Authorization": b"Bearer " + given.encode(encoding)}
            connection.request("POST", "/mi", PWD % 1, headers)  # type: ignore[arg-type]
            assert connection.getresponse().status == status
            connection.close()

    def test_a_body_that_is_too_long(self, open_door: OpenDoor) -> None:
        port = port_of(open_door("http:127.0.0.1:0/mi"))
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as peer:
            head = "POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            head += f"Content-Length: {2 << 20}\r\n\r\n"
            peer.sendall(head.encode())
            assert peer.recv(1000).startswith(b"HTTP/1.1 400") or peer.recv(1000) == b""

    def test_half_open_peers_disturb_nobody(self, post: Any, open_door: OpenDoor) -> None:
        port = port_of(open_door("http:127.0.0.1:0/mi"))
        peers = [socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) for _ in range(20)]
        for peer in peers:
            peer.sendall(b"POST /mi HTTP/1.1\r\nContent-Length: 10\r\n\r\n{")
        connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        connection.request("POST", "/mi", PWD % 1, {"Content-Type": "application/json"})
        assert connection.getresponse().read() == pwd()
        for closeable in (connection, *peers):
            closeable.close()


class TestServer:
    @pytest.mark.parametrize(("kind", "type_"), [("datagram", socket.SOCK_DGRAM), ("http", socket.SOCK_STREAM)])
    def test_a_port_that_is_taken(self, server: Server, open_door: OpenDoor, kind: str, type_: int) -> None:
        with socket.socket(socket.AF_INET, type_) as other:
            other.bind(("127.0.0.1", 0))
            if kind == "http":
                other.listen()
            with pytest.raises(AddressError, match=r"cannot listen on .*: Address already in use") as refused:
                open_door(f"{kind}:127.0.0.1:{other.getsockname()[1]}")
        assert "choose another port" in str(refused.value.diagnostics[0].hint)
        assert server.doors() == []

    @pytest.mark.parametrize("address", ["datagram:127.0.0.1:0", "unix:{}/mi", "fifo:{}/mi", "http:127.0.0.1:0"])
    def test_opened_again(self, server: Server, open_door: OpenDoor, tmp_path: Path, address: str) -> None:
        first = open_door(address.format(tmp_path))
        assert open_door(first) == first
        assert [door.address for door in server.doors()] == [first]
        assert server.close_door(first)

    def test_nothing_is_left(self, server: Server, open_door: OpenDoor, tmp_path: Path) -> None:
        before = set(threading.enumerate())
        addresses = [open_door(a) for a in (f"unix:{tmp_path}/a", f"fifo:{tmp_path}/b", "http:127.0.0.1:0")]
        for address in addresses:
            client = Datagrams(address, f"{tmp_path}/c") if address.startswith("unix:") else None
            if client is not None:
                assert client.ask(PWD % 1) == pwd()
                client.socket.close()
                (tmp_path / "c").unlink()
        assert [door.address for door in server.doors()] == addresses
        server.close()
        server.close()
        assert server.doors() == []
        assert list(tmp_path.iterdir()) == []
        left = set(threading.enumerate()) - before
        for thread in left:  # what has nothing to do any more ends by itself, and nobody waits for that
            thread.join(10)
        assert {thread.name for thread in left if thread.is_alive()} == set()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port_of(addresses[-1])))

    def test_it_goes_with_the_session(self, tmp_path: Path) -> None:
        from evroute_kernel.engine.mi.management import Management

        with Session(workers=1) as session:
            server = Server.of(session)
            assert Server.of(session) is server
            server.open(f"fifo:{tmp_path}/mi", Management(session))
        assert not (tmp_path / "mi").exists()

    def test_requests_are_counted(self, server: Server, open_door: OpenDoor) -> None:
        client = Datagrams(address := open_door("datagram:127.0.0.1:0"), "")
        client.ask(PWD % 1)
        client.socket.close()
        (door,) = server.doors()
        assert (door.address, door.requests, door.pending) == (address, 1, 0)


def test_the_pace() -> None:
    now = 0.0
    pace = Pace(10, clock=lambda: now)
    assert [pace.delay() for _ in range(10)] == [0.0] * 10
    assert pace.delay() == pytest.approx(0.1)
    assert pace.delay() == pytest.approx(0.2)
    now = 5.0
    assert [pace.delay() for _ in range(10)] == [0.0] * 10
    assert pace.delay() > 0


def test_a_door_is_opened_again_while_a_new_process_has_copies_of_its_descriptors(
    server: Server, open_door: OpenDoor
) -> None:
    """As each process has between its fork and its exec; here it keeps them until its input ends."""
    address = open_door("datagram:127.0.0.1:0")
    door = server._doors[address][0]
    assert isinstance(door, DatagramDoor)
    assert door._socket is not None
    copied = (door._socket.fileno(),)
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, pass_fds=copied) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        threading.Timer(0.2, process.stdin.close).start()
        assert open_door(address) == address
