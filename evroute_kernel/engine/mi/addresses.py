"""Addresses of doors, as people write them: `datagram:127.0.0.1:8080`, `unix:/run/mi.sock`, `fifo:/run/mi.fifo`,
`http:127.0.0.1:8888/mi`."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from evroute_kernel.engine.events.given import path_fault
from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import UNIX_PATH_LIMIT

KINDS: Final = ("datagram", "unix", "fifo", "http")
_NETWORK: Final = re.compile(r"(?://)?(?P<host>\[[^\]]*\]|[^:/\[\]]+):(?P<port>[0-9]+)(?P<path>/.*)?\Z")
USAGE: Final = "write datagram:127.0.0.1:8080, unix:/path, fifo:/path or http:127.0.0.1:8888/mi"


class AddressError(ScriptError):
    """A door cannot be opened at this address. `option` is what the fault is about, where it is not the address:
    `listen`, `token` or `files`."""

    def __init__(self, message: str, hint: str | None = None, option: str = "") -> None:
        super().__init__([Diagnostic("error", "argument", message, None, hint)])
        self.option = option


@dataclass(frozen=True, slots=True)
class Address:
    """Where a door listens. `kind` is one of KINDS; `host` and `port` are those of datagram and http, `path` is a file
    or the path of a URL."""

    kind: str
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if not self.host:
            return f"{self.kind}:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}:{host}:{self.port}{self.path}"

    @property
    def is_file(self) -> bool:
        """Whether it is a socket or FIFO file, which belongs to a user."""
        return self.kind in ("unix", "fifo")

    @property
    def is_loopback(self) -> bool:
        return not self.host or ip_address(self.host).is_loopback


def parse_address(text: str, listen: str | None = None, token: str | None = None) -> Address:
    """Read an address; `listen` is the host to listen on in place of the one written.

    Only loopback addresses need no more than that: another one must be named by `listen`, and a token given, which HTTP
    alone can carry. Raises AddressError.
    """
    if fault := path_fault(text):
        raise AddressError(f"the address {fault}", USAGE)
    kind, colon, rest = text.partition(":")
    if not colon or kind not in KINDS:
        near = None if kind in KINDS else did_you_mean(kind, KINDS)
        raise AddressError(f"{text!r} is no address of the management interface", near or USAGE)
    if kind == "fifo" or kind == "unix" or (kind == "datagram" and rest.startswith("/")):
        return _file(kind, rest, listen, token)
    return _network(kind, rest, listen, token)


def _file(kind: str, path: str, listen: str | None, token: str | None) -> Address:
    if not path:
        raise AddressError(f"{kind}: needs the path of a file", USAGE)
    if listen is not None or token is not None:
        message = f"{kind}: has neither a host nor a token: the file is for its owner alone (mode 0600)"
        raise AddressError(message, option="token" if listen is None else "listen")
    if kind != "fifo" and len(path.encode("utf-8", "surrogateescape")) > UNIX_PATH_LIMIT:
        raise AddressError(f"the path of a unix socket has at most {UNIX_PATH_LIMIT} bytes", "choose a shorter one")
    return Address("fifo" if kind == "fifo" else "unix", path=path)


def _network(kind: str, rest: str, listen: str | None, token: str | None) -> Address:
    found = _NETWORK.match(rest)
    if found is None or (kind == "datagram" and found["path"]):
        raise AddressError(f"expected {kind}:HOST:PORT{'/PATH' if kind == 'http' else ''}, not {kind}:{rest}", USAGE)
    if int(found["port"]) > 65535:
        raise AddressError(f"there is no port {found['port']}: ports reach to 65535")
    path = (found["path"] or "/mi").rstrip("/") if kind == "http" else ""
    written = _host(found["host"].strip("[]"))
    address = Address(kind, written, int(found["port"]), path)
    if listen is not None:
        address = replace(address, host=_host(listen.strip("[]"), "listen"))
    if kind == "datagram" and token is not None:
        raise AddressError("a datagram cannot carry a token", "serve http: where a token is needed", "token")
    if not address.is_loopback:
        _check_open(address, listen, token)
    return address


def _check_open(address: Address, listen: str | None, token: str | None) -> None:
    """An address that other machines reach must be meant, and guarded."""
    if address.kind != "http":
        message = f"datagrams cannot carry a token, so {address.host} is refused: whoever reaches it could raise events"
        hint = f"serve http:{address.host}:PORT/mi with --listen {address.host} --token TOKEN"
        raise AddressError(message, hint, "" if listen is None else "listen")
    if listen is None:
        raise AddressError(f"{address.host} is no loopback address", f"add --listen {address.host} --token TOKEN")
    if not token:
        hint = "add --token TOKEN; clients send it as Bearer"
        raise AddressError(f"to listen on {address.host} needs a token", hint, "listen")


def _host(name: str, option: str = "") -> str:
    """The IP address of a host: names other than localhost could lead anywhere."""
    if name == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(name))
    except ValueError:
        raise AddressError(f"{name!r} is no IP address", "write an IP address, or localhost", option) from None
