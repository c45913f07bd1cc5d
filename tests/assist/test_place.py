"""Where a position lies: of whole programs the same as the lexer says, of broken ones what a reader would say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.assist.completion import complete
from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.frames import COMMENT, FOREIGN, STRING, frames_of
from evroute_kernel.assist.inspection import pages_at
from evroute_kernel.assist.place import Call, Header, place_at
from evroute_kernel.lang.lexer import tokens
from evroute_kernel.lang.parser import parse
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.source import Source
from support.recorded import read_cases

PROGRAMS = sorted(case.script for case in read_cases() if not parse(Source("test", case.script), version="3.6")[1])
OPENING = {"LPAR": "(", "LSQB": "[", "LBRACE": "{"}
CLOSING = frozenset({"RPAR", "RSQB", "RBRACE"})


@pytest.mark.parametrize("text", PROGRAMS)
def test_open_brackets_are_those_of_the_lexer(text: str) -> None:
    found, _ = tokens(Expanded(text, [0], [(Source("test", text), 0)]), "3.6")
    opened: list[str] = []
    for token in found:
        assert [frame.kind for frame in frames_of(text[: token.span.start])] == opened
        if token.type in OPENING:
            opened.append(OPENING[token.type])
        elif token.type in CLOSING:
            opened.pop()


@pytest.mark.parametrize(
    ("text", "top"),
    [('xlog("a', STRING), ("# a", COMMENT), ("/* /* */", COMMENT), ("/* /* */ */", ""), ("", ""), ("%raise", "")],
)
def test_what_is_open_at_the_end(text: str, top: str) -> None:
    assert place_at(text, len(text)).top == top


def test_a_foreign_line_is_none_of_the_script() -> None:
    magics = re.compile("%")
    assert place_at("%raise E_X {", 12, foreign=magics).top == FOREIGN
    assert place_at('%expect "\nxlog(', 15, foreign=magics).call == Call("xlog", 0, 14)
    assert place_at("route[x] {\n%raise (", 19, foreign=magics).top == "("


def test_route_and_call() -> None:
    text = 'event_route["E_X"] { if (cache_store("a", $(var(x){s.len}), '
    place = place_at(text, len(text))
    assert place.route == Header("event_route", "E_X")
    assert place.call == Call("cache_store", 2, text.index('("a"'))


@given(st.text(max_size=80), st.integers(-2, 90))
@settings(max_examples=200, deadline=None)
def test_any_text_is_answered(text: str, cursor: int) -> None:
    found = complete(Defined(), text, cursor)
    assert 0 <= found.start <= found.end <= len(text)
    pages_at(Defined(), text, cursor)
