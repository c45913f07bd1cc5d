"""A string that is never closed is told at its opening quote, however many strings follow."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

ROUTE = """event_route[E_A] {{
    {}
    $var(b) = "x";
    cache_store("local", "k_$param(ip)", " v", 60);
    if ($var(b) =~ '^a' and $var(c) == "") xlog("%% bye" + "\\n");
}}
event_route[E_B] {{ xlog("$param(ip)\\n"); }}
"""


def quotes(text: str) -> list[tuple[int, int]]:
    """Places of the errors, all of which must be about strings."""
    _, found = parse(Source("x", text), version="3.6")
    assert {d.message for d in found} <= {"this string is never closed"}, [str(d) for d in found]
    return [(d.span.line, d.span.column) for d in found if d.span]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('xlog("hello $param(ip)\\n);', 10),
        ('xlog("L_WARN", "hello);', 20),
        ('xlog("L_WARN, "hello");', 10),
        ("$var(a) = 'x;", 15),
        ('$var(a) = "x;', 15),
        ('if ($var(a) == "x) exit;', 20),
        ('xlog("a") ; xlog("two\n    lines") ; $var(x) = "y;', 25),
        ('xlog("it is said: \\"no);', 10),
    ],
)
def test_at_its_opening_quote(line: str, column: int) -> None:
    text = ROUTE.format(line)
    ((found_line, found_column),) = quotes(text)
    assert (found_line, found_column) == (2 + line.count("\n"), column)


@pytest.mark.parametrize(
    "line", ['xlog("hello\\n");', 'xlog("two\nlines");', "$var(a) = 'x' + \"(\" + 'y';", 'f("a=", "(");']
)
def test_strings_that_are_closed(line: str) -> None:
    assert parse(Source("x", ROUTE.format(line).replace('"%% bye" + "\\n"', '"bye"')), version="3.6")[1] == []


def test_the_last_one() -> None:
    assert quotes('event_route[E_A] { xlog("a=", "(b"); }\nevent_route[E_B] { xlog("b); }\n') == [(2, 25)]


def test_routes_before_are_read() -> None:
    script, _ = parse(Source("x", 'route[a] { xlog("a"); }\n' + ROUTE.format('xlog("b);')), version="3.6")
    assert len(script.items) == 1
