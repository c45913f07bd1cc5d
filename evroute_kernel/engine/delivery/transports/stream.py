"""`tcp:HOST:PORT[/METHOD]` (module event_stream): payloads on a connection that is kept.

The module's parameters count as they are when an event is raised: `reliable_mode`, `timeout` (milliseconds) and
`event_param`.
"""

from __future__ import annotations

import threading
from itertools import count
from typing import Final

from evroute_kernel.engine.delivery.transports.connection import Connection
from evroute_kernel.engine.delivery.transports.destination import SENT, Destination, Outcome, OutgoingEvent, SessionView
from evroute_kernel.engine.delivery.transports.send_queue import QueuedEvent
from evroute_kernel.library.formats.event_payload import payload
from evroute_kernel.worker.sockets import Address

MODULE: Final = "event_stream"
DEFAULT_TIMEOUT: Final = 1000
#: identifiers are positive and unique in this process; the server's begin at random too, but differ by more than one
_identifiers = count(1)


class Connections:
    """The connections of a session, by address: each is shared by all who send there."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        self._connections: dict[tuple[str, int], Connection] = {}
        self._ending: list[Connection] = []
        self._lock = threading.Lock()

    def open(self, ip: str, port: int) -> Connection:
        with self._lock:
            connection = self._connections.get((ip, port))
            if connection is None:
                connection = self._connections[ip, port] = Connection(ip, port, self._timeout)
            connection.users += 1
            return connection

    def release(self, connection: Connection) -> None:
        """One user less; the last one ends the connection."""
        with self._lock:
            connection.users -= 1
            if connection.users:
                return
            self._connections = {k: c for k, c in self._connections.items() if c is not connection}
            self._ending.append(connection)
        connection.finish()

    def close(self) -> None:
        """End all and wait for them: half a second at most for what they still have to send."""
        with self._lock:
            ending, self._ending = [*self._ending, *self._connections.values()], []
            self._connections = {}
        for connection in ending:
            connection.finish()
        for connection in ending:
            connection.join()

    def _timeout(self) -> float:
        return max(1, self._session.number(MODULE, "timeout", DEFAULT_TIMEOUT)) / 1000


class Stream(Destination):
    """A receiver on a connection."""

    is_deferred = True

    def __init__(self, address: Address, session: SessionView, connections: Connections, ip: str) -> None:
        super().__init__(address, session)
        self._connections = connections
        self._connection: Connection | None = connections.open(ip, address.port)

    @property
    def waiting(self) -> int:
        return self._connection.send_queue.count(self) if self._connection is not None else 0

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        if self._connection is None:
            return Outcome(False, ("the subscription has ended",))
        identifier = next(_identifiers) if self.session.number(MODULE, "reliable_mode", 0) else 0
        data = payload(
            outgoing.event,
            outgoing.params,
            method=self.address.method or None,
            identifier=identifier,
            event_param=self.session.text(MODULE, "event_param"),
        )
        if self._connection.send_queue.put(QueuedEvent(data, outgoing, self, identifier)):
            return SENT
        return Outcome(
            False,
            (
                "unable to send jsonrpc send struct to worker",
                f"raising event {outgoing.event} to {self.address.shown} failed!",
            ),
            dropped=True,
        )

    def close(self) -> None:
        with self._guard:
            connection, self._connection = self._connection, None
        if connection is not None:
            self._connections.release(connection)
