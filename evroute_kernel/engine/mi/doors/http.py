"""Requests by HTTP POST, as the module mi_http has them; tornado serves, in the event loop of the server's thread.

200 with the reply; 202 without one, for a notification; 400 for another path, an empty body, or a body that is not
declared as JSON; 405 for GET and 406 for other methods. Beyond the server: 401 without the token that is asked for, 403
for a `Host` header that names another machine, which keeps web pages from reaching in.

Connections are bounded: beyond MOST_CONNECTIONS, and where descriptors run out, the one that has gone longest without a
complete request makes way for a new one. None of them waits for ever for its client: IDLE and PATIENCE are its limits.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, cast

from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError
from tornado.web import Application, RequestHandler

from evroute_kernel.engine.mi.doors.door import PATIENCE, REQUEST_LIMIT, Door
from evroute_kernel.engine.mi.doors.readiness import readable
from evroute_kernel.engine.shortage import PAUSE, Shortage

if TYPE_CHECKING:
    from evroute_kernel.engine.mi.addresses import Address
    from evroute_kernel.engine.mi.management import Management

#: seconds within which the head of a request must be complete, from the beginning or the reply before
IDLE: Final = 10.0
#: connections at a time
MOST_CONNECTIONS: Final = 64
#: connections that the system keeps until they are accepted
BACKLOG: Final = 128
HEADER_LIMIT: Final = 16 << 10
JSON: Final = "application/json"
_BAD_URL: Final = "<html><body>Unable to parse URL!</body></html>"
_BAD_METHOD: Final = "<html><body>Unsupported HTTP request!</body></html>"


class Connections:
    """The open connections: those that wait for a request, in the order of their last one, and those in work."""

    def __init__(self) -> None:
        self._waiting: dict[IOStream, None] = {}
        self._in_work: set[IOStream] = set()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_work)

    def wait(self, stream: IOStream) -> None:
        """A connection is new, or has been answered."""
        self._in_work.discard(stream)
        if not stream.closed():
            self._waiting[stream] = None
        self._changed.set()

    def work(self, stream: IOStream) -> None:
        """A request is complete, and about to be carried out."""
        self._waiting.pop(stream, None)
        self._in_work.add(stream)

    def end(self, stream: IOStream) -> None:
        """A connection has been closed."""
        self._waiting.pop(stream, None)
        self._in_work.discard(stream)
        self._changed.set()

    def close_one(self) -> bool:
        """Close the one that has waited longest; False when all are in work."""
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            return False
        self.end(oldest)
        oldest.close()
        return True

    async def make_room(self, limit: int) -> None:
        """Return when another connection may come; requests that are carried out end by themselves."""
        while len(self) >= limit and not self.close_one():
            self._changed.clear()
            await self._changed.wait()


class _Server(HTTPServer):
    """Tells which connections have ended."""

    connections: Connections

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        self.connections.end(cast(HTTP1ServerConnection, server_conn).stream)


class HttpDoor(Door):
    """Listens on a TCP port."""

    _listening: socket.socket
    _accepting: asyncio.Task[None] | None = None

    def __init__(self, address: Address, management: Management, token: str | None = None) -> None:
        super().__init__(address, management)
        self.token = token
        self.connections = Connections()
        self._server: _Server | None = None

    async def start(self) -> None:
        family = socket.AF_INET6 if ":" in self.address.host else socket.AF_INET
        self._listening = socket.create_server((self.address.host, self.address.port), family=family, backlog=BACKLOG)
        self._listening.setblocking(False)
        self.address = replace(self.address, port=self._listening.getsockname()[1])
        application = Application([(r".*", _Handler, {"door": self})], log_function=lambda handler: None)
        self._server = _Server(
            application,
            max_body_size=REQUEST_LIMIT,
            max_header_size=HEADER_LIMIT,
            idle_connection_timeout=IDLE,
            body_timeout=PATIENCE,
        )
        self._server.connections = self.connections
        self._accepting = asyncio.create_task(self._accept(self._server), name=f"MI {self.address}")

    async def stop(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
            self._listening.close()
        if self._server is not None:
            await self._server.close_all_connections()
        await super().stop()

    async def _accept(self, server: _Server) -> None:
        """Accept connections; where descriptors have run out, wait rather than try in vain.

        tornado's own way does the latter, with a traceback for each try.
        """
        shortage = Shortage(str(self.address), self._management.tell)
        while True:
            try:
                connection, peer = self._listening.accept()
            except BlockingIOError:
                await readable(self._listening.fileno())
            except OSError as error:  # else it was gone before it was accepted
                in_vain = shortage.met(error) and not self.connections.close_one()
                await asyncio.sleep(PAUSE if in_vain else 0)
            else:
                await self._admit(server, connection, peer)

    async def _admit(self, server: _Server, connection: socket.socket, peer: Any) -> None:
        try:
            await self.connections.make_room(MOST_CONNECTIONS)
        except BaseException:
            connection.close()
            raise
        stream = IOStream(connection, max_buffer_size=2 * REQUEST_LIMIT)
        self.connections.wait(stream)
        server.handle_stream(stream, peer)
        await asyncio.sleep(0)  # a flood of connections must not keep those that are open from being served

    def refusal(self, handler: RequestHandler) -> int | None:
        """The status to refuse a request with, whatever it asks for."""
        if self.token is not None:
            given = handler.request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
                return 401
        elif not _is_loopback(handler.request.host_name):
            return 403
        return None


class _Handler(RequestHandler):
    def initialize(self, door: HttpDoor) -> None:
        """The request is complete."""
        self.door = door
        self._stream = cast(HTTP1Connection, self.request.connection).stream
        door.connections.work(self._stream)

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    async def prepare(self) -> None:
        status = self.door.refusal(self)
        if status is not None:
            self.set_status(status)
            if status == 401:
                self.set_header("WWW-Authenticate", "Bearer")
            self.finish()
        elif self.request.method not in ("GET", "POST"):
            self.refuse(406, _BAD_METHOD)
        elif self.request.path != self.door.address.path and not self.request.path.startswith(
            self.door.address.path + "/"
        ):
            self.refuse(400, _BAD_URL)

    async def get(self) -> None:
        self.refuse(405)

    async def post(self) -> None:
        if not self.request.body or not self.request.headers.get("Content-Type", "").startswith(JSON):
            self.refuse(400)
            return
        reply = await self.door.answer(self.request.body)
        self.set_header("Content-Type", JSON)
        if reply is None:
            self.set_status(202)
        await self._send(reply)

    async def _send(self, reply: bytes | None) -> None:
        """Answer; a client that does not take its reply is left."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.finish(reply)
        except TimeoutError:
            self._stream.close()
        except StreamClosedError:
            pass  # it has left

    def on_finish(self) -> None:
        self.door.connections.wait(self._stream)

    def refuse(self, status: int, page: str = "") -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html" if page else JSON)
        self.finish(page)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
