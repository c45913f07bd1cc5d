"""Timers."""

from __future__ import annotations

import pytest

from evroute_kernel.library.functions import benchmark


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        microseconds = 5000

    monkeypatch.setattr(benchmark.time, "perf_counter_ns", lambda: Clock.microseconds * 1000)
    return Clock


def test_timers_are_off_unless_enabled(run, read, clock):
    assert run("bm_start_timer", "t") == 1
    clock.microseconds += 70
    assert run("bm_log_timer", "t") == 1
    assert read("$BM_time_diff") == 0


def test_the_last_interval(run, read, modparam, clock):
    modparam("benchmark", "enable", 1)
    run("bm_start_timer", "t")
    clock.microseconds += 70
    run("bm_log_timer", "t")
    assert read("$BM_time_diff") == 70


def test_a_summary_is_logged_every_so_many_calls(run, modparam, clock, process, said):
    modparam("benchmark", "enable", 1)
    modparam("benchmark", "granularity", 2)
    process.log_level = 3
    for interval in (10, 30):
        run("bm_start_timer", "t")
        clock.microseconds += interval
        run("bm_log_timer", "t")
    [(level, text, _, _)] = said
    assert level == 3
    assert "2 calls: 40 us, 10 to 30, 20.00 on average" in text


@pytest.mark.parametrize("name", ["", "x" * 32])
def test_names_have_a_length(run, complaints, name):
    assert run("bm_start_timer", name) == -1
    assert len(complaints()) == 1
