"""Which orders are tried: few, and all that matter."""

from __future__ import annotations

from random import Random

import pytest

from evroute_kernel.engine.racing.exploring import Exploration
from evroute_kernel.engine.racing.steps import Step
from support.interleavings import Operation, accesses, every, explored, random_programs

PAIR = [("read", "x"), ("write", "x")]
#: each process has its own, but for one
LONG = [[("read", f"{p}{i}") for i in range(14)] + PAIR + [("write", f"{p}{i}") for i in range(14)] for p in "ab"]


@pytest.mark.parametrize(("processes", "steps", "count"), [(2, 5, 400), (3, 3, 100)])
def test_no_outcome_is_missed(processes: int, steps: int, count: int) -> None:
    random = Random(16)
    for number in range(count):
        programs = random_programs(random, processes, steps)
        expected = every(programs)
        assert explored(programs, reduces=True)[0] == expected, (number, programs)
        if number % 10 == 0:
            assert explored(programs, reduces=False)[0] == expected, (number, programs)


@pytest.mark.parametrize(
    ("programs", "runs"),
    [
        ([PAIR, PAIR], 4),
        # independent: one order
        ([[("write", "x")] * 5, [("write", "y")] * 5], 1),
        ([[("read", "x")] * 5, [("log", "x")] * 5], 1),
        # who takes the lock first, and nothing else
        ([[("take", "a"), *PAIR, ("release", "a")]] * 2, 2),
        ([[("take", "a"), *PAIR, ("release", "a")]] * 3, 6),
        (LONG, 4),
    ],
)
def test_orders_that_differ_in_nothing_are_not_tried(programs: list[list[Operation]], runs: int) -> None:
    assert explored(programs, reduces=True)[1] == runs


def test_two_locks_in_two_orders_end_in_waiting_for_ever() -> None:
    first = [("take", "a"), ("take", "b"), ("release", "b"), ("release", "a")]
    second = [("take", "b"), ("take", "a"), ("release", "a"), ("release", "b")]
    outcomes, runs = explored([first, second], reduces=True)
    assert [waiting for *_, waiting in outcomes if waiting] == [(0, 1)]
    assert runs <= 4


def test_an_order_that_does_something_else_the_next_time_is_told() -> None:
    read, write = accesses(("read", "x")), accesses(("write", "x"))
    exploration = Exploration(2)
    assert exploration.begin() == []
    for process, what in ((0, read), (0, write), (1, read), (1, write)):
        exploration.took(Step(process, what))
    exploration.end({})
    assert exploration.begin() == [0, 1]
    exploration.took(Step(0, accesses(("read", "y"))))
    assert exploration.has_strayed
