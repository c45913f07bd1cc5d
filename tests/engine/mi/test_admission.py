"""Who may command a door, and what its clients can have written: by requests of this user and of another one."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.mi.addresses import AddressError
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session

OpenDoor = Callable[..., str]
Wait = Callable[[Callable[[], bool]], None]

SCRIPT = 'event_route[E_X] { xlog("$param(1)"); }'
DEADLINE = 30.0
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

#: sends requests as another user, prints the replies
OTHER = """
import encodings.idna, json, os, socket, sys  # nothing can be imported later
from http.client import HTTPConnection
from io import FileIO
address, *requests = sys.argv[1:]
kind, _, where = address.partition(":")
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for request in map(str.encode, requests):
    if kind == "datagram":
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(30)
        client.sendto(request, ("127.0.0.1", int(where.split(":")[1])))
        print(client.recv(65536).decode())
    elif kind == "http":
        client = HTTPConnection("127.0.0.1", int(where.split(":")[1].partition("/")[0]), timeout=30)
        client.request("POST", "/mi", request, {"Content-Type": "application/json"})
        print(client.getresponse().read().decode())
    elif kind == "unix":
        client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            client.sendto(request, where)
            print("sent")
        except PermissionError:
            print("not permitted")
    elif kind == "fifo":
        try:
            client = os.open(where, os.O_WRONLY)
        except PermissionError:
            print("not permitted")
        else:
            os.write(client, b"::" + request)
            print("sent")
"""


def call(method: str, *params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def as_another_user(address: str, *requests: str) -> list[str]:
    """What another user's client prints, a line for each request."""
    command = [sys.executable, "-I", "-c", OTHER, address, *requests]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other users pass through; those of pytest are closed to them."""
    path = Path(tempfile.mkdtemp(prefix="evroute-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


class Client:
    """A client of this user, at a datagram or HTTP door."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.kind, host, port = address.partition("/")[0].split(":")
        self.where = host, int(port)
        self.token = token

    def ask(self, method: str, *params: Any) -> Any:
        """The result, or (code, detail) of the error."""
        request = call(method, *params).encode()
        reply = json.loads(self._by_http(request) if self.kind == "http" else self._by_datagram(request))
        error = reply.get("error")
        return reply["result"] if error is None else (error["code"], error.get("data"))

    def _by_datagram(self, request: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE)
            client.sendto(request, self.where)
            return client.recv(1 << 16)

    def _by_http(self, request: bytes) -> bytes:
        connection = HTTPConnection(*self.where, timeout=DEADLINE)
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        connection.request("POST", "/mi", request, headers)
        try:
            return connection.getresponse().read()
        finally:
            connection.close()


class TestFilesOfOthers:
    """A door that every user of the machine reaches."""

    @needs_root
    @pytest.mark.parametrize("kind", ["datagram", "http"])
    def test_another_user_writes_no_file(self, open_door: OpenDoor, tmp_path: Path, loaded: Session, kind: str) -> None:
        keys = tmp_path / "authorized_keys"
        keys.write_text("mine\n")
        refused, *_ = as_another_user(
            open_door(f"{kind}:127.0.0.1:0"),
            call("event_subscribe", "E_X", f"flatstore:{keys}"),
            call("raise_event", "E_X", ["x\nssh-ed25519 AAAA other\n"]),
        )
        assert json.loads(refused)["error"]["code"] == 403
        assert keys.read_text() == "mine\n"
        assert [s.socket for s in loaded.subscribers("E_X")] == ["route:E_X"]

    @pytest.mark.parametrize("kind", ["datagram", "http"])
    @pytest.mark.parametrize(
        "target",
        [
            "flatstore:{0}/f",
            "unix:{0}/s",
            "virtual:PARALLEL udp:127.0.0.1:9 flatstore:{0}/f",
            "virtual:FAILOVER unix:{0}/s",
            "flatstore:relative",
            "flatstore:{0}/there/is/none",
            "kafka:127.0.0.1:9/t?g.plugin.library.paths=/tmp/x.so",
            "virtual:ROUND-ROBIN kafka:127.0.0.1:9/t?g.ssl.ca.location=/etc/shadow",
        ],
    )
    def test_what_is_refused(
        self, open_door: OpenDoor, loaded: Session, tmp_path: Path, kind: str, target: str
    ) -> None:
        client = Client(open_door(f"{kind}:127.0.0.1:0"))
        code, detail = client.ask("event_subscribe", "E_X", target.format(tmp_path))
        assert code == 403
        assert "door" in detail
        assert [s.socket for s in loaded.subscribers("E_X")] == ["route:E_X"]
        assert list(tmp_path.iterdir()) == []

    def test_what_clients_need_stays(self, open_door: OpenDoor, loaded: Session) -> None:
        client = Client(open_door("datagram:127.0.0.1:0"))
        sockets = ["udp:127.0.0.1:9", "tcp:127.0.0.1:9/m", "virtual:PARALLEL udp:127.0.0.1:9", "xmlrpc:127.0.0.1:9:m"]
        assert [client.ask("event_subscribe", "E_X", target) for target in sockets] == ["OK"] * len(sockets)

    def test_files_of_this_user_are_left_alone(self, open_door: OpenDoor, loaded: Session, tmp_path: Path) -> None:
        """What scripts subscribe is neither ended, renewed nor moved."""
        loaded.subscribe("E_X", f"flatstore:{tmp_path}/f", 1000)
        client = Client(open_door("datagram:127.0.0.1:0"))
        assert client.ask("evi_flat_rotate", f"{tmp_path}/f")[0] == 403
        assert client.ask("event_subscribe", "E_X", f"flatstore:{tmp_path}/f", 0)[0] == 403
        assert loaded.subscribers("E_X")[0].expire == 1000


class TestNamedFolders:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "named").mkdir()
        return tmp_path / "named"

    @pytest.fixture
    def client(self, open_door: OpenDoor, folder: Path) -> Client:
        return Client(open_door("datagram:127.0.0.1:0", files=[folder]))

    def test_files_are_for_their_owner(self, client: Client, folder: Path, wait: Wait, loaded: Session) -> None:
        before = os.umask(0)
        try:
            assert client.ask("event_subscribe", "E_X", f"flatstore:{folder}/f") == "OK"
            assert client.ask("raise_event", "E_X", ["a\nb\r\nc"]) == "OK"
            wait(lambda: (folder / "f").exists() and (folder / "f").read_bytes() == b"E_X,a b  c\n")
        finally:
            os.umask(before)
        assert (folder / "f").stat().st_mode & 0o777 == 0o600
        assert client.ask("evi_flat_rotate", f"{folder}/f") == "OK"

    def test_inner_folders(self, client: Client, folder: Path, loaded: Session) -> None:
        (folder / "inner").mkdir()
        (folder / "link").symlink_to("inner")
        assert client.ask("event_subscribe", "E_X", f"flatstore:{folder}/link/f") == "OK"
        loaded.raise_event("E_X", ["x"])
        assert (folder / "inner" / "f").read_bytes() == b"E_X,x\n"

    @pytest.mark.parametrize("path", ["../f", ".", "..", "out/f", "inner/../../f", "inner/back/f"])
    def test_ways_out(self, client: Client, folder: Path, path: str) -> None:
        (folder / "inner").mkdir()
        (folder / "inner" / "back").symlink_to("../..")
        (folder / "out").symlink_to(folder.parent)
        for kind in ("flatstore", "unix"):
            assert client.ask("event_subscribe", "E_X", f"{kind}:{folder}/{path}")[0] == 403

    def test_a_folder_whose_name_begins_alike(self, client: Client, folder: Path) -> None:
        folder.with_name("named2").mkdir()
        assert client.ask("event_subscribe", "E_X", f"flatstore:{folder}2/f")[0] == 403

    @pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
    def test_links_to_a_file_elsewhere(
        self, client: Client, folder: Path, loaded: Session, make: Callable[[Path, Path], None]
    ) -> None:
        elsewhere = folder.parent / "elsewhere"
        elsewhere.touch()
        make(folder / "f", elsewhere)
        client.ask("event_subscribe", "E_X", f"flatstore:{folder}/f")
        loaded.raise_event("E_X", ["x"])
        assert elsewhere.read_bytes() == b""
        assert loaded.subscribers("E_X")[0].failed == 1

    def test_a_parent_that_becomes_a_link(self, client: Client, folder: Path, loaded: Session) -> None:
        (folder / "inner").mkdir()
        (folder.parent / "other").mkdir()
        assert client.ask("event_subscribe", "E_X", f"virtual:PARALLEL flatstore:{folder}/inner/f") == "OK"
        (folder / "inner").rmdir()
        (folder / "inner").symlink_to(folder.parent / "other")
        loaded.raise_event("E_X", ["x"])
        assert list((folder.parent / "other").iterdir()) == []

    @pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir])
    def test_what_is_no_plain_file(
        self, client: Client, folder: Path, loaded: Session, make: Callable[[Path], None]
    ) -> None:
        assert client.ask("event_subscribe", "E_X", f"flatstore:{folder}/f") == "OK"
        make(folder / "f")
        loaded.raise_event("E_X", ["x"])
        assert loaded.subscribers("E_X")[0].failed == 1

    @needs_root
    def test_a_file_of_another_user(self, client: Client, folder: Path, loaded: Session) -> None:
        (folder / "f").touch()
        os.chown(folder / "f", NOBODY, NOBODY)
        assert client.ask("event_subscribe", "E_X", f"flatstore:{folder}/f") == "OK"
        loaded.raise_event("E_X", ["x"])
        assert (folder / "f").read_bytes() == b""

    def test_a_suffix_leads_nowhere_else(self, client: Client, folder: Path, loaded: Session) -> None:
        loaded.load('modparam("event_flatstore", "suffix", "/../../outside")\n' + SCRIPT)
        assert client.ask("event_subscribe", "E_X", f"flatstore:{folder}/f.") == "OK"
        (folder / "f.").mkdir()
        loaded.raise_event("E_X", ["x"])
        assert not (folder.parent / "outside").exists()

    def test_unix_sockets(self, client: Client, folder: Path, loaded: Session) -> None:
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inside,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outside,
        ):
            inside.bind(f"{folder}/s")
            outside.bind(f"{folder.parent}/s")
            inside.settimeout(DEADLINE)
            outside.setblocking(False)
            assert client.ask("event_subscribe", "E_X", f"unix:{folder}/s") == "OK"
            loaded.raise_event("E_X", ["x"])
            assert json.loads(inside.recv(1000))["params"] == ["x"]
            (folder / "s").unlink()
            (folder / "s").symlink_to(folder.parent / "s")
            loaded.raise_event("E_X", ["x"])
            assert loaded.subscribers("E_X")[0].failed == 1
            with pytest.raises(BlockingIOError):
                outside.recv(1000)

    def test_a_folder_that_is_none(self, open_door: OpenDoor, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "loop").symlink_to("loop")
        for name in ("none", "file", "loop", "x" * 300):
            with pytest.raises(AddressError, match=f"{name} is no folder"):
                open_door("datagram:127.0.0.1:0", files=[tmp_path / name])


class TestSession:
    def test_a_subscription_on_behalf_of_somebody_else(self, loaded: Session, tmp_path: Path) -> None:
        from evroute_kernel.engine.delivery.interface import OutOfReachError

        with pytest.raises(OutOfReachError, match="write no files"):
            loaded.subscribe("E_X", f"flatstore:{tmp_path}/f", within=[])
        with pytest.raises(OutOfReachError, match="alone"):
            loaded.subscribe("E_X", f"flatstore:{tmp_path}/../f", within=[str(tmp_path)])
        loaded.subscribe("E_X", f"flatstore:{tmp_path}/f", within=[str(tmp_path)])


def is_broken(fifo: FileIO) -> bool:
    """Whether nobody can read any more what is written to a FIFO that has been open."""
    try:
        fifo.write(b"::" + call("raise_event", "E_X", ["later"]).encode())
    except BrokenPipeError:
        return True
    return False


class TestWhoMay:
    def test_it_is_told(self, server: Server, open_door: OpenDoor, tmp_path: Path) -> None:
        told = [
            server.greeting(open_door(address, **options)).partition(" (")[2].removesuffix(")")
            for address, options in (
                (f"unix:{tmp_path}/u", {}),
                (f"fifo:{tmp_path}/f", {"files": [tmp_path]}),
                ("datagram:127.0.0.1:0", {}),
                ("http:127.0.0.1:0", {"files": [str(tmp_path)]}),
                ("http:127.0.0.1:0", {"token": "secret"}),
            )
        ]
        assert told == [
            "this user and root may command it",
            f"this user and root may command it, and write files in {tmp_path}",
            "every user of this machine may command it, but not write files",
            f"every user of this machine may command it, and write files in {tmp_path}",
            "whoever has the token may command it",
        ]
        assert [door.clients for door in server.doors()] == told

    def test_who_has_the_token_may_have_files(self, open_door: OpenDoor, tmp_path: Path) -> None:
        client = Client(open_door("http:127.0.0.1:0", token="secret"), "secret")
        assert client.ask("event_subscribe", "E_X", f"flatstore:{tmp_path}/f") == "OK"

    def test_this_user_may_have_files(self, open_door: OpenDoor, tmp_path: Path) -> None:
        open_door(f"unix:{tmp_path}/mi")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE)
            client.bind(f"{tmp_path}/own")
            client.sendto(call("event_subscribe", "E_X", f"flatstore:{tmp_path}/f").encode(), f"{tmp_path}/mi")
            assert json.loads(client.recv(1000))["result"] == "OK"

    @needs_root
    def test_a_unix_socket_that_others_can_write_to(
        self, server: Server, open_door: OpenDoor, loaded: Session, reachable: Path, wait: Wait
    ) -> None:
        address = open_door(f"unix:{reachable}/mi")
        raises = call("raise_event", "E_X", ["other"])
        assert as_another_user(address, raises) == ["not permitted"]
        (reachable / "mi").chmod(0o666)
        assert as_another_user(address, raises, raises) == ["sent", "sent"]
        wait(lambda: server.doors()[0].refused == 2)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(call("raise_event", "E_X", ["own"]).encode(), f"{reachable}/mi")
        wait(lambda: [record.text for record in loaded.log] == ["own"])

    @needs_root
    def test_a_fifo_that_others_can_write_to(
        self, server: Server, open_door: OpenDoor, loaded: Session, reachable: Path, wait: Wait
    ) -> None:
        address = open_door(f"fifo:{reachable}/mi", reply_directory=str(reachable))
        assert as_another_user(address, call("raise_event", "E_X", ["other"])) == ["not permitted"]
        (reachable / "mi").chmod(0o622)
        assert as_another_user(address, call("raise_event", "E_X", ["other"])) == ["sent"]
        wait(lambda: server.doors()[0].refused == 1)
        (reachable / "mi").write_bytes(b"::" + call("raise_event", "E_X", ["own"]).encode())
        wait(lambda: [record.text for record in loaded.log] == ["own"])

    def test_a_fifo_that_was_open_to_others_is_made_anew(
        self, server: Server, open_door: OpenDoor, loaded: Session, tmp_path: Path, wait: Wait
    ) -> None:
        """Whoever opened it then would keep it open when its mode has become what it was."""
        open_door(f"fifo:{tmp_path}/mi", reply_directory=str(tmp_path))
        (tmp_path / "mi").chmod(0o622)
        with (tmp_path / "mi").open("wb", buffering=0) as opened_then:
            opened_then.write(b"::" + call("raise_event", "E_X", ["then"]).encode())
            wait(lambda: server.doors()[0].refused == 1)
            assert (tmp_path / "mi").stat().st_mode & 0o777 == 0o600
            # a fork server that is just being started has copies of all descriptors until it is a program of its own
            wait(lambda: is_broken(opened_then))
        (tmp_path / "mi").write_bytes(b"::" + call("raise_event", "E_X", ["own"]).encode())
        wait(lambda: [record.text for record in loaded.log] == ["own"])
        assert [path.name for path in tmp_path.iterdir()] == ["mi"]

    @needs_root
    def test_a_reply_goes_into_no_fifo_of_another_user(self, open_door: OpenDoor, reachable: Path) -> None:
        open_door(f"fifo:{reachable}/mi", reply_directory=str(reachable))
        for name in ("theirs", "own"):
            os.mkfifo(reachable / name)
        os.chown(reachable / "theirs", NOBODY, NOBODY)
        theirs = os.open(reachable / "theirs", os.O_RDONLY | os.O_NONBLOCK)
        try:
            (reachable / "mi").write_bytes(b":theirs:%b:own:%b" % ((call("which").encode(),) * 2))
            assert b"get_statistics" in (reachable / "own").read_bytes()
            assert os.read(theirs, 1000) == b""
        finally:
            os.close(theirs)

    def test_whoever_opened_a_door_is_told_once(self, loaded: Session, tmp_path: Path, wait: Wait) -> None:
        from evroute_kernel.engine.mi.management import Management

        told: list[str] = []
        server = Server(loaded)
        try:
            server.open(f"fifo:{tmp_path}/mi", Management(loaded, tell=told.append))
            for number in (1, 2):
                (tmp_path / "mi").chmod(0o620)
                (tmp_path / "mi").write_bytes(b"::[]")
                wait(lambda number=number: server.doors()[0].refused == number)  # type: ignore[misc]
        finally:
            server.close()
        (sentence,) = told
        assert "has dropped a request: its mode was changed" in sentence


def test_the_command_line_is_told_without_the_token(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["evroute", "serve", "--token", "secret", "--token=secret", "--tokens"])
    assert ask("arg")["result"] == ["evroute", "serve", "--token", "...", "--token=...", "--tokens"]
