"""The limit on log records, and what it does not touch: what the runtime itself says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.session.session import Session

LIMIT = 20
LEFT = "the loop has run 10000 times and is left: nothing in the loop changes $var(i)"
#: logs two lines each time round, and two diagnostics, one of them different each time
NOISY = """event_route[E_NOISY] {
    $var(i) = 0;
    while ($var(i) < 10) {
        xlog("i=$var(i)\\n");
        $var(n) = $var(none) + 1;
        $var(count) = $shv(count) + 1;
        $shv(count) = $var(count);
        xlog("again\\n");
        error("$var(count)", "never implemented");
    }
}
event_route[E_WARN] {
    xlog("line\\n");
    xlog("line\\n");
    $var(n) = $param(nosuch) + 1;
}
"""


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(workers=1, log_limit=LIMIT) as opened:
        opened.load(NOISY)
        yield opened


def diagnostics(log: tuple[LogRecord, ...]) -> list[str]:
    return [record.text for record in log if record.diagnostic]


def test_why_a_loop_was_left_is_the_last_word(session: Session) -> None:
    run = session.raise_event("E_NOISY")
    assert run.log[-1].text == LEFT
    assert session.log[-1] == run.log[-1]
    assert any("more log lines were not kept" in text for text in diagnostics(run.log))
    assert [r.text for r in run.log[:1]] == ["i=0\n"]


def test_a_flood_of_diagnostics_is_bounded_and_counted(session: Session) -> None:
    run = session.raise_event("E_NOISY")
    assert len(run.log) < LIMIT + 60
    counted = [text for text in diagnostics(run.log) if "more like this)" in text]
    assert counted
    assert sum(int(text.split("(and ")[1].split()[0].replace(",", "")) for text in counted) > 9_000


def test_a_batch_keeps_diagnostics_beyond_the_limit(session: Session) -> None:
    def last(events: int) -> list[str]:
        return diagnostics(session.submit_batch("E_WARN", [{}] * events).result().log)

    few, many = last(2), last(5_000)
    assert set(few) <= {text.split(" (and ")[0] for text in many}
    assert len(many) < 200


def test_a_batch_tells_the_first_of_a_kind_beyond_the_limit(session: Session) -> None:
    session.load('event_route[E_LATE] { xlog("line\\n"); if ($param(n) > 100) $var(n) = $var(none) + 1; }')
    result = session.submit_batch("E_LATE", [{"n": n} for n in range(200)]).result()
    assert any("null" in text for text in diagnostics(result.log))


@pytest.mark.parametrize(("log", "tells"), [("all", True), (5, True), ("errors", True), ("none", False)])
def test_a_replay_keeps_them_unless_nothing_is_to_be_shown(session: Session, log: Any, tells: bool) -> None:
    session.load('event_route[E_LATE] { xlog("line\\n"); if ($param(n) > 100) $var(n) = $var(none) + 1; }')
    result = session.replay((("E_LATE", {"n": n}) for n in range(200)), log=log)
    assert any("null" in text for text in diagnostics(result.log)) is tells
    assert all(record.event == "E_LATE" for record in result.log)


def test_a_flood_of_events_keeps_few_diagnostics_of_each_statement(session: Session) -> None:
    session.load('event_route[E_MANY] { $var(i) = 0; while ($var(i) < 500) { raise_event("E_WARN"); $var(i) += 1; } }')
    run = session.raise_event("E_MANY")
    assert run.routes == 501
    assert len(run.log) < LIMIT + 60
    assert any("more like this)" in text for text in diagnostics(run.log))
