"""`rabbitmq:[USER[:PASSWORD]@]HOST[:PORT]/[OPTIONS?]ROUTING_KEY` (module event_rabbitmq), by the library pika.

Each event is published with the routing key, to the default exchange or to `exchange=NAME`; `persistent` asks the
broker to keep it on disk. TLS is not supported. Each event waits for the broker to confirm it, which the server does
not do: so an exchange that does not exist is told, at the price of some speed. That no queue took it is not told.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

from evroute_kernel.engine.delivery.transports.client_destination import Client, ClientError
from evroute_kernel.runtime.values import encode
from evroute_kernel.worker.sockets import Address, BadSocket

#: seconds that a connection may take, or a broker that takes nothing
TIMEOUT: Final = 3.0
_PERSISTENT: Final = 2


def open_rabbitmq(address: Address) -> Client:
    """Raises BadSocket where the library is missing. Connects at the first event."""
    try:
        import pika
    except ImportError:
        raise BadSocket("rabbitmq: needs the library pika: pip install 'evroute-kernel[rabbitmq]'") from None
    return Rabbit(address, pika)


class Rabbit:
    """A connection to a broker, made when it is needed and again when it was lost."""

    def __init__(self, address: Address, pika: Any) -> None:
        self._pika = pika
        self._address = address
        self._connection: Any = None
        self._channel: Any = None
        options = dict(address.options)
        self._exchange = options.get("exchange", "")
        mode = _PERSISTENT if "persistent" in options else None
        self._properties = pika.BasicProperties(delivery_mode=mode)

    def send(self, data: bytes) -> None:
        lost = self._connection is not None
        try:
            self._publish(data)
        except Exception as error:  # pika has several families of them, and lets those of sockets through
            self._drop()
            if not lost:
                reason = str(error) or type(error).__name__
                raise ClientError(f"cannot publish: {encode(reason)}") from None
            self.send(data)  # the connection may have been lost long ago: try a new one, once

    def _publish(self, data: bytes) -> None:
        if self._connection is None:
            self._connect()
        self._channel.basic_publish(self._exchange, self._address.path, data, self._properties)

    def _connect(self) -> None:
        pika, address = self._pika, self._address
        parameters = pika.ConnectionParameters(
            address.host,
            address.port,
            credentials=pika.PlainCredentials(address.user, address.password),
            socket_timeout=TIMEOUT,
            stack_timeout=TIMEOUT,
            blocked_connection_timeout=TIMEOUT,
        )
        self._connection = pika.BlockingConnection(parameters)
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()

    def idle(self) -> None:
        """Answer the broker's heartbeats."""
        if self._connection is None:
            return
        try:
            self._connection.process_data_events(0)
        except Exception:  # it is lost; the next event makes a new one
            self._drop()

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it is lost already
                connection.close()

    close = _drop
