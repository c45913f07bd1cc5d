"""Findings as text: excerpts cut around what they are about, many findings counted."""

from __future__ import annotations

from unicodedata import category, east_asian_width

import pytest

from evroute_kernel.errors import LONGEST, MOST_FINDINGS, WIDTH, Diagnostic, ScriptError, excerpt
from evroute_kernel.source import Source


def finding(severity: str = "error", message: str = "wrong", hint: str | None = None) -> Diagnostic:
    return Diagnostic(severity, "code", message, Source("In[1]", "x").span(0, 1), hint)  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [0, 1, 59, 60, 61, 119, 120, 121, 5000])
@pytest.mark.parametrize("after", [0, 1, 60, 119, 5000])
def test_the_caret_stands_under_what_is_meant(before: int, after: int) -> None:
    text = "first\n" + "a" * before + "HERE" + "b" * after
    found = excerpt(Source("In[1]", text).span(6 + before, 10 + before))
    assert len(found.text) <= WIDTH + 2
    assert found.text[len(found.indent) :].startswith("HERE")
    assert found.carets == "^^^^"
    assert len(found.gutter) == len(found.margin)
    assert found.text.startswith("…") or before <= WIDTH
    assert found.text.strip("…") in text


def test_tabs_stay_tabs() -> None:
    found = excerpt(Source("In[1]", "\ta\t" * 40 + "HERE").span(120, 124))
    assert found.indent.count("\t") == found.text.count("\t")


def columns(text: str) -> int:
    """How far a terminal goes on, with tabs of eight columns."""
    at = 0
    for c in text:
        if c == "\t":
            at += 8 - at % 8
        elif category(c) not in ("Mn", "Me", "Cf"):
            at += 2 if east_asian_width(c) in "WF" else 1
    return at


WIDE = ["漢字", "漢" * 200, "e\u0301\u0301", "\U0001f469\u200d\U0001f692", "a漢\t", "ｆｕｌｌ", "\t" * 40, "漢a" * 70]


@pytest.mark.parametrize("before", WIDE)
@pytest.mark.parametrize("after", ["", "漢" * 200, "\t\t" * 40, "e\u0301" * 100])
def test_the_caret_stands_under_wide_characters_too(before: str, after: str) -> None:
    width = 60
    found = excerpt(Source("In[1]", f"{before}HERE{after}").span(len(before), len(before) + 4), width)
    at = len(found.indent)
    assert found.text[at : at + 4] == "HERE"
    assert columns(found.gutter + found.text[:at]) == columns(found.margin + found.indent)
    assert columns(found.text) <= width + 10
    assert len(found.indent) == at


def test_a_span_that_goes_on_ends_with_the_excerpt() -> None:
    found = excerpt(Source("In[1]", "a" * 1000 + "\nb").span(0, 1002))
    assert len(found.carets) == WIDTH


def test_one_line_with_thousands_of_findings() -> None:
    source = Source("In[1]", "x" * 42_000)
    error = ScriptError([Diagnostic("error", "code", "wrong", source.span(i * 10, i * 10 + 1)) for i in range(4000)])
    assert len(error.render()) < 10_000
    assert error.render().endswith("\n... and 3,980 more findings")
    assert str(error).endswith("\n... and 3,980 more findings")
    assert len(repr(error)) < 5_000


def test_errors_come_before_what_else_was_found() -> None:
    found = [finding("warning", f"warning {i}") for i in range(100)] + [finding("error", "the error")]
    lines = ScriptError(found).render().splitlines()
    titles = [line for line in lines if line.startswith(("warning", "error"))]
    assert titles == [*(f"warning: warning {i} [code]" for i in range(MOST_FINDINGS - 1)), "error: the error"]
    assert lines[-1] == "... and 81 more findings"


def test_long_messages_and_hints_are_cut() -> None:
    found = finding(message="m" * 50_000, hint="h" * 50_000)
    assert len(str(found)) < 2 * LONGEST + 100
    assert len(found.render()) < 2 * LONGEST + 200
    assert "50,000 characters" in str(found)


def test_half_a_surrogate_pair_can_be_printed() -> None:
    source = Source("In[1]", 'modparam("\udab5", "", 1)')
    found = Diagnostic("error", "code", "unknown module '\ud800'", source.span(9, 12), "not \udfff")
    assert found.render().encode()
    assert str(found).encode()
    assert found.render().splitlines()[-2].endswith(" " * 10 + "^^^")
