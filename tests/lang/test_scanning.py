"""Where strings, comments, variables and brackets end: one answer for the lexer and for readers of lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.lang import nodes
from evroute_kernel.lang.generation.actions import server_line
from evroute_kernel.lang.lexer import tokens
from evroute_kernel.lang.parser import parse
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.lang.scanning import End, after_blanks, comment_end, next_mark, statement_end
from evroute_kernel.source import Source
from support.recorded import read_cases

PROGRAMS = sorted({case.script for case in read_cases()})
PIECES = [
    '"', "'", '"a"', "'b'", "$(", "$var(", "$x", "$x(", "{", "}", "(", ")", "[", "]", ";", "/*", "*/", "#", "\n", "\\",
    '\\"', " ", "a", "or", "=", "é", "::1", "10.0.0.0/8", "*", "/",
]  # fmt: skip


def brackets_of_tokens(text: str) -> list[int]:
    """Where the brackets stand that are tokens."""
    found, _ = tokens(Expanded(text, [0], [(Source("test", text), 0)]), "3.6")
    kinds = {"LPAR", "RPAR", "LSQB", "RSQB", "LBRACE", "RBRACE"}
    return [token.span.start for token in found if token.type in kinds]


def brackets_of_marks(text: str) -> list[int]:
    found, position = [], 0
    while mark := next_mark(text, position):
        kind, position = mark
        if kind in ("open", "close"):
            found.append(position - 1)
    return found


@pytest.mark.parametrize("text", PROGRAMS)
def test_marks_are_the_brackets_of_recorded_programs(text: str) -> None:
    assert brackets_of_marks(text) == brackets_of_tokens(text)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(max_examples=500, deadline=None)
def test_marks_are_the_brackets_of_any_text(text: str) -> None:
    assert brackets_of_marks(text) == brackets_of_tokens(text)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("/* a */ b", End(7)),
        ("/* /* */ */ b", End(11)),
        ("/*/ b", End(5, 1)),
        ("/* /* a", End(7, 2)),
        ("/**/", End(4)),
    ],
)
def test_comments_nest(text: str, end: End) -> None:
    assert comment_end(text, 0) == end


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("  \t\r\n ;", ";"),
        ("# a\n # b\n;", ";"),
        ("/* a /* b */ c */ ;", ";"),
        ("/* a */ /* open", "/* open"),
        (" / 5", "/ 5"),
        ("\\\n;", ";"),
        ("", ""),
    ],
)
def test_what_parts_tokens_is_passed(text: str, rest: str) -> None:
    assert text[after_blanks(text, 0) :] == rest


def test_a_statement_ends_behind_its_semicolon() -> None:
    text = "exit /* why /* not */ */ ; drop"
    assert statement_end(text, 4) == text.index(";") + 1
    assert statement_end("exit }", 4) == 4


def test_the_line_of_a_statement_behind_nested_comments() -> None:
    """An `if` without else is complete for the server with the token after it."""
    script, _ = parse(Source("test", "route[r] {\nif (1) { exit; } /* a /* b */ c */\n\ndrop;\n}"), version="3.6")
    (route,) = script.items
    assert isinstance(route, nodes.Route)
    assert server_line(route.body[0]) == 4
