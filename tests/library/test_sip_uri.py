"""URIs: parts, what the server forgives, what it refuses."""

from __future__ import annotations

import pytest

from evroute_kernel.library.formats.sip_uri import BadUri, parse_uri


@pytest.mark.parametrize(
    ("text", "user", "password", "host", "port", "params", "headers"),
    [
        ("sip:user@dummy.com", "user", None, "dummy.com", None, None, None),
        ("SIP:U@H", "U", None, "H", None, None, None),
        ("sips:h", None, None, "h", None, None, None),
        ("sip:h:5060", None, None, "h", "5060", None, None),
        ("sip:h:", None, None, "h", "", None, None),
        ("sip:h;", None, None, "h", None, "", None),
        ("sip:h?a=b", None, None, "h", None, None, "a=b"),
        ("sip:h:5060?a=b", None, None, "h", "5060", None, "a=b"),
        ("sip:u:pw@h:70;x=1;lr?a=b", "u", "pw", "h", "70", "x=1;lr", "a=b"),
        ("sip:u:p1@h", "u", "p1", "h", None, None, None),
        ("sip:u:12@h", "u", "12", "h", None, None, None),
        ("sip:u:@h", "u", "", "h", None, None, None),
        ("sip:[::1]:5060;x", None, None, "[::1]", "5060", "x", None),
        ("sip:u@[::1]", "u", None, "[::1]", None, None, None),
        ("sip:a;b@h;lr", "a;b", None, "h", None, "lr", None),
        ("sip:a;b:c@h", "a;b", "c", "h", None, None, None),
        ("sip:h?u@x", "h?u", None, "x", None, None, None),
        ("sip:a?b;c@h", "a?b;c", None, "h", None, None, None),
        ("sip:h;p=a:b", None, None, "h", None, "p=a:b", None),
        ("sip:h:99999;x", None, None, "h", "99999", "x", None),
        ("tel:+123;x=1", "+123", None, "", None, "x=1", None),
        ("urn:service:sos", None, None, "sos", None, None, None),
        ("urn:nena:service:x", None, None, "x", None, None, None),
    ],
)
def test_parts(
    text: str,
    user: str | None,
    password: str | None,
    host: str,
    port: str | None,
    params: str | None,
    headers: str | None,
) -> None:
    uri = parse_uri(text)
    assert (uri.user, uri.password, uri.host) == (user, password, host)
    assert (uri.port, uri.params, uri.headers) == (port, params, headers)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sips:",
        "garbage",
        "not a uri",
        "tels:1",
        "http://x",
        "urn:other:x",
        "sip:@h",
        "sip::5060",
        "sip:]x",
        "sip:u@",
        "sip:u@;x",
        "sip:u@h@x",
        "sip:u@h&x",
        "sip:u[x@h",
        "sip:u:p:w@h",
        "sip:h:5x",
        "sip:h:5x;p",
        "sip:h:99999",
        "sip:u@h:99999",
        "sip:u@h:5x",
        "sip:u@h:1:2",
        "sip:[::1",
        "sip:[::1]x",
        "sip:u@h?h=1;2",
        "sip:h?a;b",
        "sip:h;a:b;c@d",
        "sip:u@h;pn-prid",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(BadUri):
        parse_uri(text)


@pytest.mark.parametrize(
    ("text", "protocol", "number", "port"),
    [
        ("sip:h", "udp", 1, 5060),
        ("sips:h", "tls", 3, 5061),
        ("sip:h:70", "udp", 1, 70),
        ("sip:h:0", "udp", 1, 5060),
        ("sip:h:;transport=tls", "tls", 3, 5061),
        ("sips:h;transport=TCP", "tcp", 2, 5060),
        ("sip:h;transport=wss", "wss", 6, 443),
        ("sip:h;transport=xyz", "", 15, 0),
        ("sip:h;transport=", "udp", 1, 5060),
        ("sip:h;transportx=tcp", "udp", 1, 5060),
    ],
)
def test_protocol_and_port(text: str, protocol: str, number: int, port: int) -> None:
    uri = parse_uri(text)
    assert (uri.protocol, uri.protocol_number, uri.port_number) == (protocol, number, port)


def test_known_parameters() -> None:
    uri = parse_uri("sip:h;LR;maddr=1.2.3.4;transport=tcp;x=y;r2=on;ttl;method=")
    assert uri.known == {
        "lr": ("LR", None),
        "maddr": ("maddr=1.2.3.4", "1.2.3.4"),
        "transport": ("transport=tcp", "tcp"),
        "r2": ("r2=on", "on"),
    }


@pytest.mark.parametrize("port", ["9" * 5000, "0" * 5000 + "65536"])
def test_a_port_of_thousands_of_digits(port: str) -> None:
    with pytest.raises(BadUri, match="larger than 65535"):
        parse_uri(f"sip:a@b:{port}")


def test_a_port_with_thousands_of_zeros() -> None:
    assert parse_uri(f"sip:a@b:{'0' * 5000}5061").port_number == 5061
