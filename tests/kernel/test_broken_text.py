"""Completion and inspection answer whatever the text is and wherever the cursor stands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.questions.completion import complete
from evroute_kernel.kernel.questions.inspection import inspect
from support.recorded import read_cases

FRAGMENTS = [
    '"', "'", "$(", "$var(", "$param(", "{", "}", "(", ")", "[", "]", ";", ",", "/*", "*/", "#", "\n", "\\", "{s.", "%",
    "%raise E_X ", "%%raise E_X\n{", "?", "event_route[", "route[", "route(", "é", "😀", "\ud83d", "\0", "xlog(", "=",
    'loadmodule "', 'modparam("', "%assert ", "~nobody/", "%load ~nobody/",
]  # fmt: skip

PROGRAMS = sorted({case.script for case in read_cases()})


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    found = Notebook()
    found.session.load(
        'route[greet] { $var(seen) = 1; } event_route[E_X] { route(greet, 1); xlog("$param(a)"); }', "In[1]"
    )
    yield found
    found.close()


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, int]:
    """A recorded program with pieces put in and cut out, and a cursor in it."""
    text = draw(st.sampled_from(PROGRAMS))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(st.sampled_from(FRAGMENTS)) + text[start + draw(st.integers(0, 9)) :]
    return text, draw(st.integers(0, len(text)))


def check(notebook: Notebook, text: str, cursor: int) -> None:
    found = complete(notebook, text, cursor)
    assert found["status"] == "ok"
    assert 0 <= found["cursor_start"] <= found["cursor_end"] == cursor
    types = found["metadata"]["_jupyter_types_experimental"]
    assert [t["text"] for t in types] == found["matches"]
    assert {(t["start"], t["end"]) for t in types} <= {(found["cursor_start"], cursor)}
    "".join(found["matches"]).encode()
    assert inspect(notebook, text, cursor, cursor % 2)["status"] == "ok"


@settings(max_examples=300, deadline=None)
@given(broken())
def test_broken_programs(notebook: Notebook, program: tuple[str, int]) -> None:
    check(notebook, *program)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
def test_broken_pieces(notebook: Notebook, text: str) -> None:
    check(notebook, text, len(text))


@pytest.mark.parametrize(
    "piece", ["(", "{", "$(", '"$x(', ";)", "\n", "a", " ", "/*", "%", '\\"', "route(", "event_route["]
)
def test_large_texts(notebook: Notebook, piece: str) -> None:
    text = piece * (100_000 // len(piece))
    check(notebook, text, len(text))
    check(notebook, text + "\nevent_route[E_X] { $param(", len(text))
