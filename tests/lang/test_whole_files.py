"""Files as a server judges them: their own modules, what those need, their own sockets; cells keep their ease."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import complaints
from evroute_kernel.lang.needs import completed
from evroute_kernel.library import table
from evroute_kernel.source import Source

LIBRARY = table.of("3.6")


def codes(text: str, *, whole: bool = True) -> list[str]:
    return [f"{d.severity} {d.code}" for d in complaints(Source("a.cfg", text), Environment(whole=whole))]


def told(text: str) -> list[str]:
    return [f"{d.message} | {d.hint}" for d in complaints(Source("a.cfg", text), Environment(whole=True))]


UDP = 'loadmodule "proto_udp.so"\nsocket=udp:192.0.2.1:5060\n'
ACC_FIELDS = 'modparam("acc", "extra_fields", "db: a")\n'
PARTITION = 'modparam("dispatcher", "partition", "{}: db_url=text:///tmp")\n'
USRLOC_URL = 'modparam("usrloc", "db_url", "text:///tmp")'
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
        ("usrloc", f'modparam("usrloc", "db_mode", 1)\n{USRLOC_URL}', ["error unmet-need"]),
        ("usrloc db_text", f'modparam("usrloc", "db_mode", 1)\n{USRLOC_URL}', []),
        ("usrloc", 'modparam("usrloc", "db_mode", 1)\nmodparam("usrloc", "db_mode", 0)', []),
        ("event_routing", "", []),
        ("signaling", "", ["error unmet-need"]),
        ("signaling sl", "", []),
        ("signaling tm", "", []),
        ("rtp_relay tm b2b_logic b2b_entities uac_auth", "", []),
        ("rtp_relay tm", "", ["error unmet-need"]),
        ("tls_mgm", "", ["error unmet-need"]),
        ("tls_mgm tls_wolfssl", "", []),
        ("tls_mgm", 'modparam("tls_mgm", "tls_library", "none")', []),
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
    assert told(UDP + f'loadmodule "usrloc.so"\nmodparam("usrloc", "db_mode", 2)\n{USRLOC_URL}') == [
        "module usrloc needs a database where db_mode is 2, and none is loaded | load one such as db_mysql, db_postgres"
        " or db_sqlite"
    ]


@pytest.mark.parametrize(
    ("modules", "settings", "found"),
    [
        ("mi_datagram", "", ["error missing-parameter"]),
        ("mi_datagram", 'modparam("mi_datagram", "socket_name", "/tmp/mi")', []),
        ("mi_datagram", 'modparam("mi_(datagram|fifo)", "socket_name", "/tmp/mi")', []),
        ("proto_msrp msrp_relay auth sl signaling", "", ["error missing-parameter"]),
        ("db_text domain", "", ["error missing-parameter"]),
        ("db_text domain", 'modparam("domain", "db_url", "text:///tmp")', []),
        ("db_text domain", 'db_default_url="text:///tmp"', []),
        ("db_text rate_cacher", "", ["error missing-parameter"] * 3),
        ("db_text rate_cacher", 'db_default_url="text:///tmp"', []),
        # one of several is enough
        ("tm rtpproxy", "", ["error missing-parameter"]),
        ("tm rtpproxy", 'modparam("rtpproxy", "rtpproxy_sock", "udp:127.0.0.1:7000")', []),
        ("tm rtpproxy rtp.io", "", []),
        ("tm rtpproxy", 'db_default_url="text:///tmp"', ["error missing-parameter"]),
        ("db_text dispatcher", PARTITION.format("a"), ["error missing-parameter"]),
        ("db_text dispatcher", f"{PARTITION.format('default')}{PARTITION.format('a')}", []),
        # where another parameter has some value, or has not
        ("stun", "", ["error missing-parameter"] * 2),
        ("stun", 'modparam("stun", "use_listeners_as_primary", 1)', ["error missing-parameter"]),
        ("stun", 'modparam("stun", "alternate_ip", "192.0.2.2")', ["error missing-parameter"]),
        ("db_text clusterer", 'modparam("clusterer", "my_node_id", 1)', ["error missing-parameter"]),
        ("clusterer", 'modparam("clusterer", "db_mode", 0)', ["error missing-parameter"]),
        ("clusterer", 'modparam("clusterer", "my_node_id", 1)\nmodparam("clusterer", "db_mode", 0)', []),
        ("tm db_text dialog", 'modparam("dialog", "db_mode", 1)', ["error missing-parameter"]),
        ("tm db_text dialog", 'modparam("dialog", "db_mode", 1)\nmodparam("dialog", "db_mode", 0)', []),
        ("tm acc", 'modparam("acc", "extra_fields", "db: a")', ["error missing-parameter"]),
        ("tm acc", f"{ACC_FIELDS}{ACC_FIELDS.replace('extra', 'leg')}", ["error missing-parameter"]),
        ("tm acc", 'modparam("acc", "extra_fields", "evi: a")', []),
        ("uac_auth", 'modparam("uac_auth", "auth_realm_avp", "$avp(r)")', ["error missing-parameter"] * 2),
        ("usrloc nathelper", 'modparam("nathelper", "natping_interval", 5)', []),
        ("nathelper", 'modparam("nathelper", "cluster_id", 5)', ["error unmet-need"]),
        (
            "usrloc nathelper",
            'modparam("nathelper", "natping_interval", 5)\nmodparam("nathelper", "sipping_bflag", "PING")',
            ["error missing-parameter"],
        ),
    ],
)  # fmt: skip
def test_modules_need_parameters(modules, settings, found):
    loads = "".join(f'loadmodule "{name}.so"\n' for name in modules.split())
    assert codes(f"{UDP}{loads}{settings}\nroute {{ exit; }}") == found
    assert codes(f"{loads}{settings}\nevent_route[E_OWN] {{ exit; }}") == []  # a part of a configuration
    assert codes(f"{UDP}{loads}{settings}\nroute {{ exit; }}", whole=False) == []


def test_parameters_are_told_in_full_and_once():
    assert told(UDP + 'loadmodule "clusterer.so"\nmodparam("clusterer", "db_mode", 0)') == [
        "module clusterer does not start without its parameter my_node_id | write"
        ' modparam("clusterer", "my_node_id", 1) after it'
    ]
    assert told(UDP + 'loadmodule "tm.so"\nloadmodule "rtpproxy.so"') == [
        "module rtpproxy does not start without one of its parameters rtpproxy_sock, db_url | write"
        ' modparam("rtpproxy", "rtpproxy_sock", "udp:127.0.0.1:22222") after it'
    ]
    assert told(UDP + 'loadmodule "db_text.so"\nloadmodule "usrloc.so"\nmodparam("usrloc", "db_mode", 1)') == [
        "module usrloc does not start without its parameter db_url, where db_mode is 1 | write"
        ' modparam("usrloc", "db_url", "mysql://user:password@localhost/opensips") after it, or the setting'
        " db_default_url"
    ]
    wrong = 'loadmodule "mi_datagram.so"\nmodparam("mi_datagram", "socket_name", 5)'
    assert codes(UDP + wrong) == ["error parameter-type"]
    text = 'loadmodule "mi_datagram.so"\nroute { exit; }\nloadmodule "mi_datagram.so"'
    assert codes(UDP + text) == ["error missing-parameter", "error module-twice"]


def test_modules_need_sockets_of_theirs():
    text = UDP + 'loadmodule "proto_hep.so"\nroute { exit; }\n'
    assert told(text) == [
        "module proto_hep does not start without a socket of its protocol | write socket=hep_udp:127.0.0.1:9060"
    ]
    assert codes(f"{text}socket=hep_tcp:127.0.0.1:9060\n") == codes(text, whole=False) == []
    assert codes(text.replace("socket=", "#")) == []  # the sockets may be in another part


def test_a_queue_is_defined_once():
    queues = (
        'loadmodule "mqueue.so"\nmodparam("mqueue", "mqueue", "name=q")\nmodparam("mqueue", "mqueue", "size=2;name=q")'
    )
    assert told(UDP + queues) == ["parameter mqueue of module mqueue: the queue 'q' is defined twice | None"]
    assert codes(UDP + queues.replace("size=2;name=q", "name=r")) == codes(UDP + queues, whole=False) == []


@pytest.mark.parametrize(
    ("module", "parameter", "value", "fine"),
    [
        ("tracer", "trace_id", "[t]uri=hep:id", True),
        ("tracer", "trace_id", " [ t ] uri=mysql://a:b=c@d/e;table=sip_trace; ", True),
        ("tracer", "trace_id", "[t]table=sip_trace;uri=mysql://a:b@c/d", True),
        ("tracer", "trace_id", "t]uri=hep:id", False),
        ("tracer", "trace_id", "[t uri=hep:id", False),
        ("tracer", "trace_id", "[t]hep:id", False),
        ("tracer", "trace_id", "[t]url=hep:id", False),
        ("call_control", "start", "call_id = $ci  to=$avp(x)", True),
        ("call_control", "start", "", True),
        ("call_control", "start", "call_id = $ci ", False),
        ("call_control", "stop", "$ci", False),
        ("call_control", "init", "call_id = ci", False),
        ("call_control", "call_limit_avp", "$var(x)", False),
        ("call_control", "call_limit_avp", "$avp(x)", True),
        ("nathelper", "received_avp", "i:42", False),
        ("nathelper", "received_avp", "", True),
        ("mid_registrar", "attr_avp", "$(avp(x))", True),
    ],
)
def test_values_with_a_grammar_of_their_own(module, parameter, value, fine):
    text = f'loadmodule "{module}.so"\nmodparam("{module}", "{parameter}", "{value}")'
    assert codes(text) == ([] if fine else ["error parameter-value"])


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


REQUIRING = sorted(name for name in LIBRARY.modules if LIBRARY.modules[name].required)


@pytest.mark.parametrize("name", REQUIRING)
def test_facts_name_parameters_that_there_are_and_values_that_do(name):
    module = LIBRARY.modules[name]
    for required in module.required:
        kind = "int" if isinstance(required.sample, int) else "string"
        assert {module.params[param] for param in required.one_of} <= {kind, "any"}
        conditions = (*required.when, *required.unless)
        assert all(condition.param in LIBRARY.modules[condition.module or name].params for condition in conditions)
    modules, parameters = completed([name], {}, LIBRARY)
    loads = "".join(f'loadmodule "{loaded}.so"\n' for loaded in (*modules, name))
    lines = "".join(f"{parameter.line}\n" for parameter in parameters)
    assert "error missing-parameter" not in codes(f"{UDP}{loads}{lines}route {{ exit; }}")
    assert "error parameter-value" not in codes(f"{UDP}{loads}{lines}route {{ exit; }}")
