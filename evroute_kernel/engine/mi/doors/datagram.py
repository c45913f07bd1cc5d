"""Requests as datagrams, over UDP or a unix socket: one request each, answered by one datagram to its sender.

As the module mi_datagram, but for what cannot be parsed: it is answered with the JSON-RPC error, where the server sends
the words `400 Parse_error`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import Any, Final

from evroute_kernel.engine.mi.doors.door import REQUEST_LIMIT, Door
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile, check_free
from evroute_kernel.engine.mi.protocol import PARSE_ERROR, SERVER_ERROR, CommandError, error_reply

#: times that a reply is sent again to a client whose queue is full, and the seconds between
TRIES: Final = 10
PAUSE: Final = 0.01


class DatagramDoor(Door):
    """Listens on a UDP port or a unix socket."""

    _socket: socket.socket
    _file: OwnFile | None = None
    _serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._socket = self._bound()
        self._serving = asyncio.create_task(self._serve(), name=f"MI {self.address}")

    async def stop(self) -> None:
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.wait([self._serving])
            self._socket.close()
        if self._file is not None:
            self._file.remove()
        await super().stop()

    def _bound(self) -> socket.socket:
        if self.address.kind == "unix":
            check_free(self.address.path)
        is_ipv6 = ":" in self.address.host
        family = socket.AF_UNIX if self.address.kind == "unix" else socket.AF_INET6 if is_ipv6 else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            if family == socket.AF_UNIX:
                os.fchmod(opened.fileno(), MODE)  # before the file exists, so that it never is anybody else's
                opened.bind(self.address.path)
                self._file = OwnFile(self.address.path)
            else:
                opened.bind((self.address.host, self.address.port))
                self.address = type(self.address)("datagram", self.address.host, opened.getsockname()[1])
        except BaseException:
            opened.close()
            raise
        return opened

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                message, sender = await loop.sock_recvfrom(self._socket, REQUEST_LIMIT + 1)
            except OSError:  # an earlier reply did not reach its client
                continue
            if len(message) > REQUEST_LIMIT:
                reply: bytes | None = error_reply(CommandError(PARSE_ERROR, "Parse error"), None)
            else:
                reply = await self.answer(message) if message else None
            if reply is not None and sender:
                await self._send(reply, sender)

    async def _send(self, reply: bytes, client: Any) -> None:
        """Send a reply; one that its client does not take is lost, as datagrams are."""
        for _ in range(TRIES):
            try:
                self._socket.sendto(reply, client)
                return
            except BlockingIOError:
                await asyncio.sleep(PAUSE)
            except OSError as error:
                if error.errno != errno.EMSGSIZE:
                    return
                detail = f"the reply of {len(reply)} bytes is too long for a datagram"
                reply = error_reply(CommandError(SERVER_ERROR, "Server error", detail), None)
