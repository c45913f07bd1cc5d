"""Functions of the core that need no message."""

from __future__ import annotations

import time

from evroute_kernel.library import table
from evroute_kernel.library.template import parse_variable
from evroute_kernel.runtime.watching.trace import Tracer

LIBRARY = table.of("3.6")


def test_pv_printf_expands_into_a_variable(run, read, show):
    assert run("pv_printf", "$var(line)", "n=$param(n) x=$var(unset)") == 1
    assert read("$var(line)") == "n=42 x=<null>"
    run("pv_printf", "$avp(l)", "one")
    run("pv_printf", "$avp(l)", "two")
    assert show("$(avp(l)[*])") == "two, one"


def test_pv_printf_into_a_read_only_variable_fails_when_run(run, complaints):
    assert run("pv_printf", "$param(n)", "x") == -1
    assert len(complaints()) == 1


def test_get_timestamp_pushes_integers(run, read):
    before = int(time.time())
    assert run("get_timestamp", "$avp(s)", "$avp(u)") == 1
    assert before <= read("$avp(s)") <= time.time()
    assert 0 <= read("$avp(u)") < 1_000_000


def test_get_timestamp_wants_avps(refused):
    assert refused("get_timestamp", parse_variable("$var(s)", LIBRARY), parse_variable("$avp(u)", LIBRARY)) == 0


def test_avp_print_tells_at_info(run, put, process, said):
    put("$avp(a)", 5)
    assert run("avp_print") == 1
    assert said == []
    process.log_level = 3
    run("avp_print")
    assert any("$avp(a) = 5" in text for _, text, _, _ in said)


def test_script_trace_switches_a_tracer_on_and_off(run, process):
    assert run("script_trace", 1, "$rc", "mark") == 1
    assert isinstance(process.at, Tracer)
    assert run("script_trace") == 1
    assert not isinstance(process.at, Tracer)


def test_script_trace_needs_level_and_format_together(run, complaints):
    assert run("script_trace", 1) == -6
    assert len(complaints()) == 1
    assert run("script_trace", None, "$rc") == -6


def test_the_format_of_script_trace_is_checked_at_start(refused):
    assert refused("script_trace", 1, "$nonsense") == 1
    assert refused("script_trace", 1, "$rc", parse_variable("$var(x)", LIBRARY)) == 2
    assert refused("script_trace", 1, "$rc", "info") is None


def test_the_core_is_healthy(run, complaints):
    assert run("sr_check_status", "core") == 1
    assert run("sr_check_status", "core", "all") == 1
    assert run("sr_check_status", "core", "nobody") < 0
    assert complaints() == []
    check = LIBRARY.functions["sr_check_status"].behaviour.check
    assert check(["nope", None], {"core"}, LIBRARY) == (0, "no status group is named 'nope'", "known here: core")
    assert check(["drouting", None], {"core"}, LIBRARY)[2] == 'write loadmodule "drouting.so"'
    assert check(["drouting", None], {"core", "drouting"}, LIBRARY) is None


def test_the_status_of_other_modules_is_not_simulated(run, complaints, process):
    process.settings.modules.add("drouting")
    assert run("sr_check_status", "drouting", "pstn") == -1
    assert complaints() == ["the status of module drouting is not simulated: sr_check_status() returns -1"]
