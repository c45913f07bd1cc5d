"""What kills a 4.0 is said before it runs: surely where it is sure, perhaps where it depends, and never of 3.6."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.source import Source
from support.recorded import Case, read_cases

SURE, PERHAPS = "inline-raise-crash", "inline-raise-may-crash"
ONLY_4_0 = {code for code, lint in LINTS.items() if lint.versions == ("4.0",)}
RECORDED = [case for case in read_cases(version="4.0") if case.expect["accepted"]]
OF_3_6 = [case for case in read_cases() if case.expect["accepted"]]
B = 'event_route[E_B] { xlog("b\\n"); }\n'


def told(text: str, version: str = "4.0", whole: bool = True, routes: Iterable[str] = ()) -> list[str]:
    """Codes of what is said of a text that concerns one version alone."""
    known = {("event_route", name): None for name in routes}
    environment = Environment(version=version, whole=whole, routes=known)  # type: ignore[arg-type]
    return [found.code for found in findings(Source("a.cfg", text), environment) if found.code in ONLY_4_0]


def whole_text(case: Case) -> str:
    """With the levels that every recorded server was started with."""
    return f"log_level=2\nxlog_level=4\n{case.settings}\n{case.script}"


# -- against what real servers did -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [c for c in RECORDED if c.crashes], ids=lambda case: case.name)
def test_what_killed_a_server_is_said(case: Case) -> None:
    assert {SURE, PERHAPS} & set(told(whole_text(case)))


def test_it_is_sure_of_what_is_sure() -> None:
    sure = {case.name for case in RECORDED if case.crashes and SURE in told(whole_text(case))}
    depending = {
        "v40-crash-foreach-over-list",  # how long the list is
        "v40-json-loop-inner-changes-list",
        "v40-subscribe-inner-subscribes-itself-during-raise",
    }
    assert {case.name for case in RECORDED if case.crashes} - sure == depending


def test_it_is_sure_of_nothing_that_ran() -> None:
    ran = [case for case in RECORDED if not case.crashes]
    assert len(ran) + len(OF_3_6) > 1400
    for whole in (True, False):
        assert [c.name for c in (*ran, *OF_3_6) if SURE in told(whole_text(c), whole=whole)] == []


def test_nothing_is_said_of_a_3_6() -> None:
    assert [case.name for case in RECORDED if told(whole_text(case), version="3.6")] == []


# -- counting --------------------------------------------------------------------------------------------------------


def raising(body: str, rest: str = B) -> str:
    return f"event_route[E_A] {{ {body} }}\n{rest}"


ONE = 'raise_event("E_B"); '
LOG = 'xlog("1\\n"); '
LEFT = "if ($var(x)) return(1);"
INNER = 'raise_event("E_M");'
NAMED = 'raise_event("E_B", $avp(n), $avp(v)); '
S = f"route[s] {{ {ONE * 2} }}\n"
M = f"event_route[E_M] {{ {ONE * 2} }}\n"
CORE_LOG = "log_event_enabled=yes\nxlog_level=4\nevent_route[E_CORE_LOG] { $var(x) = 1; }\n"


def switch(cases: str) -> str:
    return raising(f"switch ($var(x)) {{ {cases} }}")


#: there a 4.0.1 survives the first line, and dies of the second
QUIET_LOG = CORE_LOG.replace("xlog_level=4\n", "")

COUNTED = [
    *((f"a line at {level or 'the level of a server'}", f"{level}{QUIET_LOG}" + raising(ONE + LOG), [PERHAPS])
      for level in ("", "xlog_level=2\n", "xlog_level=3\n", "log_level=1\nxlog_level=4\n")),
    ("three", raising(ONE * 3), [SURE]),
    ("two", raising(ONE * 2), []),
    ("in conditions", raising(f'if (raise_event("E_B") and raise_event("E_B")) {ONE} else exit;'), [PERHAPS]),
    ("in both branches", raising(f"{ONE * 2} if ($var(x)) {ONE} else {{ {ONE} }}"), [SURE, SURE]),
    ("in one branch", raising(f"{ONE * 2} if ($var(x)) {ONE}"), [PERHAPS]),
    ("one of three cases", switch(f"case 1: {ONE} break; case 2: {ONE} break; default: {ONE}"), []),
    ("from case to case", switch(f"case 1: {ONE} case 2: {ONE} default: {ONE}"), [PERHAPS]),
    ("behind a way out", raising(f"if ($var(x)) exit; {ONE * 3}"), [PERHAPS]),
    ("before a way out", raising(f"{ONE * 2} exit;"), []),
    ("branches that end", raising(f"if ($var(x)) {{ {ONE} exit; }} if ($var(y)) {{ {ONE} exit; }} {ONE * 2}"), []),
    ("a loop", raising(f"while ($var(i) < 3) {{ $var(i) += 1; {ONE} }}"), [PERHAPS]),
    ("a loop without", raising(f"while ($var(i) < 3) {{ $var(i) += 1; }} {ONE * 2}"), []),
    ("a route", raising("route(r);", f"route[r] {{ {ONE * 3} }}\n{B}"), []),
    ("four in a route", raising("route(r);", f"route[r] {{ {ONE * 4} }}\n{B}"), [SURE]),
    ("before and in a route", raising(f"{ONE}route(r);", f"route[r] {{ {ONE * 2} }}\n{B}"), []),
    ("a route behind two", raising(f"{ONE * 2}route(r);", f"route[r] {{ exit; }}\n{B}"), [SURE]),
    ("in and behind a route", raising(f"route(r); {ONE}", f"route[r] {{ {ONE * 2} }}\n{B}"), [SURE]),
    ("a route that returns", raising(f"route(r); {ONE}", f"route[r] {{ {LEFT} {ONE * 2} }}\n{B}"), [PERHAPS]),
    ("a route that ends all", raising(f"route(r); {ONE * 3}", f"route[r] {{ if ($var(x)) exit; }}\n{B}"), [PERHAPS]),
    ("below the deadly size", raising(f"{ONE}route(r); {ONE}", f"route[r] {{ {ONE * 2} }}\n{B}"), [PERHAPS]),
    ("a route below it", raising(f"{ONE}route(r); route(s);", f"route[r] {{ {ONE * 2} }}\n{S}{B}"), [PERHAPS]),
    ("an event below it", raising(f"{ONE}route(r); {INNER}", f"route[r] {{ {ONE * 2} }}\n{M}{B}"), [PERHAPS]),
    ("in the route of an event", raising('raise_event("E_M");', f"event_route[E_M] {{ {ONE * 3} }}\n{B}"), [PERHAPS]),
    ("four there", raising('raise_event("E_M");', f"event_route[E_M] {{ {ONE * 4} }}\n{B}"), [SURE, PERHAPS]),
    ("from a timer", f"timer_route[t, 1] {{ {ONE * 3} }}\n{B}", []),
    ("an error route", raising(ONE * 3, f"error_route {{ exit; }}\n{B}"), [PERHAPS]),
    ("an unknown route", raising(f"route($var(r)); {ONE * 3}"), [PERHAPS]),
    (
        "two routes on an event",
        'startup_route { subscribe_event("E_B", "route:E_C"); }\n'
        + raising(ONE * 2, f'event_route[E_C] {{ xlog("c\\n"); }}\n{B}'),
        [SURE],
    ),
    (
        "a route twice on an event",
        'startup_route { subscribe_event("E_B", "route:E_B"); }\n' + raising(ONE * 2),
        [SURE],
    ),
    (
        "perhaps two routes",
        'timer_route[t, 9] { subscribe_event("E_B", "route:E_B"); }\n' + raising(ONE * 2),
        [PERHAPS],
    ),
    ("names without values", raising('raise_event("E_B", $avp(n)); ' * 3), [SURE]),
    ("names and values in pairs", raising(f'$avp(n) = "k"; $avp(v) = 1; {NAMED}' * 3), [SURE]),
    ("values that lack names", raising(f"$avp(v) = 1; {NAMED}" * 3), [PERHAPS]),
    ("nobody there", raising(ONE * 3, ""), [PERHAPS]),
    ("a socket", 'startup_route { subscribe_event("E_B", "udp:192.0.2.1:9"); }\n' + raising(ONE * 3, ""), []),
    ("not registered", "event_route[E_0] { ; }\n" + raising(ONE * 3), []),
    ("processes", 'event_route[E_PROFILING_PROC] { xlog("p\\n"); }', [PERHAPS]),
    ("profiling", 'event_route[E_PROFILING_SCRIPT] { xlog("p\\n"); }', [SURE]),
    ("a log line before", CORE_LOG + raising(LOG + ONE), []),
    ("a log line behind", CORE_LOG + raising(ONE + LOG), [SURE]),
    ("a log line of few", CORE_LOG + raising(ONE + 'xlog("L_DBG", "1\\n");'), [PERHAPS]),
    ("a log line that may be left out", CORE_LOG + raising(ONE + f"if ($var(x)) {LOG}"), [PERHAPS]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "codes"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_counts(text: str, codes: list[str]) -> None:
    assert sorted(code for code in told(text) if code in (SURE, PERHAPS)) == codes


def test_routes_of_other_cells_count() -> None:
    cell = raising(ONE * 3, "")
    assert told(cell, whole=False, routes=["E_B"]) == [SURE]
    assert told(cell, whole=False) == [PERHAPS]


def test_one_place_of_each_event_route_is_told() -> None:
    assert told(raising("".join(f"while ($var(i{n}) < 3) {{ {ONE} $var(i{n}) += 1; }} " for n in range(9)))) == [
        PERHAPS
    ]


def chain(count: int) -> str:
    routes = "".join(f"route[r{n}] {{ route(r{n + 1}); {ONE} route(r{n + 1}); }}\n" for n in range(count))
    return raising("route(r0);", f"{routes}route[r{count}] {{ {ONE} }}\n{B}")


@pytest.mark.parametrize(
    "text",
    [
        chain(3000),
        raising("if ($var(x)) { " * 90 + ONE * 3 + "}" * 90),
        raising("while ($var(x) < 1) { " * 90 + ONE + "}" * 90),
        raising(ONE * 2000),
        raising("if ($var(x) == 1" + ' or raise_event("E_B")' * 500 + ") exit;"),
        "".join(f'event_route[E_{n}] {{ raise_event("E_{n + 1}"); raise_event("E_{n + 1}"); }}\n' for n in range(500)),
        raising("".join(f"if ($var(x{n})) {{ {ONE} }} " for n in range(1000))),
    ],
    ids=["routes", "ifs", "loops", "raises", "conditions", "events", "branches"],
)
def test_is_quick(text: str) -> None:
    started = time.process_time()
    told(text)
    assert time.process_time() - started < 10.0
