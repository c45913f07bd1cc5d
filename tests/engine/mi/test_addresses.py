"""Addresses of doors, and which of them are refused."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.mi.addresses import AddressError, parse_address


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("datagram:127.0.0.1:8080", "datagram:127.0.0.1:8080"),
        ("datagram:localhost:0", "datagram:127.0.0.1:0"),
        ("datagram:[::1]:8080", "datagram:[::1]:8080"),
        ("datagram:/run/mi.sock", "unix:/run/mi.sock"),
        ("unix:mi.sock", "unix:mi.sock"),
        ("fifo:/run/mi.fifo", "fifo:/run/mi.fifo"),
        ("http:127.0.0.1:8888/mi", "http:127.0.0.1:8888/mi"),
        ("http:127.0.0.1:8888", "http:127.0.0.1:8888/mi"),
        ("http://127.0.0.1:8888/json/", "http:127.0.0.1:8888/json"),
    ],
)
def test_what_is_meant(text: str, meant: str) -> None:
    assert str(parse_address(text)) == meant


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("8080", {}, "is no address"),
        ("datagram", {}, "write datagram:127.0.0.1:8080"),
        ("htpp:127.0.0.1:8888", {}, "did you mean 'http'?"),
        ("datagram:127.0.0.1", {}, "expected datagram:HOST:PORT"),
        ("datagram:127.0.0.1:99999", {}, "there is no port 99999: ports reach to 65535"),
        ("datagram:127.0.0.1:80/mi", {}, "expected datagram:HOST:PORT"),
        ("http:example.org:80/mi", {}, "no IP address"),
        ("fifo:", {}, "needs the path"),
        ("unix:" + "x" * 108, {}, "at most 107 bytes"),
        ("unix:/x", {"token": "t"}, "mode 0600"),
        ("fifo:/x", {"listen": "0.0.0.0"}, "mode 0600"),
        ("datagram:127.0.0.1:0", {"token": "t"}, "cannot carry a token"),
        ("datagram:0.0.0.0:0", {}, "0.0.0.0 is refused"),
        ("datagram:127.0.0.1:0", {"listen": "0.0.0.0"}, "0.0.0.0 is refused"),
        ("http:192.0.2.1:80/mi", {}, "no loopback address"),
        ("http:192.0.2.1:80/mi", {"token": "t"}, "no loopback address"),
        ("http:127.0.0.1:80/mi", {"listen": "::"}, "needs a token"),
        ("http:127.0.0.1:80/mi", {"listen": "0.0.0.0", "token": ""}, "needs a token"),
    ],
)
def test_what_is_refused(text: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(AddressError) as error:
        parse_address(text, **options)
    assert words in str(error.value)
    assert "Error" not in str(error.value)


def test_another_address_of_the_machine() -> None:
    assert str(parse_address("http:127.0.0.1:80/mi", "0.0.0.0", "secret")) == "http:0.0.0.0:80/mi"
    assert str(parse_address("http:127.0.0.1:80/mi", "[::]", "secret")) == "http:[::]:80/mi"
