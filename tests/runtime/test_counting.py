"""`$shv(x) += 1` in several processes at once."""

from __future__ import annotations

import pytest

from evroute_kernel import Session

SCRIPT = """
event_route[E_COUNT] { $var(i) = 0; while ($var(i) < 20) { $shv(n) += 1; $var(i) += 1; } }
event_route[E_STUCK] {
    $var(i) = 0;
    while ($var(i) < 10000) { $var(j) = 0; while ($var(j) < 10000) { $shv(n) += 0; $var(j) += 1; } $var(i) += 1; }
}
"""
EVENTS = 20_000


def test_no_count_is_lost_between_workers() -> None:
    with Session(workers=2) as session:
        session.load(SCRIPT)
        result = session.replay((("E_COUNT", None) for _ in range(EVENTS)), workers=2)
        assert result.events == EVENTS
        assert len(session.workers()) == 2
        assert session.shared.get("shv", "n") == 20 * EVENTS


def test_an_interrupted_route_holds_nobody_up() -> None:
    with Session(workers=2) as session:
        session.load(SCRIPT)
        for _ in range(20):
            stuck = session.submit("E_STUCK", origin="stuck")
            assert session.raise_event("E_COUNT").ok
            session.interrupt("stuck")
            assert not stuck.result().ok
            assert session.raise_event("E_COUNT").ok


@pytest.mark.parametrize(
    ("statements", "value"),
    [
        ("$shv(x) += 3; $shv(x) -= 5;", -2),
        ("$shv(x) = 2147483647; $shv(x) += 1;", -(2**31)),
        ("$var(least) = -2147483647 - 1; $shv(x) = 1; $shv(x) -= $var(least);", -(2**31) + 1),
        ('$shv(x) = "a"; $shv(x) += "b";', "ab"),
        ('$shv(x) = "a"; $shv(x) += 1;', "a"),
        ('$shv(x) = 1; $shv(x) += "b";', 1),
        ("$shv(x) = 1; $shv(x) += $var(none);", 1),
        ('$var(t) = "42abc"; $shv(x) = 1; $shv(x) += $(var(t){s.int});', 43),
        ('$var(name) = "x"; $shv($var(name)) += 2; $shv( x ) += 2;', 4),
        ("$shv(x) = 7; $shv(x) *= 3; $shv(x) %= 4;", 1),
    ],
)
def test_counting_means_what_the_operator_means(statements: str, value: int | str) -> None:
    with Session(workers=1) as session:
        session.load(f"event_route[E_X] {{ {statements} }}")
        assert session.raise_event("E_X").ok
        assert session.shared.get("shv", "x") == value
