"""`rabbitmq:` and `kafka:`.

What a RabbitMQ broker takes is tried where EVROUTE_TEST_RABBITMQ names one (HOST:PORT, user guest). For Kafka the
brokers are those that librdkafka brings for tests: they speak the protocol, and keep what they get in memory.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import pytest

from evroute_kernel.engine.delivery.transports import rabbitmq
from evroute_kernel.engine.delivery.transports.destination import SENT
from evroute_kernel.worker.sockets import parse

pika = pytest.importorskip("pika")
confluent_kafka = pytest.importorskip("confluent_kafka")

Wait = Callable[[Callable[[], bool]], None]
BROKER = os.environ.get("EVROUTE_TEST_RABBITMQ", "")
needs_broker = pytest.mark.skipif(not BROKER, reason="EVROUTE_TEST_RABBITMQ names no RabbitMQ broker")
MOCK = "g.test.mock.num.brokers=1"
EXPECTED = b'{"jsonrpc":"2.0","method":"E_X","params":{"ip":"\xff"}}'


# -- rabbitmq -----------------------------------------------------------------------------------------------------


def test_parts_of_an_address() -> None:
    address = parse("rabbitmq:us%40er:p%3Aw@host:99/exchange=a%20b;persistent?key/with?more")
    assert (address.user, address.password, address.host, address.port) == ("us@er", "p:w", "host", 99)
    assert address.path == "key/with?more"
    assert dict(address.options) == {"exchange": "a b", "persistent": ""}
    assert address.socket == "rabbitmq:us@er@host:99/a b?key/with?more"  # without the password
    plain = parse("rabbitmq:host/key")
    assert (plain.user, plain.password, plain.port, plain.options) == ("guest", "guest", 5672, ())


@pytest.fixture
def channel() -> Iterator[Any]:
    host, _, port = BROKER.partition(":")
    connection = pika.BlockingConnection(pika.ConnectionParameters(host, int(port or 5672)))
    yield connection.channel()
    connection.close()


@needs_broker
def test_a_broker_gets_the_payload(bench: Any, outgoing: Any, channel: Any, wait: Wait) -> None:
    queue = channel.queue_declare("", exclusive=True).method.queue
    exchange = f"evroute-{os.getpid()}"
    channel.exchange_declare(exchange, auto_delete=True)
    channel.queue_bind(queue, exchange, "some.key")
    sockets = f"rabbitmq:{BROKER}/{queue}", f"rabbitmq:guest:guest@{BROKER}/exchange={exchange};persistent?some.key"
    for socket in sockets:
        target = bench.open(socket)
        target.deliver(outgoing("E_X", (("ip", "\xff"),)))
        wait(lambda target=target: target.sent == 1)
    first, second = (channel.basic_get(queue, auto_ack=True) for _ in range(2))
    assert (first[2], second[2]) == (EXPECTED, EXPECTED)
    assert (first[1].delivery_mode, second[1].delivery_mode) == (None, 2)


@needs_broker
def test_an_exchange_that_there_is_not(bench: Any, outgoing: Any, wait: Wait) -> None:
    target = bench.open(f"rabbitmq:{BROKER}/exchange=no-such-exchange?k")
    target.deliver(outgoing("E_X", ()))
    wait(lambda: target.failed == 1)
    assert "NOT_FOUND - no exchange 'no-such-exchange'" in target.error


def test_no_broker(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    socket = peers.dead().replace("tcp", "rabbitmq") + "/key"
    target = bench.open(socket)
    for n in (1, 2):
        assert target.deliver(outgoing("E_X", ())) == SENT
        wait(lambda n=n: target.failed == n)
    assert target.error.startswith("cannot publish: ")
    assert len(bench.complaints) == 1


def test_a_peer_that_is_no_broker(
    bench: Any, outgoing: Any, peers: Any, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq, "TIMEOUT", 0.2)
    listener, socket = peers.tcp()
    target = bench.open(socket.replace("tcp", "rabbitmq") + "/key")
    started = monotonic()
    for _ in range(5):
        assert target.deliver(outgoing("E_X", ())) == SENT
    assert monotonic() - started < 1  # nobody waits for it
    assert peers.accept(listener).recv(8) == b"AMQP\0\0\t\1"
    wait(lambda: target.failed >= 1)
    bench.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "evroute rabbitmq sender"]


# -- kafka --------------------------------------------------------------------------------------------------------


def test_a_topic_gets_the_payload(bench: Any, outgoing: Any, wait: Wait) -> None:
    target = bench.open(f"kafka:127.0.0.1:1/lab?{MOCK}&t.acks=1&key=callid")
    assert target.deliver(outgoing("E_X", (("ip", "\xff"),))) == SENT
    wait(lambda: target.sent == 1)
    (broker,) = target._producer.list_topics(timeout=10).brokers.values()
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": f"{broker.host}:{broker.port}", "group.id": "g", "auto.offset.reset": "earliest"}
    )
    consumer.assign([confluent_kafka.TopicPartition("lab", n, 0) for n in range(4)])
    message = consumer.poll(20)
    consumer.close()
    assert (message.value(), message.key()) == (EXPECTED, None)


def test_what_a_topic_refuses(bench: Any, outgoing: Any, wait: Wait) -> None:
    target = bench.open(f"kafka:127.0.0.1:1/lab?{MOCK}&g.message.max.bytes=1000")
    outcome = target.deliver(outgoing("E_X", ((None, "x" * 2000),)))
    assert not outcome.ok
    assert "MSG_SIZE_TOO_LARGE" in outcome.lines[0]
    assert target.failed == 1


def test_no_kafka(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    dead = peers.dead().removeprefix("tcp:")
    target = bench.open(f"kafka:{dead}/lab?t.message.timeout.ms=100&g.queue.buffering.max.messages=3")
    outcomes = [target.deliver(outgoing("E_X", ())) for _ in range(5)]
    assert [outcome.dropped for outcome in outcomes] == [False] * 3 + [True] * 2
    assert target.waiting == 3
    wait(lambda: target.failed == 3)
    assert (target.dropped, len(bench.complaints)) == (2, 1)
    bench.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "evroute kafka sender"]
