"""What a 4.0.1 and a 3.6.8 sent to sockets, byte for byte: programs recorded on both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.runtime.versions import VERSIONS
from support.receivers import Receivers
from support.recorded import Case, differences, read_cases, run_in_session

RECORDED = Path(__file__).parent / "payloads-4.0.json"
#: E_CORE_LOG, which sockets do not get here
NOT_SIMULATED = "core-log"
#: never ends on the server
ENDLESS = "profiling-script-event-route-subscriber"
#: what differs from run to run, an `id` being a random number and `session` that of a process; where the file of the
#: script lay, and what workers and servers are called
_VARIES = re.compile(
    r'"(id|sec|usec)":\d+|"session":[1-9]\d*|"file":"[^"]*case\.cfg"|SIP receiver [^"]*|OpenSIPS \([34]\.[^ ]*'
)
_KIND = re.compile(r'"E_PROFILING_PROC".*"type":(\d+)')
#: of the route by which the recording has told that all had been run
_OWN_ROUTE = '"name":"E_ORACLE_DONE"'


@pytest.fixture(scope="module", params=VERSIONS)
def used_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param) as session:
        yield session


def names() -> Iterator[str]:
    for case in read_cases([RECORDED], "4.0"):
        if not case.name.startswith((NOT_SIMULATED, ENDLESS)):
            yield case.name


def found(name: str, version: str) -> Case:
    return next(case for case in read_cases([RECORDED], version) if case.name == name)


@pytest.mark.parametrize("name", list(names()))
def test_sockets_get_what_the_server_sent(name: str, used_session: Session, tmp_path: Path) -> None:
    used_session.reset()
    case = found(name, used_session.version)
    with Receivers(case.sockets, tmp_path) as receivers:
        outcome = run_in_session(case, used_session, receivers.fill_in(case.script))
        if "timer_route" in case.script:
            used_session.run_timer("tick")
            outcome.log = [(record.level, record.text) for record in used_session.log if not record.diagnostic]
        case.expect["payloads"] = masked(case.expect["payloads"])
        outcome.payloads = masked(receivers.got(case.expect["payloads"]))
        case.expect["mi"], outcome.mi = masked_replies(case.expect.get("mi")), masked_replies(outcome.mi)
    assert differences(case, outcome) == []


def masked(payloads: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without what differs from run to run; what processes tell of their own work one process after the other, because
    they work at the same time."""
    return {
        kind: sorted((_VARIES.sub("", text) for text in texts if _OWN_ROUTE not in text), key=process)
        for kind, texts in payloads.items()
    }


def process(text: str) -> int:
    found = _KIND.search(text)
    return int(found[1]) if found else 0


def masked_replies(replies: Any) -> Any:
    return json.loads(_VARIES.sub("", json.dumps(replies or [])))
