"""Module benchmark: timers that measure parts of a script. They run only when modparam("benchmark", "enable") is 1."""

from __future__ import annotations

import time
from typing import Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import check_modparams, function
from evroute_kernel.library.functions.parameters import literal
from evroute_kernel.records import dataclass
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context

MODULE: Final = "benchmark"
NAME_LIMIT: Final = 31
DEFAULT_GRANULARITY: Final = 100
STATE: Final = "benchmark"


def _check_modparam(parameter: str, value: int | str) -> str | None:
    return "the granularity cannot be negative" if parameter == "granularity" and int(value) < 0 else None


check_modparams(MODULE, _check_modparam)


@dataclass(slots=True)
class Timer:
    """Microseconds of one timer: since the last report, and in all."""

    started: int = 0
    calls: int = 0
    total: int = 0
    smallest: int = 0
    largest: int = 0
    all_calls: int = 0
    all_total: int = 0
    all_smallest: int = 0
    all_largest: int = 0

    def add(self, interval: int) -> None:
        self.smallest = interval if not self.calls else min(self.smallest, interval)
        self.all_smallest = interval if not self.all_calls else min(self.all_smallest, interval)
        self.largest, self.all_largest = max(self.largest, interval), max(self.all_largest, interval)
        self.calls, self.all_calls = self.calls + 1, self.all_calls + 1
        self.total, self.all_total = self.total + interval, self.all_total + interval

    def begin_again(self) -> None:
        self.calls = self.total = self.smallest = self.largest = 0


@dataclass(slots=True)
class Benchmark:
    """The timers of a process, and the interval measured last."""

    timers: dict[str, Timer]
    last_interval: int = 0


def benchmark(context: Context) -> Benchmark:
    found: Benchmark = context.process.state.setdefault(STATE, Benchmark({}))
    return found


def _check_name(name: str) -> tuple[str, str | None] | None:
    if not 0 < len(name) <= NAME_LIMIT:
        return f"{name!r} is no name of a timer: 1 to {NAME_LIMIT} bytes are possible", None
    return None


def _timer(context: Context, name: str) -> Timer | None:
    """The timer of that name; None when timers are off."""
    if modparams.integer(context.process, MODULE, "enable", 0) <= 0:
        return None
    return benchmark(context).timers.setdefault(name, Timer())


def _is_name(context: Context, name: str) -> bool:
    problem = _check_name(name)
    if problem is not None:
        context.error(problem[0])
    return problem is None


@function("bm_start_timer", check=literal(0, _check_name))
def bm_start_timer(context: Context, name: str) -> int:
    """Start a timer.

    Returns 1; -1 for a name that is empty or too long.
    """
    if not _is_name(context, name):
        return -1
    timer = _timer(context, name)
    if timer is not None:
        timer.started = time.perf_counter_ns()
    return 1


@function("bm_log_timer", check=literal(0, _check_name))
def bm_log_timer(context: Context, name: str) -> int:
    """Stop a timer: `$BM_time_diff` tells its microseconds. Every `granularity` (100) calls a summary is logged.

    Returns 1; -1 for a name that is empty or too long.
    """
    if not _is_name(context, name):
        return -1
    timer = _timer(context, name)
    if timer is None:
        return 1
    interval = (time.perf_counter_ns() - timer.started) // 1000
    benchmark(context).last_interval = interval
    timer.add(interval)
    granularity = modparams.integer(context.process, MODULE, "granularity", DEFAULT_GRANULARITY)
    if 0 < granularity <= timer.calls:
        _report(context, name, timer, granularity)
        timer.begin_again()
    return 1


def _report(context: Context, name: str, timer: Timer, granularity: int) -> None:
    level = modparams.integer(context.process, MODULE, "loglevel", levels.INFO)
    lately = f"{timer.calls} calls: {timer.total} us, {timer.smallest} to {timer.largest}"
    average = f"{timer.total / granularity:.2f} on average"
    ever = f"{timer.all_calls} calls in all: {timer.all_total} us, {timer.all_smallest} to {timer.all_largest}"
    context.diagnose(level, f"timer {name!r}: {lately}, {average}; {ever}")
