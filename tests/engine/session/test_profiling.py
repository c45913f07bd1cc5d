"""E_PROFILING_SCRIPT and E_PROFILING_PROC under 4.0: what subscribers are told. Payloads were recorded on a 4.0.1."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from support.receivers import Receivers

SUBSCRIBE = 'startup_route { subscribe_event("E_PROFILING_SCRIPT", "%UDP%"); }\n'
ROUTES = r"""event_route[E_A] {
    route(first, "arg");
    route(second);
    xlog("a $rc\n");
}
route[first] {
    return(5);
}
route[second] {
    route(third);
    return(-3);
}
route[third] {
    xlog("third\n");
}
"""
NESTED = r"""event_route[E_A] {
    xlog("a1\n");
    raise_event("E_B");
    xlog("a2\n");
}
event_route[E_B] {
    route(r);
}
route[r] {
    xlog("r\n");
}
"""
EXIT = "event_route[E_A] {\n    route(first);\n}\nroute[first] {\n    exit;\n}\n"
DROP = "event_route[E_A] {\n    drop;\n}\n"
RETURN = "event_route[E_A] {\n    return(7);\n}\n"
#: of each program: what E_A tells, as verb, name, depth, line and status
TOLD = {
    ROUTES: """start E_A 1; enter E_A 1 line 3; enter first 2 line 3; exit first 2 line 3 status 5;
        enter second 2 line 4; enter third 3 line 11; exit third 3 line 11 status 1; exit second 2 line 4 status -3;
        exit E_A 1 line 3 status 0; end E_A 1 status 0""",
    NESTED: """start E_A 1; enter E_A 1 line 3; start E_B 1; enter E_B 1 line 8; enter r 2 line 8;
        exit r 2 line 8 status 1; exit E_B 1 line 8 status 0; end E_B 1 status 0;
        exit E_A 0 line 3 status 0; end E_A 0 status 0""",
    EXIT: """start E_A 1; enter E_A 1 line 3; enter first 2 line 3; exit first 2 line 3 status 0;
        exit E_A 1 line 3 status 1; end E_A 1 status 1""",
    DROP: "start E_A 1; enter E_A 1 line 3; exit E_A 1 line 3 status 5; end E_A 1 status 5",
    RETURN: "start E_A 1; enter E_A 1 line 3; exit E_A 1 line 3 status 0; end E_A 1 status 0",
}
FIELDS = ["sec", "usec", "session", "verb", "name", "type", "depth", "file", "line", "status"]


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(workers=1, version="4.0") as opened:
        yield opened


def payloads(session: Session, script: str, folder: Path, count: int) -> list[dict[str, Any]]:
    """The parameters of the events that one E_A brings, after those of startup_route."""
    with Receivers(("udp",), folder) as receivers:
        session.load(receivers.fill_in(SUBSCRIBE + script), name="case.cfg")
        assert session.raise_event("E_A").ok
        texts = receivers.got({"udp": ["the end of startup_route"] * 2 + ["of E_A"] * count})["udp"]
    assert [json.loads(text)["method"] for text in texts] == ["E_PROFILING_SCRIPT"] * (count + 2)
    return [json.loads(text)["params"] for text in texts]


def short(params: dict[str, Any]) -> str:
    words = [params["verb"], params["name"], str(params["depth"])]
    return " ".join([*words, *(f"{name} {params[name]}" for name in ("line", "status") if name in params)])


@pytest.mark.parametrize("script", TOLD)
def test_a_socket_is_told(session: Session, tmp_path: Path, script: str) -> None:
    expected = re.split(r";\s+", TOLD[script])
    told = payloads(session, script, tmp_path, len(expected))
    assert list(map(short, told)) == ["exit <root> 1 line 1 status 0", "end <root> 1 status 0", *expected]
    assert [params["type"] for params in told] == [64, 64] + [256] * len(expected)
    for params in told:
        assert list(params) == [name for name in FIELDS if name in params]
        assert ("file" in params) == ("line" in params) == (params["verb"] in ("enter", "exit"))
        assert params.get("file", "case.cfg") == "case.cfg"


def test_nothing_is_told_before_somebody_listens(session: Session) -> None:
    session.load(ROUTES)
    heard: list[str] = []
    session.tap(lambda event, *rest: heard.append(event))
    session.raise_event("E_A")
    assert heard == ["E_A"]


def test_a_route_on_it_would_never_end(session: Session) -> None:
    session.load('event_route[E_A] { xlog("a\\n"); }\nevent_route[E_PROFILING_SCRIPT] { $var(x) = 1; }')
    run = session.raise_event("E_A")
    assert (run.log, len(run.errors)) == ((), 1)
    error = run.errors[0]
    assert (error.cause, error.event, error.route) == ("crashed", "E_A", "event_route[E_PROFILING_SCRIPT]")
    assert "2 | event_route[E_PROFILING_SCRIPT]" in error.render()
    assert "a 4.0.1 hangs" in error.message
    session.forget("E_PROFILING_SCRIPT")
    assert [record.text for record in session.raise_event("E_A").log] == ["a\n"]


#: what a worker tells of one event, as verb, name, depth, line and status
JOB = [
    "start SIP receiver 1 0",
    "enter ipc_job 1 line 348",
    "enter RPC 2 line 325",
    "exit RPC 1 line 335 status 0",
    "exit ipc_job 0 line 350 status 0",
    "end SIP receiver 1 0 status 0",
]
#: what is told of the request that switches the level on, and of the next ones
SWITCHED_ON = [
    "exit MI_FIFO profiling_proc 65535 line 776 status 0",
    "exit MI_FIFO 65534 line 811 status 0",
    "end MI FIFO 65534 status 0",
]
REQUEST = [
    "start MI FIFO 0",
    "enter MI_FIFO reading 1 line 669",
    "enter MI_FIFO version 2 line 773",
    "exit MI_FIFO version 1 line 776 status 0",
    "exit MI_FIFO 0 line 811 status 0",
    "end MI FIFO 0 status 0",
]


def ask(management: Management, method: str, **params: int) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method} | ({"params": params} if params else {})
    return json.loads(answer(management, json.dumps(request).encode()) or b"null")["result"]


@pytest.mark.parametrize(("level", "expected"), [(1, JOB), (2, [*SWITCHED_ON, *REQUEST, *JOB])])
def test_processes_tell_of_their_work(session: Session, tmp_path: Path, level: int, expected: list[str]) -> None:
    management = Management(session)
    with Receivers(("udp",), tmp_path) as receivers:
        session.load(receivers.fill_in(SUBSCRIBE.replace("SCRIPT", "PROC") + RETURN))
        session.raise_event("E_A")
        assert ask(management, "profiling_proc", level=level) == "OK"
        ask(management, "version")
        session.raise_event("E_A")
        texts = receivers.got({"udp": expected})["udp"]
    told = [json.loads(text)["params"] for text in texts]
    assert list(map(short, told)) == expected
    assert {params["type"] for params in told} == ({1} if level == 1 else {1, 4})
    pids = {params["name"].startswith("MI"): params["session"] for params in told}
    assert pids.get(True, os.getpid()) == os.getpid()
    assert pids[False] in {worker.pid for worker in session.workers()}


def test_a_route_that_tells_of_its_own_worker_would_never_end(session: Session) -> None:
    session.load('event_route[E_A] { xlog("a\\n"); }\nevent_route[E_PROFILING_PROC] { $var(x) = 1; }')
    ask(Management(session), "profiling_proc", level=1)
    [error] = session.raise_event("E_A").errors
    assert (error.cause, error.route) == ("crashed", "event_route[E_PROFILING_PROC]")
    ask(Management(session), "profiling_proc", level=0)
    assert session.raise_event("E_A").ok


def test_3_6_knows_nothing_of_it(tmp_path: Path) -> None:
    with Session(workers=1) as session, Receivers(("udp",), tmp_path) as receivers:
        session.load(receivers.fill_in(SUBSCRIBE + NESTED))
        session.raise_event("E_A")
        assert receivers.got({"udp": []}) == {"udp": []}
