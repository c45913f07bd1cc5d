"""What a script may write as a subscriber: `protocol:rest`, as `subscribe_event` and MI `event_subscribe` take it.

Only the form is looked at here; `route:` is delivered by the engine. Observed on OpenSIPS 3.6 with the event_* modules
loaded; the protocols of message brokers belong to modules that are not simulated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final

_HOST_AND_PORT: Final = re.compile(r"(?P<host>[^:]+):(?P<port>[^/]*)(?P<method>/.*)?", re.DOTALL)
_POLICIES: Final = ("PARALLEL", "FAILOVER", "ROUND-ROBIN")
#: a refusal without a word: the server says nothing either
SILENT: Final = ""


def find_fault(socket: str, event_routes: Collection[str]) -> str | None:
    """What is wrong with a socket; None when nothing is, SILENT when the server refuses it without a message."""
    protocol, colon, rest = socket.partition(":")
    if protocol == "route":
        return None if rest in event_routes else f"there is no event_route[{rest}] to subscribe"
    check = _CHECKS.get(protocol) if colon else None
    if check is None:
        return f"no transport can serve {socket!r}: known are route, {', '.join(_CHECKS)}"
    return check(rest) if rest else f"nothing follows {protocol}: in the socket {socket!r}"


def _check_udp(rest: str) -> str | None:
    found = _HOST_AND_PORT.fullmatch(rest)
    if found is None:
        return f"the socket udp:{rest} has no port: write udp:HOST:PORT"
    return None if _is_port(found["port"] + (found["method"] or "")) else SILENT


def _check_tcp(rest: str) -> str | None:
    found = _HOST_AND_PORT.fullmatch(rest)
    if found is None or not found["port"]:
        return f"the socket tcp:{rest} has no port: write tcp:HOST:PORT"
    return None if _is_port(found["port"]) else f"{found['port']!r} is no port number, in the socket tcp:{rest}"


def _check_virtual(rest: str) -> str | None:
    if rest.lstrip(" \t").startswith(_POLICIES):
        return None
    return f"a virtual socket begins with its policy: {', '.join(_POLICIES)}"


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536


_CHECKS: Final[dict[str, Callable[[str], str | None]]] = {
    "udp": _check_udp,
    "tcp": _check_tcp,
    "unix": lambda path: None,
    "flatstore": lambda path: None,
    "virtual": _check_virtual,
}
