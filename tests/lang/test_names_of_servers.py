"""What a server takes of functions, variables and parameters, and what it refuses: one case of each kind of mistake of
which the checker was guilty. Facts: `library/catalogue`."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import complaints
from evroute_kernel.source import Source


def codes(text: str) -> list[str]:
    return [d.code for d in complaints(Source("a.cfg", text), Environment(whole=True))]


TM = 'loadmodule "tm.so"\nloadmodule "sipmsgops.so"\n'
FINE = [
    # variables that are integers with a text, of the core and of modules
    'onreply_route { if ($rs == 180) xlog("rings\\n"); switch ($rs) { case 486: xlog("busy\\n"); break; } }',
    'route { if ($cl > 0) xlog("a body of $cl\\n"); if ($(msg.is_request) == 1) exit; }',
    TM + 'failure_route[next] { if ($T_reply_code >= 500) xlog("failed\\n"); }',
    # functions that were unknown
    'loadmodule "qrouting.so"\nevent_route[E_OWN] { qr_enable_dst(1, "gw1"); }',
    TM + 'loadmodule "event_routing.so"\nroute[on] { exit; }\n'
    'route { $avp(f) = "aor=x"; async(wait_for_event("E_UL_AOR_DELETE", $avp(f), 5), on); }',
    TM + 'loadmodule "mid_registrar.so"\nroute[on] { exit; }\nroute[purr] { async(pn_process_purr("location"), on); }',
    'loadmodule "callops.so"\nevent_route[E_OWN] { call_transfer("callee", "sip:a@192.0.2.1"); }',
    # contexts
    TM + 'onreply_route[r] { xlog("$(<request>ci) $(<reply>rs)\\n"); $var(x) = $(<request>hdr(X-A){s.len}); }',
    # names that may be left out
    'loadmodule "rtp_relay.so"\nevent_route[E_OWN] { $rtp_relay = "co"; }',
    'route { xlog("$socket_out\\n"); }',
    # indexes of the parts of an SDP
    'route { $(sdp.line([0])[insertAfter]) = "a=sendonly"; xlog("$(sdp.stream(video[0]))\\n"); }',
    # computed names
    'modparam("statistics", "variable", "calls")\nevent_route[E_OWN] { $var(n) = "calls"; xlog("$stat($var(n))\\n"); }',
    'loadmodule "sql_cacher.so"\nevent_route[E_OWN] { $var(n) = "a"; xlog("$sql_cached_value(c:d:$var(n))\\n"); }',
    # transformations of modules
    'loadmodule "sip_i.so"\nroute { xlog("$(rb{isup.param.str,Called Party Number, Address signal})\\n"); }',
    # status groups, sockets of the file
    'loadmodule "pike.so"\nevent_route[E_OWN] { if (sr_check_status("pike")) exit; }',
    'socket=udp:192.0.2.1:5070\nevent_route[E_OWN] { force_send_socket("udp:192.0.2.1:5070"); }',
    # parameters of modules: words for numbers
    TM + 'modparam("tm", "fr_timeout", 5)\nmodparam("tm", "restart_fr_on_each_reply", no)',
]
REFUSED = [
    ('onreply_route { if ($cs == 1) xlog("first\\n"); }', "text-with-number"),
    ('loadmodule "event_routing.so"\nroute { wait_for_event("E_A", $avp(f), 5); }', "unknown-function"),
    ('loadmodule "event_routing.so"\nroute[on] { exit; }\nroute { async(wait_for_event("E_A", $var(f), 5), on); }',
     "argument"),
    ('loadmodule "callops.so"\nevent_route[E_OWN] { call_transfer("caller", "sip:a@b", "x", "y"); }', "arguments"),
    ('onreply_route { xlog("$(<reply>rs)\\n"); }\nloadmodule "tm.so"', "unknown-variable"),
    (TM + 'onreply_route[r] { xlog("$(<replay>rs)\\n"); }', "unknown-context"),
    ('route { $(sdp.line([0])[append]) = "a=sendonly"; }', "bad-variable"),
    ("route { $socket_out(ip) = \"192.0.2.1\"; }", "read-only"),
    ('loadmodule "sql_cacher.so"\nevent_route[E_OWN] { $var(x) = $sql_cached_value(c:d:$vr(n)); }', "unknown-variable"),
    ('event_route[E_OWN] { xlog("$mqk($var(n))\\n"); }', "literal-name"),
    ('loadmodule "db_mysql.so"\nmodparam("db_mysql", "timeuot_interval", 5)', "unknown-parameter"),
    ('loadmodule "db_mysql.so"\nmodparam("db_mysql", "timeout_interval", "5")', "parameter-type"),
    ('loadmodule "alias_db.so"\nroute[a] { alias_db_find("dbaliases", $ru, $rm); }', "argument"),
    ('loadmodule "auth_db.so"\nroute[a] { db_get_auth_id("subscriber", $fu, $ru, $avp(realm)); }', "argument"),
    ('loadmodule "group.so"\nroute { db_get_user_group($fu, $var(group)); }', "argument"),
    ('event_route[dialog:end] { xlog("over\\n"); }', "syntax"),
    ('event_route["dialog:end"] { xlog("over\\n"); }', "unknown-event"),
    ("route { avp_db_load($fu, $avp(x)); }", "unknown-function"),
    ('event_route[E_OWN] { async(usleep(10), nobody); }', "undefined-resume-route"),
]  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_what_a_server_takes_is_fine(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_what_a_server_refuses_or_misreads(text: str, code: str) -> None:
    assert codes(text)[:1] == [code]


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ('xlog("$json_body\\n");', "did you mean $json(body)?"),
        ('xlog("$Ri:$Rp\\n");', "known up to 3.2: it is $socket_in(ip) now"),
        ('exec_avp("ls");', "known up to 2.4: it is exec() of module exec now"),
        ('if (method == "BYE") exit;', "known up to 2.3: it is $rm now"),
        ("setdebug(4);", "known up to 2.1; assignment to $log_level"),
    ],
)
def test_hints_name_the_successor(statement: str, hint: str) -> None:
    found = complaints(Source("a.cfg", f"event_route[E_OWN] {{ {statement} }}"), Environment())
    assert [d.hint for d in found][:1] == [hint]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("children=4\n", "known up to 3.0: it is udp_workers now"),
        ('loadmodule "siptrace.so"\n', "known up to 2.4: it is tracer now"),
        ('loadmodule "tm.so"\nmodparam("tm", "fr_inv_timer", 5)\n', "known up to 2.4: it is fr_inv_timeout now"),
        ("event_route[pike:block] { exit; }", "the event of OpenSIPS is E_PIKE_BLOCKED"),
    ],
)
def test_hints_of_whole_texts(text: str, hint: str) -> None:
    found = complaints(Source("a.cfg", text), Environment(whole=True))
    assert [d.hint for d in found][:1] == [hint]


def test_computed_parts_of_an_sdp_are_no_literal_names() -> None:
    text = 'route { $var(i) = 1; $(sdp.line([$var(i)])[insert]) = "a=x:1"; xlog("$(sdp.line( a=x ))\\n"); }'
    assert codes(text) == []
