"""`virtual:`: several sockets by policy. What is logged was seen on a server."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.delivery.transports import virtual

Wait = Callable[[Callable[[], bool]], None]
GONE = f"Cannot raise datagram event due to {errno.ENOENT}:No such file or directory"


def payloads(receiver: Any) -> list[bytes]:
    """What has come."""
    receiver.setblocking(False)
    found = []
    try:
        while True:
            found.append(receiver.recv(1000).split(b'"')[-2])
    except BlockingIOError:
        return found


def test_parallel_reaches_all(bench: Any, outgoing: Any, peers: Any) -> None:
    receivers, sockets = zip(*(peers.udp() for _ in range(3)), strict=True)
    target = bench.open(f"virtual:PARALLEL {' '.join(sockets)}")
    assert target.deliver(outgoing("E_X", ())).ok
    assert [payloads(receiver) for receiver in receivers] == [[b"E_X"]] * 3
    assert target.sent == 1


def test_parallel_stops_at_the_first_that_fails(bench: Any, outgoing: Any, peers: Any, tmp_path: Path) -> None:
    first, one = peers.udp()
    last, two = peers.udp()
    outcome = bench.open(f"virtual:PARALLEL {one}\t unix:{tmp_path}/none {two}").deliver(outgoing("E_X", ()))
    assert (outcome.ok, outcome.lines) == (False, (GONE, f"unable to raise socket unix:{tmp_path}/none"))
    assert (payloads(first), payloads(last)) == ([b"E_X"], [])


def test_failover_leaves_a_failed_one_alone_for_a_while(
    bench: Any, outgoing: Any, peers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(virtual, "monotonic", lambda: now)
    receiver, socket = peers.udp()
    target = bench.open(f"virtual:FAILOVER unix:{tmp_path}/late {socket}")
    outcome = target.deliver(outgoing("E_1", ()))
    assert (outcome.ok, outcome.lines) == (True, (GONE,))
    late, _ = peers.unix("late")
    now = 130.0
    assert target.deliver(outgoing("E_2", ())).lines == ()
    now = 130.1
    assert target.deliver(outgoing("E_3", ())).ok
    assert (payloads(receiver), payloads(late)) == ([b"E_1", b"E_2"], [b"E_3"])
    bench.modparams["event_virtual", "failover_timeout"] = [1]
    late.close()
    target.deliver(outgoing("E_4", ()))
    late.close()
    now = 131.2
    assert target.deliver(outgoing("E_5", ())).lines != ()


def test_failover_with_none_left(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    target = bench.open(f"virtual:FAILOVER unix:{tmp_path}/a unix:{tmp_path}/b")
    last = "unable to raise any socket for event: E_X"
    assert target.deliver(outgoing("E_X", ())).lines == (GONE, GONE, last)
    assert target.deliver(outgoing("E_X", ())).lines == (last,)


def test_failover_from_a_peer_that_refuses_the_connection(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    receiver, socket = peers.udp()
    target = bench.open(f"virtual:FAILOVER {peers.dead()} {socket}")
    assert target.deliver(outgoing("E_1", ())).ok
    assert receiver.recv(1000) == b'{"jsonrpc":"2.0","method":"E_1"}'
    target.deliver(outgoing("E_2", ()))
    assert payloads(receiver) == [b"E_2"]  # at once: the other is left alone


def test_failover_from_connections_to_nothing(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    target = bench.open(f"virtual:FAILOVER {peers.dead()} {peers.dead()}")
    target.deliver(outgoing("E_1", ()))
    wait(lambda: target.failed == 1)
    assert target.error == "unable to raise any socket for event: E_1"


def test_round_robin_takes_turns_and_stays_at_one_that_fails(bench: Any, outgoing: Any, peers: Any) -> None:
    receivers, sockets = zip(*(peers.udp() for _ in range(2)), strict=True)
    target = bench.open(f"virtual:ROUND-ROBIN {' '.join(sockets)} bad:x")
    lines = [target.deliver(outgoing(f"E_{n}", ())).lines for n in range(4)]
    assert [payloads(receiver) for receiver in receivers] == [[b"E_0"], [b"E_1"]]
    wrong = ("couldn't find a protocol to support bad:x", "unable to parse socket bad:x")
    assert lines == [(), (), wrong, wrong]


def test_sockets_are_opened_at_the_first_event(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    target = bench.open(f"virtual:PARALLEL flatstore:{tmp_path}/later/flat udp:no.such.host.invalid:1")
    assert "does not exist" in target.deliver(outgoing("E_X", ())).lines[0]
    (tmp_path / "later").mkdir()
    outcome = target.deliver(outgoing("E_X", ()))
    assert outcome.lines[0] == "cannot resolve host no.such.host.invalid"
    assert (tmp_path / "later" / "flat").read_bytes() == b"E_X\n"
    target.close()
    assert not target.deliver(outgoing("E_X", ())).ok
