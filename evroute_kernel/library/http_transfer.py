"""One blocking HTTP request, as libcurl makes it for OpenSIPS: no redirects, no cookies, HTTP/1.1, a connection each.

Requests and responses are byte strings. Beyond libcurl's ways: no proxies; looking up a name is not timed; while the
head of a response drips in, the whole limit counts for each piece of it.
"""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode, fold

if TYPE_CHECKING:
    import ssl

OK: Final = 1
REFUSED: Final = -1
CONNECT_TIMEOUT: Final = -2
TRANSFER_TIMEOUT: Final = -3
FAILED: Final = -10

PORTS: Final = {"http": 80, "https": 443}
PIECE: Final = 65536


class BadUrl(ValueError):
    """The text is no URL of a web server."""


class _NoConnection(Exception):
    """There is none, with the code for it."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for. `headers` are lines: `Name: value` adds one or replaces libcurl's own, `Name:` drops that,
    `Name;` sends it without a value; other lines are ignored."""

    method: str
    url: str
    headers: Sequence[str] = ()
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for the connection, and for everything; None: no limit. `size`: bytes of a body, 0 for no limit."""

    connect: float | None = 20
    total: float | None = 20
    size: int = 0


@dataclass(slots=True)
class Outcome:
    """How it went: a code of rest_get, the HTTP code (0 before there was one), what came, and what was wrong."""

    code: int = OK
    status: int = 0
    body: bytes = b""
    content_type: str = ""
    problem: str = ""

    def failed(self, code: int, problem: str) -> Outcome:
        self.code, self.problem = code, problem
        return self


def transfer(request: Request, limits: Limits, tls: ssl.SSLContext | None = None) -> Outcome:
    """Send a request and receive the response. `tls` is needed for https alone. Nothing is raised."""
    outcome = Outcome()
    end = None if limits.total is None else time.monotonic() + limits.total
    try:
        url = split(request.url)
        with closing(_connect(url, _shorter(limits.connect, limits.total))) as connection:
            connection.settimeout(_left(end))
            with closing(_secured(connection, url, tls)) as channel:
                channel.sendall(message(request, url))
                _receive(channel, request.method, outcome, end, limits.size)
    except BadUrl as error:
        return outcome.failed(FAILED, str(error))
    except _NoConnection as error:
        return outcome.failed(error.code, str(error))
    except TimeoutError:
        return outcome.failed(TRANSFER_TIMEOUT, "connected, but the response did not come in time")
    except (OSError, HTTPException, ValueError) as error:
        return outcome.failed(FAILED, f"the request failed: {str(error).strip() or type(error).__name__}")
    return outcome


def _connect(url: SplitResult, timeout: float | None) -> socket.socket:
    host = decode(url.hostname or "")
    try:
        return socket.create_connection((host, url.port or PORTS[url.scheme]), timeout)
    except TimeoutError:
        raise _NoConnection(CONNECT_TIMEOUT, "no connection in time") from None
    except (socket.gaierror, UnicodeError) as error:
        raise _NoConnection(FAILED, f"the host {host} is unknown: {error}") from None
    except OSError as error:
        raise _NoConnection(REFUSED, f"no connection: {error.strerror or error}") from None


def _secured(connection: socket.socket, url: SplitResult, tls: ssl.SSLContext | None) -> socket.socket:
    return connection if tls is None else tls.wrap_socket(connection, server_hostname=decode(url.hostname or ""))


def _shorter(first: float | None, second: float | None) -> float | None:
    return min((limit for limit in (first, second) if limit is not None), default=None)


def _left(end: float | None) -> float | None:
    """Seconds until a moment. Raises TimeoutError when it is past."""
    if end is None:
        return None
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _receive(connection: socket.socket, method: str, outcome: Outcome, end: float | None, size: int) -> None:
    """Read the response into the outcome, piece by piece, so that it holds what came before a failure."""
    with HTTPResponse(connection, method=method) as response:
        response.begin()
        outcome.status = response.status
        # the server looks for the name with a capital letter, and takes the last one
        found = [v for k, v in response.getheaders() if k[:1] == "C" and fold(k) == "content-type"]
        outcome.content_type = found[-1] if found else ""
        while True:
            connection.settimeout(_left(end))
            piece = response.read1(PIECE)
            if not piece:
                break
            outcome.body += piece
            if 0 < size < len(outcome.body):
                raise HTTPException(f"the response is longer than {size} bytes")
        if response.length:
            raise HTTPException(f"the response ends {response.length} bytes too early")


# -- what is sent -----------------------------------------------------------------------------------------------------


def split(url: str) -> SplitResult:
    """The parts of a URL; without a scheme it is http. Raises BadUrl."""
    if not url or any(character <= " " or character == "\x7f" for character in url):
        raise BadUrl("that is no URL: it is empty, or holds blanks")
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        known = parts.scheme in PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise BadUrl(f"that is no URL: {error}") from None
    if not known:
        raise BadUrl("that is no URL of a web server, expected http://host/path or https://host/path")
    return parts


def message(request: Request, url: SplitResult) -> bytes:
    """The request as it goes over the wire, in libcurl's order."""
    added = {fold(name): line for line in request.headers for name, colon, _ in [line.partition(":")] if colon}
    own = {"Host": _host(url), "Authorization": _credentials(url), "Accept": "*/*"}
    lines = [f"{request.method} {_target(url)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in own.items() if value and fold(name) not in added]
    if added.get("host", ":").partition(":")[2].strip():
        lines.insert(1, added["host"])
    lines += [line for line in map(_added, request.headers) if line]
    if request.body is not None and "content-length" not in added:
        lines.append(f"Content-Length: {len(request.body)}")
    return ("\r\n".join([*lines, "", ""]) + (request.body or "")).encode("latin-1")


def _added(line: str) -> str | None:
    """An added line as it is sent; None for one that is not, or that stands elsewhere."""
    name, colon, value = line.partition(":")
    if colon:
        return line if value.strip() and fold(name) != "host" else None
    return f"{name[:-1]}:" if name.endswith(";") else None


def _target(url: SplitResult) -> str:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return "".join(c if c < "\x80" else f"%{ord(c):02x}" for c in path)


def _host(url: SplitResult) -> str:
    host = url.netloc.rpartition("@")[2]
    return host.rpartition(":")[0] if url.port == PORTS[url.scheme] else host


def _credentials(url: SplitResult) -> str | None:
    if url.username is None:
        return None
    user, _, password = url.netloc.rpartition("@")[0].partition(":")
    return "Basic " + b64encode(_plain(user) + b":" + _plain(password)).decode()


def _plain(text: str) -> bytes:
    return unquote_to_bytes(text.encode("latin-1"))
