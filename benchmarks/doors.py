"""Requests a second that doors answer, to clients that wait for each answer; beside a real server where there is one.

Clients are processes of their own (`clients.py`). What they take themselves is measured with a server that only echoes.
Server and door take turns, so that both meet the same machine, and the best of some rounds counts: the others were
disturbed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks import clients, real_server
from benchmarks.measurement import Measurement
from evroute_kernel import Session
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server

ROUTE: Final = """event_route[E_BENCH] {
    $shv(n) += 1;
    $var(s) = "from " + $param(1);
    if ($var(s) =~ "^from 192\\.") $shv(m) += 1;
}"""
WORKERS: Final = 2
#: seconds for the routes of events whose requests have been answered
PATIENCE: Final = 30.0
#: kind of door, clients, requests of all of them, requests a second that there must be
DOORS: Final = (
    ("datagram", 1, 20_000, 10_000),
    ("datagram", 4, 40_000, 20_000),
    ("unix", 1, 20_000, None),
    ("fifo", 1, 8_000, 2_400),
    ("http", 1, 6_000, 1_800),
    ("http", 4, 8_000, 3_600),
)
ADDRESSES: Final = {
    "datagram": "datagram:127.0.0.1:0",
    "unix": "unix:{folder}/unix",
    "fifo": "fifo:{folder}/fifo",
    "http": "http:127.0.0.1:0/mi",
}
#: requests of one round at a real server, which blocks for good where some 2,700 events wait for its routes
SHORT: Final = 2000
_numbers = count()

#: answers as a door does, and does nothing else
ECHO: Final = """
import socket
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door.bind(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)
while True:
    request, client = door.recvfrom(65536)
    start = request.index(b'"id":') + 5
    door.sendto(b'{"jsonrpc":"2.0","result":"OK","id":' + request[start : request.index(b",", start)] + b"}", client)
"""


def doors(smoke: bool) -> Iterator[Measurement]:
    """All doors, one after the other."""
    rounds = 1 if smoke else 3
    with ExitStack() as stack:
        echo = stack.enter_context(_echo())
        theirs = stack.enter_context(real_server.running(ROUTE, WORKERS))
        ours = stack.enter_context(_our_doors())
        requests = 200 if smoke else 20_000
        for number in (1, 4):
            rates = [rate("datagram", echo, number, requests) for _ in range(rounds)]
            yield Measurement("doors", f"clients alone, {number} at an echo", max(rates), "requests/s")
        for kind, number, requests, bar in DOORS:
            requests = 100 * number if smoke else requests
            here, there = [], []
            for _ in range(rounds):
                if theirs is not None and kind in theirs.doors:
                    there.append(_their_rate(theirs, kind, number, min(requests, SHORT)))
                here.append(ours(kind, number, requests))
            what = f"{kind}, {number} client{'s' if number > 1 else ''}"
            server = max(there) if there else None
            yield Measurement("doors", what, max(here), "requests/s", bar, more_is_better=True, server=server)


def clients_alone(requests: int) -> float:
    """Requests a second of one client at a server that only echoes."""
    with _echo() as address:
        return rate("datagram", address, 1, requests)


def _their_rate(server: real_server.RealServer, kind: str, number: int, requests: int) -> float:
    """Requests a second that a real server answers, up to the end of the last route or so: of two of its processes that
    count at once, one counts in vain."""
    wanted = server.shared("n") + requests * 99 // 100
    return rate(kind, server.doors[kind], number, requests, lambda: server.shared("n") >= wanted)


@contextmanager
def _our_doors() -> Iterator[Callable[[str, int, int], float]]:
    """`measure(kind, clients, requests)`: requests a second, up to the end of the last route."""
    with tempfile.TemporaryDirectory() as folder, Session(workers=WORKERS) as session:
        session.load(ROUTE)
        server, management = Server.of(session), Management(session)
        addresses = {
            kind: server.open(address.format(folder=folder), management, reply_directory=folder).partition(":")[2]
            for kind, address in ADDRESSES.items()
        }
        session.raise_event("E_BENCH", ["192.0.2.1", "x"])  # which waits until a worker runs

        def measure(kind: str, number: int, requests: int) -> float:
            before = session.shared.get("shv", "n")
            found = rate(kind, addresses[kind], number, requests, lambda: not any(d.pending for d in server.doors()))
            assert isinstance(before, int)
            check(session.shared.get("shv", "n"), before + requests)
            return found

        yield measure


@contextmanager
def _echo() -> Iterator[str]:
    """The address of a server that answers, and does nothing else."""
    with subprocess.Popen([sys.executable, "-S", "-E", "-c", ECHO], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def rate(kind: str, address: str, number: int, requests: int, is_over: Callable[[], bool] = lambda: True) -> float:
    """Requests a second of so many clients together, until all have their answers and `is_over` says so."""
    program = [sys.executable, "-S", "-E", str(Path(clients.__file__)), kind, address, str(requests // number)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen([*program, f"c{next(_numbers)}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(number)
        ]
        for client in running:
            _line(client)
        started = time.perf_counter()
        for client in running:
            assert client.stdin is not None
            client.stdin.write(b"\n")
            client.stdin.flush()
        for client in running:
            _line(client)
        end = time.perf_counter() + PATIENCE
        while not is_over():
            if time.perf_counter() > end:
                raise RuntimeError("not all events were run that were raised")
            time.sleep(0.001)
        return requests // number * number / (time.perf_counter() - started)


def _line(client: subprocess.Popen[bytes]) -> bytes:
    assert client.stdout is not None
    line = client.stdout.readline()
    if not line:
        raise RuntimeError("a client has ended before its work was done")
    return line


def check(found: object, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} events were run, not {wanted}")
