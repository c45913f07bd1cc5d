"""Class `ip`: addresses as text and as bytes, networks, name resolution."""

from __future__ import annotations

import socket

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.formats.addresses import (
    ip_text,
    is_private,
    is_this_machine,
    network_of,
    parse_ip,
    parse_ip4,
    parse_ip6,
)
from evroute_kernel.library.transformations.arguments import RESULT_LIMIT, as_text, literals, text_argument
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value

#: an empty text has no result in this class, and no error either
_NOTHING = ""


@transformation("ip.isip")
def is_ip(context: Context, value: Value) -> Value:
    """1 for an IPv4 or IPv6 address, else 0."""
    text = as_text(value)
    return None if text == _NOTHING else int(parse_ip(text) is not None)


@transformation("ip.isip4")
def is_ip4(context: Context, value: Value) -> Value:
    """1 for an IPv4 address, else 0."""
    text = as_text(value)
    return None if text == _NOTHING else int(parse_ip4(text) is not None)


@transformation("ip.isip6")
def is_ip6(context: Context, value: Value) -> Value:
    """1 for an IPv6 address, else 0."""
    text = as_text(value)
    return None if text == _NOTHING else int(parse_ip6(text) is not None)


@transformation("ip.isprivate")
def is_private_ip(context: Context, value: Value) -> Value:
    """1 for an IPv4 address of a private (RFC 1918), shared (100.64/10) or loopback network, else 0."""
    text = as_text(value)
    if text == _NOTHING:
        return None
    address = parse_ip4(text)
    return int(address is not None and is_private(address))


@transformation("ip.pton")
def text_to_bytes(context: Context, value: Value) -> Value:
    """The 4 or 16 bytes of an address; null and an error for another text."""
    text = as_text(value)
    if text == _NOTHING:
        return None
    address = parse_ip(text)
    if address is None:
        context.error(f"{{ip.pton}}: {text!r} is no IP address")
        return None
    return address.decode("latin-1")


def _binary(context: Context, name: str, value: Value) -> bytes | None:
    """4 or 16 bytes; None (said why unless empty) for another length."""
    text = as_text(value)
    if len(text) in (4, 16):
        return text.encode("latin-1")
    if text != _NOTHING:
        context.error(f"{{ip.{name}}}: expected the 4 or 16 bytes that {{ip.pton}} gives, not {len(text)} bytes")
    return None


@transformation("ip.ntop")
def bytes_to_text(context: Context, value: Value) -> Value:
    """The address that 4 or 16 bytes stand for; IPv6 in upper case, written out."""
    address = _binary(context, "ntop", value)
    return None if address is None else ip_text(address)


@transformation("ip.family")
def family(context: Context, value: Value) -> Value:
    """`INET` or `INET6` for 4 or 16 bytes as `{ip.pton}` gives them.

    The server writes its answer over the variable that it reads; here that stays as it was.
    """
    address = _binary(context, "family", value)
    return None if address is None else "INET" if len(address) == 4 else "INET6"


@transformation("ip.resolve")
def resolve(context: Context, value: Value) -> Value:
    """The IPv4 address of a host name, by DNS; an address itself. Null when there is none.

    Names other than localhost are looked up where the session says `%config network=on`; else null, and an error.
    """
    text = as_text(value)
    if text == _NOTHING:
        return None
    if len(text) > RESULT_LIMIT:
        context.error(f"{{ip.resolve}}: the text is too long ({len(text)} bytes)")
        return None
    name = text.partition("\0")[0]
    address = parse_ip(name)
    if address is not None:
        return ip_text(address)
    if not context.process.settings.network and not is_this_machine(name):
        context.error(f"{{ip.resolve}}: {name} is not looked up: the network is off (%config network=on allows it)")
        return None
    try:
        return socket.gethostbyname(name.encode("latin-1").decode("ascii"))
    except (OSError, UnicodeError):
        return None


@transformation("ip.matches", prepare=literals)
def matches(context: Context, value: Value, network: Value) -> Value:
    """1 when the address lies in the network `address/length`, else 0; null and an error for anything else.

    A network with bits set behind its length is accepted with a warning.
    """
    text = as_text(value)
    if text == _NOTHING:
        return None
    address = parse_ip(text)
    if address is None:
        context.error(f"{{ip.matches}}: {text!r} is no IP address")
        return None
    wanted = text_argument(context, "ip.matches", "network", network)
    parsed = None if wanted is None else _network(context, wanted)
    if parsed is None:
        return None
    base, length = parsed
    if len(base) != len(address):
        context.error(f"{{ip.matches}}: {text} and {wanted} are of different address families")
        return None
    return int(network_of(address, length) == network_of(base, length))


def _network(context: Context, text: str) -> tuple[bytes, int] | None:
    """Address and length of a network; None, said why, for a text that is none."""
    address_text, slash, length_text = text.partition("/")
    address = parse_ip(address_text) if slash else None
    digits = length_text.isascii() and length_text.isdigit()
    # the server reads the length as a 32-bit number
    length = int(length_text[-40:]) & 0xFFFFFFFF if digits else -1
    if address is None or not 0 <= length <= len(address) * 8:
        context.error(f"{{ip.matches}}: {text!r} is no network such as 10.0.0.0/8")
        return None
    if network_of(address, length) != address:
        context.warning(
            f"{{ip.matches}}: {text} has bits set behind its length; {ip_text(network_of(address, length))}"
            f"/{length} is meant"
        )
    return address, length
