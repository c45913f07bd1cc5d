"""IP addresses as OpenSIPS 3.6 reads and prints them, its own rules included. Binary forms are bytes, 4 or 16."""

from __future__ import annotations

import re
import socket
from typing import Final

_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#: no leading zeros; the last number may be missing
_IP4: Final = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}?")
_IP6: Final = re.compile(r"[0-9A-Fa-f:]*")

#: private (RFC 1918), shared (RFC 6598) and loopback: network and length
PRIVATE: Final = (
    (bytes((10, 0, 0, 0)), 8),
    (bytes((172, 16, 0, 0)), 12),
    (bytes((192, 168, 0, 0)), 16),
    (bytes((100, 64, 0, 0)), 10),
    (bytes((127, 0, 0, 0)), 8),
)


def parse_ip4(text: str) -> bytes | None:
    """The four bytes of an IPv4 address, or None. `1.2.3.` is 1.2.3.0."""
    if not _IP4.fullmatch(text):
        return None
    return bytes(int(n or "0") for n in text.split("."))


def parse_ip6(text: str) -> bytes | None:
    """The sixteen bytes of an IPv6 address, brackets allowed, or None. No IPv4 part; one colon may begin or end it."""
    if text.startswith("["):
        if not text.endswith("]"):
            return None
        text = text[1:-1]
    if not _IP6.fullmatch(text) or text.count(":") > 7:
        return None
    head, double, tail = text.partition("::")
    if double and ("::" in tail or tail.startswith(":")):
        return None
    if not double:
        return _groups(head) if head.count(":") == 7 else None
    tail = tail.removesuffix(":")
    front, back = _groups(head), _groups(tail) if tail else b""
    missing = 16 - len(front) - len(back)
    return front + bytes(missing) + back if missing >= 0 else None


def _groups(text: str) -> bytes:
    """`a:b:c`; an empty group is 0, of more than four digits the last four count."""
    return b"".join(int(g[-4:] or "0", 16).to_bytes(2, "big") for g in text.split(":"))


def parse_ip(text: str) -> bytes | None:
    """The bytes of an IPv4 or IPv6 address, or None."""
    return parse_ip4(text) or parse_ip6(text)


def ip_text(address: bytes) -> str:
    """How the server prints an address: IPv6 in upper case, no zeros left out."""
    if len(address) == 4:
        return ".".join(map(str, address))
    return ":".join(f"{int.from_bytes(address[i : i + 2], 'big'):X}" for i in range(0, 16, 2))


def network_of(address: bytes, length: int) -> bytes:
    """The address with all but its first `length` bits cleared."""
    bits = len(address) * 8 - length
    return (int.from_bytes(address, "big") >> bits << bits).to_bytes(len(address), "big")


def is_private(address: bytes) -> bool:
    return any(network_of(address, length) == network for network, length in PRIVATE)


def is_this_machine(host: str) -> bool:
    """Whether a host, as it is written, is this machine for sure: `localhost`, or a loopback address. Asks nobody."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return socket.inet_aton(host)[0] == 127  # as the system reads it: 127.1 is one
    except (OSError, UnicodeError):
        return host == "::1"
