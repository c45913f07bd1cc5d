"""One number beside the bar it has to clear, and beside a real server where there is one."""

from __future__ import annotations

import compileall
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import evroute_kernel


@dataclass(frozen=True, slots=True)
class Measurement:
    """`bar` is the limit: values above it fail, or below it where `more_is_better`; None where there is none.

    `server` is what a real server did in the same run, in the same unit; `ratio_bar`: how many times as good as that it
    has to be, which then counts in the place of `bar`.
    """

    benchmark: str
    what: str
    value: float
    unit: str
    bar: float | None = None
    more_is_better: bool = False
    server: float | None = None
    ratio_bar: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as good as a real server; None where there was none."""
        if not self.server or not self.value:
            return None
        return self.value / self.server if self.more_is_better else self.server / self.value

    @property
    def passed(self) -> bool:
        if self.ratio is not None and self.ratio_bar is not None:
            return self.ratio >= self.ratio_bar
        if self.bar is None:
            return True
        return self.value >= self.bar if self.more_is_better else self.value <= self.bar

    @property
    def is_judged(self) -> bool:
        """Whether there is something that it has to clear."""
        return self.bar is not None or (self.ratio is not None and self.ratio_bar is not None)


def installed() -> None:
    """Have the package's byte code on disk, as `pip install` leaves it: a checkout that may not write any (PYTHON-
    DONTWRITEBYTECODE) compiles itself anew at each start, which is half of it."""
    compileall.compile_dir(Path(evroute_kernel.__file__).parent, quiet=1)


def best_of(rounds: int, function: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of the quickest of several calls: what the machine can do when nothing disturbs it.

    `clock`: `time.process_time` counts what this process takes of the processor, so that others disturb it less."""
    return min(_seconds(function, clock) for _ in range(rounds))


def median_of(rounds: int, function: Callable[[], object]) -> float:
    """Seconds of the median call: what a user meets."""
    return statistics.median(_seconds(function) for _ in range(rounds))


def _seconds(function: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    started = clock()
    function()
    return clock() - started
