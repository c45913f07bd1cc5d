"""What is offered at a position of a script. `|` marks it in the samples."""

from __future__ import annotations

import pytest

from evroute_kernel.assist.completion import complete
from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.offers import Completion
from evroute_kernel.runtime.versions import VERSIONS


def offered(defined: Defined, sample: str) -> Completion:
    return complete(defined, sample.replace("|", ""), sample.index("|"))


def matches(defined: Defined, sample: str) -> list[str]:
    return [candidate.text for candidate in offered(defined, sample).candidates]


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("event_route[E_PIKE|", "E_PIKE_BLOCKED"),
        ("event_route[E_M|", "E_MINE"),
        ("event_route[E_OW|", "E_OWN"),
        ("event_route[E_PIKE_BLOCKED] {\n    xlog($param(|", "ip"),
        ("event_route[E_OWN] { xlog('$param(p|", "port"),
        ("event_route[E_MINE] { $param(|", "color"),
        ("event_route[E_MINE] { $param(|", "reason"),
        ("event_route[E_X] { route(gr|", "greet"),
        ('event_route[E_X] { notify_on_event("E_PIKE|', "E_PIKE_BLOCKED"),
        ('event_route[E_X] { notify_on_event("E_MINE", $avp(f), "gr|', "greet"),
        ('route[a] { async(wait_for_event("E_M|', "E_MINE"),
        ("event_route[E_X] { $va|", "var"),
        ("event_route[E_X] { $var(|", "seen"),
        ("$shv(|", "total"),
        ("$shv(|", "stored"),
        ("route[greet] { $param(|", "2"),
        ("route[call|", "called"),
        ('xlog("$(var(x){s.sub|', "s.substr"),
        ('xlog("L_W|', "L_WARN"),
        ("if (is_|", "is_method"),
        ('loadmodule "mq|', "mqueue.so"),
        ('modparam("mqueue", "db|', "db_url"),
        ('cache_fetch("l|', "local"),
        ("max_whi|", "max_while_loops"),
        ("enable_asserts=|", "yes"),
        ('event_route[E_X] {\n  xlog("abc);\n  xl|', "xlog"),
    ],
)
def test_contexts(defined: Defined, sample: str, expected: str) -> None:
    assert expected in matches(defined, sample)


@pytest.mark.parametrize("sample", ["# rais|", "/* $va|", 'xlog("plain te|', "$(avp(x)[|", "%rai|"])
def test_nothing_is_offered(defined: Defined, sample: str) -> None:
    assert [match for match in matches(defined, sample) if match.startswith(("rais", "%"))] == []


def test_nothing_need_be_defined() -> None:
    assert "E_PIKE_BLOCKED" in matches(Defined(), "event_route[E_PIKE|")
    assert matches(Defined(), "$shv(|") == []
    assert matches(Defined(), "$var(here) = 1; $var(|") == ["here"]


def test_the_range_counts_characters(defined: Defined) -> None:
    found = offered(defined, 'xlog("Zoë 😀"); rais|')
    assert (found.start, found.end) == (15, 19)
    assert {candidate.kind for candidate in found.candidates} == {"function"}


@pytest.mark.parametrize("cursor", [-5, 99])
def test_a_position_outside_is_brought_back(defined: Defined, cursor: int) -> None:
    found = complete(defined, "rais", cursor)
    assert 0 <= found.start <= found.end <= 4


@pytest.mark.parametrize(
    ("sample", "name", "version"),
    [
        ("event_route[E_PROF|", "E_PROFILING_SCRIPT", "4.0"),
        ("tcp_clo|", "tcp_close_conn", "4.0"),
        ('xlog("$proxy|', "proxy_protocol", "4.0"),
        ("tcp_thr|", "tcp_threads", "4.0"),
        ("log_std|", "log_stderror", "3.6"),
        ('loadmodule "mi_xmlrpc|', "mi_xmlrpc_ng.so", "3.6"),
        ('modparam("usrloc", "db_m|', "db_mode", "3.6"),
        ('modparam("httpd", "auth_r|', "auth_realm", "4.0"),
    ],
)
def test_names_of_the_version_alone_are_offered(sample: str, name: str, version: str) -> None:
    for known in VERSIONS:
        assert (name in matches(Defined(version=known), sample)) == (known == version), known
