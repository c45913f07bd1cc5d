"""Doors at full speed: many clients as processes, none loses anything, none holds up another one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.results.runs import BatchResult
from evroute_kernel.engine.session.session import Session

OpenDoor = Callable[..., str]
Wait = Callable[[Callable[[], bool]], None]

#: raises events and waits for each answer
CLIENT = Path(__file__).parents[3] / "benchmarks" / "clients.py"
DEADLINE = 60.0
RAISES = 2000
CLIENTS = 4
SCRIPT = """
event_route[E_BENCH] { $shv(n) += 1; }
event_route[E_X] { xlog("$param(1)"); }
event_route[E_SLOW] { $shv(begun) += 1; sleep(60); }
"""
KINDS = {
    "datagram": "datagram:127.0.0.1:0",
    "unix": "unix:{folder}/mi",
    "fifo": "fifo:{folder}/mi",
    "http": "http:127.0.0.1:0",
}


def raising(event: str, *params: object, number: int = 1) -> bytes:
    request = {"jsonrpc": "2.0", "id": number, "method": "raise_event", "params": [event, list(params)]}
    return json.dumps(request).encode()


def opened(door: OpenDoor, kind: str, folder: Path) -> str:
    """A door's address as clients take it."""
    address = door(KINDS[kind].format(folder=folder), reply_directory=str(folder))
    return address.partition(":")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_clients_that_wait_for_each_answer(
    open_door: OpenDoor, server: Server, loaded: Session, tmp_path: Path, kind: str, wait: Wait
) -> None:
    """Each gets all its answers, in order, and each event is run."""
    address = opened(open_door, kind, tmp_path)
    command = [sys.executable, str(CLIENT), kind, address, str(RAISES)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen([*command, f"c{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for number in range(CLIENTS)
        ]
        told = [client.communicate("\n", timeout=DEADLINE)[0].splitlines() for client in running]
    assert [lines[0] for lines in told] == ["ready"] * CLIENTS
    assert [client.returncode for client in running] == [0] * CLIENTS  # an answer to another request is an error
    wait(lambda: server.doors()[0].pending == 0)
    assert loaded.shared.get("shv", "n") == CLIENTS * RAISES
    assert server.doors()[0].requests == CLIENTS * RAISES


class Client:
    """A client of a datagram door."""

    def __init__(self, address: str, own: Path | None = None) -> None:
        if own is None:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.connect(("127.0.0.1", int(address.rpartition(":")[2])))
        else:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(str(own))
            self.socket.connect(address)
        self.socket.settimeout(DEADLINE)

    def ask(self, request: bytes) -> Any:
        self.socket.send(request)
        return json.loads(self.socket.recv(1 << 16))


def asked(kind: str, address: str, request: bytes) -> Any:
    """The answer to one request."""
    if kind == "http":
        connection = HTTPConnection(address.partition("/")[0], timeout=DEADLINE)
        connection.request("POST", "/mi", request, {"Content-Type": "application/json"})
        with closing(connection):
            return json.loads(connection.getresponse().read())
    client = Client(address)
    with closing(client.socket):
        return client.ask(request)


def is_answered(client: Client) -> bool:
    client.socket.send(b'{"jsonrpc":"2.0","id":1,"method":"pwd"}')
    try:
        return "result" in json.loads(client.socket.recv(1 << 16))
    except TimeoutError:
        return False


#: sends requests and reads no reply, until it is killed
FLOOD = """
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(("127.0.0.1", int(sys.argv[1])))
request = sys.argv[2].encode()
print("ready", flush=True)
while True:
    try:
        client.send(request)
    except OSError:
        pass
"""


@pytest.mark.parametrize("other", ["datagram", "http"])
def test_others_are_answered_during_a_flood(
    open_door: OpenDoor, server: Server, tmp_path: Path, other: str, wait: Wait
) -> None:
    """At the same door, and at another one."""
    flooded = opened(open_door, "datagram", tmp_path)
    address = opened(open_door, other, tmp_path)
    command = [sys.executable, "-c", FLOOD, flooded.rpartition(":")[2], raising("E_BENCH", "x").decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as flood:
        try:
            assert flood.stdout is not None
            assert flood.stdout.readline() == b"ready\n"
            wait(lambda: server.doors()[0].requests > 1000)
            for number in range(100):
                answered = asked(other, address, raising("E_BENCH", "x", number=number))
                assert answered["id"] == number
                assert answered.get("result") == "OK" or answered["error"]["code"] == 500  # so many wait already
            same = Client(flooded)
            same.socket.settimeout(0.1)
            wait(lambda: is_answered(same))  # again and again, for a datagram may find the door's queue full
            same.socket.close()
        finally:
            flood.kill()


def test_a_client_that_never_reads(open_door: OpenDoor, loaded: Session, tmp_path: Path, wait: Wait) -> None:
    """Its requests are carried out, its replies are lost, and others are answered."""
    address = opened(open_door, "unix", tmp_path)
    deaf, other = Client(address, tmp_path / "deaf"), Client(address, tmp_path / "other")
    for number in range(30):
        deaf.socket.send(raising("E_X", number, number=number))
    assert other.ask(raising("E_X", "other"))["result"] == "OK"
    wait(lambda: len(loaded.log) == 31)
    assert [record.text for record in loaded.log] == [*map(str, range(30)), "other"]
    for client in (deaf, other):
        client.socket.close()


def test_an_answer_waits_for_no_worker(open_door: OpenDoor, loaded: Session, tmp_path: Path, wait: Wait) -> None:
    client = Client(opened(open_door, "datagram", tmp_path))
    assert client.ask(raising("E_SLOW"))["result"] == "OK"
    wait(lambda: loaded.shared.get("shv", "begun") == 1)
    for number in range(1000):
        assert client.ask(raising("E_X", number, number=number)) == {"jsonrpc": "2.0", "result": "OK", "id": number}
    assert loaded.log == []
    loaded.interrupt()
    client.socket.close()


def test_a_worker_that_is_killed_during_a_flood(server: Server, loaded: Session, tmp_path: Path, wait: Wait) -> None:
    """Each event is run, or told as lost, once; what was raised after it is run after it."""
    ended: list[BatchResult] = []
    server.open(f"unix:{tmp_path}/mi", Management(loaded, ended=ended.append))
    client, killed = Client(f"{tmp_path}/mi", tmp_path / "own"), set[int]()

    def alive() -> list[int]:
        """The process that can run something, unless it has been killed."""
        ready = [worker.pid for worker in loaded.workers() if worker.state in ("idle", "running")]
        return [pid for pid in ready if pid is not None and pid not in killed]

    for number in range(RAISES):
        assert client.ask(raising("E_X", number))["result"] == "OK"
        if number % 200 == 150:
            wait(lambda: bool(alive()))
            (pid,) = alive()
            assert pid > 1
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
    client.socket.close()
    wait(lambda: server.doors()[0].pending == 0)
    lost = [error.cause for result in ended for error in result.errors]
    logged = [int(record.text) for record in loaded.log if not record.diagnostic]
    assert len(killed) > 5
    assert set(lost) <= {"worker died"}
    assert logged == sorted(logged)
    assert set(Counter(logged).values()) == {1}
    assert RAISES - len(logged) <= len(lost)  # one that had logged before it was killed is both


def test_a_door_that_is_closed_loses_no_event_that_it_has_answered(
    server: Server, open_door: OpenDoor, loaded: Session, tmp_path: Path, wait: Wait
) -> None:
    client = Client(opened(open_door, "datagram", tmp_path))
    for number in range(200):
        assert client.ask(raising("E_X", number))["result"] == "OK"
    server.close()
    client.socket.close()
    wait(lambda: len(loaded.log) == 200)


def test_a_name_that_is_looked_up_holds_up_its_door_alone(
    open_door: OpenDoor, loaded: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    go, workers = Event(), loaded.workers
    monkeypatch.setattr(loaded, "workers", lambda: (go.wait(DEADLINE), workers())[1])
    slow, quick = (Client(opened(open_door, "datagram", tmp_path)) for _ in range(2))
    slow.socket.send(b'{"jsonrpc":"2.0","id":1,"method":"ps"}')
    assert quick.ask(raising("E_X", "x"))["result"] == "OK"
    go.set()
    assert "result" in json.loads(slow.socket.recv(1 << 16))
    for client in (slow, quick):
        client.socket.close()
