"""Whatever the text, reading it ends with a script or with errors that have a place in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.errors import LONGEST
from evroute_kernel.lang.checks.checker import check
from evroute_kernel.lang.parser import parse
from evroute_kernel.lang.recovery import MAX_ERRORS, MAX_NESTING, MAX_OPERATORS
from evroute_kernel.source import Source

RECORDED = Path(__file__).parent.parent / "conformance"
SCRIPTS = [case["script"] for case in json.loads((RECORDED / "realistic.json").read_text("utf-8"))]
PIECES = """
    { } ( ) [ ] ; , : . = == ! ~ + - * / % & | && and or not if else while for in switch case default break return exit
    drop route xlog log event_route[ startup_route timer_route 5 08 "a" 'b' " ' $var(x) $( $rc /* */ // # \\ NULL on f(
    10.0.0.0/8 ::1 async( launch( assert( loadmodule modparam( log_level socket dst_blacklist $ \0 é ++ := elseif
""".split()


def read(text: str, *, scratch: bool = False) -> list[str]:
    """The errors of a text, after making sure that each has a place in it."""
    script, found = parse(Source("test", text), scratch=scratch, version="3.6")
    found = found or check(script)
    for d in found:
        assert d.span is not None
        assert 0 <= d.span.start <= d.span.end <= len(text)
        assert d.message[:LONGEST] in d.render()
    return [str(d) for d in found]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_sequence_of_words(text: str, scratch: bool) -> None:
    read(text, scratch=scratch)
    read(f"route[r] {{ {text} }}", scratch=scratch)


@given(
    st.sampled_from(SCRIPTS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(["", *PIECES])), min_size=1, max_size=4),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_real_scripts_with_a_few_changes(text: str, changes: list[tuple[float, int, str]], scratch: bool) -> None:
    for place, removed, inserted in changes:
        position = int(place * len(text))
        text = text[:position] + inserted + text[position + removed :]
    read(text, scratch=scratch)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text(text: str) -> None:
    read(text)
    read(f'route[r] {{ xlog("{text}\\n"); }}')


def body(text: str) -> str:
    return f"route[r] {{\n{text}\n}}"


DEEP = {
    "parentheses": body(f"$var(x) = {'(' * 5000}1{')' * 5000};"),
    "condition": body(f"if ({'(' * 5000}1{')' * 5000}) exit;"),
    "blocks": body("if (1) {" * 5000 + "}" * 5000),
    "ifs": body("if (1) " * 5000 + ";"),
    "else ifs": body("if (1) ; " + "else if (1) ; " * 5000),
    "whiles": body("while (1) " * 5000 + ";"),
    "nots": body(f"if ({'!' * 5000}1) exit;"),
    "tildes": body(f"$var(x) = {'~' * 5000}1;"),
    "sum": body(f"$var(x) = 1{' + 1' * 5000};"),
    "ands": body(f"if (1{' and 1' * 5000}) exit;"),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_refused_with_its_limit(name: str) -> None:
    (error,) = read(DEEP[name])
    assert f"at most {MAX_OPERATORS} operators" in error or f"at most {MAX_NESTING} levels" in error


@pytest.mark.parametrize(
    "text",
    [
        body(f"$var(x) = {'(' * 200}1{')' * 200};"),
        body("if (1) {" * 200 + "exit;" + "}" * 200),
        body("if (1) ; " + "else if (1) ; " * 200),
        body(f"$var(x) = 1{' + 1' * 400};"),
        body(f"if (1{' and 1' * 400}) exit;"),
        body(f"$var({'(' * 5000}{')' * 5000}) = 1;"),
        body("xlog(" + '"a" ' * 5000 + ");"),
        body("exit;\n" * 5000),
    ],
    ids=["parentheses", "blocks", "else ifs", "sum", "ands", "name", "literals", "lines"],
)
def test_what_is_long_is_accepted(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("text", ["(" * 5000, "{" * 5000, "}" * 5000, "[" * 5000, '"' * 5001, "/*" * 5000, "$(" * 5000])
def test_brackets_alone(text: str) -> None:
    assert read(text)
    assert read(body(text))


def test_not_more_errors_than_anyone_reads() -> None:
    assert len(read(body("xlog($var(x));\n" * 1000))) == MAX_ERRORS


def test_bytes_that_are_no_utf8_are_kept() -> None:
    assert read(body('xlog("\udcff");')) == []
    assert read(body('xlog("\ud800");')) == []
