"""Event-based routing: every program recorded on a 3.6.8 and on a 4.0.1; SIP requests by a scripted start."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache

import pytest

from evroute_kernel import Session
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion
from support.flows import FLOWS, Step, read_flows, run_flow
from support.recorded import Case, differences
from support.scripted_requests import Caller, scripted

PROGRAMS = json.loads((FLOWS / "event-routing.json").read_text(encoding="utf-8"))
FILE = FLOWS / "event-routing.json"
#: programs that begin with a SIP request, in whose place an event begins them
WITH_SIP = frozenset(found["name"] for found in PROGRAMS if found["sip"])
#: those that cannot be begun so, and why
NOT_RUN = {
    "wait-retransmission": "the message itself comes twice",
    "wait-message-is-kept": "it asks who has sent the message, and from where",
    "request-notify-with-transaction": "the notified route replies to the request, in its transaction",
    "request-waits-for-registration": "save() raises the event",
    "notify-on-contact-insert": "save() raises the event",
    "request-inject-branch-on-registration": "it forks the call",
    "wait-in-onreply-route": "a reply begins it",
    "notify-in-onreply-route": "a reply begins it",
    "wait-in-failure-route": "a reply begins it",
}
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
            if case.name not in WITH_SIP:
                yield pytest.param(case, steps, id=f"{version}:{case.name}")


@pytest.mark.parametrize(("case", "steps"), list(flows()))
def test_logs_what_the_server_logged(case: Case, steps: list[Step], used_sessions: Sessions) -> None:
    session = used_sessions(case.version, WORKERS.get(case.name, 1))
    session.reset()
    outcome = run_flow(case, steps, session)
    found = differences(case, outcome)
    assert not found or any(not differences(replace(case, expect=e), outcome) for e in VARIANTS.get(case.name, ()))


def requests() -> Iterator[object]:
    for version in VERSIONS:
        for case, steps in read_flows(FILE, version):
            if case.name in WITH_SIP and case.name not in NOT_RUN:
                yield pytest.param(scripted(case), steps, id=f"{version}:{case.name}")


@pytest.mark.parametrize(("case", "steps"), list(requests()))
def test_logs_what_the_server_logged_of_a_request(case: Case, steps: list[Step], used_sessions: Sessions) -> None:
    session = used_sessions(case.version, WORKERS.get(case.name, 1))
    session.reset()
    outcome = run_flow(case, steps, session, Caller)
    found = differences(case, outcome)
    assert not found or any(not differences(replace(case, expect=e), outcome) for e in VARIANTS.get(case.name, ()))
