"""`udp:HOST:PORT` and `unix:/PATH` (module event_datagram): one datagram for each event.

Sent at once from an unbound socket that does not block: without a reader, or with one whose queue is full, the event
is lost and the raiser is told. What a route raises is sent by its worker (`worker.datagrams`). IPv4 only; the host was
looked up when it was subscribed.
"""

from __future__ import annotations

import errno
import socket
import threading
from typing import Any

from evroute_kernel.engine.delivery.transports.destination import SENT, Destination, Outcome, OutgoingEvent, SessionView
from evroute_kernel.engine.delivery.transports.folders import socket_within
from evroute_kernel.library.formats.event_payload import payload
from evroute_kernel.worker.datagrams import failure_line
from evroute_kernel.worker.sockets import Address


class Datagrams:
    """The two sockets that all datagrams of a session leave from; made when they are first needed."""

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._is_closed = False
        self._lock = threading.Lock()

    def send(self, family: int, data: bytes, target: Any) -> None:
        """Raises OSError."""
        with self._lock:  # so that none is closed meanwhile
            if self._is_closed:
                raise OSError(errno.ESHUTDOWN, "the session has ended")
            sender = self._sockets.get(family)
            if sender is None:
                sender = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
                sender.setblocking(False)
            sender.sendto(data, target)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for sender in self._sockets.values():
                sender.close()
            self._sockets.clear()


class Datagram(Destination):
    """A receiver of datagrams."""

    def __init__(self, address: Address, session: SessionView, datagrams: Datagrams, ip: str | None) -> None:
        super().__init__(address, session)
        self._datagrams = datagrams
        self._family = socket.AF_UNIX if address.protocol == "unix" else socket.AF_INET
        self._target: Any = address.path.encode("latin-1") if address.protocol == "unix" else (ip, address.port)
        if address.within is None:
            self.datagram_target = int(self._family), self._target

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        try:
            self._send(payload(outgoing.event, outgoing.params))
        except OSError as error:
            return Outcome(False, (failure_line(error),))
        return SENT

    def _send(self, data: bytes) -> None:
        """Raises OSError."""
        if self.address.protocol == "unix" and self.address.within is not None:
            with socket_within(self._target, self.address.within) as path:
                self._datagrams.send(self._family, data, path)
        else:
            self._datagrams.send(self._family, data, self._target)
