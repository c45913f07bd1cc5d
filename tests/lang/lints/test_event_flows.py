"""Event-based routing: what killed or hung a real server is said before it runs, and nothing of what ran well."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.runtime.versions import VERSIONS
from evroute_kernel.source import Source
from support.flows import FLOWS, read_flows
from support.recorded import Case, read_cases

DEADLY = {
    "filter-integer",
    "notified-without-parameters",
    "wait-outside-request",
    "wait-launched",
    "wait-in-startup",
    "undefined-resume-route",
}
OF_FLOWS = {*DEADLY, "filter-stale", "filter-unknown-key", "wait-timeout-code", "wait-stale-avp"}
FLOWING = [
    case
    for v in VERSIONS
    for name in ("event-routing", "dialog-context")
    for case, _ in read_flows(FLOWS / f"{name}.json", v)
]
#: programs that ran as far as they were watched, and would have killed the server a little later
DOOMED = {
    "async-wait-in-event-route": "no event came while it was watched",
    "async-wait-in-event-route-filter-no-match": "the filter kept the event away",
    "launch-wait-in-event-route": "no event came while it was watched",
    "launch-wait-unknown-event": "the event does not exist",
}
#: programs that show a trap which a lint is there to tell of
TRAPS = {
    "wait-missing-resume-route-that-is-never-reached": "undefined-resume-route",
}
#: programs in which a client, whom no text tells of, raises an event without parameters
BY_CLIENTS = {
    "notify-mi-raise-without-parameters",
    "notify-mi-raise-with-empty-array",
    "wait-event-without-parameters",
    "sync-wait-event-without-parameters",
}


def told(case: Case) -> set[str]:
    whole = case.file == "event-routing" and '"tm.so"' not in case.settings  # else other texts may load it
    environment = Environment(version=case.version, whole=whole)  # type: ignore[arg-type]
    text = f"{case.settings}\n{case.script}"
    return {found.code for found in findings(Source("a.cfg", text), environment)} & OF_FLOWS


def identity(case: Case) -> str:
    return f"{case.version}:{case.name}"


@pytest.mark.parametrize("case", [c for c in FLOWING if c.expect["accepted"] and c.crashes], ids=identity)
def test_what_killed_or_hung_a_server_is_said(case: Case) -> None:
    assert bool(told(case) & DEADLY) is (case.name not in BY_CLIENTS)


@pytest.mark.parametrize("case", [c for c in FLOWING if c.expect["accepted"] and not c.crashes], ids=identity)
def test_nothing_is_said_of_what_ran_well(case: Case) -> None:
    if case.name in DOOMED:
        assert told(case) <= DEADLY
    else:
        assert told(case) == ({TRAPS[case.name]} if case.name in TRAPS else set())


def test_nothing_is_said_of_any_other_program() -> None:
    ran = [c for version in VERSIONS for c in read_cases(version=version) if c.expect["accepted"] and not c.crashes]
    assert len(ran) > 1400
    said = {c.name for c in ran if told(c) - {"undefined-resume-route"}}
    # neither its event nor its route is there, so that the server does not come to look at the filter
    assert said <= {"notify-integer-filter-but-no-route-or-event"}


def test_a_filter_that_several_calls_have_is_told_of_once() -> None:
    text = """loadmodule "event_routing.so"
event_route[E_PIKE_BLOCKED] {
    $avp(f) = 5;
    $avp(f) = "source=x";
    notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
    notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
}
route[got] { exit; }
"""
    found = [each.code for each in findings(Source("a.cfg", text), Environment())]
    assert found == ["filter-integer", "filter-unknown-key"]
