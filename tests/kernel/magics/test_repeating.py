"""`%config clock=... seed=...`: saved output that repeats."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.frontend import Frontend

CELL = """\
%config clock=2026-11-30T10:00:00 seed=7
xlog("$time(%H:%M:%S) $RANDOM $uuid $pp\\n");
"""


@pytest.fixture
def repeating(kernel: Frontend) -> Iterator[Frontend]:
    yield kernel
    kernel.run("%config clock=system seed=off")


def test_a_cell_that_runs_again_shows_the_same(repeating: Frontend) -> None:
    first = repeating.run(CELL)
    assert first.stdout.startswith("10:00:00 ")
    other = repeating.run('xlog("$time(%H:%M:%S) $RANDOM $uuid $pp\\n");')
    assert other.stdout.startswith("10:00:00 ")
    assert other.stdout != first.stdout
    assert repeating.run(CELL).stdout == first.stdout


def test_the_clock_is_moved_and_goes_again(repeating: Frontend) -> None:
    repeating.run("%config clock=2026-11-30T10:00:00")
    repeating.run("%tick --clock 90")
    assert repeating.run('xlog("$time(%H:%M:%S)");').stdout.startswith("10:01:30")
    repeating.run("%config clock=system")
    assert not repeating.run('xlog("$time(%F %H:%M)");').stdout.startswith("2026-11-30 10:01")


def test_what_is_none_is_refused_and_changes_nothing(repeating: Frontend) -> None:
    repeating.run("%config clock=2026-11-30T10:00:00 seed=7")
    for line in ("%config clock=noon seed=8", "%config seed=x", "%config clock=0"):
        assert repeating.run(line).status == "error"
    assert repeating.run('xlog("$time(%H:%M:%S)");').stdout.startswith("10:00:00")
