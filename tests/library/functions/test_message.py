"""Functions on the dummy request: return codes and what the variables show afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.functions.branches import parse_q
from evroute_kernel.library.references import reference
from evroute_kernel.library.template import parse_variable
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context, Process, Record

LIBRARY = table.of("3.6")

Show = Callable[[str], str]
Put = Callable[..., bool]
Call = Callable[..., int]


def errors(said: list[Record]) -> int:
    return sum(record[0] <= levels.WARNING for record in said)


@pytest.mark.parametrize(
    ("name", "argument", "uri"),
    [
        ("sethost", "g", "sip:u:p@g:5;x"),
        ("sethostport", "g:7", "sip:u:p@g:7;x"),
        ("setuser", "v", "sip:v:p@h:5;x"),
        ("setuser", "", "sip::p@h:5;x"),
        ("setuserpass", "v:w", "sip:v:w@h:5;x"),
        ("setuserpass", "", "sip:h:5;x"),
        ("setport", "7", "sip:u:p@h:7;x"),
        ("setport", "", "sip:u:p@h;x"),
        ("prefix", "00", "sip:00u:p@h:5;x"),
        ("seturi", "anything", "anything"),
        ("strip", 1, "sip::p@h:5;x"),
        ("strip", 0, "sip:u:p@h:5;x"),
        ("strip_tail", 1, "sip::p@h:5;x"),
    ],
)
def test_request_uri(call: Call, show: Show, said: list[Record], name: str, argument: str | int, uri: str) -> None:
    call("seturi", "sip:u:p@h:5;x")
    assert call(name, argument) == 1
    assert show("$(msg.branch.uri[0])") == uri
    assert said == []


def test_strip(call: Call, show: Show, said: list[Record]) -> None:
    call("seturi", "sip:12345@h")
    call("strip", 2)
    call("strip_tail", 1)
    assert show("$rU") == "34"
    assert said == []
    assert call("strip", 3) == 1
    assert (said[-1][0], show("$ru")) == (levels.WARNING, "sip:h")
    assert call("prefix", "9") == 1
    assert show("$ru") == "sip:9@h"
    assert call("revert_uri") == 1
    assert show("$ru") == "sip:user@dummy.com"


@pytest.mark.parametrize("name", ["sethost", "sethostport", "setuser", "setuserpass", "setport", "prefix"])
def test_bad_request_uri_cannot_be_changed(call: Call, said: list[Record], name: str) -> None:
    call("seturi", "garbage")
    assert call(name, "x") == -1
    assert errors(said) == 1


def test_destination(call: Call, show: Show) -> None:
    assert call("isdsturiset") == -1
    assert call("setdsturi", "sip:1.2.3.4") == 1
    assert call("isdsturiset") == 1
    assert show("$du") == "sip:1.2.3.4"
    assert call("resetdsturi") == 1
    assert call("isdsturiset") == -1


def test_flags(call: Call, show: Show) -> None:
    assert call("isflagset", "F") == -1
    assert call("setflag", "F") == 1
    assert call("isflagset", "F") == 1
    assert show("$mf $msg.flag(F)") == "F true"
    assert call("resetflag", "F") == 1
    assert call("isflagset", "F") == -1
    assert call("isbflagset", "F") == -1
    assert call("setbflag", "F") == 1
    assert call("isbflagset", "F", 0) == 1
    assert show("$bf [$mf]") == "F []"
    assert [call(name, "F", 1) for name in ("setbflag", "isbflagset", "resetbflag")] == [-1, -1, -1]
    assert call("resetbflag", "F") == 1
    assert call("isbflagset", "F") == -1


@pytest.mark.parametrize("argument", ["f_$var(x)", "$bad", "", parse_variable("$var(x)", LIBRARY)])
@pytest.mark.parametrize("name", ["setflag", "isbflagset"])
def test_flag_names_are_literal(name: str, argument: object, refused: Callable[..., int | None]) -> None:
    assert refused(name, argument) == 0
    assert refused(name, "plain") is None


# -- branches ---------------------------------------------------------------------------------------------------------


def test_append_and_remove(call: Call, show: Show, said: list[Record]) -> None:
    assert call("append_msg_branch", "sip:a@gw1", "0.5") == 1
    assert call("append_msg_branch", "sip:b@gw2") == 1
    assert show("$(msg.branch.q[1]) [$(msg.branch.q[2])] $msg.branch.last_idx") == "0.5 [] 2"
    assert call("remove_msg_branch", 0) == 1
    assert show("$(msg.branch.uri[*])") == "sip:user@dummy.com, sip:b@gw2"
    assert [call("remove_msg_branch", i) for i in (1, -1)] == [-1, -1]
    assert said == []
    assert call("append_msg_branch", "") == -1
    assert call("append_msg_branch", "sip:c", "two") == -1
    assert call("append_msg_branch", "sip:c", None, "inherit") == -1
    assert errors(said) == 3


def test_branch_inherits(call: Call, show: Show, put: Put) -> None:
    put("$du", "sip:hop")
    put("$ru_q", 300)
    call("setbflag", "F")
    assert call("append_msg_branch", "sip:a@gw1", None, "inherite") == 1
    assert show("$msg.branch.duri $msg.branch.q $msg.branch.flags") == "sip:hop 0.3 F"
    assert call("append_msg_branch", "sip:b@gw2") == 1
    assert show("$msg.branch.duri [$msg.branch.q]") == "<null> []"


def test_old_append(call: Call, show: Show, put: Put) -> None:
    put("$du", "sip:hop")
    put("$ru_q", 300)
    assert call("append_branch_old", "sip:a@gw1") == 1
    assert show("$msg.branch.duri [$msg.branch.q] $du") == "sip:hop [] sip:hop"
    assert call("append_branch_old", None, "0.7") == 1
    assert show("$msg.branch.uri $msg.branch.duri $msg.branch.q") == "sip:user@dummy.com sip:hop 0.7"
    assert show("$ru $du $ru_q") == "sip:user@dummy.com <null> -1"


def test_move_and_swap(call: Call, show: Show, said: list[Record]) -> None:
    for uri in ("sip:a", "sip:b", "sip:c"):
        call("append_msg_branch", uri)
    assert call("swap_msg_branches", 0, 2) == 1
    assert show("$(msg.branch.uri[*])") == "sip:user@dummy.com, sip:c, sip:b, sip:a"
    assert call("swap_msg_branches", None, 0) == 1
    assert show("$(msg.branch.uri[*])") == "sip:c, sip:user@dummy.com, sip:b, sip:a"
    assert call("move_msg_branch", 2, 0) == 1
    assert show("$(msg.branch.uri[*])") == "sip:c, sip:a, sip:b"
    assert call("move_msg_branch", 1, None, "keep") == 1
    assert show("$(msg.branch.uri[*])") == "sip:b, sip:a, sip:b"
    assert call("move_msg_branch", 1, 1) == 1
    assert said == []
    assert [call("swap_msg_branches", 0, 5), call("move_msg_branch", 5, 0)] == [-1, -1]
    assert errors(said) == 2


def test_serialized_branches(call: Call, show: Show, said: list[Record]) -> None:
    assert call("serialize_branches", 1) == 1
    call("append_msg_branch", "sip:a")
    assert call("serialize_branches", 1) == 1
    assert show("$msg.branch.last_idx") == "1"
    call("append_msg_branch", "sip:b", "0.5")
    assert call("serialize_branches", 1) == 1
    assert show("$msg.branch.last_idx") == "0"
    call("append_msg_branch", "sip:c")
    assert call("serialize_branches", 1, 1) == 1
    assert show("$msg.branch.last_idx") == "0"
    assert said == []
    assert call("next_branches") == -1
    assert errors(said) == 1


@pytest.mark.parametrize(
    ("text", "q"),
    [("0", 0), ("1", 1000), ("0.5", 500), (".5", 500), ("0.123456", 123), (" 1.000", 1000), ("00.25", 250), ("0.", 0)],
)
def test_q(text: str, q: int) -> None:
    assert parse_q(text) == q


@pytest.mark.parametrize("text", ["", "2", "1.1", "0.5x", "-1", "10", "abc"])
def test_no_q(text: str) -> None:
    assert parse_q(text) is None


# -- sending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "port", "code"),
    [
        ("127.0.0.1", None, 1),
        ("127.0.0.1", 5060, 1),
        ("127.0.0.1", 0, 1),
        ("127.0.0.1", 5061, -1),
        ("198.51.100.1", None, -1),
        ("example.net", 5060, -1),
    ],
)
def test_is_myself(call: Call, host: str, port: int | None, code: int) -> None:
    assert call("is_myself", host, port) == code


def test_forward_and_send(call: Call, put: Put, said: list[Record]) -> None:
    assert call("forward") == -476
    assert errors(said) == 1
    assert call("forward", "udp:10.0.0.1:5060") == 1
    put("$du", "sip:u@10.0.0.1;lr")
    assert call("forward") == 1
    assert call("send", "10.0.0.1:5060", "X-Test: 1\r\n") == 1
    assert call("send", "[::1]:5060") == 1
    assert errors(said) == 1
    assert call("send", "host.example") == -1
    assert errors(said) == 2


def test_bad_request_uri_is_noted_by_forward(context: Context, call: Call) -> None:
    call("seturi", "garbage")
    assert call("forward") == -476
    assert context.error_info is not None


def test_sockets(call: Call, show: Show, said: list[Record]) -> None:
    assert call("force_send_socket", "udp:127.0.0.1:5060") == 1
    assert show("$socket_out") == "udp:127.0.0.1:5060"
    assert call("force_send_socket", "udp:10.0.0.1:5060") == -1
    assert errors(said) == 1
    check = LIBRARY.functions["force_send_socket"].behaviour.check
    assert check is not None
    assert check(["udp:10.0.0.1:5060"], {}) is not None
    assert check(["udp:127.0.0.1:5060"], {}) is None
    assert check(["$var(x)"], {}) is None
    assert check(["udp:10.0.0.1:5060"], {("core", "socket"): ["udp:10.0.0.1:5060 as 192.0.2.1"]}) is None


def test_sockets_of_the_script(call: Call, show: Show, said: list[Record], process: Process) -> None:
    process.settings.modparams["core", "socket"] = ["udp:10.0.0.1:5070", "tls:[2001:db8::1]:5061"]
    assert call("force_send_socket", "udp:10.0.0.1:5070") == 1
    assert show("$socket_out $socket_out(ip) $socket_out(port)") == "udp:10.0.0.1:5070 10.0.0.1 5070"
    assert call("force_send_socket", "tls:[2001:db8::1]:5061") == 1
    assert show("$socket_out $socket_out(ip) $socket_out(af)") == "tls:[2001:db8::1]:5061 2001:db8::1 INET6"
    assert errors(said) == 0
    assert call("force_send_socket", "udp:10.0.0.1:5071") == -1


def test_functions_without_effect(call: Call, said: list[Record]) -> None:
    assert [call(name) for name in ("force_rport", "add_local_rport", "force_tcp_alias")] == [1, 1, 1]
    assert [call("set_advertised_address", "1.2.3.4"), call("set_advertised_port", "5070")] == [1, 1]
    assert call("set_via_handling", "force-rport,reply-to-via") == 1
    assert said == []
    assert call("set_via_handling", "force_rport") == -1
    check = LIBRARY.functions["set_via_handling"].behaviour.check
    assert check is not None
    assert check(["force_rport"]) is not None


@pytest.mark.parametrize(
    ("parts", "uri"),
    [
        (("sip", "alice", "atlanta.example", "5070", "transport=tcp"), "sip:alice@atlanta.example:5070;transport=tcp"),
        (("sip", None, "h", None, None), "sip:h"),
        (("sip", "", "h", "", ""), "sip:h"),
        (("", "u", "h", None, None), "<null>"),
        (("sip", "u", "", None, None), "<null>"),
    ],
)
def test_construct_uri(call: Call, show: Show, parts: tuple[str | None, ...], uri: str) -> None:
    assert call("construct_uri", *parts, reference("$avp(u)", LIBRARY)) == 1
    assert show("$avp(u)") == uri
