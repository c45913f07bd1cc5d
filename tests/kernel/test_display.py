"""How errors, records and tables look."""

from __future__ import annotations

import re

from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.errors import Diagnostic
from evroute_kernel.kernel.display.formats import (
    MOST_ROWS,
    Table,
    full_record,
    note_bundle,
    plain_record,
    shown,
    text_bundle,
)
from evroute_kernel.rendering import findings_bundle, traceback
from evroute_kernel.source import Source
from support.frontend import plain


def lines(*diagnostics: Diagnostic) -> list[str]:
    return plain("\n".join(traceback("Name", "message", diagnostics))).splitlines()


def test_an_error_in_a_cell() -> None:
    span = Source("In[3]", "first\n\txlog(x);\n").span(7, 11)
    assert lines(Diagnostic("error", "code", "message", span, "do this")) == [
        "error: message",
        "  In[3]:2:2",
        "    2 | \txlog(x);",
        "      | \t^^^^",
        "  hint: do this",
        "Name: message",
    ]


def test_an_error_in_a_file_is_a_link() -> None:
    span = Source("/tmp/x.cfg", "abc").span(1, 2)
    assert "  /tmp/x.cfg:1:2" in lines(Diagnostic("error", "code", "message", span))


def test_several_findings_are_titled() -> None:
    span = Source("In[1]", "abc").span(0, 1)
    found = lines(Diagnostic("error", "code", "first", span), Diagnostic("warning", "code", "second", span))
    assert "error: first" in found
    assert "warning: second [code]" in found


def test_a_long_line_is_cut_around_its_error() -> None:
    source = Source("In[1]", "a" * 5000 + "HERE" + "b" * 5000)
    shown_lines = lines(Diagnostic("error", "code", "message", source.span(5000, 5004)))
    excerpt, carets = shown_lines[-3:-1]
    assert len(excerpt) <= 70
    assert excerpt[carets.index("^") :].startswith("HERE")
    assert carets.count("^") == 4


def test_many_findings_are_cut_short() -> None:
    found = lines(*(Diagnostic("error", "code", f"number {i}") for i in range(100)))
    assert found[-2] == "... and 80 more findings"


def test_records() -> None:
    span = Source("In[2]", "\nxlog();").span(1, 5)
    xlog = LogRecord("NOTICE", "text", False, "E_X", "event_route[E_X]", 2, span, 0.0)
    told = LogRecord("WARNING", "no parameter", True, "E_X", "event_route[E_X]", 2, span, 0.0)
    assert plain_record(xlog) == "text"
    assert plain_record(told) == "WARNING: In[2]:2:1: no parameter\n"
    assert full_record(xlog)[-18:] == " [2] NOTICE: text\n"


def test_values_tell_their_type() -> None:
    assert [shown(v) for v in (42, "42", 'a"b\n', "Zoë", None)] == ["42", '"42"', '"a\\"b\\n"', '"Zoë"', "<null>"]


def test_long_cells_can_be_opened_and_long_words_are_broken() -> None:
    found = Table(("name", "value"), [("short", "a b"), ("word", "x" * 50), ("long", "yz" * 9000)]).bundle()
    assert max(map(len, found["text/plain"].splitlines())) < 400
    short, word, long = found["text/html"].partition("<tbody>")[2].split("</tr>")[:3]
    assert "overflow-wrap" not in short
    assert "overflow-wrap: anywhere" in word
    assert "<details>" not in word
    assert f"<details><summary>{'yz' * 50}... (18,000 characters)</summary>{'yz' * 5000}... (18,000" in long


def test_long_tables_are_cut_short() -> None:
    made: list[int] = []

    def cells(row: int) -> tuple[int, int]:
        made.append(row)
        return row, 2 * row

    bundle = Table(("n", "twice"), range(400_000), others="%twice PATTERN shows others", cells=cells).bundle()
    assert made == list(range(MOST_ROWS))
    last = f"... and {400_000 - MOST_ROWS:,} more; %twice PATTERN shows others"
    assert bundle["text/plain"].splitlines()[-1] == last
    assert len(bundle["text/plain"].splitlines()) == MOST_ROWS + 3
    assert bundle["text/html"].endswith(f"</table><div>{last}</div>")
    assert "more" not in Table(("n",), [(n,) for n in range(MOST_ROWS)]).bundle()["text/plain"]


def test_tables_as_text_and_html() -> None:
    bundle = Table(("name", "n"), [("<b>", 1), ("long name", None)]).bundle()
    assert bundle["text/plain"] == "name       n\n---------  -\n<b>        1\nlong name"
    assert "&lt;b&gt;" in bundle["text/html"]
    assert "<b>" not in bundle["text/html"]
    assert Table(("a",), [], "none & nothing").bundle() == {
        "text/plain": "none & nothing",
        "text/html": "<em>none &amp; nothing</em>",
    }


def test_cells_break_neither_lines_nor_columns_nor_terminals() -> None:
    bundle = Table(("a", "b"), [("one\ntwo\t\x1b[31m\x9b2J", 'é"<script>')]).bundle()
    assert bundle["text/plain"].splitlines()[2:] == ['one\\ntwo\\t\\x1b[31m\\x9b2J  é"<script>']
    assert "one\\ntwo\\t\\x1b[31m" in bundle["text/html"]
    assert "<script>" not in bundle["text/html"]


def test_tables_have_the_colours_of_the_page() -> None:
    html = Table(("a",), [("b",)]).bundle()["text/html"]
    assert not re.search(r"#[0-9a-f]{3}|\b(black|white(?!-)|rgb|background|(?<!-)color:)", html)
    assert all("currentColor" in line for line in re.findall(r"border-bottom:[^;\"]*", html))


def test_preformatted_text_is_escaped() -> None:
    for made in (text_bundle("<i>"), note_bundle(["<i>"])):
        assert made["text/plain"] == "<i>"
        assert re.fullmatch(r'<pre style="[^"<>]*monospace[^"<>]*">&lt;i&gt;</pre>', made["text/html"])


def test_what_stands_between_two_dollars_is_no_mathematics() -> None:
    """JupyterLab and nbconvert set it as a formula, unless an element is marked so."""
    place = Source("In[1]", "$shv(n) = 1;").span(0, 4)
    one, two = (
        findings_bundle([Diagnostic("warning", "some-lint", text, place)])["text/html"]
        for text in ("$shv(n) is unset", "$shv(n) is $shv(m)")
    )
    assert "mathjax_ignore" not in one
    assert '<div class="mathjax_ignore tex2jax_ignore"' in two
