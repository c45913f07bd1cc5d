"""Ten thousand raises through one door: none is lost, and replies come in order."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections import Counter
from concurrent.futures import Future
from concurrent.futures import wait as ended
from pathlib import Path
from typing import Any

from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session

RAISES = 10_000
DEADLINE = 60.0
#: every so many raises a worker is killed, while it runs the route of that raise
EVERY = 100
SCRIPT = f"""
event_route[E_X] {{
    $var(left) = $param(n) % {EVERY};
    if ($var(left) == {EVERY - 1} && $shv(deadly) == 1) sleep(60);
    $shv(n) += 1;
    xlog("$param(n)");
}}
"""


class Client:
    """Raises E_X with a number, in one connection."""

    def __init__(self, path: Path, own: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(own))
        self.socket.connect(str(path))
        self.socket.settimeout(DEADLINE)

    def send(self, number: int) -> None:
        request = {"jsonrpc": "2.0", "id": number, "method": "raise_event", "params": ["E_X", f'{{"n": {number}}}']}
        self.socket.send(json.dumps(request).encode())

    def receive(self) -> Any:
        return json.loads(self.socket.recv(1000))


def test_replies_come_in_order_and_nothing_is_lost(server: Server, loaded: Session, tmp_path: Path) -> None:
    futures: list[Future[Any]] = []
    management = Management(loaded, watch=futures.append)
    server.open(f"unix:{tmp_path}/mi", management)
    client = Client(tmp_path / "mi", tmp_path / "own")
    window = 5  # a unix socket queues about ten datagrams
    for number in range(RAISES + window):
        if number < RAISES:
            client.send(number)
        if number >= window:
            assert client.receive() == {"jsonrpc": "2.0", "result": "OK", "id": number - window}
    client.socket.close()
    assert not ended(futures, DEADLINE).not_done
    assert [int(record.text) for record in loaded.log] == list(range(RAISES))
    assert loaded.shared.get("shv", "n") == RAISES


def kill_under(session: Session, future: Future[Any]) -> None:
    """Kill the worker of a raise; again where it was killed before it had begun, and another one took over."""
    killed: set[int] = set()
    while ended([future], 0.005).not_done:
        worker = session.workers()[0]
        # one that is still to start has no pid, and no number stands for that: 0 and -1 are many processes
        if worker.running is not None and worker.pid is not None and worker.pid not in killed:
            assert worker.pid > 1
            os.kill(worker.pid, signal.SIGKILL)
            killed.add(worker.pid)


def test_each_raise_is_run_or_reported_when_workers_die(server: Server, loaded: Session, tmp_path: Path) -> None:
    futures: list[Future[Any]] = []
    server.open(f"unix:{tmp_path}/mi", Management(loaded, watch=futures.append))
    loaded.shared.put("shv", "deadly", 1)
    client = Client(tmp_path / "mi", tmp_path / "own")
    for number in range(RAISES):
        client.send(number)
        assert client.receive() == {"jsonrpc": "2.0", "result": "OK", "id": number}
        if number % EVERY == EVERY - 1:
            assert not ended(futures[-EVERY:-1], DEADLINE).not_done
            kill_under(loaded, futures[-1])
    client.socket.close()
    runs = [future.result() for future in futures]
    assert len(runs) == RAISES
    logged = Counter(int(record.text) for record in loaded.log if not record.diagnostic)
    for number, run in enumerate(runs):
        causes = [error.cause for error in run.errors]
        assert (logged[number], causes) == ((0, ["worker died"]) if number % EVERY == EVERY - 1 else (1, [])), number
