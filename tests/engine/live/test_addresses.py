"""Addresses of management interfaces and of sockets to listen at."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.live.addresses import AddressError, ListenAddress, MiAddress


@pytest.mark.parametrize(
    ("text", "kind", "host", "port", "path"),
    [
        ("datagram:127.0.0.1:8080", "udp", "127.0.0.1", 8080, ""),
        ("datagram:[::1]:8080", "udp", "::1", 8080, ""),
        ("datagram:/run/mi.sock", "unix", "", 0, "/run/mi.sock"),
        ("datagram:unix:/run/mi.sock", "unix", "", 0, "/run/mi.sock"),
        ("unix:/run/mi.sock", "unix", "", 0, "/run/mi.sock"),
        ("http:127.0.0.1:8888/mi", "http", "127.0.0.1", 8888, "/mi"),
        ("fifo:/run/mi.fifo", "fifo", "", 0, "/run/mi.fifo"),
        ("http://sip.example:8888/mi?x=1", "http", "sip.example", 8888, "/mi?x=1"),
        ("https://sip.example", "https", "sip.example", 443, "/"),
    ],
)
def test_management_interfaces(text: str, kind: str, host: str, port: int, path: str) -> None:
    found = MiAddress.parse(text)
    assert (found.kind, found.host, found.port, found.path, str(found)) == (kind, host, port, path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("datagrm:127.0.0.1:8080", "no address of a management interface"),
        ("127.0.0.1:8080", "no address of a management interface"),
        ("datagram:127.0.0.1", "names no host and port"),
        ("datagram:127.0.0.1:99999", "names no host and port"),
        ("fifo:relative", "names no file"),
        ("http://:80/mi", "no URL"),
        ("http://user:secret@host/mi", "no URL"),
        ("http://host:port/mi", "no URL"),
    ],
)
def test_what_is_no_management_interface(text: str, message: str) -> None:
    with pytest.raises(AddressError, match=message) as found:
        MiAddress.parse(text)
    assert found.value.hint


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("udp:192.0.2.7:5555", ListenAddress("udp", "192.0.2.7", 5555)),
        ("tcp:localhost:0", ListenAddress("tcp", "localhost", 0)),
        ("unix:/run/x.sock", ListenAddress("unix", path="/run/x.sock")),
        ("udp", ListenAddress("udp")),
        ("tcp:", ListenAddress("tcp")),
        ("unix", ListenAddress("unix")),
    ],
)
def test_addresses_to_listen_at(text: str, found: ListenAddress) -> None:
    assert ListenAddress.parse(text) == found


@pytest.mark.parametrize("text", ["unix:relative", "unix:/" + "x" * 107, "sctp:1.2.3.4:5", "udp:1.2.3.4", ""])
def test_what_cannot_be_listened_at(text: str) -> None:
    with pytest.raises(AddressError):
        ListenAddress.parse(text)
