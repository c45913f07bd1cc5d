"""The sockets of the server: those that a script defines with `socket = ...`, and the one of the simulated server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Final

from evroute_kernel.library.dummy_message import SOCKET, SOCKET_TEXT
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context

#: every value given for (module, parameter), in order
Modparams = Mapping[tuple[str, str], Sequence[int | str]]
#: the settings that define sockets; they arrive as parameters of the core
SETTINGS: Final = ("socket", "listen")
_SOCKET: Final = re.compile(
    r"(?:(?P<protocol>[a-z_]+):(?!\d+$))?(?P<host>\[[0-9a-f:.]+\]|\"[^\"]*\"|\*|[^\s:]+)(?::(?P<ports>[0-9][0-9,\-\s]*))?"
    r"(?:.*?\bas\s+(?P<alias>\[[0-9a-f:.]+\]|[^\s:]+))?",
    re.IGNORECASE | re.DOTALL,
)


#: modules of protocols that are not named after them
_MODULES: Final = {"hep_udp": "proto_hep", "hep_tcp": "proto_hep", "hep_tls": "proto_hep", "msrps": "proto_msrp"}


@dataclass(frozen=True, slots=True)
class Socket:
    """`[proto:]host[:ports]`: what is not written is None or empty. `alias` is the advertised host."""

    protocol: str | None
    host: str
    ports: tuple[tuple[int, int], ...] = ()
    alias: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether only the machine knows its addresses: those of an interface, of a name, or all."""
        try:
            ip_address(self.host)
        except ValueError:
            return True
        return False

    def named_by(self, text: Socket) -> bool:
        """Whether a text means this socket."""
        if text.protocol not in (None, self.protocol) or not (self.is_open or text.host in (self.host, self.alias)):
            return False
        asked = text.ports[0][0] if text.ports else None
        return asked is None or not self.ports or any(low <= asked <= high for low, high in self.ports)


def parse(text: str) -> Socket | None:
    """A socket as settings and functions name it; None for a text that is none."""
    found = _SOCKET.match(text.strip())
    if found is None:
        return None
    protocol, alias = found["protocol"], found["alias"]
    ports = tuple(_ports(found["ports"] or ""))
    return Socket(protocol.lower() if protocol else None, _host(found["host"]), ports, _host(alias) if alias else None)


def module_of_socket(text: str) -> str | None:
    """The module that brings the protocol of a socket, if there is one of that name; None where none is written."""
    socket = parse(text)
    protocol = socket.protocol if socket else None
    return None if protocol is None else _MODULES.get(protocol, f"proto_{protocol}")


def _host(text: str) -> str:
    return text.strip('[]"').lower()


def _ports(text: str) -> Iterator[tuple[int, int]]:
    for part in text.replace(" ", "").split(","):
        low, _, high = part.partition("-")
        if low.isdigit():
            yield int(low), int(high) if high.isdigit() else int(low)


def configured(modparams: Modparams) -> list[str]:
    """The values of the settings that define sockets, bonds of them apart (`library.bonds`)."""
    values = (str(value) for name in SETTINGS for value in modparams.get(("core", name), ()))
    return [value for value in values if "{" not in value]


def own_socket(text: str, modparams: Modparams) -> str | None:
    """The socket that `[proto:]host[:port]` names, as the server prints it; None when there is none."""
    asked = parse(text)
    if asked is None:
        return None
    for value in (SOCKET_TEXT, *configured(modparams)):
        known = parse(value)
        if known is not None and known.named_by(asked):
            return _printed(asked, known)
    return None


def _printed(asked: Socket, known: Socket) -> str:
    host = asked.host if known.is_open else known.host
    port = asked.ports or known.ports
    shown = f"[{host}]" if ":" in host else host
    return f"{known.protocol or SOCKET[0]}:{shown}:{port[0][0] if port else SOCKET[2]}"


def listed(modparams: Modparams) -> str:
    """What is known here, for messages."""
    return ", ".join([SOCKET_TEXT, *configured(modparams)])


def found_in(context: Context, text: str) -> str | None:
    """The same as `own_socket` in a run."""
    return own_socket(text, context.process.settings.modparams)
