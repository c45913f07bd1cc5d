"""Texts and their trees. Every sample is read again with a line before it: the tree is the same, one line lower."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.lang import nodes
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

STATEMENTS = {
    # assignments and expressions
    "$var(x) = 1;": "(= $var(x) 1)",
    "$avp(x) := NULL;": "(:= $avp(x) NULL)",
    "$var(x) += 2;": "(+= $var(x) 2)",
    "$var(x) = \"a\" + 'b';": "(= $var(x) (+ 'a' 'b'))",
    "$var(x) = 1 + 2 * 3;": "(= $var(x) (* (+ 1 2) 3))",
    "$var(x) = 1 + (2 * 3);": "(= $var(x) (+ 1 (* 2 3)))",
    "$var(x) = 1 | 6 & 2 + 1;": "(= $var(x) (& (| 1 6) (+ 2 1)))",
    "$var(x) = 1 << 2 >> 1 ^ 7;": "(= $var(x) (^ (>> (<< 1 2) 1) 7))",
    "$var(x) = ~5 + 1;": "(= $var(x) (+ (~ 5) 1))",
    "$var(x) = - 3 + +4 - -5;": "(= $var(x) (- (+ -3 4) -5))",
    "$var(x) = $var(i) == 7 + 1;": "(= $var(x) (+ (== $var(i) 7) 1))",
    '$var(x) = ($var(i) =~ "a") * 10;': "(= $var(x) (* (=~ $var(i) 'a') 10))",
    "$var(x) = $si == 10.0.0.0/8;": "(= $var(x) (== $si (network 10.0.0.0/8)))",
    "$var(x) = route(f, 3) + 1;": "(= $var(x) (+ (action [(routecall (name f) [3])]) 1))",
    '$var(x) = f() & xlog("a");': "(= $var(x) (& (action [(call f [])]) (action [(xlog - 'a')])))",
    "$var(x) = exit;": "(= $var(x) (action [(exit)]))",
    "$var(x) = return(5) + 1;": "(= $var(x) (+ (action [(return 5 [])]) 1))",
    "$var(x) = return + 5;": "(= $var(x) (action [(return 5 [])]))",
    "$var(x) = yes;": "(= $var(x) 1)",
    # calls
    "f();": "(call f [])",
    'f("a", 5, $var(x), -1);': "(call f ['a' 5 $var(x) -1])",
    'f("a",,5);': "(call f ['a' - 5])",
    "f(,1);": "(call f [- 1])",
    "f(,);": "(call f [- -])",
    "f(1,);": "(call f [1 -])",
    "f(,,1,);": "(call f [- - 1 -])",
    "route(a);": "(routecall (name a) [])",
    "route(0x10, NULL, 'x', -1, $rc);": "(routecall (name 16) [NULL 'x' -1 $rc])",
    'route("a-b");': "(routecall (name a-b) [])",
    'route("$var(x)2");': "(routecall '$var(x)2' [])",
    "route($var(x));": "(routecall $var(x) [])",
    'xlog("a" \'b\' "c\\n");': "(xlog - 'abc\\n')",
    'xlog("L_ERR", "a" "b");': "(xlog 'L_ERR' 'ab')",
    'xdbg("a" "b");': "(xdbg 'ab')",
    'log("a"); log(-1, "b");': "(log 4 'a') (log -1 'b')",
    'error("a", "b");': "(errorstatement 'a' 'b')",
    'assert($var(x) == 1, "text"); assert(f());': ("(assert (== $var(x) 1) 'text') (assert (action [(call f [])]) -)"),
    'async(f(1), r); async(f(), "r", 5);': ("(async (call f [1]) (name r) -) (async (call f []) (name r) 5)"),
    'launch(f()); launch(f(), r); launch(f(), 5, "t");': (
        "(launch (call f []) - -) (launch (call f []) (name r) -) (launch (call f []) (name 5) 't')"
    ),
    # leaving
    "return; return(); return 5; return -5; return $rc;": (
        "(return - []) (return - []) (return 5 []) (return -5 []) (return $rc [])"
    ),
    'return(1, "a", NULL, $rc, -2); return(, 5); return(0x10);': (
        "(return 1 ['a' NULL $rc -2]) (return - [5]) (return 16 [])"
    ),
    "exit; exit(); drop; drop( );": "(exit) (exit) (drop) (drop)",
    # control flow
    "if (1) exit; else drop;": "(if 1 [(exit)] [(drop)])",
    "if (1) if (0) exit; else drop;": "(if 1 [(if 0 [(exit)] [(drop)])] [])",
    "if (1) { } else if (0) ; else { exit; drop; }": "(if 1 [] [(if 0 [] [(exit) (drop)])])",
    "while ($var(x) < 3) { ; break; ; }": "(while (< $var(x) 3) [(break)])",
    "for ($var(i) in $(avp(a)[*])) if ($var(i)) break;": ("(foreach $var(i) $(avp(a)[*]) [(if $var(i) [(break)] [])])"),
    'switch ($var(x)) { case 1: case -2: exit; break; case "a": default: drop; }': (
        "(switch $var(x) [(case 1 []) (case -2 [(exit) (break)]) (case 'a' [])] [(drop)])"
    ),
    "switch ($var(x)) { case yes: }": "(switch $var(x) [(case 1 [])] -)",
    "; ; ;": "",
    # conditions
    "if ($var(a) and 1 or not $var(b) == 2) ;": "(if (or (and $var(a) 1) (not (== $var(b) 2))) [] [])",
    "if ((1 || (0 && 0))) ;": "(if (group (or 1 (group (and 0 0)))) [] [])",
    "if (!!f()) ;": "(if (not (not (action [(call f [])]))) [] [])",
    "if ([$var(x) + 1 ]) ;": "(if (bracket (+ $var(x) 1)) [] [])",
    "if ($var(x) = 5 and 1) ;": "(if (and (action [(= $var(x) 5)]) 1) [] [])",
    "if ($var(x) = NULL) ;": "(if (action [(= $var(x) NULL)]) [] [])",
    "if ({ exit; drop; }) ;": "(if (action [(exit) (drop)]) [] [])",
    "if (if (1) exit; else drop; and exit) ;": (
        "(if (and (action [(if 1 [(exit)] [(drop)])]) (action [(exit)])) [] [])"
    ),
    "if ($si == [::1] and $si != 10.0.0.1) ;": ("(if (and (== $si (network ::1)) (!= $si (network 10.0.0.1))) [] [])"),
    'if ($rc == NULL and $rc <= -1 and $rc !~ $var(x) and $rc > "a") ;': (
        "(if (and (and (and (== $rc NULL) (<= $rc -1)) (!~ $rc $var(x))) (> $rc 'a')) [] [])"
    ),
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements(
    text: str, body_of: Callable[[str], tuple[nodes.Statement, ...]], dump: Callable[[object], str]
) -> None:
    if not STATEMENTS[text]:
        assert body_of(text) == ()
        return
    assert dump(body_of(text)) == f"[{STATEMENTS[text]}]"


ITEMS = {
    "event_route[E_X] { exit; }": "(event_route 'E_X' [(exit)])",
    "event_route [ 'E-X' ]\n{ ; }": "(event_route 'E-X' [])",
    "event_route[0x10] { exit; }": "(event_route '16' [(exit)])",
    "event_route[0xFFFFFFFF] { exit; }": "(event_route '18446744073709551615' [(exit)])",
    'event_route["route"] { exit; }': "(event_route 'route' [(exit)])",
    'route { exit; } route[0] { exit; } route[" -00"] { exit; }': " ".join(["(route '0' [(exit)])"] * 3),
    'route["0x"] { exit; }': "(route '0x' [(exit)])",
    "startup_route { exit; } local_route { exit; } error_route { exit; }": (
        "(startup_route '' [(exit)]) (local_route '' [(exit)]) (error_route '' [(exit)])"
    ),
    "onreply_route { exit; } onreply_route[1] { exit; }": "(onreply_route '' [(exit)]) (onreply_route '1' [(exit)])",
    "failure_route[a] { drop; } branch_route[b] { drop; }": (
        "(failure_route 'a' [(drop)]) (branch_route 'b' [(drop)])"
    ),
    "timer_route[tick, 10] { exit; }": "(timer_route 'tick' 10 [(exit)])",
    'loadmodule "json.so"': "(loadmodule json.so)",
    'modparam("m", "p", 5) modparam("m", "p", -1) modparam("m", "p", "a" "b")': (
        "(modparam m p 5) (modparam m p -1) (modparam m p 'ab')"
    ),
    "log_level = -1 xlog_buf_size = 100 enable_asserts = yes": (
        "(global log_level -1) (global xlog_buf_size 100) (global enable_asserts 1)"
    ),
    "log_prefix = 'x' syslog_facility = LOG_LOCAL0 chroot = \"/a\" wdir = b": (
        "(global log_prefix 'x') (global syslog_facility 'LOG_LOCAL0') (global chroot '/a') (global wdir 'b')"
    ),
    "tos=16 tos=IPTOS_LOWDELAY": "(global tos 16) (global tos 'IPTOS_LOWDELAY')",
    "udp_workers=4 tcp_workers=2 use_auto_scaling_profile P": "(global udp_workers 4) (global tcp_workers 2)",
    "socket=udp:127.0.0.1:5060": "(global socket 'udp:127.0.0.1:5060')",
    "socket=tcp:* as 1.2.3.4:5070 anycast use_workers 5 tag t": (
        "(global socket 'tcp:* as 1.2.3.4:5070 anycast use_workers 5 tag t')"
    ),
    'socket=udp:"a b":5060 socket=udp:[::1]:5060-5070,6000 listen=hep_udp:sip.example-a.com': (
        "(global socket 'udp:\"a b\":5060') (global socket 'udp:[::1]:5060-5070,6000')"
        " (global listen 'hep_udp:sip.example-a.com')"
    ),
    "alias=udp:a.b:5060 c any:d:any accept_subdomain\nlog_level=1": (
        "(global alias 'udp:a.b:5060 c any:d:any accept_subdomain') (global log_level 1)"
    ),
    "advertised_address=1.2.3.4 advertised_address=a.b": (
        "(global advertised_address '1.2.3.4') (global advertised_address 'a.b')"
    ),
    "dst_blacklist=a dst_blacklist=b:{} dst_blacklist=c/expire,default:{!10.0.0.0/8, (udp, ::1, 5060, 'x')}": (
        "(global dst_blacklist 'a') (global dst_blacklist 'b:{}')"
        " (global dst_blacklist \"c/expire,default:{!10.0.0.0/8, (udp, ::1, 5060, 'x')}\")"
    ),
    'mem-group="a": "tm" "dialog"': '(global mem-group \'"a": "tm" "dialog"\')',
    "auto_scaling_profile=p\n scale up to 6 on 70% for 4 cycles within 5\n scale down to 2 on 18% for 10 cycles": (
        "(global auto_scaling_profile"
        " 'p\\n scale up to 6 on 70% for 4 cycles within 5\\n scale down to 2 on 18% for 10 cycles')"
    ),
    "": "",
}


@pytest.mark.parametrize("text", ITEMS)
def test_items(text: str, script_of: Callable[..., nodes.Script], dump: Callable[[object], str]) -> None:
    assert dump(script_of(text).items) == f"[{ITEMS[text]}]"


@pytest.mark.parametrize("text", [*ITEMS, *(f"route[r] {{\n{text}\n}}" for text in STATEMENTS)])
def test_a_line_before_moves_every_span(text: str, script_of: Callable[..., nodes.Script]) -> None:
    plain, moved = script_of(text), script_of("\n" + text)
    assert plain.items == moved.items
    before = [n.span for item in plain.items for n in item.walk()]
    after = [n.span for item in moved.items for n in item.walk()]
    assert [(s.start + 1, s.end + 1, s.text) for s in before] == [(s.start, s.end, s.text) for s in after]


def test_spans_of_nodes(body_of: Callable[[str], tuple[nodes.Statement, ...]]) -> None:
    (statement,) = body_of('\tif ($var(x) == 1) { xlog("é") ; }')
    assert isinstance(statement, nodes.If)
    assert statement.span.text == 'if ($var(x) == 1) { xlog("é") ; }'
    assert statement.test.span.text == "$var(x) == 1"
    assert statement.then[0].span.text == 'xlog("é")'
    assert (statement.then[0].span.line, statement.then[0].span.column) == (2, 22)


def test_calls_and_routes_know_their_heads(script_of: Callable[..., nodes.Script]) -> None:
    (route,) = script_of("event_route[ E_X ] { f (1); }").items
    assert isinstance(route, nodes.Route)
    assert route.header.text == "event_route[ E_X ]"
    (call,) = route.body
    assert isinstance(call, nodes.Call)
    assert (call.name_span.text, call.span.text) == ("f", "f (1)")


def test_joined_literals_map_back_to_their_places(body_of: Callable[[str], tuple[nodes.Statement, ...]]) -> None:
    (statement,) = body_of('xlog("ab"\n  "$c");')
    assert isinstance(statement, nodes.XLog)
    assert statement.text.value == "ab$c"
    assert statement.text.part(2, 4).text == "$c"


SCRATCH = {
    "$var(x) = 1;": "[] [(= $var(x) 1)]",
    '"$var(x)"': "[] [(display '$var(x)')]",
    "$var(x) + 1": "[] [(display (+ $var(x) 1))]",
    "exit; (1 + 2)": "[] [(exit) (display (+ 1 2))]",
    "f()": "[] [(display (action [(call f [])]))]",
    "route(a, 1)": "[] [(display (action [(routecall (name a) [1])]))]",
    "route[a] { exit; }\nroute(a);\nlog_level = 3\nroute(a);": (
        "[(route 'a' [(exit)]) (global log_level 3)] [(routecall (name a) []) (routecall (name a) [])]"
    ),
    "$rc": "[] [(display $rc)]",
    "": "[] []",
}


@pytest.mark.parametrize("text", SCRATCH)
def test_cells(text: str, script_of: Callable[..., nodes.Script], dump: Callable[[object], str]) -> None:
    script = script_of(text, scratch=True)
    assert f"{dump(script.items)} {dump(script.scratch)}" == SCRATCH[text]


@pytest.mark.parametrize("text", ["$var(x) = 1 + (2 + (3));", "$var(x) = (1);", "$var(x) = (1 + 2) /* ) */ ;", "exit;"])
def test_a_statement_ends_before_its_semicolon(text: str, script_of: Callable[..., nodes.Script]) -> None:
    (statement,) = script_of(text, scratch=True).scratch
    assert statement.span.text == text.removesuffix(";").rstrip()


def test_only_cells_have_bare_statements() -> None:
    for text in ("exit;", "$var(x)", "1"):
        assert parse(Source("test", text), version="3.6")[1]
        assert not parse(Source("test", text), scratch=True, version="3.6")[1]
