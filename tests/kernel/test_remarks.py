"""What the runtime remarks: each once, then counted; bounded whatever a loop does."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.errors import Diagnostic, as_text
from evroute_kernel.kernel.cell.remarks import MOST_OF_A_PLACE, MOST_REMARKS, Remarks
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.lang.lints.registry import Lint
from evroute_kernel.source import Source

SOURCE = Source("In[1]", "if ($var(a) == 5)\n    $var(b) = 1 / 0;\n" + "x;\n" * 100)


def record(text: str, start: int = 0, end: int = 40, level: str = "WARNING") -> LogRecord:
    return LogRecord(level, text, True, "E_X", "event_route[E_X]", 1, SOURCE.span(start, end), 0.0)


def test_a_remark_is_shown_once_and_counted() -> None:
    remarks = Remarks()
    first = remarks.take(record("a"))
    assert first is not None
    assert remarks.take(record("a")) is None
    assert remarks.have_changed
    assert remarks.changed() == [first]
    title, place, *_ = as_text(first.parts()).splitlines()
    assert (title, place) == ("warning: a [run time, 2 times]", "  In[1]:1:1")
    assert remarks.changed() == []


def test_of_one_place_a_few_are_shown_and_all_are_counted() -> None:
    remarks = Remarks()
    shown = [remark for i in range(1_000) if (remark := remarks.take(record(f"{i} + text")))]
    assert len(shown) == MOST_OF_A_PLACE
    assert sum(remark.count for remark in shown) == 1_000


def test_of_many_places_some_are_shown() -> None:
    remarks = Remarks()
    start = SOURCE.text.index("x;")
    shown = [r for i in range(100) if (r := remarks.take(record("a", start + 3 * i, start + 3 * i + 1)))]
    assert len(shown) == MOST_REMARKS
    assert sum(remark.count for remark in shown) == 100


@pytest.mark.parametrize(
    ("lint", "at", "said", "start", "is_shown"),
    [
        ("text-with-number", "== 5", "the condition has no value, so it counts as false", 0, False),
        ("text-with-number", "== 5", "something else", 0, True),
        # the statement in the block below is another one, and so is a finding there for this one
        ("text-with-number", "== 5", "the condition has no value, so it counts as false", 22, True),
        ("division-by-zero", "/ 0", "1 / 0: division by zero gives 0", 0, True),
        ("division-by-zero", "/ 0", "1 / 0: division by zero gives 0", 22, False),
    ],
)
def test_what_a_lint_has_said_of_the_statement_is_not_said_again(
    lint: str, at: str, said: str, start: int, is_shown: bool
) -> None:
    remarks = Remarks()
    place = SOURCE.text.index(at)
    remarks.foretell([Diagnostic("warning", lint, "said", SOURCE.span(place, place + 3))])
    assert (remarks.take(record(said, start)) is not None) == is_shown


@pytest.mark.parametrize("lint", [lint for lint in LINTS.values() if lint.foretells], ids=lambda lint: lint.code)
def test_what_lints_foretell_is_what_the_runtime_says(lint: Lint) -> None:
    """One of the examples at least comes true."""
    from evroute_kernel.engine.session.session import Session

    said = ""
    for example in lint.fires:
        with Session(workers=1) as session:
            loaded = session.load(example)
            for title in loaded.routes:
                if title.startswith("event_route["):
                    said += "\n".join(
                        r.text for r in session.raise_event(title[12:-1], {"ip": "1"}).log if r.diagnostic
                    )
    assert any(told in said for told in lint.foretells), said
