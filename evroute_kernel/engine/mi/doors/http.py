"""Requests by HTTP POST, as the module mi_http has them; tornado serves, in the event loop of the server's thread.

200 with the reply; 202 without one, for a notification; 400 for another path, an empty body, or a body that is not
declared as JSON; 405 for GET and 406 for other methods. Beyond the server: 401 without the token that is asked for, 403
for a `Host` header that names another machine, which keeps web pages from reaching in.
"""

from __future__ import annotations

import hmac
import socket
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from evroute_kernel.engine.mi.doors.door import PATIENCE, REQUEST_LIMIT, Door

if TYPE_CHECKING:
    from evroute_kernel.engine.mi.addresses import Address
    from evroute_kernel.engine.mi.management import Management

#: seconds for which a connection may stay open without a request
IDLE: Final = 60.0
HEADER_LIMIT: Final = 16 << 10
JSON: Final = "application/json"
_BAD_URL: Final = "<html><body>Unable to parse URL!</body></html>"
_BAD_METHOD: Final = "<html><body>Unsupported HTTP request!</body></html>"


class HttpDoor(Door):
    """Listens on a TCP port."""

    def __init__(self, address: Address, management: Management, token: str | None = None) -> None:
        super().__init__(address, management)
        self.token = token
        self._server: HTTPServer | None = None

    async def start(self) -> None:
        family = socket.AF_INET6 if ":" in self.address.host else socket.AF_INET
        listening = socket.create_server((self.address.host, self.address.port), family=family)
        listening.setblocking(False)
        self.address = replace(self.address, port=listening.getsockname()[1])
        application = Application([(r".*", _Handler, {"door": self})], log_function=lambda handler: None)
        self._server = HTTPServer(
            application,
            max_body_size=REQUEST_LIMIT,
            max_buffer_size=2 * REQUEST_LIMIT,
            max_header_size=HEADER_LIMIT,
            idle_connection_timeout=IDLE,
            body_timeout=PATIENCE,
        )
        self._server.add_socket(listening)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()
        await super().stop()

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
        self.door = door

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
        else:
            self.write(reply)

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
