"""`tcp:`: one connection for an address, kept, made again when it was closed; peers of every bad kind."""

from __future__ import annotations

import json
import socket as network
import threading
from collections.abc import Callable
from typing import Any

import pytest

from evroute_kernel.engine.delivery.transports import send_queue as send_queue
from evroute_kernel.engine.delivery.transports.destination import SENT

Wait = Callable[[Callable[[], bool]], None]
Receive = Callable[[network.socket, int], bytes]
EMPTY = b'{"jsonrpc":"2.0","method":"E_X"}'


def test_another_process_gets_the_payloads_without_anything_between(bench: Any, outgoing: Any, peers: Any) -> None:
    big = b'{"jsonrpc":"2.0","method":"m","params":{"a":"' + b"\xff" * 2**20 + b'"}}'
    reader = peers.reader("tcp", len(EMPTY) * 2 + len(big))
    target = bench.open(reader.socket)
    named = bench.open(f"{reader.socket}/m")
    assert target.deliver(outgoing("E_X", ())) == SENT
    assert named.deliver(outgoing("E_X", (("a", "\xff" * 2**20),))) == SENT
    assert target.deliver(outgoing("E_X", ())) == SENT
    assert reader.result() == [EMPTY + big + EMPTY]
    assert threading.active_count() >= 2


def test_subscriptions_of_an_address_share_a_connection(
    bench: Any, outgoing: Any, peers: Any, receive: Receive
) -> None:
    listener, socket = peers.tcp()
    first, second = bench.open(socket), bench.open(f"{socket}/m")
    first.deliver(outgoing("E_X", ()))
    connection = peers.accept(listener)
    assert receive(connection, len(EMPTY)) == EMPTY
    first.close()
    second.deliver(outgoing("E_X", ()))
    assert receive(connection, 30) == b'{"jsonrpc":"2.0","method":"m"}'
    second.close()
    assert connection.recv(10) == b""


def test_it_connects_again_at_the_next_event(
    bench: Any, outgoing: Any, peers: Any, receive: Receive, wait: Wait
) -> None:
    listener, socket = peers.tcp()
    target = bench.open(socket)
    for round in range(1, 4):
        target.deliver(outgoing("E_X", ()))
        connection = peers.accept(listener)
        assert receive(connection, len(EMPTY)) == EMPTY
        wait(lambda round=round: target.sent == round)
        connection.close()
        wait(lambda: not target._connection.is_connected)
    assert (target.failed, bench.complaints) == (0, [])


def test_nobody_listens(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    socket = peers.dead()
    target = bench.open(socket)
    for n in (1, 2):
        assert target.deliver(outgoing("E_X", (), "cell 1")) == SENT
        wait(lambda n=n: target.failed == n)
    words = "cannot connect to 127.0.0.1[111:Connection refused]"
    assert target.error == words
    assert bench.complaints == [(socket, "E_X", words)]  # once for the raises of one cell
    target.deliver(outgoing("E_X", (), "cell 2"))
    wait(lambda: len(bench.complaints) == 2)


def test_failures_are_told_to_who_wants_to_try_elsewhere(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    told: list[int] = []
    bench.open(peers.dead()).deliver(outgoing("E_X", (), None, lambda: told.append(1)))
    wait(lambda: told == [1])


def test_a_peer_that_reads_nothing_fills_its_queue_and_no_more(
    bench: Any, outgoing: Any, peers: Any, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "EVENT_LIMIT", 20)
    bench.modparams["event_stream", "timeout"] = [60_000]
    listener, socket = peers.tcp()
    target = bench.open(socket)
    outcomes = [target.deliver(outgoing("E_X", ((None, "x" * 2**20),))) for _ in range(60)]
    dropped = [outcome for outcome in outcomes if not outcome.ok]
    assert dropped
    assert dropped[0].lines == (
        "unable to send jsonrpc send struct to worker",
        f"raising event E_X to {socket.removeprefix('tcp:')} failed!",
    )
    assert all(outcome.dropped for outcome in dropped)
    assert target.dropped == len(dropped)
    assert target.waiting <= 20
    connection = peers.accept(listener)
    connection.close()  # half of an event was written: that one is lost, and the rest goes to the next connection
    wait(lambda: target.failed >= 1)


def test_the_queue_is_bounded_in_bytes_too(
    bench: Any, outgoing: Any, peers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "BYTE_LIMIT", 2**20)
    bench.modparams["event_stream", "timeout"] = [60_000]
    _, socket = peers.tcp()
    target = bench.open(socket)
    while target.deliver(outgoing("E_X", ((None, "x" * 2**19),))).ok:
        assert target.sent < 100


def test_what_waits_too_long_is_given_up(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    bench.modparams["event_stream", "timeout"] = [50]
    listener, socket = peers.tcp()
    target = bench.open(socket)
    for _ in range(40):
        target.deliver(outgoing("E_X", ((None, "x" * 2**20),)))
    # of one event a part may be written: it waits for the peer for ever
    wait(lambda: target.waiting == 0 and target.sent + target.failed >= 39)
    assert {words for _, _, words in bench.complaints} == {f"{socket.removeprefix('tcp:')} took nothing in time"}
    assert target.failed > 1
    listener.close()


def test_a_peer_that_closed_only_its_half(bench: Any, outgoing: Any, peers: Any, receive: Receive, wait: Wait) -> None:
    listener, socket = peers.tcp()
    target = bench.open(socket)
    target.deliver(outgoing("E_X", ()))
    half = peers.accept(listener)
    assert receive(half, len(EMPTY)) == EMPTY
    half.shutdown(network.SHUT_WR)
    assert half.recv(10) == b""  # the sender takes it as the end, as the server does
    target.deliver(outgoing("E_X", ()))
    assert receive(peers.accept(listener), len(EMPTY)) == EMPTY
    wait(lambda: target.sent == 2)


def test_what_a_peer_says_does_not_matter(bench: Any, outgoing: Any, peers: Any, receive: Receive, wait: Wait) -> None:
    listener, socket = peers.tcp()
    target = bench.open(socket)
    target.deliver(outgoing("E_X", ()))
    connection = peers.accept(listener)
    connection.sendall(b"\xff{nonsense" * 10_000)
    target.deliver(outgoing("E_X", ()))
    assert receive(connection, 2 * len(EMPTY)) == EMPTY * 2
    wait(lambda: target.sent == 2)


def test_in_reliable_mode_a_reply_counts(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    bench.modparams["event_stream", "reliable_mode"] = [1]
    bench.modparams["event_stream", "event_param"] = ["ev"]
    bench.modparams["event_stream", "timeout"] = [60_000]
    listener, socket = peers.tcp()
    target = bench.open(socket)
    target.deliver(outgoing("E_X", (("a", 1),)))
    target.deliver(outgoing("E_X", ()))
    connection = peers.accept(listener)
    data = b""
    while data.count(b"jsonrpc") < 2 or not data.endswith(b"}"):
        data += connection.recv(1000)
    first, end = json.JSONDecoder().raw_decode(data.decode())
    second = json.loads(data[end:])
    assert data.startswith(b'{"id":%d,"jsonrpc":"2.0","method":"E_X","params":{"ev":"E_X","a":1}}' % first["id"])
    assert 0 < first["id"] != second["id"] > 0
    assert target.sent == 0
    replies = b'{"jsonrpc":"2.0","id":%d,"result":"ok"}  {"id":%d,"error":{}}' % (first["id"], second["id"])
    for byte in replies:
        connection.sendall(bytes([byte]))  # in pieces
    wait(lambda: (target.sent, target.failed) == (1, 1))
    assert target.error == f"{socket.removeprefix('tcp:')} answered with an error"


def test_in_reliable_mode_silence_counts_as_failure(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    bench.modparams["event_stream", "reliable_mode"] = [1]
    bench.modparams["event_stream", "timeout"] = [1000]  # time enough to send it, however busy the machine is
    _, socket = peers.tcp()
    target = bench.open(socket)
    target.deliver(outgoing("E_X", ()))
    wait(lambda: target.failed == 1)
    assert target.error == f"{socket.removeprefix('tcp:')} did not answer in time"


def test_the_end_sends_what_a_peer_takes_and_leaves_nothing(bench: Any, outgoing: Any, peers: Any) -> None:
    listener, socket = peers.tcp()
    target = bench.open(socket)
    for _ in range(1000):
        target.deliver(outgoing("E_X", ()))
    bench.close()
    connection = peers.accept(listener)
    data = b"".join(iter(lambda: connection.recv(2**16), b""))
    assert data == EMPTY * 1000
    assert not [t for t in threading.enumerate() if t.name == "evroute tcp sender"]
    outcome = target.deliver(outgoing("E_X", ()))
    assert (outcome.ok, outcome.lines) == (False, ("the subscription has ended",))


def test_the_end_does_not_wait_for_a_peer_that_takes_nothing(bench: Any, outgoing: Any, peers: Any) -> None:
    _, socket = peers.tcp()
    target = bench.open(socket)
    for _ in range(30):
        target.deliver(outgoing("E_X", ((None, "x" * 2**20),)))
    bench.close()
    assert not [t for t in threading.enumerate() if t.name == "evroute tcp sender"]
    assert target.sent + target.failed == 30
