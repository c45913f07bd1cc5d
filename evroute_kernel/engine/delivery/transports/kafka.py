"""`kafka:BROKER[,BROKER...]/TOPIC[?PROPERTIES]` (module event_kafka), by the library confluent-kafka.

That is librdkafka, which the server uses too, so its properties mean the same: `g.NAME=VALUE` for the client,
`t.NAME=VALUE` for the topic. `key=callid` is taken and has no effect: no call is under way here.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Final

from evroute_kernel.engine.delivery.transports.destination import (
    LAST_MOMENT,
    SENT,
    Destination,
    Outcome,
    OutgoingEvent,
    SessionView,
)
from evroute_kernel.engine.delivery.transports.send_queue import EVENT_LIMIT
from evroute_kernel.library.formats.event_payload import payload
from evroute_kernel.runtime.values import encode
from evroute_kernel.worker.sockets import Address, BadSocket

_POLL: Final = 0.1
#: what librdkafka prints by itself goes here; failures are told by its callbacks
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


def properties(address: Address) -> dict[str, Any]:
    """The configuration of a producer. Properties of the socket go before ours."""
    given = {name[2:]: value for name, value in address.options if name != "key"}
    return {"queue.buffering.max.messages": EVENT_LIMIT, **given, "bootstrap.servers": address.host}


class Kafka(Destination):
    """A topic. librdkafka has its own threads and queue; one more thread here hears what became of the events."""

    is_deferred = True

    def __init__(self, address: Address, session: SessionView) -> None:
        super().__init__(address, session)
        try:
            from confluent_kafka import KafkaException, Producer
        except ImportError:
            raise BadSocket("kafka: needs the library confluent-kafka: pip install 'evroute-kernel[kafka]'") from None
        self._failure = KafkaException
        self._waiting = 0  # the producer's own number counts what it has to tell as well
        try:
            self._producer = Producer(properties(address) | {"error_cb": self._trouble}, logger=_log)
        except (KafkaException, ValueError) as error:
            raise BadSocket(f"kafka: cannot use the properties of {address.socket}: {encode(str(error))}") from None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="evroute kafka sender", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return self._waiting

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        if self._ended.is_set():
            return Outcome(False, ("the subscription has ended",))
        data = payload(outgoing.event, outgoing.params)
        try:
            self._producer.produce(self.address.path, data, on_delivery=lambda error, _: self._report(outgoing, error))
        except BufferError:
            return Outcome(False, ("failed to produce to Kafka: its queue is full",), dropped=True)
        except self._failure as error:
            return Outcome(False, (f"failed to produce to Kafka: {encode(str(error))}",))
        self._count_waiting(1)
        return SENT

    def _count_waiting(self, change: int) -> None:
        with self._counting:
            self._waiting += change

    def _listen(self) -> None:
        while not self._ended.is_set():
            self._producer.poll(_POLL)
        self._producer.flush(LAST_MOMENT)
        self._producer.purge()
        self._producer.flush(LAST_MOMENT)

    def _report(self, outgoing: OutgoingEvent, error: Any) -> None:
        self._count_waiting(-1)
        if error is None:
            self.count_sent()
        else:
            self.lost(outgoing, encode(str(error)))

    def _trouble(self, error: Any) -> None:
        """Something about the brokers; events may still get through."""
        self.error = encode(str(error))

    def close(self) -> None:
        self._ended.set()

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait until the thread has ended; after `close`."""
        self._thread.join(3 * LAST_MOMENT)
