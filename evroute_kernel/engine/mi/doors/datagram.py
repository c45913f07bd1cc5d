"""Requests as datagrams, over UDP or a unix socket: one request each, answered by one datagram to its sender.

As the module mi_datagram, but for what cannot be parsed: it is answered with the JSON-RPC error, where the server sends
the words `400 Parse_error`.

A client that waits for each answer meets the way of one request and nothing else, so that is short: one call to
receive, one to send, and no other thread between them. What is there when the door has been woken is taken in one go.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from time import sleep
from typing import Any, Final

from evroute_kernel.engine.mi.admission import is_admitted
from evroute_kernel.engine.mi.doors.door import REQUEST_LIMIT, Descriptors, Door
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile, check_free
from evroute_kernel.engine.mi.protocol import PARSE_ERROR, SERVER_ERROR, CommandError, error_reply

#: times that a reply is sent again to a client whose queue is full, and the seconds between
TRIES: Final = 10
PAUSE: Final = 0.01
#: datagrams that are taken until it is looked whether the door is to be closed, and their events handed over
AT_ONCE: Final = 64

#: what the system tells of a sender: process, user, group
_SENDER: Final = struct.Struct("=iII")
SENDER_SPACE: Final = socket.CMSG_SPACE(_SENDER.size)
NOBODY: Final = -1


class DatagramDoor(Door):
    """Listens on a UDP port or a unix socket."""

    _socket: socket.socket | None = None
    _descriptors: Descriptors | None = None
    _file: OwnFile | None = None

    def _open(self) -> None:
        is_ipv6 = ":" in self.address.host
        family = socket.AF_UNIX if self.address.kind == "unix" else socket.AF_INET6 if is_ipv6 else socket.AF_INET
        if family == socket.AF_UNIX:
            check_free(self.address.path)
        self._socket = opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        if family == socket.AF_UNIX:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            os.fchmod(opened.fileno(), MODE)  # before the file exists, so that it never is anybody else's
            opened.bind(self.address.path)
            self._file = OwnFile(self.address.path)
        else:
            opened.bind((self.address.host, self.address.port))
            self.address = type(self.address)("datagram", self.address.host, opened.getsockname()[1])
        self._descriptors = Descriptors(opened.fileno())

    def _wake(self) -> None:
        assert self._descriptors is not None
        self._descriptors.wake()

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._descriptors is not None:
            self._descriptors.close()
        if self._file is not None:
            self._file.remove()

    def _serve(self) -> None:
        assert self._descriptors is not None
        assert self._socket is not None
        buffer = bytearray(REQUEST_LIMIT + 1)
        patience: float | None = None
        while not self._descriptors.is_closing:
            if self._descriptors.wait(patience):
                self._take(self._socket, buffer)
            patience = self.go_on()
        self.management.end()

    def _take(self, opened: socket.socket, buffer: bytearray) -> None:
        """Carry out and answer what is there."""
        view, is_unix = memoryview(buffer), self._file is not None
        for _ in range(AT_ONCE):
            try:
                if is_unix:
                    size, ancillary, _, sender = opened.recvmsg_into((buffer,), SENDER_SPACE)
                else:
                    size, sender = opened.recvfrom_into(buffer)
            except BlockingIOError:
                return
            except OSError as error:  # an earlier reply did not reach its client
                if error.errno == errno.EBADF:  # closed, and this thread was not waited for
                    return
                continue
            if is_unix and not self._is_admitted(ancillary):
                continue
            reply = self._reply(bytes(view[:size]))
            if reply is not None and sender:
                self._send(opened, reply, sender)

    def _is_admitted(self, ancillary: list[tuple[int, int, bytes]]) -> bool:
        """Whether a datagram at a unix socket came from a user who may command it; the system says who has sent it."""
        user = user_of(ancillary)
        if is_admitted(user):
            return True
        self.refuse(f"it came from user {user}, and only this user and root may command it")
        return False

    def _reply(self, message: bytes) -> bytes | None:
        if not message:
            return None
        if len(message) > REQUEST_LIMIT:
            return error_reply(CommandError(PARSE_ERROR, "Parse error"), None)
        return self.answer(message)

    def _send(self, opened: socket.socket, reply: bytes, client: Any) -> None:
        """Send a reply; one that its client does not take is lost, as datagrams are."""
        for _ in range(TRIES):
            try:
                opened.sendto(reply, client)
                return
            except BlockingIOError:
                self.go_on()
                sleep(PAUSE)
            except OSError as error:
                if error.errno != errno.EMSGSIZE:
                    return
                detail = f"the reply of {len(reply)} bytes is too long for a datagram"
                reply = error_reply(CommandError(SERVER_ERROR, "Server error", detail), None)


def user_of(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The user who has sent a datagram, by number."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(data) == _SENDER.size:
            return int(_SENDER.unpack(data)[1])
    return NOBODY
