"""Sockets as settings write them and as functions name them."""

from __future__ import annotations

import pytest

from evroute_kernel.library.sockets import own_socket

SOCKETS = {
    ("core", "socket"): [
        "udp:192.0.2.10:5070",
        "TLS:192.0.2.10:5061-5063,5070 as 203.0.113.7",
        "tcp:[2001:db8::1]:5060",
    ],
    ("core", "listen"): ["ws:*:8080", "sctp:eth0"],
}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("udp:127.0.0.1:5060", "udp:127.0.0.1:5060"),
        ("127.0.0.1", "udp:127.0.0.1:5060"),
        ("udp:192.0.2.10:5070", "udp:192.0.2.10:5070"),
        ("UDP:192.0.2.10", "udp:192.0.2.10:5070"),
        ("192.0.2.10:5070", "udp:192.0.2.10:5070"),
        ("udp:192.0.2.10:5080", None),
        ("udp:192.0.2.11:5070", None),
        ("tls:192.0.2.10:5062", "tls:192.0.2.10:5062"),
        ("tls:203.0.113.7:5070", "tls:192.0.2.10:5070"),
        ("tls:192.0.2.10:5064", None),
        ("tcp:[2001:db8::1]:5060", "tcp:[2001:db8::1]:5060"),
        ("ws:198.51.100.1:8080", "ws:198.51.100.1:8080"),
        ("ws:198.51.100.1:8081", None),
        ("sctp:198.51.100.1", "sctp:198.51.100.1:5060"),
        ("", None),
    ],
)
def test_own_sockets(text: str, printed: str | None) -> None:
    assert own_socket(text, SOCKETS) == printed
