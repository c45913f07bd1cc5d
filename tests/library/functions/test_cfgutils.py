"""Module cfgutils without its locks."""

from __future__ import annotations

import time

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.functions import cfgutils
from evroute_kernel.library.template import parse_variable
from evroute_kernel.runtime.control import ScriptCrash

LIBRARY = table.of("3.6")


def test_sleeping_takes_its_time(run):
    started = time.monotonic()
    assert run("usleep", 2000) == 1
    assert time.monotonic() - started >= 0.002
    assert run("sleep", 0) == 1


def test_abort_is_a_clear_error(run):
    with pytest.raises(ScriptCrash, match="exit"):
        run("abort")


def test_probability_is_shared_and_reset_to_what_is_configured(run, modparam):
    assert run("rand_get_prob") == 10
    assert run("rand_set_prob", 65) == 1
    assert run("rand_get_prob") == 65
    modparam("cfgutils", "initial_probability", 30)
    assert run("rand_reset_prob") == 1
    assert run("rand_get_prob") == 30


def test_probability_zero_ends_the_script(run):
    run("rand_set_prob", 0)
    assert run("rand_get_prob") == 0


@pytest.mark.parametrize(("percent", "code"), [(0, -1), (100, 1)])
def test_rand_event_at_the_extremes(run, percent, code):
    assert {run("rand_event", percent) for _ in range(50)} == {code}


def test_counting_the_values_of_an_avp(run, put, read):
    assert run("set_count", "$avp(gw)", "$var(n)") == 1
    assert read("$var(n)") == 0
    for value in "abc":
        put("$avp(gw)", value)
    run("set_count", "$avp(gw)", "$var(n)")
    assert read("$var(n)") == 3


def test_counting_a_variable_without_index_would_never_end(run, put):
    assert run("set_count", "$var(unset)", "$var(n)") == 1
    put("$var(x)", 1)
    with pytest.raises(ScriptCrash, match="never ends"):
        run("set_count", "$var(x)", "$var(n)")


def test_weights_choose_an_index(run, put, complaints):
    assert run("set_select_weight", "$avp(w)") == -1
    put("$avp(w)", 100)
    assert run("set_select_weight", "$avp(w)") == 0
    put("$avp(w)", 0)  # the newest has index 0 and no chance
    assert {run("set_select_weight", "$avp(w)") for _ in range(20)} == {1}
    put("$avp(w)", "heavy")
    assert run("set_select_weight", "$avp(w)") == -1
    assert len(complaints()) == 1


def test_weights_without_any_weight_divide_by_zero(run, put):
    put("$avp(w)", 0)
    put("$avp(w)", 0)
    with pytest.raises(ScriptCrash, match="divides by zero"):
        run("set_select_weight", "$avp(w)")


def test_shuffling_keeps_the_values(run, put, context, refused):
    for value in range(20):
        put("$avp(x)", value)
    assert run("shuffle_avps", "$avp(x)") == 1
    assert sorted(context.avps["x"]) == list(range(20))
    assert context.avps["x"] != list(range(20))
    assert refused("shuffle_avps", parse_variable("$var(x)", LIBRARY)) == 0


def test_accurate_time_fits_together(run, read):
    assert run("get_accurate_time", "$var(s)", "$var(u)", "$var(both)") == 1
    assert read("$var(both)") == f"{read('$var(s)')}.{read('$var(u)'):06}"


def test_the_difference_of_times_is_never_negative(run, read):
    for times in ((100, 250000, 98, 750000), (98, 750000, 100, 250000)):
        assert run("ts_usec_delta", *times, "$var(text)", "$var(number)") == 1
        assert (read("$var(text)"), read("$var(number)")) == ("1500000", 1500000)


def test_a_difference_that_fits_no_integer(run, read, put, complaints):
    put("$var(number)", -1)
    assert run("ts_usec_delta", 5000, 0, 0, 0, "$var(text)", "$var(number)") == -1
    assert (read("$var(text)"), read("$var(number)")) == ("5000000000", -1)
    assert len(complaints()) == 1
    assert run("ts_usec_delta", 5000, 0, 0, 0, "$var(text)") == 1


def test_time_recurrences(run, complaints):
    inside = 1704100000
    assert run("check_time_rec", "20240101T000000|20240102T000000", inside) == 1
    assert run("check_time_rec", "20240101T000000|20240102T000000", inside + 10**7) == -1
    assert complaints() == []
    assert run("check_time_rec", "nonsense", inside) == -2
    assert len(complaints()) == 1


def test_memory_reports_succeed(run):
    assert run("pkg_status") == run("shm_status") == 1


def test_presets_count_once(process, modparam, read, put):
    modparam("cfgutils", "varset", "v=s:text")
    modparam("cfgutils", "shvset", "n=i:-5")
    cfgutils.apply_presets(process)
    assert (read("$var(v)"), read("$shv(n)")) == ("text", -5)
    put("$var(v)", "changed")
    put("$shv(n)", 7)
    cfgutils.apply_presets(process)
    assert (read("$var(v)"), read("$shv(n)")) == ("changed", 7)


@pytest.mark.parametrize("text", ["v", "=i:5", "v=x:5", "v=i:abc", "v=5"])
def test_bad_presets_are_refused_at_start(text):
    assert LIBRARY.modules["cfgutils"].check("varset", text) is not None
    assert LIBRARY.modules["cfgutils"].check("shvset", "v=s:" + text) is None
