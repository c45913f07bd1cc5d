"""Which statements of cells a server runs when it starts."""

from __future__ import annotations

from typing import Any

import pytest

READS = 'event_route[E_A] { xlog("$shv(limit) $shv(n)\\n"); }'


def startup(text: str) -> list[str]:
    """The lines of the startup_route at the end, without its comments; [] when there is none."""
    _, found, end = text.partition("# What the notebook did once, in the order of its cells.\n")
    lines = [line.strip() for line in end.splitlines() if not line.strip().startswith("#")]
    return lines[lines.index("startup_route {") + 1 : -1] if found else []


def test_what_prepares_the_state_of_routes(exported: Any) -> None:
    made = exported("$shv(limit) = 3;   # calls\n$shv(other) = 4;", READS)
    assert startup(made.text) == ["$shv(limit) = 3;   # calls"]
    assert "# (in the startup_route at the end of this file)\n# $shv(limit) = 3;   # calls\n" in made.text


def test_what_computes_it_goes_with_it(exported: Any) -> None:
    made = exported(
        '$var(a) = 2;\n$var(b) = 9;\nxlog("asking\\n");\nmath_eval("$var(a)+1", $avp(c));\n$shv(n) = $avp(c);\n'
        "if ($shv(n) == 3) { $shv(limit) = 1; }\n$shv(n)",
        READS,
    )
    assert startup(made.text) == [
        "$var(a) = 2;",
        'math_eval("$var(a)+1", $avp(c));',
        "$shv(n) = $avp(c);",
        "if ($shv(n) == 3) { $shv(limit) = 1; }",
    ]
    assert 'loadmodule "mathops.so"' in made.text


def test_the_whole_of_a_statement(exported: Any) -> None:
    made = exported(
        "$shv(n) = 2 * (1 + 2) ; $shv(limit) = (3) /* x */\n; if ($shv(n)) { $shv(n) = 1; }\n(2 + 3) * 4", READS
    )
    assert startup(made.text) == [
        "$shv(n) = 2 * (1 + 2) ;",
        "$shv(limit) = (3) /* x */",
        ";",
        "if ($shv(n)) { $shv(n) = 1; }",
    ]


def test_experiments_stay_comments(exported: Any) -> None:
    assert startup(exported('$var(limit) = 3;\n$shv(limits) = 3;\nxlog("$shv(limit)\\n");', READS).text) == []


@pytest.mark.parametrize(
    ("statement", "route"),
    [
        ("$shv(limit) = 3;", 'route[a] { $var(x) = "limit"; xlog("$shv($var(x))"); }'),
        ("$shv($var(x)) = 3;", READS),
        ('cache_store("local", "a", "b");', 'route[a] { cache_fetch("local", "a", $avp(x)); }'),
        ('mq_add("q", "a", "b");', 'route[a] { mq_fetch("q"); }\nmodparam("mqueue", "mqueue", "name=q")'),
        ('update_stat("calls", 3);', 'route[a] { xlog("$stat(calls)\\n"); }'),
    ],
)
def test_kinds_of_state(exported: Any, statement: str, route: str) -> None:
    assert startup(exported(route, statement).text) == [statement]


def test_what_comes_after_a_raise_is_an_act_of_its_own(exported: Any) -> None:
    assert startup(exported(READS, "%raise E_A\n$shv(limit) = 3;").text) == []
    assert startup(exported(READS, "$shv(limit) = 3;\n%raise E_A").text) == ["$shv(limit) = 3;"]


def test_a_raise_touches_what_it_leads_to(exported: Any) -> None:
    routes = (
        f"{READS}\nroute[b] {{ $shv(n) = 1; }}\n"
        'event_route[E_B] { route(b); raise_event("E_C"); }\nevent_route[E_C] { $shv(m) += 1; }\n'
        "timer_route[t, 60] { $shv(limit) = 1; }"
    )
    acts = "$shv(limit) = 2; $shv(n) = 2; $shv(m) = 2;"
    assert startup(exported(routes, f"%raise E_B\n{acts}").text) == ["$shv(limit) = 2;"]
    assert startup(exported(routes, f"%tick t\n{acts}").text) == ["$shv(n) = 2;", "$shv(m) = 2;"]
    computed = 'event_route[E_D] { route("$var(r)"); }'
    assert startup(exported(routes, computed, f"%raise E_D\n{acts}").text) == []


def test_one_startup_route_stays_where_it_is(exported: Any) -> None:
    made = exported("startup_route { $shv(n) = 1; }", READS)
    assert startup(made.text) == []
    assert "\nstartup_route { $shv(n) = 1; }\n" in made.text


def test_several_become_one(exported: Any) -> None:
    made = exported(
        'startup_route\n{\n    $shv(n) = "{";   # a\n}',
        "$shv(limit) = 2;",
        "startup_route { $shv(n) = 1; return; }\nroute[at_start_1] { exit; }",
        'startup_route { $shv(n) = "two\nlines"; }',
        READS,
    )
    assert startup(made.text) == [
        '$shv(n) = "{";   # a',
        "$shv(limit) = 2;",
        "route(at_start_2);",
        '$shv(n) = "two',
        'lines";',
    ]
    assert "\nroute[at_start_2] {\n    $shv(n) = 1; return;" in made.text
    assert made.text.count("# startup_route: see the end of this file\n") == 3


def test_functions_that_a_startup_route_must_not_call(exported: Any) -> None:
    made = exported('resetflag("F"); $shv(n) = 1;\nif (isflagset("F")) $shv(n) = 2;', READS)
    assert startup(made.text)


def test_reset_undoes_it(exported: Any) -> None:
    assert startup(exported("$shv(limit) = 3;\nstartup_route { $shv(n) = 1; }", "%reset", READS).text) == []
