"""Parameters measured by what a server sends with the event; nothing stands in the way of a raise."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.events.params import Received
from evroute_kernel.engine.events.remarks import remarks
from evroute_kernel.engine.session.session import Session
from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import EventDeclaration

EVENTS = table.of("3.6").events

ODD = [
    ("E_DISPATCHER_STATUS", {"statsu": "active"},
     "E_DISPATCHER_STATUS has no parameter 'statsu' | did you mean status?"),
    ("E_DISPATCHER_STATUS", {"status": "up"},
     "E_DISPATCHER_STATUS never sends status=up | it sends active or inactive"),
    ("E_FRD_WARNING", {"value": "7"}, "E_FRD_WARNING sends value as a number, not as text | without quotes: value=7"),
    ("E_FRD_WARNING", {"value": "many"}, "E_FRD_WARNING sends value as a number, not as text | None"),
    ("E_FRD_WARNING", {"value": 1.5},
     "value=1.5 becomes 1: parameters are whole numbers of 32 bits | as text: value=\"1.5\""),
    ("E_FRD_WARNING", {"value": 2**40}, "value=1099511627776 becomes 2147483647: 32 bits hold no more | None"),
    ("E_DLG_STATE_CHANGED", {"new_state": 9}, "E_DLG_STATE_CHANGED never sends new_state=9 | it sends 1, 2, 3, 4 or 5"),
    ("E_PIKE_BLOCKED", ["192.0.2.1", "x"],
     "E_PIKE_BLOCKED has 1 parameter, and 2 values are given | E_PIKE_BLOCKED(ip)"),
    ("E_LOAD_BALANCER_STATUS", ["7", "sip:a", "up"],
     "values without names arrive as text, and a server sends group as a number | write group=..."),
    ("E_ACC_CDR", {"calid": "a"}, "E_ACC_CDR has no parameter 'calid' | did you mean callid?"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "given", "expected"), ODD)
def test_what_no_server_sends(event, given, expected):
    (found,) = remarks(event, given, {}, EVENTS)
    assert f"{found.message} | {found.hint}" == expected
    assert found.severity == "info"


@pytest.mark.parametrize(
    ("event", "given"),
    [
        ("E_DISPATCHER_STATUS", {"status": "active", "address": "sip:a@192.0.2.1"}),
        ("E_FRD_WARNING", {"value": 7, "user": "alice"}),
        ("E_FRD_WARNING", {"value": 7.0}),
        ("E_PIKE_BLOCKED", ["192.0.2.1"]),
        ("E_PIKE_BLOCKED", None),
        ("E_ACC_CDR", {"cost_center": "a"}),  # configuration may add it
        ("E_OWN", {"anything": 1.5}),
        ("E_PIKE_BLOCKED", Received(())),
    ],
)
def test_what_a_server_sends(event, given):
    assert remarks(event, given, {}, EVENTS) == ()


def test_declared_events_count():
    declared = {"E_OWN": EventDeclaration.parse("E_OWN port:int")}
    (found,) = remarks("E_OWN", {"prot": 1}, declared, EVENTS)
    assert found.message == "E_OWN has no parameter 'prot'"


def test_a_run_has_them_and_runs():
    with Session(workers=1) as session:
        session.load('event_route[E_PIKE_BLOCKED] { xlog("$param(i)\\n"); }')
        run = session.raise_event("E_PIKE_BLOCKED", {"i": "192.0.2.1"})
        assert [record.text for record in run.log if not record.diagnostic] == ["192.0.2.1\n"]
        assert [remark.message for remark in run.remarks] == ["E_PIKE_BLOCKED has no parameter 'i'"]
        assert session.raise_event("E_PIKE_BLOCKED", {"ip": "192.0.2.1"}).remarks == ()
