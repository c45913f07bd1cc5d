"""Requests by HTTP POST, as the module mi_http has them; tornado speaks HTTP, in the event loop of the door's thread.

200 with the reply; 202 without one, for a notification; 400 for another path, an empty body, or a body that is not
declared as JSON; 405 for GET and 406 for other methods. Beyond the server: 401 without the token that is asked for, 403
for a `Host` header that names another machine, which keeps web pages from reaching in.

Connections are bounded: beyond MOST_CONNECTIONS, and where descriptors run out, the one that has gone longest without a
complete request makes way for a new one. None of them waits for ever for its client: IDLE and PATIENCE are its limits.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPMessageDelegate, HTTPServerConnectionDelegate
from tornado.iostream import IOStream

from evroute_kernel.engine.mi.dispatch import is_quick, perform
from evroute_kernel.engine.mi.doors.door import PATIENCE, REQUEST_LIMIT, Door
from evroute_kernel.engine.mi.doors.http_connections import Connections
from evroute_kernel.engine.mi.doors.http_exchange import Exchange
from evroute_kernel.engine.shortage import PAUSE, Shortage

if TYPE_CHECKING:
    from evroute_kernel.engine.mi.addresses import Address
    from evroute_kernel.engine.mi.management import Management
    from evroute_kernel.engine.mi.protocol import Request

#: seconds within which the head of a request must be complete, from the beginning or the reply before
IDLE: Final = 10.0
#: connections at a time
MOST_CONNECTIONS: Final = 64
#: connections that the system keeps until they are accepted
BACKLOG: Final = 128
HEADER_LIMIT: Final = 16 << 10


class _Server(HTTPServer):
    """Tells which connections have ended."""

    connections: Connections

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        self.connections.end(cast(HTTP1ServerConnection, server_conn).stream)


class _Exchanges(HTTPServerConnectionDelegate):
    """Makes what serves each request."""

    def __init__(self, door: HttpDoor) -> None:
        self._door = door

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        return Exchange(self._door, cast(HTTP1Connection, request_conn))


class HttpDoor(Door):
    """Listens on a TCP port."""

    _listening: socket.socket | None = None

    def __init__(self, address: Address, management: Management, token: str | None = None) -> None:
        super().__init__(address, management)
        self.token = token
        self.patience = PATIENCE
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self.connections = Connections()
        self._tasks: set[asyncio.Task[None]] = set()
        #: the next look whether events are to be handed over
        self._again: asyncio.TimerHandle | None = None
        # one thread: these commands are carried out one after the other
        self._apart = ThreadPoolExecutor(1, "evroute MI http")

    def _open(self) -> None:
        family = socket.AF_INET6 if ":" in self.address.host else socket.AF_INET
        self._listening = socket.create_server((self.address.host, self.address.port), family=family, backlog=BACKLOG)
        self._listening.setblocking(False)
        self.address = replace(self.address, port=self._listening.getsockname()[1])

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._ending.set)

    def _close(self) -> None:
        self._apart.shutdown(wait=False, cancel_futures=True)
        if self._listening is not None:
            self._listening.close()
        if not self._loop.is_running():
            self._loop.close()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve_until_end())

    async def _serve_until_end(self) -> None:
        server = _Server(
            _Exchanges(self),
            max_body_size=REQUEST_LIMIT,
            max_header_size=HEADER_LIMIT,
            idle_connection_timeout=IDLE,
            body_timeout=PATIENCE,
        )
        server.connections = self.connections
        assert self._listening is not None
        accepting = asyncio.create_task(self._accept(server, self._listening), name=f"MI {self.address}")
        await self._ending.wait()
        accepting.cancel()
        await asyncio.wait([accepting])
        await server.close_all_connections()
        self.management.end()

    async def _accept(self, server: _Server, listening: socket.socket) -> None:
        """Accept connections; where descriptors have run out, wait rather than try in vain.

        tornado's own way does the latter, with a traceback for each try.
        """
        shortage = Shortage(str(self.address), self.management.tell)
        while True:
            try:
                connection, peer = listening.accept()
            except BlockingIOError:
                await _readable(listening)
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

    def begin_raised(self) -> None:
        """A request has been answered: what it has raised may begin, now or soon."""
        if self._again is None and (seconds := self.go_on()) is not None:
            self._again = self._loop.call_later(seconds, self._begin_again)

    def _begin_again(self) -> None:
        self._again = None
        self.begin_raised()

    async def carry_out(self, request: Request, delay: float) -> bytes | None:
        """Carry out what may take long, apart from the loop, in which others are waiting; or what came too fast."""
        if delay:
            await asyncio.sleep(delay)
        if is_quick(self.management, request):
            return perform(self.management, request)
        return await self._loop.run_in_executor(self._apart, perform, self.management, request)

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to a task until it has ended."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _readable(listening: socket.socket) -> None:
    """Return when there is something to accept."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(listening, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(listening)
