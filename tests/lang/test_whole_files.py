"""Files as a server judges them: their own modules, what those need, their own sockets; cells keep their ease."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import complaints
from evroute_kernel.source import Source


def codes(text: str, *, whole: bool = True) -> list[str]:
    return [f"{d.severity} {d.code}" for d in complaints(Source("a.cfg", text), Environment(whole=whole))]


def told(text: str) -> list[str]:
    return [f"{d.message} | {d.hint}" for d in complaints(Source("a.cfg", text), Environment(whole=True))]


UDP = 'loadmodule "proto_udp.so"\nsocket=udp:192.0.2.1:5060\n'
NOT_LOADED = ["error unknown-function"]


def test_a_module_that_is_not_loaded_is_told_once():
    text = UDP + 'route { if (is_method("BYE")) exit; has_totag(); $var(x) = $json(a/b); $json(c) := "{}"; }'
    assert told(text) == [
        'is_method() belongs to module sipmsgops, which is not loaded | write loadmodule "sipmsgops.so" before it',
        '$json belongs to module json, which is not loaded | write loadmodule "json.so" before it',
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "has_totag();", "$json(a) := 1;", "$shv(x) = 1;", 'update_stat("calls", 1);', 'search("x");',
        "$var(x) = $uuid;", 'math_eval("1+1", $var(x));',
        'pcre_match("a", "b");', 'mq_add("q", "a", "b");', "bm_start_timer(\"a\");",
    ],
)  # fmt: skip
def test_modules_that_every_session_has(statement):
    assert len(codes(UDP + f"route {{ {statement} }}")) == 1
    assert "is not loaded" in told(UDP + f"route {{ {statement} }}")[0]
    cell = (
        f'modparam("mqueue", "mqueue", "name=q")\nmodparam("statistics", "variable", "calls")\nroute {{ {statement} }}'
    )
    assert codes(cell) == []  # a file that loads nothing is a part of one
    assert codes(UDP + cell, whole=False) == []


def test_the_order_counts_for_calls():
    text = 'route { has_totag(); }\nloadmodule "sipmsgops.so"\n'
    assert codes(UDP + text) == NOT_LOADED


def test_a_cache_without_its_module_fails_when_it_runs():
    call = 'route { cache_store("local", "a", "b"); cache_store("redis:one", "a", "b"); }'
    assert codes(UDP + call) == ["warning unmet-need"] * 2
    assert codes(UDP + 'loadmodule "cachedb_local.so"\nloadmodule "cachedb_redis.so"\n' + call) == []


@pytest.mark.parametrize(
    ("modules", "settings", "found"),
    [
        ("acc", "", ["error unmet-need"]),
        ("acc tm", "", []),
        ("tm acc", "", []),
        ("acc tm", 'modparam("acc", "detect_direction", 1)', ["error unmet-need"]),
        ("acc tm", 'modparam("acc", "detect_direction", 0)', []),
        ("acc tm rr", 'modparam("acc", "detect_direction", 1)', []),
        ("acc tm", 'modparam("acc", "db_url", "mysql://a:b@c/d")', ["warning unmet-need"]),
        ("acc tm db_mysql", 'modparam("acc", "db_url", "mysql://a:b@c/d")', []),
        ("usrloc", 'modparam("usrloc", "db_mode", 1)', ["error unmet-need"]),
        ("usrloc db_text", 'modparam("usrloc", "db_mode", 1)', []),
        ("usrloc", 'modparam("usrloc", "db_mode", 1)\nmodparam("usrloc", "db_mode", 0)', []),
        ("event_routing", "", []),
        ("signaling", "", ["error unmet-need"]),
        ("signaling sl", "", []),
        ("signaling tm", "", []),
        ("rtp_relay tm b2b_logic b2b_entities uac_auth", "", []),
        ("rtp_relay tm", "", ["error unmet-need"]),
    ],
)
def test_modules_need_others(modules, settings, found):
    loads = "".join(f'loadmodule "{name}.so"\n' for name in modules.split())
    assert codes(f"{UDP}{loads}{settings}\nroute {{ exit; }}") == found
    assert codes(f"{loads}{settings}\nevent_route[E_OWN] {{ exit; }}") == []  # a part of a configuration
    assert codes(f"{UDP}{loads}{settings}\nroute {{ exit; }}", whole=False) == []


def test_needs_are_told_in_full():
    assert told(UDP + 'loadmodule "acc.so"\nroute { exit; }') == [
        'module acc needs module tm, which is not loaded | write loadmodule "tm.so"'
    ]
    assert told(UDP + 'loadmodule "usrloc.so"\nmodparam("usrloc", "db_mode", 2)') == [
        "module usrloc needs a database where db_mode is 2, and none is loaded | load one such as db_mysql, db_postgres"
        " or db_sqlite"
    ]


def test_protocols_of_sockets():
    assert told(UDP + "socket=tls:192.0.2.1:5061\n") == [
        'the protocol tls belongs to module proto_tls, which is not loaded | write loadmodule "proto_tls.so"'
    ]
    assert codes(UDP + "socket=hep_udp:192.0.2.1:6060\n") == ["error module-not-loaded"]
    assert codes("socket=tls:192.0.2.1:5061\n") == []
    assert codes(UDP + "socket=tls:192.0.2.1:5061\n", whole=False) == []
    assert codes('socket=udp:192.0.2.1:5060\nloadmodule "proto_udp.so"\n') == []


def test_a_part_of_the_server_may_be_loaded_twice():
    assert codes('loadmodule "proto_udp.so"\n' * 2 + 'loadmodule "proto_tcp.so"\n' * 2) == []
    assert codes('loadmodule "tm.so"\n' * 2) == ["error module-twice"]


def test_sockets_of_the_file_itself():
    use = 'route { force_send_socket("udp:192.0.2.1:5080"); }\n'
    assert codes(UDP + use) == ["error argument"]
    assert codes(UDP + use + "socket=udp:192.0.2.1:5080\n") == []


def test_groups_of_the_status_interface():
    use = 'event_route[E_CORE_SR_STATUS_CHANGED] { if (sr_check_status("dispatcher", "default")) exit; }'
    assert codes(use) == ["error argument"]
    assert codes('loadmodule "dispatcher.so"\n' + use) == []
