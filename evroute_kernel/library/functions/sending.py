"""Core functions about sending the dummy request: Via, sockets, relaying, and putting URIs together.

Nothing is ever sent: `forward` and `send` only say whether they could.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

from evroute_kernel.library import sockets
from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dummy_message import SOCKET, message_of
from evroute_kernel.library.functions.message import code, holds_variables
from evroute_kernel.library.functions.parameters import Problem, literal, push_avp
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context

#: code of a destination that cannot be used
BAD_ADDRESS: Final = -476
#: bytes of a URI that construct_uri can build
URI_LIMIT: Final = 1023

VIA_FLAGS: Final = ("force-rport", "add-local-rport", "reply-to-via", "force-tcp-alias")


def _check_via_flags(text: str) -> tuple[str, str | None] | None:
    unknown = [] if holds_variables(text) else [word for word in text.split(",") if word.strip() not in VIA_FLAGS]
    return (f"unknown flag {unknown[0]!r}", f"known: {', '.join(VIA_FLAGS)}") if unknown else None


@function("set_via_handling", check=literal(0, _check_via_flags))
def set_via_handling(context: Context, flags: str) -> int:
    """Choose how Via headers are treated: force-rport, add-local-rport, reply-to-via, force-tcp-alias.

    No effect on an event. Returns 1; -1 for an unknown flag in a variable.
    """
    problem = _check_via_flags(flags)
    if problem:
        context.error(f"set_via_handling: {problem[0]}, {problem[1]}")
    return code(problem is None)


@function("force_rport")
def force_rport(context: Context) -> int:
    """Ask for the source port in replies. No effect on an event.

    Returns 1.
    """
    return 1


@function("add_local_rport")
def add_local_rport(context: Context) -> int:
    """Ask for rport in the Via that is added. No effect on an event.

    Returns 1.
    """
    return 1


@function("force_tcp_alias")
def force_tcp_alias(context: Context, port: int | None) -> int:
    """Remember the TCP connection for requests back. No effect on an event, whose message came over UDP.

    Returns 1.
    """
    return 1


@function("set_advertised_address")
def set_advertised_address(context: Context, address: str) -> int:
    """Set the address to show in Via for this message. No effect on an event.

    Returns 1.
    """
    return 1


@function("set_advertised_port")
def set_advertised_port(context: Context, port: str) -> int:
    """Set the port to show in Via for this message. No effect on an event.

    Returns 1.
    """
    return 1


def _check_socket(arguments: Sequence[Any], settings: sockets.Modparams) -> Problem | None:
    text = arguments[0]
    if not isinstance(text, str) or holds_variables(text) or sockets.own_socket(text, settings) is not None:
        return None
    return 0, f"{text!r} is no socket of the server", f"known here: {sockets.listed(settings)}"


@function("force_send_socket", check=_check_socket, check_modparams=True)
def force_send_socket(context: Context, socket: str) -> int:
    """Choose the socket to send from ($socket_out).

    Returns 1; -1 for an unknown socket in a variable.
    """
    own = sockets.found_in(context, socket)
    if own is None:
        known = sockets.listed(context.process.settings.modparams)
        context.error(f"force_send_socket: {socket!r} is no socket of the server; known here: {known}")
        return -1
    message_of(context).own.socket = own
    return 1


@function("is_myself")
def is_myself(context: Context, host: str, port: int | None) -> int:
    """Whether host (and port) are a socket of the server. Here that is udp:127.0.0.1:5060 alone.

    An empty host is one: the server takes it for the tag of a socket, which is empty as well.

    Returns 1 or -1.
    """
    _, address, own_port = SOCKET
    bare = host[1:-1] if len(host) > 2 and host[0] == "[" and host[-1] == "]" else host
    return code(bare in (address, "") and (not port or port == own_port))


@function("forward")
def forward(context: Context, destination: str | None) -> int:
    """Relay the message to a destination, else to $du, else to $ru. Nothing is sent here.

    Returns 1 for an address; -476 for a name, since none is resolved here, and for a bad URI.
    """
    if destination is None:
        message = message_of(context)
        if message.own.dst_uri is None and message.parsed_uri(context) is None:
            return BAD_ADDRESS
        destination = message.own.dst_uri or message.uri
    return 1 if _is_address(context, "forward", destination) else BAD_ADDRESS


@function("send")
def send(context: Context, destination: str, headers: str | None) -> int:
    """Send the message as it is to a destination, `proto:host:port`. Nothing is sent here.

    Returns 1 for an address; -1 for a name, since none is resolved here.
    """
    return code(_is_address(context, "send", destination))


_DESTINATION: Final = re.compile(
    r"(?:sips?:)?(?:[^@]*@)?(?:(?:udp|tcp|tls|sctp|ws|wss):)?(?P<host>\[[^\]]*\]|[^:;?]*)", re.IGNORECASE
)


def _is_address(context: Context, name: str, destination: str) -> bool:
    """Whether the destination names its host by IP address."""
    found = _DESTINATION.match(destination)
    host = found["host"].strip("[]") if found else ""
    try:
        ip_address(host)
    except ValueError:
        context.error(f"{name}: the host {host!r} of {destination!r} cannot be resolved here")
        return False
    return True


@function("construct_uri")
def construct_uri(
    context: Context,
    proto: str,
    user: str | None,
    domain: str,
    port: str | None,
    extra: str | None,
    result_avp: Reference,
) -> int:
    """Put a URI together, `proto:user@domain:port;extra`, and push it on an AVP. Empty parts are left out.

    Returns 1, also when proto or domain is empty: then nothing is pushed.
    """
    if not proto or not domain:
        context.error(f"construct_uri: the {'domain' if proto else 'proto'} is empty, so there is no URI")
        return 1
    uri = proto + ":" + (f"{user}@" if user else "") + domain
    uri += (f":{port}" if port else "") + (f";{extra}" if extra else "")
    if len(uri) >= URI_LIMIT:
        context.error(f"construct_uri: a URI of {len(uri)} bytes is too long")
        return 1
    return 1 if push_avp(context, result_avp, uri) else -1
