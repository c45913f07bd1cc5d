"""Blacklists: rules, flags, and the lists a run has switched on."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.functions import blacklists
from evroute_kernel.library.functions.blacklists import Rule, parse_blacklist
from evroute_kernel.runtime.context import Context

LIBRARY = table.of("3.6")


@pytest.fixture(autouse=True)
def lists(modparam):
    modparam("core", "dst_blacklist", "gw/expire: {}")
    modparam("core", "dst_blacklist", "fixed/read-only: {192.0.2.0/24}")
    modparam("core", "dst_blacklist", "plain")


def test_a_rule_blocks_its_network(run):
    assert run("check_blacklist_rule", "gw", "192.0.2.7") == -1
    assert run("add_blacklist_rule", "gw", "192.0.2.0/24") == 1
    assert run("check_blacklist_rule", "gw", "192.0.2.7") == 1
    assert run("check_blacklist_rule", "gw", "203.0.113.1") == -1


def test_adding_the_same_rule_again_changes_nothing(run, process):
    run("add_blacklist_rule", "gw", "192.0.2.0/24")
    assert run("add_blacklist_rule", "gw", "192.0.2.1/24") == 1
    assert len(process.shared.get_object(blacklists.TABLE, "gw")) == 1


def test_only_a_rule_with_a_pattern_can_be_deleted(run):
    run("add_blacklist_rule", "gw", "192.0.2.0/24")
    assert run("del_blacklist_rule", "gw", "192.0.2.0/24") == -1
    run("add_blacklist_rule", "gw", "10.0.0.0/8", None, None, "abc*")
    assert run("del_blacklist_rule", "gw", "10.0.0.0/8", None, None, "abc*") == 1
    assert run("check_blacklist_rule", "gw", "10.0.0.1", None, None, "abcd") == -1


def test_port_protocol_and_pattern_must_fit(run):
    run("add_blacklist_rule", "gw", "10.0.0.0/8", 5060, "tcp", "bad*")
    assert run("check_blacklist_rule", "gw", "10.1.1.1", 5060, "TCP", "badness") == 1
    assert run("check_blacklist_rule", "gw", "10.1.1.1", 5061, "tcp", "badness") == -1
    assert run("check_blacklist_rule", "gw", "10.1.1.1", 5060, "udp", "badness") == -1
    assert run("check_blacklist_rule", "gw", "10.1.1.1", 5060, "tcp", "good") == -1


def test_an_exclamation_mark_matches_all_others(run):
    run("add_blacklist_rule", "gw", "!10.0.0.0/8")
    assert run("check_blacklist_rule", "gw", "192.0.2.1") == 1
    assert run("check_blacklist_rule", "gw", "10.0.0.1") == -1


def test_rules_expire(run, clock):
    run("add_blacklist_rule", "gw", "192.0.2.0/24", None, None, None, 5)
    assert run("check_blacklist_rule", "gw", "192.0.2.7") == 1
    clock.now += 6
    assert run("check_blacklist_rule", "gw", "192.0.2.7") == -1


def test_a_list_without_the_flag_keeps_no_expiring_rules(run, complaints):
    assert run("add_blacklist_rule", "plain", "192.0.2.0/24", None, None, None, 5) == -1
    assert len(complaints()) == 1


def test_a_read_only_list_cannot_be_changed(run, complaints):
    assert run("check_blacklist_rule", "fixed", "192.0.2.7") == 1
    assert run("add_blacklist_rule", "fixed", "10.0.0.0/8") == -1
    assert len(complaints()) == 1


def test_all_means_the_lists_switched_on_in_this_run(run, context, process):
    run("add_blacklist_rule", "gw", "192.0.2.0/24")
    assert run("check_blacklist_rule", "all", "192.0.2.7") == -1
    assert run("use_blacklist", "gw") == 1
    assert run("check_blacklist_rule", "all", "192.0.2.7") == 1
    assert run("unuse_blacklist", "gw") == 1
    assert run("check_blacklist_rule", "all", "192.0.2.7") == -1
    run("use_blacklist", "ALL")
    assert run("check_blacklist_rule", "all", "192.0.2.7") == 1
    other = Context(process, "E_OTHER")
    assert LIBRARY.functions["check_blacklist_rule"].behaviour.call(other, "all", "192.0.2.7", None, None, None) == -1


@pytest.mark.parametrize("address", ["nonsense", ""])
def test_no_address_is_one_error(run, complaints, address):
    assert run("check_blacklist_rule", "gw", address) == -1
    assert len(complaints()) == 1


def test_unknown_lists_are_refused_at_start(run):
    check = LIBRARY.functions["use_blacklist"].behaviour.check
    settings = {("core", "dst_blacklist"): ["gw: {}"]}
    assert check(["nope"], settings)[0] == 0
    assert check(["gw"], settings) is None
    assert check(["all"], {}) is None
    assert (
        LIBRARY.functions["add_blacklist_rule"].behaviour.check(["gw", "x.y", None, None, None, None], settings)[0] == 1
    )
    assert (
        LIBRARY.functions["add_blacklist_rule"].behaviour.check(
            ["gw", "10.0.0.0/8", None, "xyz", None, None], settings
        )[0]
        == 3
    )


def test_reading_a_definition():
    found = parse_blacklist('net/expire, default: { (tcp, 192.168.0.0/16, 5060, "x*"), !(10.0.0.1), 10.0.0.0/8 }')
    assert (found.name, found.flags) == ("net", {"expire", "default"})
    assert found.rules == (
        Rule("192.168.0.0/16", port=5060, protocol="tcp", pattern="x*"),
        Rule("10.0.0.1/32", negated=True),
        Rule("10.0.0.0/8"),
    )
