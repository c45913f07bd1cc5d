"""Whether a parameter that is not there is told, under 4.0: not where an event was raised without a list of them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.session import Session

SCRIPT = 'event_route[E_A] { $var(x) = $param(a); $var(x) = $param(1); xlog("$var(x)\\n"); }'
#: parameters -> warnings in 3.6 and in 4.0
GIVEN = [(None, 2, 0), ([], 2, 0), (["x"], 1, 1), ({"a": 1}, 0, 0)]
#: the text of an object is a list, even if that is empty
REQUESTED = [*GIVEN, ({}, 2, 2)]


@pytest.fixture(params=["3.6", "4.0"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param) as opened:
        opened.load(SCRIPT)
        yield opened


def wanted(session: Session, given: list[tuple[Any, int, int]]) -> list[int]:
    return [old if session.version == "3.6" else new for _, old, new in given]


def warnings(run: Run) -> int:
    return sum(record.diagnostic for record in run.log)


def test_raised_one_by_one(session: Session) -> None:
    assert [warnings(session.raise_event("E_A", params)) for params, _, _ in GIVEN] == wanted(session, GIVEN)


def requests() -> Iterator[bytes]:
    """An object goes as a text that holds it."""
    for params, _, _ in REQUESTED:
        given = {"event": "E_A"}
        if params is not None:
            given["params"] = json.dumps(params) if isinstance(params, dict) else params  # type: ignore[assignment]
        yield json.dumps({"jsonrpc": "2.0", "method": "raise_event", "params": given, "id": 1}).encode()


def test_raised_by_requests(session: Session) -> None:
    runs: list[Future[Run]] = []
    management = Management(session, watch=runs.append)
    for request in requests():
        answer(management, request)
    assert [warnings(run.result(30)) for run in runs] == wanted(session, REQUESTED)


def test_raised_by_requests_to_a_door(session: Session, wait: Callable[..., None]) -> None:
    """Which hands its events over in blocks."""
    management = Management(session)
    address = Server.of(session).open("datagram:127.0.0.1:0", management)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", int(address.rpartition(":")[2])))
        for request in requests():
            client.send(request)
            assert b'"OK"' in client.recv(65535)
    texts: list[Any] = []

    def is_done() -> bool:
        texts[:] = [record for record in session.log if not record.diagnostic]
        return len(texts) == len(REQUESTED)

    wait(is_done)
    assert sum(record.diagnostic for record in session.log) == sum(wanted(session, REQUESTED))


def test_sockets_get_no_parameters(session: Session) -> None:
    management = Management(session)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(10)
        receiver.bind(("127.0.0.1", 0))
        session.subscribe("E_A", f"udp:127.0.0.1:{receiver.getsockname()[1]}")
        for request, (params, _, _) in zip(requests(), REQUESTED, strict=True):
            if not params:
                answer(management, request)
                assert receiver.recv(65535) == b'{"jsonrpc":"2.0","method":"E_A"}'
