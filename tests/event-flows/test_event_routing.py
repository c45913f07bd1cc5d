"""Event-based routing: every program recorded on a 3.6.8 and on a 4.0.1 that needs no SIP request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion
from support.flows import FLOWS, Step, read_flows, run_flow
from support.recorded import Case, differences

PROGRAMS = json.loads((FLOWS / "event-routing.json").read_text(encoding="utf-8"))
FILE = FLOWS / "event-routing.json"
#: what does not end as recorded yet, by version and name; one of them that does is a failure
PENDING = frozenset(Path(__file__).with_name("pending.txt").read_text().split())
#: programs that begin with a SIP request, which nobody sends here
WITH_SIP = frozenset(found["name"] for found in PROGRAMS if found["sip"])
#: how programs ended at other times, whose processes run side by side
VARIANTS = {
    found["name"]: [found.get("expect40"), *(outcome for outcomes in found["varies"].values() for outcome in outcomes)]
    for found in PROGRAMS
    if "varies" in found
}


#: processes that a program had, if more than one
WORKERS = {found["name"]: found["workers"] for found in PROGRAMS if "workers" in found}

Sessions = Callable[[ServerVersion, int], Session]


@pytest.fixture(scope="module")
def used_sessions() -> Iterator[Sessions]:
    with ExitStack() as opened:
        yield lru_cache(lambda version, workers: opened.enter_context(Session(workers=workers, version=version)))


def flows() -> Iterator[object]:
    for version in VERSIONS:
        for case, steps in read_flows(FILE, version):
            if case.name in WITH_SIP:
                continue
            identity = f"{version}:{case.name}"
            marks = [pytest.mark.xfail(strict=True)] if identity in PENDING else []
            yield pytest.param(case, steps, id=identity, marks=marks)


@pytest.mark.parametrize(("case", "steps"), list(flows()))
def test_logs_what_the_server_logged(case: Case, steps: list[Step], used_sessions: Sessions) -> None:
    session = used_sessions(case.version, WORKERS.get(case.name, 1))
    session.reset()
    outcome = run_flow(case, steps, session)
    found = differences(case, outcome)
    assert not found or any(not differences(replace(case, expect=e), outcome) for e in VARIANTS.get(case.name, ()))
