"""Class uri."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.values import int_of, is_int_type, text_of

LONG = (
    "sip:+4930123;ext=7:pa55@gw.example.com:5070;transport=tcp;user=phone;ttl=16;maddr=239.1.2.3;method=INVITE;lr;r2=on"
    ";x=y?Subject=hello&Priority=urgent"
)


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (LONG, "user", "+4930123;ext=7"),
        (LONG, "passwd", "pa55"),
        (LONG, "host", "gw.example.com"),
        (LONG, "headers", "Subject=hello&Priority=urgent"),
        (LONG, "transport", "tcp"),
        (LONG, "lr", None),
        (LONG, "r2", "on"),
        (LONG, "USER", "+4930123;ext=7"),
        ("sip:alice:@atlanta.example", "passwd", None),
        ("sip:bob@biloxi.example?", "headers", None),
        ("sip:bob@[2001:db8::9]:5061;transport=tls", "host", "[2001:db8::9]"),
        ("sip:what?now@b.example", "user", "what?now"),
        ("sip:a%40b@c.example", "user", "a%40b"),
        ("SIPS:a@b.example", "schema", "SIPS"),
        ("tel:+49-30;phone-context=example.com", "user", "+49-30"),
        ("tel:+49-30;phone-context=example.com", "host", None),
        ("tel:+49-30;phone-context=example.com", "params", "phone-context=example.com"),
        ("urn:service:sos", "schema", "urn"),
        ("urn:service:sos", "host", "sos"),
        ("", "host", None),
    ],
)
def test_parts(transform, errors, value, name, expected):
    assert transform(value, f"{{uri.{name}}}") == expected
    assert not errors()


def test_the_port_is_an_integer_with_the_text_as_written(transform):
    port = transform("sip:a@b:05060", "{uri.port}")
    assert (int_of(port), text_of(port), is_int_type(port)) == (5060, "05060", True)
    assert transform("sip:a@b", "{uri.port}") is None


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (LONG, "x", "y"),
        (LONG, "lr", ""),
        (LONG, "none", None),
        ("sip:bob@b.example;Group=Sales", "gROUP", "Sales"),
        ('sip:bob@b.example;note="a b"', "note", "a b"),
        ("sip:proxy.example", "nat", None),
        ("sip:h;x=%3b", "x", "%3b"),
        ("sip:h;x=1;x=2", "x", "1"),
        ("sip:h;x=1", "", None),
    ],
)
def test_param(transform, errors, value, name, expected):
    assert transform(value, f"{{uri.param,{name}}}") == expected
    assert transform(value, "{uri.param,$var(name)}", name=name or "-") == expected
    assert not errors()


@pytest.mark.parametrize("value", ["not a uri", "alice@atlanta.example", "sip:a@b:70000", "<sip:a@b>", "sip", 5060])
def test_no_uri(transform, errors, value):
    assert transform(value, "{uri.user}") is None
    assert transform(value, "{uri.user}") is None
    assert len(errors()) == 2


def test_param_errors(transform, errors):
    assert transform("sip:h;a=1", "{uri.param,$var(none)}") is None
    assert transform("sip:h;a=1;;b", "{uri.param,c}") is None
    assert len(errors()) == 1
    assert transform("sip:h;a=;b", "{uri.param,b}") is None
    assert len(errors()) == 2
