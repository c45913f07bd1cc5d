"""Class via, and what passes for a Via header."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.values import int_of, text_of

VIA = "SIP/2.0/UDP pc33.atlanta.example:5066;branch=z9hG4bK776asdhds;received=192.0.2.1;rport=17890;ttl=1"


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (VIA, "name", "SIP"),
        (VIA, "version", "2.0"),
        (VIA, "transport", "UDP"),
        (VIA, "host", "pc33.atlanta.example"),
        (VIA, "params", "branch=z9hG4bK776asdhds;received=192.0.2.1;rport=17890;ttl=1"),
        (VIA, "comment", None),
        (VIA, "param,BRANCH", "z9hG4bK776asdhds"),
        (VIA, "param,maddr", None),
        (VIA, "param,$var(p)", "192.0.2.1"),
        ("SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bKx", "rport", None),
        ("SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bKx", "param,rport", ""),
        ("SIP/2.0/UDP [2001:db8::1]:5060;branch=1", "host", "[2001:db8::1]"),
        ("SIP/2.0/UDP a.example;branch=1 (Acme (new) server)", "comment", "Acme (new) server"),
        ("SIP/2.0/UDP a.example", "params", None),
        ("SIP/2.0/UDP a.example", "port", None),
        ("SIP / 2.0 / UDP   spaced.example : 5070 ; branch=z9", "host", "spaced.example"),
        ("SIP / 2.0 / UDP   spaced.example : 5070 ; branch = z9", "branch", "z9"),
        ("SIP/2.0/UDP first.example;branch=1, SIP/2.0/TCP second.example;branch=2", "branch", "1"),
        ("SIP/2.0/QUIC a.example", "transport", "QUIC"),
        ("sip/2.0/ws a.example", "transport", "ws"),
        # a line that starts with a blank continues the header
        ("SIP/2.0/UDP a\r\n ;x=1\r\n\t;y", "param,x", "1"),
        ("SIP/2.0/UDP a;x=1\r\ny;z", "params", "x=1"),
        ('SIP/2.0/UDP a;x="q;r" ;y', "param,x", "q;r"),
        # the text ends before the closing quote
        ('SIP/2.0/UDP a;x="q"', "params", 'x="q'),
        # beginnings of "alias" pass for other parameters
        ("SIP/2.0/UDP a;ali=7", "branch", "7"),
    ],
)
def test_parts(transform, errors, value, name, expected):
    assert transform(value, f"{{via.{name}}}", p="received") == expected
    assert not errors()


def test_the_port_is_an_integer_with_the_text_as_written(transform):
    port = transform("SIP/2.0/UDP a:05061", "{via.port}")
    assert (int_of(port), text_of(port)) == (5061, "05061")


@pytest.mark.parametrize(
    "value",
    [
        "HTTP/1.1 nowhere",
        "SIP/3.0/UDP a",
        "SIP/2.0/UD a",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP a:",
        "SIP/2.0/UDP a:123456",
        "SIP/2.0/UDP a:5x",
        "SIP/2.0/UDP a;",
        "SIP/2.0/UDP a;;b",
        "SIP/2.0/UDP a;branch",
        "SIP/2.0/UDP a;branch;c",
        "SIP/2.0/UDP a;hidden=1",
        "SIP/2.0/UDP a;x=1=2",
        "SIP/2.0/UDP a;x y",
        "SIP/2.0/UDP a (open",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP a_b",
        "SIP/2.0/UDP a,",
        "SIP/2.0/UDP a, SIP/2.0/UDP",
        "SIP/2.0/UDP a;a=5",
        "SIP/2.0/UDP a;x=1\r\n y",
    ],
)
def test_no_via(transform, errors, value):
    # the server's process dies at the second one; here each is null with an error
    assert transform(value, "{via.host}") is None
    assert transform(value, "{via.host}") is None
    assert len(errors()) == 2


def test_short_texts_are_null_silently(transform, errors):
    assert transform("ab", "{via.host}") is None
    assert transform(12, "{via.host}") is None
    assert not errors()


def test_null_name(transform, errors):
    assert transform(VIA, "{via.param,$var(none)}") is None
    assert len(errors()) == 1
