"""What has another name in 3.6 gets it. OpenSIPS 3.6.8 was seen to load the new texts, and to refuse the old ones."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.migration.migrate import Migration, migrate
from evroute_kernel.lang.migration.renamed import renamed
from evroute_kernel.lang.migration.targets import migrated
from evroute_kernel.library import table
from evroute_kernel.source import Source

OLD = r"""
debug=3
children=4
tcp_children=2
xlog_default_level=2
socket=udp:127.0.0.1:15701
loadmodule "proto_udp.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "avpops.so"
loadmodule "siptrace.so"
modparam("tm", "fr_timer", 5)
modparam("avpops", "avp_table", "usr_preferences")
modparam("siptrace",  "trace_on", 1)
route {
    # avp_printf("$avp(s:dest)", "$Ri") in a comment stays
    avp_printf("$avp(s:dest)", "sip:$rU@$Ri");
    if (is_avp_set("$avp(dest)") && method == "INVITE") {
        avp_pushto("$ru", "$avp(dest)");
        avp_delete("$avp(dest)");
    }
    if (!is_avp_set("$avp(other)"))
        avp_copy("$avp(dest)", "$avp(other)");
    avp_delete("$avp(s:all)/g");
    if (src_ip == 192.0.2.1 and uri != myself) xlog("from $(Ri{s.len}) by $proto, $rT, $$Ri, $Rix\n");
    if (avp_check("$avp(n)", "gt/i:5") or !avp_check("$avp(n)", "eq/s:x")) $fs = "udp:127.0.0.1:15701";
    avp_subst("$avp(dest)/$avp(short)", "/^sip:/tel:/");
    avp_subst("$avp(dest)", "/sip:/sips:/g");
    avp_shuffle("$avp(dest)");
    avp_print();
    if (status =~ "4[0-9][0-9]") setflag(NAT);
    if (msg:len > 1000) { rewriteuser("x"); add_rport(); setduri("sip:b"); setbranchflag(5); }
    append_branch();
}
"""
NEW = r"""
log_level=3
udp_workers=4
tcp_workers=2
xlog_level=2
socket=udp:127.0.0.1:15701
loadmodule "proto_udp.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "cfgutils.so"
loadmodule "tracer.so"
modparam("tm", "fr_timeout", 5)
modparam("tracer",  "trace_on", 1)
route {
    # avp_printf("$avp(s:dest)", "$Ri") in a comment stays
    pv_printf($avp(dest), "sip:$rU@$socket_in(ip)");
    if ($avp(dest) != NULL && $rm == "INVITE") {
        $ru = $avp(dest);
        $avp(dest) = NULL;
    }
    if ($avp(other) == NULL)
        $avp(other) = $avp(dest);
    $(avp(all)[*]) = NULL;
    if ($si == "192.0.2.1" and !is_myself("$rd")) xlog("from $(socket_in(ip){s.len}) by $socket_in(proto), $route.type, $$Ri, $Rix\n");
    if ($avp(n) > 5 or not ($avp(n) == "x")) $socket_out = "udp:127.0.0.1:15701";
    $avp(short) = $(avp(dest){re.subst,/^sip:/tel:/});
    $avp(dest) = $(avp(dest){re.subst,/sip:/sips:/g});
    shuffle_avps($avp(dest));
    avp_print();
    if ($rs =~ "4[0-9][0-9]") setflag("NAT");
    if ($ml > 1000) { setuser("x"); force_rport(); setdsturi("sip:b"); setbflag("5"); }
    append_branch_old();
}
"""  # noqa: E501


def found(text: str, version: str = "3.6") -> Migration:
    return migrated(Source("old.cfg", text), Environment(version=version, whole=True))


@pytest.mark.parametrize("version", ["3.6", "4.0"])
def test_all_of_a_text_is_rewritten(version: str) -> None:
    made = found(OLD, version)
    assert made.text == NEW
    assert made.doubts == 0
    assert found(made.text, version).text == made.text


ROUTE = "route {{\n    {}\n}}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('if (is_avp_set("$avp(s:x)")) exit;', "if ($avp(x) != NULL) exit;"),
        ("while (is_avp_set($avp(x))) exit;", "while ($avp(x) != NULL) exit;"),
        ('if (!avp_check("$avp(x)", "re/^a")) exit;', 'if (not ($avp(x) =~ "^a")) exit;'),
        ('if (avp_check("$avp(x)", "ne/$ru")) exit;', "if ($avp(x) != $ru) exit;"),
        ('avp_pushto("$du", "$avp(i:5)");', "$du = $avp(5);"),
        ('avp_pushto("$ru/username", "$Ri");', "$rU = $socket_in(ip);"),
        ('if (avp_check("$avp(x)", "lt/i:0x1F")) exit;', "if ($avp(x) < 31) exit;"),
        ('if (avp_check("$avp(x)", "eq/5")) exit;', 'if ($avp(x) == "5") exit;'),
        ('$var(x) = $(Ri{ip.isip}) + $Rp;', "$var(x) = $(socket_in(ip){ip.isip}) + $socket_in(port);"),
        ('if (from_uri == myself) exit;', 'if (is_myself("$fd")) exit;'),
        ('if (dst_port == 5060 || to_uri =~ "x") exit;', 'if ($socket_in(port) == 5060 || $tu =~ "x") exit;'),
        ('avp_db_query("select 1", "$avp(a);$avp(b)");', 'sql_query("select 1", "$avp(a);$avp(b)");'),
        ('uri_param("lr");', 'ruri_has_param("lr");'),
        ('if (isduriset()) resetduri();', "if (isdsturiset()) resetdsturi();"),
        ("if (isbranchflagset(NAT)) exit;", 'if (isbflagset("NAT")) exit;'),
        ('append_branch("sip:a", "0.5");', 'append_branch_old("sip:a", "0.5");'),
        ('sip_trace("tid", "d");', 'trace("tid", "d");'),
        ('registered("location");', 'is_registered("location");'),
    ],
)  # fmt: skip
def test_one_line(old: str, new: str) -> None:
    made = found(ROUTE.format(old))
    assert made.text == ROUTE.format(new)
    assert made.doubts == 0


@pytest.mark.parametrize(
    ("old", "why"),
    [
        ('if (is_avp_set("$avp(x)/n")) exit;', "compare with NULL"),
        ('is_avp_set("$avp(x)");', "compare with NULL"),
        ('avp_check("$avp(x)", "eq/5");', "compare"),
        ('if (avp_check("$avp(x)", "fm/a*/g")) exit;', "compare"),
        ('avp_copy("$avp(a)", "$avp(b)/d");', "assign"),
        ('if (avp_delete("$avp(a)")) exit;', "assign NULL"),
        ('avp_delete("*/g");', "assign NULL"),
        ('avp_op("$avp(a)", "add/5");', "operators"),
        ('avp_pushto("$br", "$avp(x)");', "assign to the variable"),
        ('avp_insert("$avp(a)", "5", "1");', "with an index"),
        (r'avp_subst("$avp(a)", "/(.*)/\1/");', "re.subst"),
        ('exec_msg("date");', "gives the command no message"),
        ("check_to();", "takes other arguments: db_is_to_authorized(table)"),
        ("trace_dialog();", "takes other arguments: trace(trace_id, [scope]"),
        ('enum_pv_query("$avp(x)");', "wants the number last"),
        ("setbranchflag(1, 5);", "the flag comes first"),
        ("if (proto == UDP) exit;", "compared with a text"),
        ("if (src_ip == host) exit;", "compared with a text"),
    ],
)
def test_what_is_not_certain_stays(old: str, why: str) -> None:
    made = found(ROUTE.format(old))
    assert made.text == ROUTE.format(old)
    assert made.doubts == 1
    (note,) = made.notes
    assert note.message.startswith("this stays as it is: ")
    assert why in note.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # of a module that is split those are loaded whose functions are called, with its parameters
        (
            'loadmodule "x/avpops.so"\nmodparam("avpops", "db_url", "a")\nroute { avp_db_load("$ru", "$avp(x)"); }\n',
            'loadmodule "x/sqlops.so"\nmodparam("sqlops", "db_url", "a")\nroute { sql_avp_load("$ru", "$avp(x)"); }\n',
        ),
        (
            'loadmodule "sqlops.so"\nloadmodule "avpops.so"\nroute { avp_db_load("$ru", "$avp(x)"); }\n',
            'loadmodule "sqlops.so"\nroute { sql_avp_load("$ru", "$avp(x)"); }\n',
        ),
        (
            'loadmodule "uri.so"\nroute { if (has_totag()) tel2sip(); }\n',
            'loadmodule "sipmsgops.so"\nroute { if (has_totag()) ruri_tel2sip(); }\n',
        ),
        ('loadmodule "avpops.so"\nroute { avp_print(); }\n', "route { avp_print(); }\n"),
        ('loadmodule "mi_json.so"\n', 'loadmodule "mi_http.so"\n'),
        ('loadmodule "cpl-c.so"\n', 'loadmodule "cpl_c.so"\n'),
    ],
)
def test_modules(old: str, new: str) -> None:
    assert found(old).text == new


@pytest.mark.parametrize(
    "text",
    [
        "route[seth] { exit; }\nroute { route(seth); }\n",
        'route { $var(children) = 1; $avp(debug) = "$avp(Ri)"; }\n',
        'route { xlog("children=4 method==5\\n"); }\n',
        'loadmodule "uri_radius.so"\n',
        "listen=udp:127.0.0.1:5060\nlog_facility=LOG_LOCAL0\n",
    ],
)
def test_what_is_not_old_stays(text: str) -> None:
    assert migrate(text).text == text


def test_every_function_with_a_successor_is_known_there() -> None:
    known = table.of("3.6")
    for name, gone in renamed("function").items():
        if gone.successor is not None:
            assert gone.successor in known.functions or gone.successor in known.statements, name
