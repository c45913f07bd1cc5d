"""`xmlrpc:HOST:PORT[/PATH]:METHOD` (module event_xmlrpc): one HTTP request for each event; its answer is not read.

As on the server values are not escaped, so that `<` in one makes no XML, and a negative integer comes out as the large
number with the same 64 bits.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Final

from evroute_kernel.engine.delivery.transports.client_destination import Client, ClientDestination, ClientError
from evroute_kernel.engine.delivery.transports.destination import Outcome, OutgoingEvent, SessionView
from evroute_kernel.worker.sockets import Address

MODULE: Final = "event_xmlrpc"
TIMEOUT: Final = 3.0
#: all parameters together, in bytes
PARAMS_LIMIT: Final = 8192


class Post:
    """A connection for each request."""

    def __init__(self, ip: str, port: int) -> None:
        self._target = ip, port

    def send(self, data: bytes) -> None:
        try:
            with socket.create_connection(self._target, TIMEOUT) as connection:
                connection.sendall(data)
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise ClientError(
                f"cannot send to {self._target[0]}:{self._target[1]}: {error.strerror or error}"
            ) from None

    def idle(self) -> None:
        """Nothing is kept open."""

    def close(self) -> None:
        """Nothing is kept open."""


class XmlRpc(ClientDestination):
    """A server that takes XML-RPC."""

    def __init__(self, address: Address, session: SessionView, ip: str) -> None:
        client: Client = Post(ip, address.port)
        super().__init__(address, session, client)

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        if len(self._parameters(outgoing)) > PARAMS_LIMIT:
            return Outcome(False, ("buffer too small...", "cannot create send buffer"))
        return super()._deliver(outgoing)

    def pack(self, outgoing: OutgoingEvent) -> bytes:
        address = self.address
        body = (
            f'<?xml version="1.0"?>\n<methodCall>\n<methodName>{address.method}</methodName>\n<params>\n'
            f"<param>\n<value><string>{outgoing.event}</string></value>\n</param>\n"
            f"{self._parameters(outgoing)}</params>\n</methodCall>"
        )
        # with a path the server writes no blank after "Host:"
        path, blank = (address.path, "") if address.path else ("/RPC2", " ")
        head = (
            f"POST {path} HTTP/1.1\r\nHost:{blank}{address.host}:{address.port}\r\nConnection: close\r\n"
            f"User-Agent: OpenSIPS XMLRPC Notifier\r\nContent-type: text/xml\r\nContent-length: {len(body)}\r\n\r\n"
        )
        return (head + body).encode("latin-1")

    def _parameters(self, outgoing: OutgoingEvent) -> str:
        is_struct = bool(self.session.number(MODULE, "use_struct_param", 0))
        return "".join(_parameter(name, value, is_struct) for name, value in outgoing.params)


def _parameter(name: str | None, value: int | str | None, is_struct: bool) -> str:
    if isinstance(value, int):
        text = f"<value><int>{value % 2**64}</int></value>\n"
    else:
        text = f"<value><string>{value or ''}</string></value>\n"
    if name is not None:
        text = f"<name>{name}</name>\n{text}"
        if is_struct:
            text = f"<value><struct><member>\n{text}</member></struct></value>\n"
    return f"<param>\n{text}</param>\n"
