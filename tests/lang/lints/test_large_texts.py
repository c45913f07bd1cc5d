"""Lints stay quick and whole on texts that nobody writes: none takes quadratic time, none runs out of stack."""

import time

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lints import legacy_hints, lint
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

#: seconds of processor time; each takes a small part of it
LIMIT = 5.0


def route(statements):
    return f"event_route[E_PIKE_BLOCKED] {{\n{statements}\n}}\n"


TEXTS = {
    "sum": route("$var(x) = 1" + " + 2 * $var(y)" * 240 + ";"),
    "parentheses": route("$var(x) = " + "(" * 200 + "1" + ") * 2 + 3" * 200 + ";"),
    "bits": route("$var(x) = " + "1 | 2 & " * 240 + "3;"),
    "conditions": route("if ($var(a)" + " or $var(b) and $var(c)" * 240 + ") exit;"),
    "else ifs": route(" else ".join(f"if ($var(a) == {n}) exit;" for n in range(200))),
    "nested ifs": route("if (1) { " * 200 + "exit;" + "}" * 200),
    "variables": route("".join(f"$var(a{n}) = $var(a{n + 1});\n" for n in range(2000)) + "if ($var(a1) == 1) exit;"),
    "branches": route("".join(f"if ($param(ip) == '{n}') $var(a{n}) = {n};\n" for n in range(2000)) + "exit;"),
    "one variable in branches": route("if ($rc == 1) $var(a) = 1;\nif ($rc == 1) $var(b) = $var(a);\n" * 1000),
    "reassigned": route("".join(f"$var(a) = $var(a) + {n};\n$var(b) = $var(a) + $var(b);\n" for n in range(1000))),
    "calls": route("route(a, $var(x), 1);\n" * 500)
    + "".join(f"route[{a}] {{ {f'route({b}, $param(2), $param(1));' * 200} }}\n" for a, b in ["ab", "bc", "ca"]),
    "dollars": route('xlog("' + "$$" * 16000 + '$rc \\n");'),
    "many variables": route('xlog("' + "$rc " * 16000 + '\\n");'),
    "open parentheses": route("$var(a) = '" + "$(" * 16000 + "';"),
    "no variables": route("$var(a) = '" + "$" * 60000 + "';"),
    "strays": route("@ " * 20000 + "exit;"),
    "comments": route("/* x */ @ " * 5000 + "exit;"),
    "events": "".join(f"event_route[E_PIKE_BLOKED{n}] {{ exit; }}\n" for n in range(90)),
    "raises": route("$avp(v) = 1;\nraise_event('E_A', $avp(v), $avp(v));\n" * 500) + "event_route[E_A] { exit; }",
}


@pytest.mark.parametrize("name", TEXTS)
def test_is_quick(name):
    script, errors = parse(Source("large.cfg", TEXTS[name]), version="3.6")
    assert errors == []
    started = time.process_time()
    for diagnostic in lint(script, Environment()):
        assert diagnostic.span.end <= len(TEXTS[name])
    assert time.process_time() - started < LIMIT


@pytest.mark.parametrize(
    "text",
    [
        route("fetch_event_params('a=$var(a)');\n" * 2000),
        route("if (" * 200 + "fetch_event_params('a=$var(a)')" + ")" * 200 + " exit;"),
        "cache_fetch(" * 5000,
        "event_route[E_X, async] " * 5000,
        route("fetch_event_params('" + "$var(a);" * 8000 + "');"),
    ],
    ids=["fetches", "conditions", "calls", "headers", "list"],
)
def test_hints_are_quick(text):
    started = time.process_time()
    legacy_hints(Source("large.cfg", text))
    assert time.process_time() - started < LIMIT
