"""Requests as datagrams, over UDP or a unix socket: one request each, answered by one datagram to its sender.

As the module mi_datagram, but for what cannot be parsed: it is answered with the JSON-RPC error, where the server sends
the words `400 Parse_error`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from typing import Any, Final

from evroute_kernel.engine.mi.admission import is_admitted
from evroute_kernel.engine.mi.doors.door import REQUEST_LIMIT, Door
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile, check_free
from evroute_kernel.engine.mi.doors.readiness import readable
from evroute_kernel.engine.mi.protocol import PARSE_ERROR, SERVER_ERROR, CommandError, error_reply

#: times that a reply is sent again to a client whose queue is full, and the seconds between
TRIES: Final = 10
PAUSE: Final = 0.01


#: what the system tells of a sender: process, user, group
_SENDER: Final = struct.Struct("=iII")
NOBODY: Final = -1


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
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
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
        while True:
            try:
                message, sender = await self._received()
            except OSError:  # an earlier reply did not reach its client
                await asyncio.sleep(0)
                continue
            if len(message) > REQUEST_LIMIT:
                reply: bytes | None = error_reply(CommandError(PARSE_ERROR, "Parse error"), None)
            else:
                reply = await self.answer(message) if message else None
            if reply is not None and sender:
                await self._send(reply, sender)

    async def _received(self) -> tuple[bytes, Any]:
        """The next request, and where its reply goes. Raises OSError."""
        if self.address.kind == "unix":
            return await self._received_from_user()
        return await asyncio.get_running_loop().sock_recvfrom(self._socket, REQUEST_LIMIT + 1)

    async def _received_from_user(self) -> tuple[bytes, Any]:
        """The same of a unix socket, from users who may command it: the system says who has sent a datagram."""
        while True:
            try:
                message, ancillary, _, sender = self._socket.recvmsg(REQUEST_LIMIT + 1, socket.CMSG_SPACE(_SENDER.size))
            except BlockingIOError:
                await readable(self._socket.fileno())
                continue
            user = _user(ancillary)
            if is_admitted(user):
                return message, sender
            self.refuse(f"it came from user {user}, and only this user and root may command it")
            await asyncio.sleep(0)

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


def _user(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The user who has sent a datagram, by number."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(data) == _SENDER.size:
            return int(_SENDER.unpack(data)[1])
    return NOBODY
