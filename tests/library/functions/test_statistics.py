"""Statistics: groups, declared ones, iterators, series."""

from __future__ import annotations

import pytest

from evroute_kernel.library import statistic_series, table

LIBRARY = table.of("3.6")


def test_a_statistic_is_created_when_it_is_first_changed(run, read):
    assert read("$stat(cnt)") is None
    assert run("update_stat", "cnt", 3) == 1
    assert run("update_stat", "cnt", -1) == 1
    assert read("$stat(cnt)") == 2
    assert run("reset_stat", "cnt") == 1
    assert read("$stat(cnt)") == 0


def test_adding_nothing_creates_nothing(run, read):
    assert run("update_stat", "cnt", 0) == 1
    assert read("$stat(cnt)") is None


def test_values_are_read_in_32_bits(run, read):
    run("update_stat", "cnt", 2147483647)
    run("update_stat", "cnt", 1)
    assert read("$stat(cnt)") == -2147483648


def test_declared_statistics(run, read, modparam):
    modparam("statistics", "variable", "answered")
    modparam("statistics", "variable", "forever/no_reset")
    assert read("$stat(answered)") == 0
    run("update_stat", "forever", 4)
    assert run("reset_stat", "forever") == 1
    assert read("$stat(forever)") == 4


def test_groups_must_be_declared(run, read, modparam, complaints):
    assert run("update_stat", "trunks:out", 1) == -1
    assert run("reset_stat", "trunks:out") == -1
    assert read("$stat(trunks:out)") is None
    assert len(complaints()) == 3
    modparam("statistics", "stat_groups", "trunks, other")
    run("update_stat", "Trunks:out", 1)
    assert read("$stat(trunks:out)") == read("$stat(out)") == 1
    assert read("$stat(other:out)") is None


def test_iterating_in_order_of_creation(run, read, modparam):
    modparam("statistics", "stat_groups", "trunks")
    for name, value in (("out", 2), ("in", 5)):
        run("update_stat", f"trunks:{name}", value)
    assert run("stat_iter_next", "$var(k)", "$var(v)", "it") == -1
    assert run("stat_iter_init", "trunks", "it") == 1
    found = []
    while run("stat_iter_next", "$var(k)", "$var(v)", "it") == 1:
        found.append((read("$var(k)"), read("$var(v)")))
    assert found == [("out", 2), ("in", 5)]
    assert run("stat_iter_next", "$var(k)", "$var(v)", "it") == -1


def test_declared_statistics_can_be_iterated_before_they_change(run, read, modparam):
    modparam("statistics", "variable", "a")
    run("stat_iter_init", "script", "it")
    assert run("stat_iter_next", "$var(k)", "$var(v)", "it") == 1
    assert (read("$var(k)"), read("$var(v)")) == ("a", 0)


def test_what_is_refused_at_start():
    settings = {("statistics", "stat_groups"): ["trunks"], ("statistics", "stat_series_profile"): ["p: window=5"]}
    check = LIBRARY.functions["update_stat"].behaviour.check
    assert check(["trunks:x", 1], settings) is None
    assert check(["x", 1], {}) is None
    assert check(["trunks:x", 1], {})[0] == 0
    assert LIBRARY.functions["stat_iter_init"].behaviour.check(["trunks", "i"], {})[0] == 0
    assert LIBRARY.functions["update_stat_series"].behaviour.check(["P", "x", 1], settings) is None
    assert LIBRARY.functions["update_stat_series"].behaviour.check(["q", "x", 1], settings)[0] == 0


@pytest.mark.parametrize(
    ("parameter", "value", "fine"),
    [
        ("variable", "a", True),
        ("variable", "a/no_reset", True),
        ("variable", "a/other", False),
        ("variable", "", False),
        ("stat_series_profile", ": window=5", False),
    ],
)
def test_module_parameters_are_checked(parameter, value, fine):
    assert (LIBRARY.modules["statistics"].check(parameter, value) is None) == fine


@pytest.mark.parametrize(
    ("algorithm", "fed", "result"),
    [
        ("accumulate", [5, 7, -2], 10),
        ("average", [5, 8], 6),
        ("percentage", [3, -1], 75),
        ("percentage percentage_factor=1000", [1, -2], 333),
    ],
)
def test_series(run, read, modparam, clock, algorithm, fed, result):
    modparam("statistics", "stat_series_profile", f"p: algorithm={algorithm} window=10 slots=10 group=g")
    for value in fed:
        assert run("update_stat_series", "p", "x", value) == 1
        clock.now += 1
    assert read("$stat(x)") == read("$stat(g:x)") == result


def test_a_series_forgets_what_the_window_has_left(run, read, modparam, clock):
    modparam("statistics", "stat_series_profile", "p: window=10")
    run("update_stat_series", "p", "x", 5)
    clock.now += 6
    run("update_stat_series", "p", "x", 7)
    assert read("$stat(x)") == 12
    clock.now += 5
    assert read("$stat(x)") == 7
    clock.now += 60
    assert read("$stat(x)") == 0


def test_a_series_cannot_take_the_name_of_a_statistic(run, modparam, complaints):
    modparam("statistics", "stat_series_profile", "p")
    run("update_stat", "x", 1)
    assert run("update_stat_series", "p", "x", 5) == -1
    assert run("update_stat_series", "q", "y", 5) == -1
    assert len(complaints()) == 2


def test_what_makes_no_sense_in_a_profile_is_left_out():
    profile, complaints = statistic_series.parse_profile("p: window=x slots=5 colour=red percentage_factor=7 oops")
    assert (profile.window, profile.slots, profile.factor) == (60, 5, 100)
    assert len(complaints) == 4
