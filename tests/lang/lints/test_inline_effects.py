"""What reads otherwise under 4.0: each time something is said, a real 4.0.1 and a real 3.6.8 logged other things."""

from __future__ import annotations

import json

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.source import Source
from support.recorded import HERE_4_0

CODES = {"after-inline-raise", "avp-loop-raise", "inline-raise-var", "late-for-inline-raise"}
RECORDED = [case for path in sorted(HERE_4_0.glob("*.json")) for case in json.loads(path.read_text())]


def told(text: str) -> list[tuple[str, str]]:
    """Code and marked text of what is said of a text."""
    found = findings(Source("a.cfg", text), Environment(version="4.0", whole=True))
    return [(d.code, d.span.text) for d in found if d.code in CODES and d.span is not None]


def codes(text: str, version: str) -> list[str]:
    environment = Environment(version=version, whole=True)  # type: ignore[arg-type]
    return [d.code for d in findings(Source("a.cfg", text), environment)]


LEFT_OVER = '$avp(v) = 1; raise_event("E_B", , $avp(v)); $avp(v) = 2; raise_event("E_C", , $avp(v));'


@pytest.mark.parametrize(
    ("text", "of_3_6", "of_4_0"),
    [
        (f'event_route[E_A] {{ {LEFT_OVER} }}\nevent_route[E_B] {{ xlog("b\\n"); }}\n', True, False),
        (f"event_route[E_A] {{ {LEFT_OVER} }}\n", True, True),
        (f'startup_route {{ {LEFT_OVER} }}\nevent_route[E_B] {{ xlog("b\\n"); }}\n', True, True),
    ],
    ids=["a route takes them", "nobody does", "the event is queued"],
)
def test_left_overs_of_a_first_event_are_gone_if_a_route_took_them(text, of_3_6, of_4_0):
    assert ("raise-leftovers" in codes(text, "3.6"), "raise-leftovers" in codes(text, "4.0")) == (of_3_6, of_4_0)


def test_events_that_raise_each_other_end_in_4_0():
    text = 'event_route[E_A] { raise_event("E_B"); }\nevent_route[E_B] { raise_event("E_A"); }\n'
    for version, how in (("3.6", "without end"), ("4.0", "a hundred")):
        found = findings(Source("a.cfg", text), Environment(version=version, whole=True))
        assert [how in d.message for d in found if d.code == "raise-each-other"] == [True, True]


SPOKEN_OF = [case for case in RECORDED if case["expect"]["accepted"] and told(case["script"])]


@pytest.mark.parametrize("case", SPOKEN_OF, ids=lambda case: case["name"])
def test_the_two_versions_differ_there(case):
    assert case["expect"]["log"] != case["expect36"]["log"]


def test_it_is_said_of_some():
    assert len(SPOKEN_OF) > 8


def raising(before: str, after: str, inner: str = 'xlog("b\\n");') -> str:
    return f'event_route[E_A] {{ {before} raise_event("E_B"); {after} }}\nevent_route[E_B] {{ {inner} }}\n'


AVP = "$avp(x) = 1;"
LOST = ("after-inline-raise", "$avp(x)")
TEXTS = [
    ("read at once", raising(AVP, 'xlog("$avp(x)\\n");'), [LOST]),
    ("read later", raising(AVP, '$var(y) = 1; if ($var(y) == 1) xlog("$avp(x)\\n");'), [LOST]),
    ("read in a condition", raising(AVP, "if ($avp(x) == 1) exit;"), [LOST]),
    ("counted", raising(AVP, "$avp(x) += 1;"), []),
    ("written before it is read", raising(AVP, '$avp(x) = 2; xlog("$avp(x)\\n");'), []),
    ("perhaps written before", raising(AVP, 'if ($var(y)) $avp(x) = 2; xlog("$avp(x)\\n");'), []),
    ("written by a route", raising(AVP, 'route(r); xlog("$avp(x)\\n");') + "route[r] { $avp(x) = 1; }\n", []),
    ("never written", raising("", 'xlog("$avp(x)\\n");'), []),
    ("another route name", raising("", '$var(r) = $(route[0]); xlog("$var(r)\\n");'), []),
    ("route type", raising("", 'xlog("$route.type\\n");'), [("after-inline-raise", "$route.type")]),
    (
        "in a route that events call",
        f'event_route[E_A] {{ route(r); }}\nroute[r] {{ {AVP} raise_event("E_B"); xlog("$avp(x)\\n"); }}\n'
        'event_route[E_B] { xlog("b\\n"); }\n',
        [LOST],
    ),
    (
        "in a route that requests call too",
        f'event_route[E_A] {{ route(r); }}\nroute[r] {{ {AVP} raise_event("E_B"); xlog("$avp(x)\\n"); }}\n'
        'event_route[E_B] { xlog("b\\n"); }\nroute { route(r); }\n',
        [],
    ),
    ("nobody handles it", f'event_route[E_A] {{ {AVP} raise_event("E_B"); xlog("$avp(x)\\n"); }}\n', []),
    (
        "var",
        raising("$var(u) = 1;", 'xlog("$var(u)\\n");', "$var(u) = 2;"),
        [("inline-raise-var", "$var(u)")],
    ),
    ("var of a branch", raising("$var(u) = 1;", 'xlog("$var(u)\\n");', "if ($var(v)) $var(u) = 2;"), []),
    ("var set again", raising("$var(u) = 1;", '$var(u) = 3; xlog("$var(u)\\n");', "$var(u) = 2;"), []),
    (
        "set too late",
        raising("", "$var(done) = 1;", "if ($var(done) == 1) exit;"),
        [("late-for-inline-raise", "$var(done) = 1")],
    ),
    ("set before as well", raising("$var(done) = 0;", "$var(done) = 1;", "if ($var(done) == 1) exit;"), []),
    ("not read", raising("", "$var(done) = 1;"), []),
]


@pytest.mark.parametrize(("text", "expected"), [t[1:] for t in TEXTS], ids=[t[0] for t in TEXTS])
def test_marks(text, expected):
    assert told(text) == expected
