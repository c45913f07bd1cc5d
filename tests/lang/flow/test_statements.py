"""The ways through blocks, against routes worked out by hand, and against what recorded programs do."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

import pytest

from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.compiler import Unit, compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.flow.lines import branches, flows_of, line_arcs
from evroute_kernel.lang.flow.statements import EDGE, Arc, Flow
from evroute_kernel.runtime.versions import DEFAULT_VERSION
from evroute_kernel.source import Source, Span
from evroute_kernel.worker.watching.covering import ENDED, Covering
from support.in_process import run_in_process
from support.recorded import Case, read_cases

CASES = {file: list(cases) for file, cases in groupby(read_cases(), attrgetter("file"))}

#: what is told in a worker: slot -> pairs of statements
Pairs = dict[int, set[tuple[int, int]]]


def covered(case: Case) -> Pairs:
    """What the watcher tells of a program."""
    found: Pairs = {}
    watcher = Covering(None, lambda told: found.setdefault(told[0], set()).add(told[1:]), ())  # type: ignore[arg-type]
    run_in_process(case, (watcher,))
    return found


#: programs in which a condition has no value (the rest of it is not looked at then), or `while (1)` reaches its limit
IRREGULAR = {
    "flow-while-limit-of-ten-thousand",
    "expr-logic-error-on-left-of-or-is-false",
    "lex-global-setting-between-routes",
    "ref-2-3-route-blocks-10",
    "ref-3-3-while-3",
    "ref-4-5-errors-inside-conditions-2",
}

#: the loop goes over what is no collection: its body is there, though no code is made of it
NEVER_RUN = {"flow-for-without-star-index", "ref-3-4-for-each-6"}


def ways(body: str, event: str = "E_T") -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """All ways through the first block of a script, from line to line, and those that one event takes."""
    source = Source("case.cfg", body)
    flow = flows_of(source, DEFAULT_VERSION)[0]
    unit = compile_script(source, Environment())
    pairs = covered(Case("", "", body, ((event, None),), "", {})).get(0, set())
    all_ways = line_arcs(flow, flow.arcs).get(source.path, set())
    return all_ways, line_arcs(flow, _taken(flow, unit, 0, pairs)).get(source.path, set())


def _taken(flow: Flow, unit: Unit, slot: int, pairs: set[tuple[int, int]]) -> set[Arc]:
    spans = {**dict(enumerate(unit.routes[slot].spans)), EDGE: None}
    steps = [(spans[a], spans[b]) for a, b in pairs if b != ENDED]
    return flow.taken(steps, [spans[a] for a, b in pairs if b == ENDED])


BY_HAND = {
    "statements one after the other": (
        "event_route[E_T] {\n$var(a) = 1;\n$var(b) = 2;\n}",
        {(-1, 2), (2, 3), (3, -1)},
        {(-1, 2), (2, 3), (3, -1)},
    ),
    "if with else": (
        "event_route[E_T] {\nif ($var(a) == 1)\n$var(b) = 1;\nelse\n$var(b) = 2;\n$var(c) = 1;\n}",
        {(-1, 2), (2, 3), (2, 5), (3, 6), (5, 6), (6, -1)},
        {(-1, 2), (2, 5), (5, 6), (6, -1)},
    ),
    "if without else, the last statement": (
        "event_route[E_T] {\n$var(a) = 1;\nif ($var(a) == 1) {\n$var(b) = 1;\n}\n}",
        {(-1, 2), (2, 3), (3, 4), (4, -1), (3, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, -1)},
    ),
    "a chain of else if": (
        "event_route[E_T] {\n$var(a) = 2;\nif ($var(a) == 1)\n$var(b) = 1;\nelse if ($var(a) == 2)\n$var(b) = 2;\n"
        "else if ($var(a) == 3)\n$var(b) = 3;\n}",
        {(-1, 2), (2, 3), (3, 4), (3, 5), (5, 6), (5, 7), (7, 8), (7, -1), (4, -1), (6, -1), (8, -1)},
        {(-1, 2), (2, 3), (3, 5), (5, 6), (6, -1)},
    ),
    "while": (
        "event_route[E_T] {\n$var(i) = 0;\nwhile ($var(i) < 2) {\n$var(i) += 1;\n}\n$var(c) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 3), (3, 6), (6, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 3), (3, 6), (6, -1)},
    ),
    "while with break": (
        "event_route[E_T] {\n$var(i) = 0;\nwhile (1) {\n$var(i) += 1;\nif ($var(i) == 2)\nbreak;\n}\n$var(c) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 3), (5, 6), (6, 8), (8, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 3), (5, 6), (6, 8), (8, -1)},
    ),
    "while that is never entered": (
        "event_route[E_T] {\nwhile ($var(i) == 2)\n$var(i) = 1;\n}",
        {(-1, 2), (2, 3), (3, 2), (2, -1)},
        {(-1, 2), (2, -1)},
    ),
    "for each": (
        "event_route[E_T] {\n$avp(l) = 1;\n$avp(l) = 2;\nfor ($var(x) in $(avp(l)[*]))\n$var(y) = $var(x);\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 4), (4, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 4), (4, -1)},
    ),
    "for each over nothing": (
        "event_route[E_T] {\nfor ($var(x) in $(avp(l)[*]))\n$var(y) = $var(x);\n}",
        {(-1, 2), (2, 3), (3, 2), (2, -1)},
        {(-1, 2), (2, -1)},
    ),
    "switch": (
        "event_route[E_T] {\n$var(a) = 2;\nswitch ($var(a)) {\ncase 1:\n$var(b) = 1;\nbreak;\ncase 2:\n$var(b) = 2;\n"
        "break;\ndefault:\n$var(b) = 3;\n}\n$var(c) = 1;\n}",
        {
            (-1, 2),
            (2, 3),
            (3, 4),
            (4, 5),
            (4, 7),
            (5, 6),
            (6, 13),
            (7, 8),
            (7, 11),
            (8, 9),
            (9, 13),
            (11, 13),
            (13, -1),
        },
        {(-1, 2), (2, 3), (3, 4), (4, 7), (7, 8), (8, 9), (9, 13), (13, -1)},
    ),
    "switch that falls through, without a default": (
        "event_route[E_T] {\n$var(a) = 1;\nswitch ($var(a)) {\ncase 0:\ncase 1:\n$var(b) = 1;\ncase 2:\n$var(b) = 2;\n"
        "}\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 6), (4, 7), (6, 8), (7, 8), (7, -1), (8, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 6), (6, 8), (8, -1)},
    ),
    "switch of which no case matches": (
        "event_route[E_T] {\nswitch ($var(a)) {\ncase 1:\n$var(b) = 1;\nbreak;\n}\n$var(c) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (3, 7), (4, 5), (5, 7), (7, -1)},
        {(-1, 2), (2, 3), (3, 7), (7, -1)},
    ),
    "early returns": (
        "event_route[E_T] {\nif ($var(a) == NULL) {\nreturn(2);\n}\n$var(c) = 1;\n}",
        {(-1, 2), (2, 3), (3, -1), (2, 5), (5, -1)},
        {(-1, 2), (2, 3), (3, -1)},
    ),
    "exit": (
        "event_route[E_T] {\nif ($var(a) == NULL)\nexit;\nelse\ndrop;\n}",
        {(-1, 2), (2, 3), (3, -1), (2, 5), (5, -1)},
        {(-1, 2), (2, 3), (3, -1)},
    ),
    "exit in a route that is called at the end of an if": (
        "event_route[E_T] {\nif (route(r))\n$var(a) = 1;\n}\nroute[r] { exit; }",
        {(-1, 2), (2, 3), (3, -1), (2, -1)},
        {(-1, 2)},
    ),
    "and: the right side is not always run": (
        "event_route[E_T] {\nif (route(r) and\nroute(s))\n$var(a) = 1;\n$var(b) = 1;\n}\nroute[r] { return(-1); }\n"
        "route[s] { return(1); }",
        {(-1, 2), (2, 3), (2, 5), (3, 4), (3, 5), (4, 5), (5, -1)},
        {(-1, 2), (2, 5), (5, -1)},
    ),
    "not and or": (
        "event_route[E_T] {\nif (!route(r) or\nroute(s))\n$var(a) = 1;\n$var(b) = 1;\n}\nroute[r] { return(1); }\n"
        "route[s] { return(1); }",
        {(-1, 2), (2, 3), (2, 4), (3, 4), (3, 5), (4, 5), (5, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, -1)},
    ),
    "all on one line": ("event_route[E_T] { if ($var(a)) $var(b) = 1; }", {(-1, 1), (1, -1)}, {(-1, 1), (1, -1)}),
    "a loop in a loop, left by a break": (
        "event_route[E_T] { $var(i) = 0;\nwhile ($var(i) < 2) {\n$var(i) += 1;\nwhile ($var(i) < 3) {\n"
        "$var(j) = 1;\nbreak;\n}\n}\n}",
        {(-1, 1), (1, 2), (2, 3), (3, 4), (4, 5), (4, 2), (5, 6), (6, 2), (2, -1)},
        {(-1, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 2), (2, -1)},
    ),
    "a switch in a loop": (
        "event_route[E_T] { $var(i) = 0;\nwhile ($var(i) < 2) {\n$var(i) += 1;\nswitch ($var(i)) {\n"
        "case 1:\nbreak;\n}\n}\n}",
        {(-1, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (5, 2), (6, 2), (2, -1)},
        {(-1, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (5, 2), (6, 2), (2, -1)},
    ),
    "a switch in a switch": (
        "event_route[E_T] {\n$var(a) = 1; $var(b) = 0;\nswitch ($var(a)) {\ncase 1:\nswitch ($var(b)) {\ncase 0:\n"
        "$var(c) = 1;\nbreak;\ncase 5:\n$var(c) = 2;\n}\n$var(d) = 1;\nbreak;\ndefault:\n$var(d) = 2;\n}\n"
        "$var(e) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 5), (4, 15), (5, 6), (6, 7), (6, 9), (7, 8), (8, 12), (9, 10), (9, 12), (10, 12)}
        | {(12, 13), (13, 17), (15, 17), (17, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 12), (12, 13), (13, 17), (17, -1)},
    ),
    "for each, left by a break": (
        "event_route[E_T] {\n$avp(l) = 1;\nfor ($var(x) in $(avp(l)[*])) {\nif ($var(x) == 1)\nbreak;\n$var(y) = 1;\n"
        "}\n$var(z) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 5), (4, 6), (5, 8), (6, 3), (3, 8), (8, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 8), (8, -1)},
    ),
    "a return out of a loop": (
        "event_route[E_T] {\n$var(i) = 0;\nwhile ($var(i) < 3) {\n$var(i) += 1;\nif ($var(i) == 2)\nreturn(1);\nelse\n"
        "$var(k) = 1;\n}\n$var(z) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (5, 8), (6, -1), (8, 3), (3, 10), (10, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 8), (8, 3), (5, 6), (6, -1)},
    ),
    "exit, drop and return in a switch, and what is never reached": (
        "event_route[E_T] {\nswitch ($var(a)) {\ncase 1:\nexit;\ncase 2:\ndrop;\ndefault:\nreturn(3);\n}\n"
        "$var(z) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (3, 5), (4, -1), (5, 6), (5, 8), (6, -1), (8, -1), (10, -1)},
        {(-1, 2), (2, 3), (3, 5), (5, 8), (8, -1)},
    ),
    "exit in a route that is called": (
        "event_route[E_T] {\n$var(a) = 1;\nroute(r);\n$var(b) = 1;\n}\nroute[r] { exit; }",
        {(-1, 2), (2, 3), (3, 4), (4, -1)},
        {(-1, 2), (2, 3)},
    ),
    "a route is called in the head of a loop": (
        "event_route[E_T] {\n$var(i) = 0;\nwhile (route(more)) {\n$var(i) += 1;\n}\n$var(z) = 1;\n}\n"
        "route[more] { if ($var(i) < 2) return(1); return(-1); }",
        {(-1, 2), (2, 3), (3, 4), (4, 3), (3, 6), (6, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 3), (3, 6), (6, -1)},
    ),
    "exit in a route that is called in the head of a loop": (
        "event_route[E_T] {\n$var(i) = 0;\nwhile (route(more)) {\n$var(i) += 1;\n}\n$var(z) = 1;\n}\n"
        "route[more] { if ($var(i) < 1) return(1); exit; }",
        {(-1, 2), (2, 3), (3, 4), (4, 3), (3, 6), (6, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, 3)},
    ),
    "an if in an if, neither with an else": (
        "event_route[E_T] {\n$var(a) = 1;\nif ($var(a) == 1)\nif ($var(a) == 2)\n$var(b) = 1;\n}",
        {(-1, 2), (2, 3), (3, 4), (3, -1), (4, 5), (4, -1), (5, -1)},
        {(-1, 2), (2, 3), (3, 4), (4, -1)},
    ),
    "a condition that is a number": (
        "event_route[E_T] {\nif (1) {\n$var(a) = 1;\n} else {\n$var(a) = 2;\n}\n$var(b) = 1;\n}",
        {(-1, 2), (2, 3), (3, 7), (5, 7), (7, -1)},
        {(-1, 2), (2, 3), (3, 7), (7, -1)},
    ),
    "a switch with two labels at a body, in a for each": (
        "event_route[E_T] {\n$avp(l) = 3;\n$avp(l) = 2;\nfor ($var(x) in $(avp(l)[*]))\nswitch ($var(x)) {\ncase 1:\n"
        "case 2:\n$var(n) = 1;\nbreak;\ncase 3:\n$var(m) = 1;\n}\n}",
        {(-1, 2), (2, 3), (3, 4), (4, 5), (4, -1), (5, 6), (6, 8), (6, 10), (8, 9), (9, 4), (10, 11), (10, 4), (11, 4)},
        {(-1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 8), (8, 9), (9, 4), (6, 10), (10, 11), (11, 4), (4, -1)},
    ),
    "either branch returns": (
        "event_route[E_T] {\nif ($var(a) == 1) {\nreturn(1);\n} else if ($var(a) == NULL) {\nroute(r);\nreturn(2);\n"
        "} else {\ndrop;\n}\n$var(b) = 1;\n}\nroute[r] { return(-1); }",
        {(-1, 2), (2, 3), (2, 4), (3, -1), (4, 5), (4, 8), (5, 6), (6, -1), (8, -1), (10, -1)},
        {(-1, 2), (2, 4), (4, 5), (5, 6), (6, -1)},
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_routes_worked_out_by_hand(name: str) -> None:
    script, possible, taken = BY_HAND[name]
    assert ways(script) == (possible, taken)


@pytest.mark.parametrize("file", CASES)
def test_statements_are_those_of_generated_code_and_runs_take_known_ways(file: str) -> None:
    strange = set()
    for case in CASES[file]:
        source = Source("case.cfg", case.script)
        try:
            unit = compile_script(source, Environment())
        except ScriptError:
            continue
        flows = {flow.header.start: flow for flow in flows_of(source, case.version)}
        pairs = covered(case)
        for slot, route in enumerate(unit.routes):
            flow = flows.get(route.header.start)
            spans = {(span.start, span.end) for span in route.spans}
            told = {(span.start, span.end) for span in (flow.statements if flow else ())}
            assert told >= spans, case.name
            assert told == spans or case.name in NEVER_RUN, case.name
            if flow and not known(flow, route.spans, pairs.get(slot, set())):
                strange.add(case.name)
    assert strange <= IRREGULAR


def known(flow: Flow, spans: tuple[Span, ...], pairs: set[tuple[int, int]]) -> bool:
    """Whether all pairs are ways through the block."""
    places = {index: flow.place(span) for index, span in enumerate(spans)} | {EDGE: EDGE}
    arcs = {(places[a], places[b]) for a, b in pairs if b != ENDED}
    return all(set(flow.ways.get(arc, (arc,))) <= flow.arcs for arc in arcs)


def test_a_line_with_several_ways_is_a_branch() -> None:
    possible, _ = ways(BY_HAND["switch"][0])
    assert branches(possible) == {4: {5, 7}, 7: {8, 11}}
