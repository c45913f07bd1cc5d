"""The dummy request: what every variable shows, and what can be changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.references import iterate, reference
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context, Process, Record
from evroute_kernel.runtime.values import Dual, Value, is_int_type

LIBRARY = table.of("3.6")

Show = Callable[[str], str]
Read = Callable[[str], Value]
Put = Callable[..., bool]


def errors(said: list[Record]) -> int:
    return sum(record[0] <= levels.WARNING for record in said)


# -- what an event_route starts with ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("ru ruri ou ouri msg.branch.uri", "sip:user@dummy.com"),
        ("rU ruri.user oU", "user"),
        ("rd ruri.domain od fd from.domain td to.domain", "dummy.com"),
        ("rp op", "5060"),
        ("rP oP", "udp"),
        ("rm", "DUMMY"),
        ("ci", "dummy-1"),
        ("cs ft", "1"),
        ("fu from", "sip:from@dummy.com"),
        ("fU from.user", "from"),
        ("tu to", "sip:to@dummy.com"),
        ("tU to.user", "to"),
        ("Au", "from@dummy.com"),
        ("si src_ip", "0.0.0.0"),
        ("sp mi msg.branch.last_idx err.class", "0"),
        ("ml", "175"),
        ("ru_q", "-1"),
        ("msg.type", "request"),
        ("msg.is_request", "true"),
        ("mf bf msg.branch.q msg.branch.flags err.info", ""),
        ("hdr_name", "Via"),
        ("au ar ad adu ai aU an auth.nonce auth.qop challenge.realm", "<null>"),
        ("cl ct cT di dip dir fn pd pn pu pU re rr rs rt tn tt ua", "<null>"),
        ("du duri dd dp dP ds path branch msg.branch msg.branch.duri msg.branch.path", "<null>"),
        ("msg.branch.socket rb sdp socket_in socket_out", "<null>"),
    ],
)
def test_untouched(show: Show, said: list[Record], names: str, text: str) -> None:
    assert [show(f"$({name})") for name in names.split()] == [text] * len(names.split())
    assert said == []


def test_whole_message(read: Read) -> None:
    text = read("$mb")
    assert isinstance(text, str)
    assert text.startswith("DUMMY sip:user@dummy.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKdummy\r\n")
    assert text.endswith("\r\nCSeq: 1 DUMMY\r\n\r\n")
    assert len(text) == read("$ml")


def test_values_with_two_forms(read: Read) -> None:
    for name, number, is_int in [("rm", 16384, False), ("rP", 1, False), ("oP", 1, False), ("msg.is_request", 1, True)]:
        value = read(f"${name}")
        assert isinstance(value, Dual)
        assert (value.number, is_int_type(value)) == (number, is_int)
    assert read("$rp") == 5060


def test_every_message_variable_can_be_read(context: Context) -> None:
    for name, declared in LIBRARY.variables.items():
        if declared.message and declared.subname != "required":
            reference(f"$({name})", LIBRARY).get(context)


# -- headers ----------------------------------------------------------------------------------------------------------


def test_headers(put: Put, show: Show) -> None:
    via = "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKdummy"
    assert show("$hdr(Via)|$hdr(v)|$(hdr(via)[0])|$(hdr(VIA)[-1])|$(hdr(Via)[*])") == "|".join([via] * 5)
    assert show("$hdr(X-No) $(hdr(Via)[1]) $(hdr(Via)[-2])") == "<null> <null> <null>"
    assert show("$hdr(t) $hdr(From) $hdr(i)") == "<sip:to@dummy.com> <sip:from@dummy.com>;tag=1 dummy-1"
    assert show("$hdrcnt(Via) $hdrcnt(X-No)") == "1 0"
    assert show("$(hdr_name[1]) $(hdr_name[-1]) $(hdr_name[5]) $(hdr_name[*])") == (
        "To CSeq <null> Via, To, From, Call-ID, CSeq"
    )
    put("$var(h)", "CSeq")
    assert show("$hdr($var(h)) $hdrcnt($var(h))") == "1 DUMMY 1"


def test_iteration_over_header_names(context: Context) -> None:
    element = iterate("$(hdr_name[*])", LIBRARY)
    assert element is not None
    assert [element(context, k) for k in range(6)] == ["Via", "To", "From", "Call-ID", "CSeq", None]


def test_null_header_name(show: Show, said: list[Record]) -> None:
    assert show("$hdr($var(no)) $hdrcnt($var(no))") == "<null> <null>"
    assert errors(said) == 2


# -- request URI ------------------------------------------------------------------------------------------------------


def test_request_uri_is_replaced(put: Put, show: Show, read: Read) -> None:
    assert put("$ru", "sip:1002@pbx.example:5070;transport=TCP")
    assert show("$ru|$rU|$rd|$rp|$rP") == "sip:1002@pbx.example:5070;transport=TCP|1002|pbx.example|5070|TCP"
    port = read("$rp")
    assert isinstance(port, Dual)
    assert (port.number, is_int_type(port)) == (5070, False)
    assert show("$ou|$oU|$od|$op") == "sip:user@dummy.com|user|dummy.com|5060"


def test_parts_of_the_request_uri(put: Put, show: Show) -> None:
    for name, value, uri in [
        ("$rU", "support", "sip:support@dummy.com"),
        ("$rd", "help.example", "sip:support@help.example"),
        ("$rp", 5080, "sip:support@help.example:5080"),
        ("$rp", "70", "sip:support@help.example:70"),
        ("$rp", None, "sip:support@help.example"),
        ("$rU", None, "sip:help.example"),
    ]:
        assert put(name, value)
        assert show("$ru") == uri
    assert show("$rU") == "<null>"


def test_new_host_drops_maddr(put: Put, show: Show) -> None:
    put("$ru", "sip:u@h;a;maddr=1.2.3.4;b?x=y")
    put("$rU", "v")
    assert show("$ru") == "sip:v@h;a;maddr=1.2.3.4;b?x=y"
    put("$rd", "g")
    assert show("$ru") == "sip:v@g;a;b?x=y"


@pytest.mark.parametrize(("name", "value"), [("$ru", None), ("$ru", 5), ("$rU", 5), ("$rd", None), ("$rd", 5)])
def test_what_the_request_uri_does_not_take(put: Put, show: Show, said: list[Record], name: str, value: Value) -> None:
    assert not put(name, value, "=bare")
    assert errors(said) == 1
    assert show("$ru") == "sip:user@dummy.com"


def test_integers_of_variables_have_a_text_form(put: Put, show: Show, said: list[Record]) -> None:
    for name, value in [("$rU", 1002), ("$rd", 7), ("$du", 5)]:
        assert put(name, value)
    assert show("$ru $du") == "sip:1002@7 5"
    assert said == []


def test_empty_request_uri_brings_the_original_back(put: Put, show: Show) -> None:
    put("$ru", "sip:x@y")
    assert put("$ru", "")
    assert show("$ru") == "sip:user@dummy.com"


def test_bad_request_uri_is_reported_at_every_read(context: Context, put: Put, show: Show, said: list[Record]) -> None:
    assert put("$ru", "not a uri")
    assert said == []
    assert show("$ru $rU $rp") == "<null> <null> <null>"
    assert errors(said) == 3
    assert context.error_info.info == "error parsing r-uri"
    assert show("$msg.branch.uri") == "not a uri"
    assert not put("$rU", "x")
    assert errors(said) == 4


def test_request_uri_has_a_limit(put: Put, show: Show, said: list[Record]) -> None:
    assert not put("$rU", "x" * 1100)
    assert errors(said) == 1
    assert show("$rU") == "user"


def test_q(put: Put, read: Read, said: list[Record]) -> None:
    assert put("$ru_q", 500)
    assert [read("$ru_q"), read("$(msg.branch.q[0])")] == [500, "0.5"]
    assert put("$ru_q", 2000)
    assert (read("$ru_q"), said[-1][0]) == (1000, levels.WARNING)
    assert not put("$ru_q", "1")
    assert not put("$ru_q", None)


def test_changes_end_with_the_run(put: Put, process: Process) -> None:
    put("$ru", "sip:x@y")
    assert reference("$ru", LIBRARY).get(Context(process, "E_T")) == "sip:user@dummy.com"


# -- destination URI --------------------------------------------------------------------------------------------------


def test_destination_uri(put: Put, show: Show, said: list[Record]) -> None:
    assert put("$du", "sip:u@10.20.30.40:5062;transport=tls")
    assert show("$du|$duri|$dd|$dp|$dP") == "|".join(
        ["sip:u@10.20.30.40:5062;transport=tls"] * 2 + ["10.20.30.40", "5062", "tls"]
    )
    assert put("$dd", "gw")
    assert put("$dp", 70)
    assert show("$du") == "sip:u@gw:70;transport=tls"
    assert put("$dp", None)
    assert show("$du") == "sip:u@gw;transport=tls"
    assert put("$du", None)
    assert show("$du $dd") == "<null> <null>"
    assert said == []


def test_destination_uri_that_cannot_be_used(put: Put, show: Show, said: list[Record]) -> None:
    assert not put("$dd", "gw")
    assert not put("$dp", 1)
    assert not put("$du", 5, "=bare")
    assert errors(said) == 3
    assert put("$du", "garbage")
    assert show("$du $dd") == "garbage <null>"
    assert errors(said) == 4
    assert not put("$dd", "gw")
    assert put("$du", "sip:h")
    assert not put("$dd", "")
    assert not put("$dd", None)


# -- flags, sockets, SDP ----------------------------------------------------------------------------------------------


def test_message_flags(put: Put, show: Show, said: list[Record]) -> None:
    assert put("$msg.flag(A)", 1)
    assert put("$msg.flag(B)", 7)
    assert show("[$mf] $msg.flag(A) $msg.flag(C)") == "[B A] true false"
    assert put("$msg.flag(A)", 0)
    assert show("[$mf]") == "[B]"
    assert not put("$msg.flag(A)", "1")
    assert not put("$msg.flag(A)", None)
    assert errors(said) == 2


def test_sending_socket(put: Put, show: Show, said: list[Record]) -> None:
    assert put("$socket_out", "udp:127.0.0.1:5060")
    assert show("$socket_out|$socket_out(ip)|$socket_out(port)|$socket_out(forced)|$socket_out(tag)") == (
        "udp:127.0.0.1:5060|127.0.0.1|5060|udp:127.0.0.1:5060|<null>"
    )
    assert put("$socket_out", "udp:10.0.0.1:5060")
    assert (said[-1][0], show("$socket_out")) == (levels.WARNING, "udp:127.0.0.1:5060")
    assert put("$socket_out", None)
    assert show("$socket_out") == "<null>"
    assert not put("$socket_out", "")
    assert not put("$socket_out(ip)", "10.0.0.1")


@pytest.mark.parametrize("text", ["$sdp.line(a)", "$sdp.session(c)", "$sdp.stream(audio)", "$sdp.stream.idx(audio)"])
def test_sdp(show: Show, put: Put, said: list[Record], text: str) -> None:
    assert show(text) == "<null>"
    assert errors(said) == 1
    assert not put(text, "x")
    assert errors(said) == 2


# -- branches ---------------------------------------------------------------------------------------------------------


def test_branches(put: Put, show: Show, said: list[Record]) -> None:
    assert put("$msg.branch", "sip:a@gw1")
    assert put("$branch", "sip:b@gw2")
    assert show("$msg.branch.last_idx $msg.branch $branch $msg.branch.uri") == "2 sip:a@gw1 sip:a@gw1 sip:b@gw2"
    assert show("$(msg.branch.uri[0]) $(msg.branch.uri[1]) $(msg.branch.uri[-3]) $(msg.branch.uri[3])") == (
        "sip:user@dummy.com sip:a@gw1 sip:user@dummy.com <null>"
    )
    assert show("$(msg.branch.uri[*])") == "sip:user@dummy.com, sip:a@gw1, sip:b@gw2"
    assert show("$branch(uri) $(branch(URI)[1]) $(branch(uri)[-1]) $(branch(uri)[*])") == (
        "sip:a@gw1 sip:b@gw2 sip:b@gw2 sip:a@gw1, sip:b@gw2"
    )
    assert said == []
    for value in (None, "", 5):
        assert not put("$msg.branch", value, "=bare")
    assert errors(said) == 3


def test_fields_of_a_branch(put: Put, show: Show, said: list[Record]) -> None:
    put("$msg.branch", "sip:a@gw1")
    for field, value in [("uri", "sip:c@gw3"), ("duri", "sip:d"), ("path", "<p>"), ("q", 250), ("flags", "F G")]:
        assert put(f"$msg.branch.{field}", value)
    assert show("$(msg.branch.uri[1]) $(msg.branch.duri[1]) $(msg.branch.path[1]) $(msg.branch.q[1])") == (
        "sip:c@gw3 sip:d <p> 0.25"
    )
    assert show("$msg.branch.flags $msg.branch.flag(F)") == "G F false"
    for field in ("duri", "path", "q", "flags"):
        assert put(f"$msg.branch.{field}", None)
    assert show("$msg.branch.duri $msg.branch.path [$msg.branch.q] [$msg.branch.flags]") == "<null> <null> [] []"
    assert said == []
    for field, value in [("uri", None), ("duri", 5), ("q", "x"), ("socket", "udp:1.2.3.4:5")]:
        assert not put(f"$msg.branch.{field}", value, "=bare")
    assert not put("$(msg.branch.uri[7])", "sip:x")
    assert not put("$(msg.branch.uri[*])", "sip:x")
    assert errors(said) == 6


def test_branch_zero_is_the_request_uri(put: Put, show: Show) -> None:
    assert put("$(msg.branch.uri[0])", "sip:new@x")
    assert put("$(msg.branch.duri[0])", "sip:hop")
    assert put("$(msg.branch.path[0])", "<p>")
    assert show("$ru $du $path") == "sip:new@x sip:hop <p>"


def test_branch_attributes(put: Put, show: Show, read: Read) -> None:
    put("$msg.branch", "sip:a@gw1")
    assert put("$msg.branch.attr(k)", 7)
    assert put("$(msg.branch.attr(k)[0])", "first")
    assert show("$msg.branch.attr(k) $(msg.branch.attr(k)[1]) $(msg.branch.attr(k)[0])") == "7 7 first"
    assert put("$msg.branch.attr(k)", None)
    assert read("$msg.branch.attr(k)") is None
    assert read("$(msg.branch.attr(k)[*])") is None


def test_branch_flags(put: Put, show: Show) -> None:
    assert put("$branch.flag(F)", 1)
    assert show("$bf $branch.flag(F)") == "F <null>"
    put("$msg.branch", "sip:a@gw1")
    assert show("$branch.flag(F)") == "true"
    assert not put("$branch.flag(F)", "x")
    assert put("$(msg.branch.flag(F)[0])", 0)
    assert show("[$bf]") == "[]"


def test_no_more_than_eleven_branches(put: Put, said: list[Record]) -> None:
    assert [put("$msg.branch", f"sip:{i}@gw") for i in range(12)] == [True] * 11 + [False]
    assert errors(said) == 1


def test_destination_set(put: Put, show: Show) -> None:
    put("$msg.branch", "sip:a@gw1")
    put("$msg.branch.q", 500)
    assert show("$ds") == "Contact: <sip:a@gw1>;q=0.5"
    put("$ru", "sip:x@y")
    assert show("$ds") == "Contact: <sip:x@y>, <sip:a@gw1>;q=0.5"
