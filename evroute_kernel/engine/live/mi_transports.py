"""How a request gets to a server and its answer back: UDP, unix datagrams, FIFO, HTTP."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from secrets import token_hex
from select import POLLIN, POLLOUT, poll
from stat import S_ISFIFO
from typing import Final

from evroute_kernel.engine.live.addresses import DATAGRAM, MiAddress
from evroute_kernel.engine.live.files import SocketDirectory, is_own
from evroute_kernel.engine.live.mi_client import BadReplyError, MiClient, NoAnswerError, answers, parsed, remaining

#: bytes at which mi_datagram cuts its replies
_CUT: Final = 65000
#: bytes of a reply that are read at most
_LARGEST_REPLY: Final = 64 << 20
#: where mi_fifo puts its answers unless it is told otherwise
REPLY_DIRECTORY: Final = "/tmp"

#: holds what a server wants to be sent as Bearer, such as `evroute serve --token`
TOKEN_VARIABLE: Final = "EVROUTE_MI_TOKEN"


def open_client(address: MiAddress, reply_dir: str | None = None) -> MiClient:
    """A client for an address. Nothing is sent yet. `reply_dir` is mi_fifo's parameter of that name.

    Raises NoAnswerError where it is clear already that nobody will answer.
    """
    if address.kind == "udp":
        return UdpClient(address)
    if address.kind == "unix":
        return UnixClient(address)
    if address.kind == "fifo":
        return FifoClient(address, Path(reply_dir or REPLY_DIRECTORY))
    return HttpClient(address)


class DatagramClient(MiClient):
    """What UDP and unix datagrams have in common."""

    _socket: socket.socket

    def exchange(self, request: bytes, identifier: int, deadline: float) -> bytes:
        self.check_size(request)
        with self.explained():
            self.send(request)
            while True:
                self._socket.settimeout(remaining(deadline))
                reply = self._socket.recv(DATAGRAM)
                if answers(reply, identifier):
                    return reply

    def check_size(self, request: bytes) -> None:
        if len(request) > _CUT:
            message = f"the command has {len(request)} bytes, more than a datagram holds"
            raise NoAnswerError(message, "connect by fifo or http")

    def send(self, request: bytes) -> None:
        self._socket.send(request)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say what an error of the socket means. A timeout stays one."""
        try:
            yield
        except TimeoutError:
            raise
        except OSError as error:
            raise no_answer(self.address, error) from error

    def reply_hint(self, reply: bytes) -> str | None:
        if len(reply) >= _CUT:
            return "the reply did not fit a datagram; connect by fifo or http for this command"
        return "is this the port of mi_datagram?"

    def close(self) -> None:
        self._socket.close()


class UdpClient(DatagramClient):
    """mi_datagram at a UDP port."""

    silence_hint = "is mi_datagram loaded, with this address as its socket_name? does a firewall drop it?"

    def __init__(self, address: MiAddress) -> None:
        super().__init__(address.text)
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise no_answer(address.text, error) from error
        # a name may stand for both: servers mostly listen at IPv4, and send events to nothing else
        family, kind, protocol, _, where = min(found, key=lambda item: item[0] != socket.AF_INET)
        self._socket = socket.socket(family, kind, protocol)
        try:
            self._socket.connect(where)
        except OSError as error:
            self._socket.close()
            raise no_answer(address.text, error) from error


class UnixClient(DatagramClient):
    """mi_datagram at a unix socket. The server answers to a socket of ours."""

    silence_hint = "may the server write to sockets in this user's temporary directory (systemd: PrivateTmp)?"

    def __init__(self, address: MiAddress) -> None:
        super().__init__(address.text)
        self._peer = address.path
        self._directory = SocketDirectory(Path(address.path))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = self._directory.new_path()
        try:
            self._socket.bind(str(path))
            self._directory.admit(path)
        except OSError as error:
            self.close()
            raise no_answer(address.text, error) from error

    def send(self, request: bytes) -> None:
        self._socket.sendto(request, self._peer)

    def close(self) -> None:
        super().close()
        self._directory.remove()


class FifoClient(MiClient):
    """mi_fifo: `:NAME:JSON` is written to its FIFO, the answer comes by the FIFO NAME in its reply directory."""

    def __init__(self, address: MiAddress, reply_dir: Path) -> None:
        super().__init__(address.text)
        self._path = Path(address.path)
        self._reply_dir = reply_dir
        self.silence_hint = f"is {reply_dir} the reply_dir of mi_fifo? reply_dir=DIRECTORY names another"

    def exchange(self, request: bytes, identifier: int, deadline: float) -> bytes:
        # neither dots nor slashes: the server refuses them
        name = f"evroute_{token_hex(8)}"
        path = self._reply_dir / name
        try:
            os.mkfifo(path, 0o600)
        except OSError as error:
            hint = "reply_dir=DIRECTORY names the one that mi_fifo uses"
            raise NoAnswerError(
                f"no FIFO for the reply can be made in {self._reply_dir}: {error.strerror}", hint
            ) from error
        try:
            # open for reading before the server writes: it does not wait for readers
            with opened(path, os.O_RDONLY | os.O_NOFOLLOW) as reply:
                os.fchmod(reply, 0o600 if is_own(self._path) else 0o622)
                self.write(b":%s:%s\n" % (name.encode(), request), deadline)
                return read_reply(reply, deadline)
        except TimeoutError:
            raise
        except OSError as error:  # no more descriptors, or somebody has removed the FIFO
            raise no_answer(self.address, error) from error
        finally:
            path.unlink(missing_ok=True)

    def write(self, line: bytes, deadline: float) -> None:
        try:
            with opened(self._path, os.O_WRONLY) as fifo:
                if not S_ISFIFO(os.fstat(fifo).st_mode):
                    hint = "write datagram:/PATH for a socket"
                    raise NoAnswerError(f"{self.address} cannot be reached: this file is no FIFO", hint)
                while line:
                    wait_for(fifo, POLLOUT, deadline)
                    with suppress(BlockingIOError):
                        line = line[os.write(fifo, line) :]
        except TimeoutError:
            raise
        except OSError as error:
            raise no_answer(self.address, error) from error

    def close(self) -> None:
        """There is nothing that outlives a call."""


class HttpClient(MiClient):
    """mi_http: the request is the body of a POST, the answer that of the response. One connection for each call."""

    silence_hint = "are httpd and mi_http loaded, and do port and path fit?"

    def __init__(self, address: MiAddress) -> None:
        super().__init__(address.text)
        self._url = address

    def exchange(self, request: bytes, identifier: int, deadline: float) -> bytes:
        connection = self.connection(remaining(deadline))
        try:
            connection.request("POST", self._url.path, request, self.headers())
            response = connection.getresponse()
            reply = response.read(_LARGEST_REPLY)
        except TimeoutError:
            raise
        except OSError as error:
            raise no_answer(self.address, error) from error
        except HTTPException as error:
            raise BadReplyError(f"{self.address} does not speak HTTP: {type(error).__name__}") from error
        finally:
            connection.close()
        if response.status != 200 and not isinstance(parsed(reply), dict):
            hint = "is this the path of mi_http (its parameter root)?"
            if response.status in (401, 403):
                hint = f"the environment variable {TOKEN_VARIABLE} holds the token to send"
            raise BadReplyError(f"{self.address} answers with HTTP status {response.status} {response.reason}", hint)
        return reply

    def headers(self) -> dict[str, str]:
        """A token is never part of an address, for notebooks show those."""
        token = os.environ.get(TOKEN_VARIABLE)
        return {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}

    def connection(self, timeout: float) -> HTTPConnection:
        host, port = self._url.host, self._url.port
        if self._url.kind == "https":
            return HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=timeout)

    def close(self) -> None:
        """There is nothing that outlives a call."""


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """A file descriptor that never blocks."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_reply(descriptor: int, deadline: float) -> bytes:
    """All that is written to a FIFO until its writer closes it. Raises TimeoutError."""
    reply = bytearray()
    while len(reply) < _LARGEST_REPLY:
        wait_for(descriptor, POLLIN, deadline)
        try:
            piece = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            continue
        if not piece:
            break
        reply += piece
    return bytes(reply)


def wait_for(descriptor: int, what: int, deadline: float) -> None:
    """Wait until a file can be read or written, or has been closed by the other side. Raises TimeoutError."""
    ready = poll()
    ready.register(descriptor, what)
    if not ready.poll(1000 * remaining(deadline)):
        raise TimeoutError


_MEANINGS: Final = {
    errno.ECONNREFUSED: ("nothing listens there", "is the server running, and its management interface loaded?"),
    errno.ENOENT: ("there is no such file", "is the server running, and is this the path in its configuration?"),
    errno.ENXIO: ("nobody reads this FIFO", "is the server running? (a socket is written datagram:/PATH)"),
    errno.EACCES: (
        "this user may not write to it",
        "the server decides who may: unix_socket_mode and unix_socket_user of mi_datagram, fifo_mode of mi_fifo",
    ),
    errno.EPROTOTYPE: ("this is no datagram socket", "expected the socket of mi_datagram"),
    errno.ENOTSOCK: ("this file is no socket", "write fifo:/PATH for a FIFO"),
}


def no_answer(address: str, error: OSError) -> NoAnswerError:
    """What an error of the system means for who wants to reach a server."""
    if isinstance(error, ssl.SSLError):
        return NoAnswerError(f"{address} cannot be reached by TLS: {error.reason or error}")
    if isinstance(error, socket.gaierror):
        return NoAnswerError(f"{address} cannot be reached: unknown host", error.strerror)
    meaning, hint = _MEANINGS.get(error.errno or 0, (os.strerror(error.errno) if error.errno else str(error), None))
    return NoAnswerError(f"{address} cannot be reached: {meaning}", hint)
