"""cache_store and its family on the local backend."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.functions import cache
from evroute_kernel.library.template import parse_variable

LIBRARY = table.of("3.6")


def test_what_is_stored_is_fetched_as_text(run, read):
    assert run("cache_store", "local", "k", "v") == 1
    assert run("cache_fetch", "local", "k", "$var(x)") == 1
    assert read("$var(x)") == "v"


def test_a_missing_key_leaves_the_variable_alone(run, read, put):
    put("$var(x)", "old")
    assert run("cache_fetch", "local", "nobody", "$var(x)") == -2
    assert read("$var(x)") == "old"


def test_removing_what_is_not_there_succeeds(run):
    assert run("cache_remove", "local", "nobody") == 1


def test_an_empty_key_is_refused(run, complaints):
    assert run("cache_store", "local", "", "v") == -1
    assert len(complaints()) == 1


def test_an_empty_value_is_a_value(run, read):
    run("cache_store", "local", "k", "")
    assert run("cache_fetch", "local", "k", "$var(x)") == 1
    assert read("$var(x)") == ""


@pytest.mark.parametrize("backend", ["redis", "local:calls", "local2"])
def test_an_unknown_backend_is_one_error(run, complaints, backend):
    assert run("cache_fetch", backend, "k", "$var(x)") == -1
    assert len(complaints()) == 1


def test_life_counts_in_whole_seconds(run, clock):
    run("cache_store", "local", "k", "v", 1)
    clock.now += 1.4  # still the second that the deadline names
    assert run("cache_fetch", "local", "k", "$var(x)") == 1
    clock.now += 0.2
    assert run("cache_fetch", "local", "k", "$var(x)") == -2


def test_a_counter_keeps_the_life_it_was_created_with(run, clock, read):
    run("cache_add", "local", "c", 5, 10)
    clock.now += 9
    assert run("cache_add", "local", "c", 1, 1000, "$var(n)") == 1
    assert read("$var(n)") == 6
    clock.now += 2
    run("cache_add", "local", "c", 7, 0, "$var(n)")
    assert read("$var(n)") == 7


def test_counters_wrap_at_32_bits(run, read):
    run("cache_add", "local", "c", 2147483647, 0)
    run("cache_add", "local", "c", 1, 0, "$var(n)")
    assert read("$var(n)") == -2147483648
    run("cache_sub", "local", "d", -2147483648, 0, "$var(n)")
    assert read("$var(n)") == -2147483648


def test_a_text_is_no_counter(run, complaints, read, put):
    run("cache_store", "local", "t", "4x")
    put("$var(n)", 7)
    assert run("cache_counter_fetch", "local", "t", "$var(n)") == -3
    assert run("cache_add", "local", "t", 1, 0, "$var(n)") == -1
    assert read("$var(n)") == 7
    assert len(complaints()) == 2
    assert run("cache_fetch", "local", "t", "$var(x)") == 1
    assert read("$var(x)") == "4x"


def test_a_counter_is_read_as_an_integer(run, read):
    run("cache_store", "local", "n", "0042")
    assert run("cache_counter_fetch", "local", "n", "$var(n)") == 1
    assert read("$var(n)") == 42


def test_groups_have_collections_of_their_own(run, read, modparam):
    modparam("cachedb_local", "cache_collections", "calls=4; users")
    modparam("cachedb_local", "cachedb_url", "local:calls:///calls")
    modparam("cachedb_local", "cachedb_url", "local://")
    run("cache_store", "local:calls", "k", "in calls")
    assert run("cache_fetch", "local", "k", "$var(x)") == -2
    assert run("cache_fetch", "local:calls", "k", "$var(x)") == 1
    assert read("$var(x)") == "in calls"


def test_without_a_url_of_its_own_the_default_backend_is_gone():
    known = cache.backends(["local:calls:///calls"], ["calls"])
    assert known == {"local:calls": "cache:calls"}


def test_the_later_url_of_a_group_wins_and_the_first_without_one():
    urls = ["local:g:///a", "local:g:///b", "local:///a", "local:///b"]
    assert cache.backends(urls, ["a;b"]) == {"local:g": "cache:b", "local": "cache:a"}


def test_urls_that_name_nothing_share_the_last_ones_group():
    assert cache.backends(["local://", "local:g://"], []) == {"local:g": "cache:default"}


def test_raw_queries_are_not_for_local(run, complaints):
    assert run("cache_raw_query", "local", "SELECT 1") == -1
    assert len(complaints()) == 1


def test_removing_by_pattern(run, process):
    for key in ("ip_1", "ip_2", "name"):
        run("cache_store", "local", key, "v")
    assert run("cache_remove_chunk", None, "ip_*") == 1
    assert [key for key, _, _ in cache.entries(process.shared)] == ["name"]
    assert run("cache_remove_chunk", "nowhere", "*") == -1


def test_entries_tell_what_is_left_of_their_lives(run, process, clock):
    run("cache_store", "local", "a", "1", 10)
    run("cache_store", "local", "b", "2")
    clock.now += 4
    assert list(cache.entries(process.shared)) == [("a", "1", 6), ("b", "2", None)]
    clock.now += 10
    assert list(cache.entries(process.shared)) == [("b", "2", None)]


def test_results_must_go_into_something_writable(refused):
    assert refused("cache_fetch", "local", "k", parse_variable("$rm", LIBRARY)) == 2
    assert refused("cache_fetch", "local", "k", parse_variable("$var(x)", LIBRARY)) is None


@pytest.mark.parametrize(
    ("parameter", "value", "fine"),
    [
        ("cachedb_url", "local:g:///c", True),
        ("cachedb_url", "nonsense", False),
        ("cache_collections", "a=4;b", True),
        ("cache_collections", "a=x", False),
        ("cache_clean_period", 0, False),
    ],
)
def test_module_parameters_are_checked(parameter, value, fine):
    assert (LIBRARY.modules["cachedb_local"].check(parameter, value) is None) == fine
