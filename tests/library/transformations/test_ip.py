"""Class ip."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize(
    ("text", "four", "six"),
    [
        ("192.0.2.10", 1, 0),
        ("1.2.3.", 1, 0),
        ("0.0.0.0", 1, 0),
        ("192.0.2", 0, 0),
        ("192.0.2.256", 0, 0),
        ("01.2.3.4", 0, 0),
        ("192.0.2.1 ", 0, 0),
        ("2001:db8::1", 0, 1),
        ("[2001:db8::1]", 0, 1),
        ("::", 0, 1),
        ("1:2:3:4:5:6:7:8", 0, 1),
        (":2:3:4:5:6:7:8", 0, 1),
        ("1:2:3:4:5:6:7:8:9", 0, 0),
        ("1::2::3", 0, 0),
        (":::", 0, 0),
        ("::ffff:192.0.2.1", 0, 0),
        ("[::1", 0, 0),
        ("gw.example.com", 0, 0),
        (8, 0, 0),
    ],
)
def test_what_is_an_address(transform, errors, text, four, six):
    assert transform(text, "{ip.isip4}") == four
    assert transform(text, "{ip.isip6}") == six
    assert transform(text, "{ip.isip}") == (four | six)
    assert not errors()


def test_an_empty_text_has_no_answer(transform, errors):
    for text in (
        "{ip.isip}",
        "{ip.pton}",
        "{ip.ntop}",
        "{ip.family}",
        "{ip.resolve}",
        "{ip.matches,::/0}",
        "{ip.isprivate}",
    ):
        assert transform("", text) is None
    assert not errors()


@pytest.mark.parametrize(
    ("text", "binary", "printed"),
    [
        ("192.0.2.10", "c000020a", "192.0.2.10"),
        ("1.2.3.", "01020300", "1.2.3.0"),
        ("2001:db8::1", "20010db8000000000000000000000001", "2001:DB8:0:0:0:0:0:1"),
        ("::a:", "0000000000000000000000000000000a", "0:0:0:0:0:0:0:A"),
        ("12345::", "23450000000000000000000000000000", "2345:0:0:0:0:0:0:0"),
    ],
)
def test_binary_form_and_back(transform, text, binary, printed):
    assert transform(text, "{ip.pton}{s.encode.hexa}") == binary
    assert transform(text, "{ip.pton}{ip.ntop}") == printed
    assert transform(text, "{ip.pton}{ip.family}") == ("INET" if len(binary) == 8 else "INET6")


@pytest.mark.parametrize(("value", "text"), [("sip.example", "{ip.pton}"), ("abc", "{ip.ntop}"), ("x", "{ip.family}")])
def test_no_address_is_an_error(transform, errors, value, text):
    assert transform(value, text) is None
    assert len(errors()) == 1


def test_family_leaves_the_variable_alone(transform, process):
    assert transform("abcd", "{ip.family}") == "INET"
    assert process.var["x"] == "abcd"


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.1.1.1", 1),
        ("172.31.0.1", 1),
        ("172.32.0.1", 0),
        ("192.168.3.4", 1),
        ("100.64.0.1", 1),
        ("127.0.0.1", 1),
        ("169.254.0.1", 0),
        ("8.8.8.8", 0),
        ("fd00::1", 0),
        ("gw.example", 0),
    ],
)
def test_private_addresses(transform, address, private):
    assert transform(address, "{ip.isprivate}") == private


@pytest.mark.parametrize(
    ("address", "network", "inside"),
    [
        ("10.20.30.40", "10.0.0.0/8", 1),
        ("10.20.30.40", "10.20.31.0/24", 0),
        ("10.20.30.40", "10.20.30.40/32", 1),
        ("10.20.30.40", "0.0.0.0/0", 1),
        ("2001:db8::9", "2001:db8::/32", 1),
        ("2001:db9::9", "[2001:db8::]/32", 0),
        ("10.20.30.40", "10.0.0.0/4294967304", 1),
    ],
)
def test_networks(transform, errors, address, network, inside):
    assert transform(address, f"{{ip.matches,{network}}}") == inside
    assert transform(address, "{ip.matches,$var(n)}", n=network) == inside
    assert not errors()


def test_bits_behind_the_length_are_warned_about(transform, errors):
    assert transform("10.20.30.40", "{ip.matches,10.20.30.99/24}") == 1
    assert len(errors()) == 1


@pytest.mark.parametrize("network", ["zz", "10.0.0.0", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/33", "/8", "::/0"])
def test_no_network(transform, errors, network):
    assert transform("10.0.0.1", f"{{ip.matches,{network}}}") is None
    assert len(errors()) == 1


def test_null_network_and_no_address(transform, errors):
    assert transform("10.0.0.1", "{ip.matches,$var(none)}") is None
    assert transform("gw.example", "{ip.matches,10.0.0.0/8}") is None
    assert len(errors()) == 2


def test_names_are_looked_up_where_the_network_is_on(transform, errors, monkeypatch):
    monkeypatch.setattr(socket, "gethostbyname", lambda name: {"localhost": "127.0.0.1"}[name])
    assert transform("gw.example", "{ip.resolve}") is None
    assert "the network is off" in errors()[0]
    assert transform("localhost", "{ip.resolve}") == "127.0.0.1"
    assert len(errors()) == 1


def test_resolving(transform, errors, monkeypatch, process):
    process.settings.network = True
    names = {"gw.example": "192.0.2.7"}

    def lookup(name: str) -> str:
        if name not in names:
            raise socket.gaierror(name)
        return names[name]

    monkeypatch.setattr(socket, "gethostbyname", lookup)
    assert transform("gw.example", "{ip.resolve}") == "192.0.2.7"
    assert transform("nowhere.example", "{ip.resolve}") is None
    assert transform("\xff", "{ip.resolve}") is None
    # an address needs no lookup
    assert transform("::1", "{ip.resolve}") == "0:0:0:0:0:0:0:1"
    assert not errors()
