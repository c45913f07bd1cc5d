"""Where a live server is reached (`mi=`) and where its notifications are to go (`listen=`), as people write them.

    datagram:127.0.0.1:8080   datagram:/run/opensips/mi.sock   fifo:/run/opensips/mi.fifo   http://127.0.0.1:8888/mi
    udp:192.0.2.7:5555        unix:/run/evroute/events.sock    tcp:192.0.2.7:0

The protocols of `listen=` are those of event sockets on the server, `datagram:` and `fifo:` the names of its modules.
What `%mi serve` takes is taken here too: `unix:/PATH`, `http:HOST:PORT/PATH`.
"""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from evroute_kernel.engine.events.given import path_fault
from evroute_kernel.errors import did_you_mean
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import UNIX_PATH_LIMIT

#: bytes of the longest datagram
DATAGRAM: Final = 1 << 16
MI_FORMS: Final = "datagram:HOST:PORT, datagram:/PATH, fifo:/PATH or http://HOST:PORT/PATH"
LISTEN_FORMS: Final = "udp:HOST:PORT, unix:/PATH or tcp:HOST:PORT; udp, unix or tcp alone choose the rest"

#: `[::1]:8080` or `localhost:8080`
_HOST_PORT: Final = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<host>[^:\s/]+)):(?P<port>[0-9]{1,5})")


class AddressError(ValueError):
    """An address that cannot be understood; `hint` says what was expected."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class MiAddress:
    """A server's management interface. `path` is that of a socket, of a FIFO, or of a URL with its query."""

    kind: Literal["udp", "unix", "fifo", "http", "https"]
    text: str
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is a file, so that the server shares this machine's file system."""
        return self.kind in ("unix", "fifo")

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> MiAddress:
        """Read an `mi=` address. Raises AddressError."""
        _check_text(text, MI_FORMS)
        protocol, _, rest = text.partition(":")
        if protocol in ("http", "https"):
            return _http_address(text, rest)
        if protocol not in ("datagram", "unix", "fifo"):
            hint = did_you_mean(protocol, ["datagram", "fifo", "http", "https"])
            raise AddressError(f"{text!r} is no address of a management interface", hint or f"expected {MI_FORMS}")
        path = _file(rest)
        if protocol != "datagram" and path is None:
            raise AddressError(f"{text!r} names no file", f"expected {protocol}:/PATH")
        if protocol == "fifo":
            return cls("fifo", text, path=path or "")
        if path is not None:
            return cls("unix", text, path=path)
        host, port = _host_port(text, rest, MI_FORMS)
        return cls("udp", text, host, port)


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where notifications are received. Port 0 is any free one, no path a new file."""

    kind: Literal["udp", "unix", "tcp"]
    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> ListenAddress:
        """Read a `listen=` address. Raises AddressError."""
        _check_text(text, LISTEN_FORMS)
        protocol, _, rest = text.partition(":")
        if protocol == "unix":
            if rest and (not rest.startswith("/") or len(rest.encode()) > UNIX_PATH_LIMIT):
                message = f"{text!r} names no socket"
                raise AddressError(
                    message, f"expected unix:/PATH, {UNIX_PATH_LIMIT} bytes at most, or unix: for a new one"
                )
            return cls("unix", path=rest)
        if protocol not in ("udp", "tcp"):
            raise AddressError(f"{text!r} is no address to listen at", f"expected {LISTEN_FORMS}")
        host, port = _host_port(text, rest, LISTEN_FORMS) if rest else ("", 0)
        return cls("tcp" if protocol == "tcp" else "udp", host, port)


def _check_text(text: str, forms: str) -> None:
    if fault := path_fault(text):
        raise AddressError(f"the address {fault}", f"expected {forms}")


def _file(rest: str) -> str | None:
    """The path in `/unix/path`, `unix:/path` or `/path`."""
    path = rest.removeprefix("unix:")
    return path if path.startswith("/") else None


def _host_port(text: str, rest: str, forms: str) -> tuple[str, int]:
    found = _HOST_PORT.fullmatch(rest)
    if found is None or int(found["port"]) > 65535:
        raise AddressError(f"{text!r} names no host and port", f"expected {forms}")
    return found["bracketed"] or found["host"], int(found["port"])


def _http_address(text: str, rest: str) -> MiAddress:
    url, port = _split(text if rest.startswith("//") else text.replace(":", "://", 1))
    if not url.hostname or port is None or url.username is not None:
        raise AddressError(f"{text!r} is no URL of a management interface", "expected http://HOST:PORT/PATH")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return MiAddress("https" if url.scheme == "https" else "http", text, url.hostname, port, path)


def _split(text: str) -> tuple[SplitResult, int | None]:
    url = urlsplit(text)
    try:
        return url, url.port or (443 if url.scheme == "https" else 80)
    except ValueError:
        return url, None
