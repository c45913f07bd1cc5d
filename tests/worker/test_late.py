"""What is still told when there is no room for log lines."""

from __future__ import annotations

from evroute_kernel.worker.late import SENT_AT_ONCE, Late


def test_the_same_is_told_once_and_counted() -> None:
    late = Late[int]()
    assert [late.is_to_be_sent("here", "x", n) for n in range(5)] == [True, False, False, False, False]
    assert late.is_to_be_sent("there", "x", 9)
    assert late.release() == [(4, 4)]
    assert late.release() == []


def test_of_many_different_ones_the_first_and_the_last_are_told() -> None:
    late = Late[int]()
    assert [late.is_to_be_sent("here", f"{n}", n) for n in range(100)] == [n < SENT_AT_ONCE for n in range(100)]
    assert late.release() == [(99, 100 - SENT_AT_ONCE)]


def test_counts_of_others_are_added() -> None:
    late = Late[str]()
    late.hold("here", "first", 10)
    late.hold("here", "last", 5)
    assert late.release() == [("last", 15)]
