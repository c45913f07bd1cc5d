"""One request over HTTP and its response.

tornado reads the one and writes the other; what it has beyond that for applications would take as long as all the rest.
"""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from ipaddress import ip_address
from time import time
from typing import TYPE_CHECKING, Final, Protocol

from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    format_timestamp,
)
from tornado.iostream import StreamClosedError

from evroute_kernel.engine.mi.dispatch import is_quick, perform, read

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection

    from evroute_kernel.engine.mi.addresses import Address
    from evroute_kernel.engine.mi.doors.http_connections import Connections
    from evroute_kernel.engine.mi.management import Management
    from evroute_kernel.engine.mi.protocol import Request

JSON: Final = "application/json"
_HTML: Final = "text/html"
_BAD_URL: Final = b"<html><body>Unable to parse URL!</body></html>"
_BAD_METHOD: Final = b"<html><body>Unsupported HTTP request!</body></html>"
_REASONS: Final = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
    406: "Not Acceptable",
}


class ExchangeDoor(Protocol):
    """The door, as far as an exchange needs it."""

    address: Address
    management: Management
    connections: Connections
    token: str | None
    #: seconds that a client may take to fetch its reply
    patience: float

    def count(self) -> float:
        """Count a request; the seconds that it has to wait, where they come too fast."""

    def begin_raised(self) -> None:
        """A request has been answered: what it has raised may begin."""

    async def carry_out(self, request: Request, delay: float) -> bytes | None:
        """Carry out what may take long."""

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to a task until it has ended."""


class Exchange(HTTPMessageDelegate):
    """Is told of a request piece by piece, and responds."""

    def __init__(self, door: ExchangeDoor, connection: HTTP1Connection) -> None:
        self._door = door
        self._connection = connection
        self._stream = connection.stream
        self._pieces: list[bytes] = []
        self._request: HTTPServerRequest | None = None
        #: ends the client's time to take its reply
        self._limit: asyncio.TimerHandle | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        assert isinstance(start_line, RequestStartLine)
        self._request = HTTPServerRequest(connection=self._connection, start_line=start_line, headers=headers)

    def data_received(self, chunk: bytes) -> None:
        self._pieces.append(chunk)

    def on_connection_close(self) -> None:
        self._pieces.clear()

    def finish(self) -> None:
        """The request is complete."""
        assert self._request is not None
        self._door.connections.work(self._stream)
        status, page = self._refusal(self._request)
        if status:
            self._respond(status, page)
            return
        message = b"".join(self._pieces)
        if not message or not self._request.headers.get("Content-Type", "").startswith(JSON):
            self._respond(400)
            return
        delay, request = self._door.count(), read(message)
        if isinstance(request, bytes):
            self._reply(request)
        elif is_quick(self._door.management, request) and not delay:
            self._reply(perform(self._door.management, request))
        else:
            self._door.keep(asyncio.create_task(self._reply_later(request, delay)))

    async def _reply_later(self, request: Request, delay: float) -> None:
        self._reply(await self._door.carry_out(request, delay))

    def _reply(self, reply: bytes | None) -> None:
        self._respond(202 if reply is None else 200, reply or b"")
        self._door.begin_raised()

    # -- what is refused ----------------------------------------------------------------------------------------------

    def _refusal(self, request: HTTPServerRequest) -> tuple[int, bytes]:
        """The status, and page, to refuse a request with; 0 for one that is not refused."""
        own = self._door.address.path
        if status := self._who_may_not(request):
            return status, b""
        if request.method not in ("GET", "POST"):
            return 406, _BAD_METHOD
        if request.path != own and not request.path.startswith(f"{own}/"):
            return 400, _BAD_URL
        return (405, b"") if request.method == "GET" else (0, b"")

    def _who_may_not(self, request: HTTPServerRequest) -> int:
        if self._door.token is None:
            return 0 if _is_loopback(request.host_name) else 403
        given = request.headers.get("Authorization", "").encode("latin-1")
        return 0 if any(hmac.compare_digest(given, wanted) for wanted in _credentials(self._door.token)) else 401

    # -- the response -------------------------------------------------------------------------------------------------

    def _respond(self, status: int, body: bytes = b"") -> None:
        """Send a response; a client that does not take it is left."""
        headers = HTTPHeaders()
        headers["Content-Type"] = _HTML if body in (_BAD_URL, _BAD_METHOD) else JSON
        headers["Date"] = _date(int(time()))
        headers["Content-Length"] = str(len(body))
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        assert self._request is not None
        piece = b"" if self._request.method == "HEAD" else body
        line = ResponseStartLine("HTTP/1.1", status, _REASONS[status])
        written = self._connection.write_headers(line, headers, piece)
        self._connection.finish()
        if written.done():
            self._sent(written)
            return
        self._limit = asyncio.get_running_loop().call_later(self._door.patience, self._stream.close)
        written.add_done_callback(self._sent)

    def _sent(self, written: asyncio.Future[None]) -> None:
        if self._limit is not None:
            self._limit.cancel()
        error = None if written.cancelled() else written.exception()
        if error is not None and not isinstance(error, StreamClosedError):  # else it has left
            self._stream.close()
        self._door.connections.wait(self._stream)


_dates: dict[int, str] = {}


def _date(now: int) -> str:
    """The time of a response; of many in one second it is made once."""
    found = _dates.get(now)
    if found is None:
        _dates.clear()
        found = _dates[now] = format_timestamp(now)
    return found


def _credentials(token: str) -> list[bytes]:
    """What a client sends for a token; one that is not of ASCII, as UTF-8 or as HTTP once had it."""
    given = [token.encode("utf-8", "surrogateescape")]
    with suppress(UnicodeEncodeError):
        given.append(token.encode("latin-1"))
    return [b"Bearer " + each for each in given]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
