"""Some messages at once, then so many a second."""

from __future__ import annotations

from evroute_kernel.kernel.cell.pace import BURST, RATE, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_rate() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.room == BURST
    pace.spend(BURST)
    assert pace.room == 0
    assert pace.wait(2) == 2 / RATE
    clock.now += 2 / RATE + 1e-9
    assert pace.room == 2
    assert pace.wait(2) == 0
    clock.now += 3600
    assert pace.room == BURST


def test_what_could_not_wait_is_no_debt() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.spend(10 * BURST)
    clock.now += 1
    assert pace.room == RATE
