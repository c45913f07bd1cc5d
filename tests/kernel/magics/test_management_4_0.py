"""`%mi` in a notebook that is a server of version 4.0, and what is said of names of the other version."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.frontend import Frontend, Result

ROUTE = 'event_route[E_X] { xlog("x $param(1)\\n"); }\n'
DEADLY = "ends an OpenSIPS 4.0.1 with a segmentation fault"


@pytest.fixture
def new(kernel: Frontend) -> Iterator[Frontend]:
    """The module's kernel, of 4.0."""
    assert kernel.run(f"%config version=4.0\n{ROUTE}").status == "ok"
    yield kernel
    kernel.run("%mi stop")


@pytest.fixture
def old(kernel: Frontend) -> Frontend:
    """The same, of 3.6."""
    assert kernel.run(f"%config version=3.6\n{ROUTE}").status == "ok"
    return kernel


def offered(kernel: Frontend, code: str) -> set[str]:
    return set(kernel.ask("complete_request", code=code, cursor_pos=len(code)).reply["matches"])


def notes(result: Result) -> str:
    return "\n".join(result.shown[1:])


@pytest.mark.parametrize("name", ["evi:raise", "raise", "raise_event"])
def test_an_event_is_raised_by_any_of_its_names(new: Frontend, name: str) -> None:
    found = new.run(f"%mi {name} E_X 7")
    assert (found.status, found.stdout, found.shown) == ("ok", "x 7\n", ["OK"])


def test_an_event_is_raised_in_3_6(old: Frontend) -> None:
    found = old.run("%mi raise_event E_X 7")
    assert (found.status, found.stdout, found.shown) == ("ok", "x 7\n", ["OK"])


def test_commands_are_listed_by_their_full_names(new: Frontend) -> None:
    assert new.run("%mi which").shown[0].splitlines()[:2] == ["statistics:get", "statistics:list"]
    assert "evi:raise" in new.run("%mi which evi:").shown[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%mi get calls", ["several commands", "statistics:get, status_report:get"]),
        ("%mi fetch q", ["several commands", "cache:fetch, mqueue:fetch"]),
        ("%mi nh_enable_ping", ["is not served", "module nathelper", "in 4.0 it is nathelper:enable_ping"]),
        ("%mi evi:raise_event E_X", ["unknown MI command", "did you mean 'raise_event'?"]),
        ("%mi evi:raise evnt=E_X", ["evi:raise has no parameter 'evnt'"]),
        ("%mi evi:raise E_X ip=1", ["%mi evi:raise E_X {"]),
    ],
)
def test_mistakes(new: Frontend, line: str, words: list[str]) -> None:
    found = new.run(line)
    assert found.status == "error"
    for word in words:
        assert word in found.traceback


@pytest.mark.parametrize("name", ["profiling_proc", "core:profiling_proc", "tcp:close x"])
def test_what_is_new_is_said_to_be_so(old: Frontend, name: str) -> None:
    found = old.run(f"%mi {name}")
    assert found.status == "error"
    assert "is no MI command of OpenSIPS 3.6" in found.traceback
    assert "new in 4.0" in found.traceback


def test_a_name_of_4_0_is_said_to_be_one(old: Frontend) -> None:
    found = old.run("%mi evi:raise E_X 7")
    assert (found.status, found.stdout, found.shown[0]) == ("ok", "x 7\n", "OK")
    assert "evi:raise is a name of OpenSIPS 4.0: a server of 3.6 calls it raise_event" in notes(found)


def test_help_tells_the_other_name(new: Frontend) -> None:
    shown = new.run("%mi evi:raise?").shown[0]
    assert shown.startswith("%mi evi:raise event\n%mi evi:raise event params\n")
    assert shown.endswith("In OpenSIPS 3.6: raise_event")
    assert new.run("%mi profiling_proc?").shown[0].endswith("New in OpenSIPS 4.0: core:profiling_proc")


def test_completion_offers_the_names_of_the_version(new: Frontend) -> None:
    assert {"evi:raise", "raise_event", "core:profiling_proc", "tcp:close"} <= offered(new, "%mi ")
    assert {"event=", "params="} <= offered(new, "%mi evi:raise ")
    assert "evi:raise" in offered(new, "%mi which command=evi:r")


def test_completion_in_3_6_offers_nothing_new(old: Frontend) -> None:
    found = offered(old, "%mi ")
    assert {"raise_event", "evi:raise"} <= found
    assert not {"core:profiling_proc", "profiling_proc", "tcp:close", "close"} & found


def test_a_deadly_request_is_answered_and_told(new: Frontend, tmp_path: Path) -> None:
    request = new.execute(f"%mi serve unix:{tmp_path}/mi.sock")
    assert new.gather(request).status == "ok"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.bind(str(tmp_path / "client.sock"))
        client.connect(str(tmp_path / "mi.sock"))
        client.send(b'[{"jsonrpc":"2.0","method":"version","id":1}]')
        error = json.loads(client.recv(65535))["error"]
    assert error["code"] == -32600
    assert DEADLY in error["data"]
    assert DEADLY in str(new.messages(request, "stream")[-1]["content"]["text"])
