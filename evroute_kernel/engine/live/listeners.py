"""Sockets at which a server's notifications arrive: event_datagram's over UDP or unix, event_stream's over TCP.

A listener has one thread, which does as little as it can with what arrives, for a socket holds few datagrams: each
payload goes to `deliver`, in the order of arrival.
"""

from __future__ import annotations

import logging
import socket
import struct
from abc import ABC
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Thread
from time import monotonic
from typing import Any, Final

from evroute_kernel.engine.live.addresses import DATAGRAM, ListenAddress, MiAddress
from evroute_kernel.engine.live.files import SocketDirectory
from evroute_kernel.engine.live.mi_client import MiError
from evroute_kernel.engine.live.notifications import BrokenNotificationError, StreamSplitter, read_notification
from evroute_kernel.engine.shortage import PAUSE, Shortage

#: bytes that a socket is asked to hold; the system may grant less
BUFFER: Final = 8 << 20
#: datagrams that are taken in one go
AT_ONCE: Final = 1000
#: connections at a time; event_stream has one for each of its processes
MOST_CONNECTIONS: Final = 64
#: seconds after which a connection on which nothing comes may make way for another one
SILENCE: Final = 60.0
#: ports below are shorter to write: a server may take a shorter address for the longer one that begins with it
LEAST_PORT: Final = 10000

#: Linux: a buffer beyond the limit for ordinary users; and what a socket counts, the ninth being what did not fit
_SO_RCVBUFFORCE: Final = 33
_SO_MEMINFO: Final = 55
_COUNTS: Final = struct.Struct("=9I")

_log = logging.getLogger(__name__)

Deliver = Callable[[bytes], None]


class ListenError(MiError):
    """A socket cannot be opened."""


class Listener(ABC):
    """Receives until it is closed. `event_socket` is its address as a server takes it."""

    event_socket: str

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        #: pieces that are no notification
        self.broken = 0
        self._wake, self._woken = socket.socketpair()
        self._selector = DefaultSelector()
        self._selector.register(self._woken, EVENT_READ, None)
        self._thread = Thread(target=self._run, name="evroute live listener", daemon=True)

    @property
    def lost(self) -> int:
        """Notifications that did not arrive because the socket was full, as far as the system tells."""
        return 0

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread and close all sockets. Twice is harmless."""
        with suppress(OSError):
            self._wake.send(b"x")
        if self._thread.is_alive():
            self._thread.join()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def pause(self) -> float | None:
        """Seconds after which there is something to do, whatever arrives; None where there is nothing."""
        return None

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(self.pause()):
                if key.data is None:
                    return
                key.data(key.fileobj)


class DatagramListener(Listener):
    """One notification in each datagram."""

    def __init__(self, socket_: socket.socket, event_socket: str, deliver: Deliver) -> None:
        super().__init__(deliver)
        self.event_socket = event_socket
        self._socket = socket_
        socket_.setblocking(False)
        for level in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):
            with suppress(OSError):
                socket_.setsockopt(socket.SOL_SOCKET, level, BUFFER)
                break
        self._lost = 0
        self._selector.register(socket_, EVENT_READ, self.receive)

    @property
    def lost(self) -> int:
        with suppress(OSError):  # closed, or a system that does not count
            self._lost = _COUNTS.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _COUNTS.size))[8]
        return self._lost

    def receive(self, socket_: socket.socket) -> None:
        """Take what is there; after so many, look whether it is time to end."""
        for _ in range(AT_ONCE):
            try:
                payload = socket_.recv(DATAGRAM)
            except OSError:  # nothing more; an error of an earlier sending would not concern us either
                return
            self.deliver(payload)

    def close(self) -> None:
        super().close()
        self._lost = self.lost
        self._socket.close()


class UnixListener(DatagramListener):
    """Datagrams at a socket file, which is removed in the end."""

    def __init__(self, socket_: socket.socket, path: Path, directory: SocketDirectory | None, deliver: Deliver) -> None:
        super().__init__(socket_, f"unix:{path}", deliver)
        self._path = path
        self._directory = directory

    def close(self) -> None:
        super().close()
        self._path.unlink(missing_ok=True)
        if self._directory is not None:
            self._directory.remove()


class StreamListener(Listener):
    """Connections on which notifications follow one another without separators.

    At most MOST_CONNECTIONS: where one more comes, or descriptors run out, one that has been silent for SILENCE makes
    way (a server connects again at its next event). Without such a one the new connection is refused; where there are
    no descriptors, none is accepted for a while.
    """

    def __init__(self, server: socket.socket, event_socket: str, deliver: Deliver) -> None:
        super().__init__(deliver)
        self.event_socket = event_socket
        self._server = server
        self._connections: dict[socket.socket, StreamSplitter] = {}
        #: when something last came (monotonic clock), the one that has been silent longest first
        self._heard: dict[socket.socket, float] = {}
        self._shortage = Shortage(event_socket, _log.warning)
        #: when connections are accepted again; None: now
        self._resume: float | None = None
        server.setblocking(False)
        self._selector.register(server, EVENT_READ, self.accept)

    def pause(self) -> float | None:
        if self._resume is None:
            return None
        if (seconds := self._resume - monotonic()) > 0:
            return seconds
        self._resume = None
        self._selector.register(self._server, EVENT_READ, self.accept)
        return None

    def accept(self, server: socket.socket) -> None:
        try:
            connection, _ = server.accept()
        except OSError as error:  # else it was gone before it was accepted
            if self._shortage.met(error) and not self.drop_silent():
                self._selector.unregister(server)
                self._resume = monotonic() + PAUSE
            return
        if len(self._connections) >= MOST_CONNECTIONS and not self.drop_silent():
            connection.close()
            return
        connection.setblocking(False)
        # answers that come together overtax event_stream's reliable mode: let each go at once
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection] = StreamSplitter()
        self._heard[connection] = monotonic()
        self._selector.register(connection, EVENT_READ, self.receive)

    def receive(self, connection: socket.socket) -> None:
        """Take one piece, however many notifications it ends."""
        splitter = self._connections[connection]
        del self._heard[connection]
        self._heard[connection] = monotonic()
        try:
            piece = connection.recv(DATAGRAM)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        try:
            for payload in splitter.feed(piece):
                self.acknowledge(connection, payload)
                self.deliver(payload)
        except BrokenNotificationError:
            self.broken += 1
            piece = b""
        else:
            self.broken += not piece and bool(splitter.pending)
        self.broken += splitter.skipped
        splitter.skipped = 0
        if not piece:
            self.drop(connection)

    def acknowledge(self, connection: socket.socket, payload: bytes) -> None:
        """Answer a request of event_stream's reliable mode, so that the server counts the event as delivered."""
        if b'"id"' not in payload:
            return
        with suppress(BrokenNotificationError, OSError):  # the broken one is counted by who reads it
            identifier = read_notification(payload).id
            if identifier is not None:
                connection.send(b'{"jsonrpc":"2.0","result":"OK","id":%d}' % identifier)

    def drop_silent(self) -> bool:
        """Close the connection that has been silent longest, if it has been for SILENCE."""
        silent = next(iter(self._heard), None)
        if silent is None or monotonic() - self._heard[silent] < SILENCE:
            return False
        self.broken += bool(self._connections[silent].pending)
        self.drop(silent)
        return True

    def drop(self, connection: socket.socket) -> None:
        """The connection has ended, or cannot be read any further."""
        del self._connections[connection], self._heard[connection]
        self._selector.unregister(connection)
        connection.close()

    def close(self) -> None:
        super().close()
        for connection in self._connections:
            connection.close()
        self._server.close()


def open_listener(listen: ListenAddress | None, mi: MiAddress, deliver: Deliver) -> Listener:
    """Listen at an address, or by UDP where the server sees this machine. Raises ListenError.

    UDP also for a server on this machine: a unix socket holds some ten notifications (`net.unix.max_dgram_qlen`), and
    nobody here is told of those that the server could not send. Nothing is received before `start`.
    """
    listen = listen or ListenAddress("udp")
    try:
        if listen.kind == "unix":
            return _unix_listener(listen.path, mi, deliver)
        host = listen.host or local_host(mi)
        kind = socket.SOCK_STREAM if listen.kind == "tcp" else socket.SOCK_DGRAM
        reachable = _reachable(host, mi)
        opened = _bound(host, listen.port, kind)
    except OSError as error:
        where = listen.path or f"{listen.host}:{listen.port}"
        raise ListenError(f"cannot listen at {listen.kind}:{where}: {error.strerror or error}") from error
    event_socket = f"{listen.kind}:{reachable}:{opened.getsockname()[1]}"
    if listen.kind == "udp":
        return DatagramListener(opened, event_socket, deliver)
    opened.listen(MOST_CONNECTIONS)
    return StreamListener(opened, event_socket, deliver)


def _unix_listener(wanted: str, mi: MiAddress, deliver: Deliver) -> UnixListener:
    directory = None if wanted else SocketDirectory(Path(mi.path or "/"))
    path = directory.new_path() if directory else Path(wanted)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        opened.bind(str(path))
        if directory:
            directory.admit(path)
    except OSError:
        opened.close()
        if directory:
            directory.remove()
        raise
    return UnixListener(opened, path, directory, deliver)


def _bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket bound to an IPv4 address: servers send events to no other."""
    while True:
        opened = socket.socket(socket.AF_INET, kind)
        try:
            if kind == socket.SOCK_STREAM:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((host, port))
        except OSError:
            opened.close()
            raise
        if port or opened.getsockname()[1] >= LEAST_PORT:
            return opened
        opened.close()


def _reachable(host: str, mi: MiAddress) -> str:
    """The address to tell a server, where one listens at all addresses or at a name."""
    address = socket.gethostbyname(host)
    return local_host(mi) if address == "0.0.0.0" else address


def local_host(mi: MiAddress) -> str:
    """The IPv4 address of this machine that a server sees when it is asked. Raises ListenError."""
    if mi.is_local:
        return "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((mi.host, mi.port))  # sends nothing; it chooses the way
        except OSError as error:
            hint = "event sockets are IPv4 only: listen=udp:HOST:PORT names an address that the server reaches"
            raise ListenError(f"no IPv4 address leads to {mi.host}: {error.strerror or error}", hint) from error
        address: Any = probe.getsockname()
        return str(address[0])
