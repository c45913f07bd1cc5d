"""Sockets that scripts may subscribe, and what is said about the others."""

from __future__ import annotations

import re

import pytest

from evroute_kernel.worker.sockets import SILENT, BadSocket, check


@pytest.mark.parametrize(
    "socket",
    [
        "route:E_X",
        "udp:127.0.0.1:9",
        "unix:/var/run/x",
        "tcp:127.0.0.1:9",
        "tcp:host:9/method",
        "flatstore:/var/log/x",
        "virtual: PARALLEL udp:a:1 udp:b:2",
    ],
)
def test_good(socket: str) -> None:
    check(socket, {"E_X"})


@pytest.mark.parametrize(
    ("socket", "fault"),
    [
        ("route:E_Y", "there is no event_route[E_Y] to subscribe"),
        ("carrier:pigeon", "no transport can serve 'carrier:pigeon'"),
        ("/var/run/x", "no transport can serve"),
        ("udp", "no transport can serve"),
        ("udp:", "nothing follows udp:"),
        ("udp:127.0.0.1", "the socket udp:127.0.0.1 has no port"),
        ("tcp:127.0.0.1:", "the socket tcp:127.0.0.1: has no port"),
        ("tcp:127.0.0.1:x", "'x' is no port number"),
        ("tcp:127.0.0.1:70000", "'70000' is no port number"),
        ("virtual:BOTH udp:a:1", "a virtual socket begins with its policy"),
    ],
)
def test_bad(socket: str, fault: str) -> None:
    with pytest.raises(BadSocket, match=f"^{re.escape(fault)}"):
        check(socket, {"E_X"})


@pytest.mark.parametrize("port", ["notaport", "0", "1/x"])
def test_the_server_says_nothing_about_a_bad_udp_port(port: str) -> None:
    with pytest.raises(BadSocket) as caught:
        check(f"udp:127.0.0.1:{port}", ())
    assert str(caught.value) == SILENT


@pytest.mark.parametrize(
    "socket", ["xmlrpc:127.0.0.1:1/a b\r\nX: y:m", "tcp:127.0.0.1:9/m\n", "udp:127.0.0.1\t:9", "rabbitmq:h/q\x7f"]
)
def test_no_socket_begins_a_line_in_a_request(socket: str) -> None:
    with pytest.raises(BadSocket, match="control characters"):
        check(socket, ())
