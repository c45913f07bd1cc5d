"""`udp:` and `unix:`: one datagram for each event, sent at once or lost at once."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from evroute_kernel.engine.delivery.transports.destination import SENT

PARAMS = (("ip", "192.0.2.1"), ("raw", "\xff\xfe"), ("n", 7))
EXPECTED = b'{"jsonrpc":"2.0","method":"E_X","params":{"ip":"192.0.2.1","raw":"\xff\xfe","n":7}}'


@pytest.mark.parametrize("kind", ["udp", "unix"])
def test_another_process_gets_the_payload(bench: Any, outgoing: Any, peers: Any, kind: str) -> None:
    reader = peers.reader(kind, 2)
    target = bench.open(reader.socket)
    assert target.deliver(outgoing("E_X", PARAMS)) == SENT
    assert target.deliver(outgoing("E_Y", ())) == SENT
    assert reader.result() == [EXPECTED, b'{"jsonrpc":"2.0","method":"E_Y"}']
    assert (target.sent, target.failed, target.error) == (2, 0, None)


def test_the_sender_is_unbound_and_names_are_looked_up(bench: Any, outgoing: Any, peers: Any) -> None:
    receiver, socket = peers.unix()
    bench.open(socket).deliver(outgoing("E_X", ()))
    assert receiver.recvfrom(100)[1] is None
    receiver, socket = peers.udp()
    bench.open(socket.replace("127.0.0.1", "localhost")).deliver(outgoing("E_X", ()))
    assert receiver.recv(100) == b'{"jsonrpc":"2.0","method":"E_X"}'


def test_nobody_is_there(bench: Any, outgoing: Any, peers: Any) -> None:
    receiver, socket = peers.unix()
    target = bench.open(socket)
    gone = bench.open(f"{socket}.other")
    receiver.close()
    words = {
        target: f"Cannot raise datagram event due to {errno.ECONNREFUSED}:Connection refused",
        gone: f"Cannot raise datagram event due to {errno.ENOENT}:No such file or directory",
    }
    for destination, line in words.items():
        outcome = destination.deliver(outgoing("E_X", ()))
        assert (outcome.ok, outcome.lines) == (False, (line,))
        assert (destination.failed, destination.error) == (1, line)


def test_a_reader_that_does_not_read_loses_events_and_blocks_nobody(bench: Any, outgoing: Any, peers: Any) -> None:
    receiver, socket = peers.unix()
    target = bench.open(socket)
    outcomes = [target.deliver(outgoing("E_X", ((None, "x" * 10_000),))) for _ in range(2000)]
    lost = [outcome for outcome in outcomes if not outcome.ok]
    assert outcomes[0].ok
    assert {o.lines for o in lost} == {
        (f"Cannot raise datagram event due to {errno.EAGAIN}:Resource temporarily unavailable",)
    }
    assert (target.sent, target.failed) == (2000 - len(lost), len(lost))
    receiver.recv(1)
    assert target.deliver(outgoing("E_X", ())).ok
    assert target.error is None


def test_an_event_that_fits_no_datagram(bench: Any, outgoing: Any, peers: Any) -> None:
    _, socket = peers.udp()
    outcome = bench.open(socket).deliver(outgoing("E_X", ((None, "x" * 2**20),)))
    assert outcome.lines == (f"Cannot raise datagram event due to {errno.EMSGSIZE}:Message too long",)


def test_a_large_event_reaches_a_unix_socket(bench: Any, outgoing: Any, peers: Any) -> None:
    receiver, socket = peers.unix()
    outcome = bench.open(socket).deliver(outgoing("E_X", ((None, "x" * 100_000),)))
    assert outcome.ok
    assert len(receiver.recv(2**20)) == 100_000 + len(b'{"jsonrpc":"2.0","method":"E_X","params":[""]}')


def test_nothing_is_sent_after_the_end(bench: Any, outgoing: Any, peers: Any) -> None:
    _, socket = peers.udp()
    target = bench.open(socket)
    bench.close()
    assert not target.deliver(outgoing("E_X", ())).ok
