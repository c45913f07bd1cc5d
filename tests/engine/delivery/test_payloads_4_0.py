"""What a 4.0.1 and a 3.6.8 sent to sockets, byte for byte: programs recorded on both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.runtime.versions import VERSIONS
from support.receivers import Receivers
from support.recorded import Case, differences, read_cases, run_in_session

RECORDED = Path(__file__).parent / "payloads-4.0.json"
#: what tells how a server's own code works, call by call (E_PROFILING_PROC), or when its log is written (E_CORE_LOG)
OF_ITSELF = ("profiling-proc", "profiling-both", "core-log", "profiling-script-timer")
#: never ends on the server
ENDLESS = "profiling-script-event-route-subscriber"
#: what differs from run to run, an `id` being a random number, and where the file of the script lay
_VARIES = re.compile(r'"(id|sec|usec)":\d+|"file":"[^"]*"')
#: of the route by which the recording has told that all had been run
_OWN_ROUTE = '"name":"E_ORACLE_DONE"'


@pytest.fixture(scope="module", params=VERSIONS)
def used_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param) as session:
        yield session


def names() -> Iterator[str]:
    for case in read_cases([RECORDED], "4.0"):
        if not case.name.startswith((*OF_ITSELF, ENDLESS)):
            yield case.name


def found(name: str, version: str) -> Case:
    return next(case for case in read_cases([RECORDED], version) if case.name == name)


@pytest.mark.parametrize("name", list(names()))
def test_sockets_get_what_the_server_sent(name: str, used_session: Session, tmp_path: Path) -> None:
    used_session.reset()
    case = found(name, used_session.version)
    with Receivers(case.sockets, tmp_path) as receivers:
        outcome = run_in_session(case, used_session, receivers.fill_in(case.script))
        case.expect["payloads"] = masked(case.expect["payloads"])
        outcome.payloads = masked(receivers.got(case.expect["payloads"]))
    assert differences(case, outcome) == []


def masked(payloads: dict[str, list[str]]) -> dict[str, list[str]]:
    return {
        kind: [_VARIES.sub("", text) for text in texts if _OWN_ROUTE not in text] for kind, texts in payloads.items()
    }
