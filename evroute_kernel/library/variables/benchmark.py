"""`$BM_time_diff` (module benchmark)."""

from __future__ import annotations

from evroute_kernel.library.behaviour import variable
from evroute_kernel.library.functions.benchmark import benchmark
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, wrap


@variable("BM_time_diff")
def bm_time_diff(context: Context, name: None, index: None) -> Value:
    """Microseconds that the last bm_log_timer() of this process measured; 0 at first."""
    return wrap(benchmark(context).last_interval)
