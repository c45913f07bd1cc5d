"""Subscriptions of a session: who gets what, what is said about failures, and that all of it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from opensips.event import OpenSIPSEventHandler

from evroute_kernel.engine.delivery.interface import SocketError, UnpublishedEventError
from evroute_kernel.engine.delivery.transports import send_queue as send_queue
from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.session.session import Session
from evroute_kernel.runtime.limits import DEFAULT_EXPIRE

Wait = Callable[[Callable[[], bool]], None]
ROUTE = 'event_route[E_A] { xlog("ran $param(ip)\\n"); }\n'
GONE = "Cannot raise datagram event due to 2:No such file or directory"


def senders() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "sender" in thread.name]


def descriptors() -> set[str]:
    """What this process has open."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them
            found.add(f"{path.name} {path.readlink()}")
    return found


def test_nothing_is_opened_until_somebody_subscribes(session: Session, peers: Any) -> None:
    session.load(ROUTE + 'event_route[E_B] { subscribe_event("E_A", "route:E_A"); raise_event("E_A"); }')
    session.raise_event("E_A")  # the worker is there now
    before = descriptors()
    assert session.raise_event("E_B").routes == 3
    assert session._world._sockets._destinations is None
    assert descriptors() == before
    receiver, socket = peers.udp()
    session.subscribe("E_A", socket)
    session.raise_event("E_A")
    assert receiver.recv(100)
    assert len(descriptors() - before) == 2  # the receiver's, and ours
    assert senders() == []


def test_routes_and_sockets_get_an_event(session: Session, peers: Any) -> None:
    receiver, socket = peers.udp()
    session.load(ROUTE)
    session.subscribe("E_A", socket)
    run = session.raise_event("E_A", {"ip": "é", "n": 5})
    assert [record.text for record in run.log] == ["ran é\n"]
    assert receiver.recv(1000) == '{"jsonrpc":"2.0","method":"E_A","params":{"ip":"é","n":5}}'.encode()
    assert session.subscribers("E_A")[0].sent == 1


def test_an_event_that_only_sockets_subscribe_runs_nothing(session: Session, peers: Any) -> None:
    receiver, socket = peers.udp()
    session.subscribe("E_PIKE_BLOCKED", socket)
    run = session.raise_event("E_PIKE_BLOCKED", ["192.0.2.66"])
    assert (run.ok, run.routes) == (True, 0)
    assert receiver.recv(1000) == b'{"jsonrpc":"2.0","method":"E_PIKE_BLOCKED","params":["192.0.2.66"]}'


def test_batches_reach_sockets_with_and_without_a_route(session: Session, peers: Any, tmp_path: Path) -> None:
    session.subscribe("E_PIKE_BLOCKED", f"flatstore:{tmp_path}/alone")
    result = session.submit_batch("E_PIKE_BLOCKED", [{"n": n} for n in range(500)]).result()
    assert (result.ok, result.events) == (True, 500)
    lines = "".join(f"E_PIKE_BLOCKED,{n}\n" for n in range(500))
    assert (tmp_path / "alone").read_text() == lines
    session.load(ROUTE)
    session.subscribe("E_A", f"flatstore:{tmp_path}/both")
    result = session.submit_batch("E_A", [{"ip": n} for n in range(500)]).result()
    assert (result.events, len(result.log)) == (500, 500)
    assert (tmp_path / "both").read_text() == lines.replace("E_PIKE_BLOCKED", "E_A")


def test_a_batch_for_sockets_can_be_interrupted_and_its_faults_reach_the_caller(
    session: Session, tmp_path: Path
) -> None:
    session.subscribe("E_PIKE_BLOCKED", f"flatstore:{tmp_path}/flat")

    def lists() -> Any:
        yield {}
        raise RuntimeError("mine")

    class Lazy(list[Any]):
        def __iter__(self) -> Any:
            return lists()

    with pytest.raises(RuntimeError, match="mine"):
        session.submit_batch("E_PIKE_BLOCKED", Lazy([1])).result()

    class Endless(list[Any]):
        def __iter__(self) -> Any:
            while True:
                yield {}

    future = session.submit_batch("E_PIKE_BLOCKED", Endless([1]), origin="cell")
    assert session.interrupt("cell") == 1
    assert [error.cause for error in future.result().errors] == ["interrupted"]


def test_failures_are_told_where_the_event_was_raised(peers: Any, tmp_path: Path, wait: Wait) -> None:
    told: list[tuple[LogRecord, object]] = []
    with Session(workers=1, on_record=lambda record, origin: told.append((record, origin))) as session:
        session.load(ROUTE)
        session.subscribe("E_A", f"unix:{tmp_path}/none")
        run = session.raise_event("E_A", {"ip": 1}, origin="cell 1")
        assert [(r.level, r.text, r.diagnostic) for r in run.log] == [
            ("ERROR", f"unix:{tmp_path}/none did not get E_A: {GONE}", True),
            ("NOTICE", "ran 1\n", False),
        ]
        assert run.ok
        assert [origin for _, origin in told] == ["cell 1"] * 2
        dead = peers.dead()
        session.subscribe("E_PIKE_BLOCKED", dead)
        session.raise_event("E_PIKE_BLOCKED", origin="cell 2")
        wait(lambda: told[-1][1] == "cell 2")
        assert told[-1][0].text.startswith(f"{dead} did not get E_PIKE_BLOCKED: cannot connect to 127.0.0.1[111:")


def test_a_detour_is_told(session: Session, peers: Any, tmp_path: Path) -> None:
    _, socket = peers.udp()
    session.subscribe("E_PIKE_BLOCKED", f"virtual:FAILOVER unix:{tmp_path}/none {socket}")
    (record,) = session.raise_event("E_PIKE_BLOCKED").log
    assert (record.level, record.text) == (
        "WARNING",
        f"virtual:FAILOVER unix:{tmp_path}/none {socket} got E_PIKE_BLOCKED by a detour: {GONE}",
    )


def test_a_batch_tells_of_many_failures_once(session: Session, tmp_path: Path) -> None:
    session.subscribe("E_PIKE_BLOCKED", f"unix:{tmp_path}/none")
    result = session.submit_batch("E_PIKE_BLOCKED", [{}] * 300).result()
    assert [record.text for record in session.log] == [f"unix:{tmp_path}/none did not get E_PIKE_BLOCKED: {GONE}"]
    assert result.events == 300
    (info,) = session.subscribers("E_PIKE_BLOCKED")
    assert (info.sent, info.failed, info.state) == (0, 300, GONE)


def test_what_a_slow_peer_drops_is_counted_and_shown_once(
    session: Session, peers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "EVENT_LIMIT", 5)
    _, socket = peers.tcp()
    session.load('modparam("event_stream", "timeout", 60000)\n' + ROUTE)
    session.subscribe("E_A", socket)
    started = monotonic()
    session.submit_batch("E_A", [{"ip": "x" * 2**20}] * 40).result()
    assert monotonic() - started < 20
    (info,) = (i for i in session.subscribers("E_A") if i.protocol == "tcp")
    assert info.dropped > 10
    warnings = [record.text for record in session.log if record.level == "WARNING"]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{socket} did not get E_A: raising event E_A to ")
    assert "too slow" in warnings[0]


def test_module_parameters_are_those_in_force(session: Session, tmp_path: Path) -> None:
    session.load('modparam("event_flatstore", "delimiter", ";")\n' + ROUTE, owner="a")
    session.subscribe("E_A", f"flatstore:{tmp_path}/flat")
    session.raise_event("E_A", [1, 2])
    session.load('modparam("event_flatstore", "suffix", "$(var(none){s.len})$param(x).$cfg_line")\n' + ROUTE, owner="a")
    session.rotate_flatstore(f"{tmp_path}/flat")
    session.raise_event("E_A", [1, 2])
    assert (tmp_path / "flat").read_text() == "E_A;1;2\n"
    assert not session.rotate_flatstore(f"{tmp_path}/other")
    assert [path.read_text() for path in tmp_path.glob("flat?*")] == ["E_A,1,2\n"]


def test_the_listing(session: Session, tmp_path: Path) -> None:
    session.load(ROUTE + 'event_route[E_B] { xlog("b\\n"); }')
    session.subscribe("E_A", f"unix:{tmp_path}/é")
    session.subscribe("E_A", "route:E_B", 5)
    session.subscribe("E_A", "tcp:127.0.0.1:9/", by_script=True)
    found = session.subscribers("E_A")
    assert [(i.socket, i.expire) for i in found] == [
        ("tcp:127.0.0.1:9", None),
        ("route:E_B", None),
        (f"unix:{tmp_path}/é", DEFAULT_EXPIRE),
        ("route:E_A", None),
    ]
    assert DEFAULT_EXPIRE - 1 <= (found[2].ttl or 0) <= DEFAULT_EXPIRE
    assert [i.event for i in session.subscribers()] == ["E_A"] * 4 + ["E_B"]
    assert session.subscribers("E_NONE") == []


def test_expired_subscriptions_get_nothing_and_are_closed(session: Session, peers: Any) -> None:
    receiver, socket = peers.udp()
    session.load(ROUTE)
    session.subscribe("E_A", socket, 5)
    session.tick(clock=7)
    session.raise_event("E_A")
    assert [i.protocol for i in session.subscribers("E_A")] == ["route"]
    assert session._world._sockets.picture == {}
    receiver.setblocking(False)
    with pytest.raises(BlockingIOError):
        receiver.recv(100)


@pytest.mark.parametrize(
    ("event", "socket", "message", "hint"),
    [
        ("E_PIKE_BLOCKD", "udp:h:1", "no event E_PIKE_BLOCKD is known", "did you mean 'E_PIKE_BLOCKED'?"),
        ("E_A", "upd:h:1", "no transport can serve 'upd:h:1'", "did you mean 'udp'?"),
        ("E_A", "route:E_NO", "there is no event_route[E_NO] to subscribe", None),
        ("E_A", "udp:127.0.0.1:x", "the port in udp:127.0.0.1:x is no number from 1 to 65535", None),
        ("E_A", "udp:no.such.host.invalid:1", "cannot find the IPv4 address of no.such.host.invalid", None),
        ("E_A", "flatstore:/no/such/é", "the directory of flatstore:/no/such/é does not exist", None),
        ("E_A", "unix:/" + "x" * 200, "the path in unix:/xxxxxxxxxxxxxxxxxxx... has 201 bytes", None),
        ("E_A", "sqs:https://x/y", "sqs: needs Amazon's service", None),
        ("E_A", "virtual:PARALLEL", "no sockets follow PARALLEL", None),
        ("E_A", "kafka:h:9092/t?x=1", "a property of kafka: is", None),
        ("E_A", "kafka:h:9092/t?g.no.such=1", "kafka: cannot use the properties", None),
        ("E_A", "rabbitmq:h", "write rabbitmq:", None),
        ("E_A", "rabbitmq:h/tls_domain=d?k", "rabbitmq: takes no option 'tls_domain': TLS is not supported", None),
    ],
)
def test_refusals(session: Session, event: str, socket: str, message: str, hint: str | None) -> None:
    session.load(ROUTE)
    with pytest.raises(SocketError) as caught:
        session.subscribe(event, socket)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message.startswith(message)
    assert diagnostic.hint == hint
    assert isinstance(caught.value, UnpublishedEventError) == (event != "E_A")
    assert [info.protocol for info in session.subscribers()] == ["route"]


def test_no_expiry_below_zero(session: Session) -> None:
    with pytest.raises(SocketError, match="cannot expire after -1 seconds"):
        session.subscribe("E_PIKE_BLOCKED", "udp:127.0.0.1:9", -1)


@pytest.mark.parametrize(
    ("library", "socket", "extra"),
    [("pika", "rabbitmq:h/k", "rabbitmq"), ("confluent_kafka", "kafka:h:9092/t", "kafka")],
)
def test_a_missing_extra(
    session: Session, monkeypatch: pytest.MonkeyPatch, library: str, socket: str, extra: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(SocketError, match=rf"pip install 'evroute-kernel\[{extra}\]'"):
        session.subscribe("E_PIKE_BLOCKED", socket)
    session.load(f'event_route[E_A] {{ $var(x) = subscribe_event("E_A", "{socket}"); xlog("$var(x)\\n"); }}')
    first, second = session.raise_event("E_A").log
    assert (first.level, second.text) == ("ERROR", "-1\n")
    assert extra in first.text


def test_events_and_declared_events_can_be_subscribed(session: Session, peers: Any) -> None:
    receiver, socket = peers.udp()
    session.declare_event("E_MINE a b:int")
    session.load('event_route[E_A] { raise_event("E_RAISED"); }')
    for event in ("E_MINE", "E_RAISED", "E_CORE_LOG"):
        session.subscribe(event, socket)
    session.raise_event("E_A")
    assert receiver.recv(100) == b'{"jsonrpc":"2.0","method":"E_RAISED"}'


@pytest.mark.parametrize("end", ["reset", "close"])
def test_the_end_closes_everything(peers: Any, tmp_path: Path, end: str) -> None:
    listener, socket = peers.tcp()
    before = descriptors()
    with Session(workers=1) as session:
        session.load(ROUTE)
        for target in (socket, f"virtual:PARALLEL {socket} flatstore:{tmp_path}/v", f"flatstore:{tmp_path}/f"):
            session.subscribe("E_A", target)
        session.subscribe("E_A", socket.replace("tcp", "xmlrpc") + ":m")
        session.subscribe("E_A", f"unix:{tmp_path}/none")
        session.raise_event("E_A")
        peers.accept(listener).close()
        peers.accept(listener).close()
        assert sorted(set(senders())) == ["evroute tcp sender", "evroute xmlrpc sender"]
        if end == "reset":
            session.reset()
            assert session.subscribers() == []
            session.load(ROUTE)
            session.raise_event("E_A")
            assert session.log[-1].text == "ran <null>\n"
    closed = session.raise_event("E_A")
    assert ([error.cause for error in closed.errors], closed.log) == (["closed"], ())
    assert senders() == []
    assert descriptors() == before


def test_many_threads_raise_at_once(peers: Any, tmp_path: Path) -> None:
    listener, socket = peers.tcp()
    with Session(workers=1) as session:
        session.subscribe("E_PIKE_BLOCKED", f"flatstore:{tmp_path}/flat")
        session.subscribe("E_PIKE_BLOCKED", socket)

        def work(number: int) -> None:
            for n in range(100):
                session.raise_event("E_PIKE_BLOCKED", {"who": number, "n": n})

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        connection = peers.accept(listener)
        for thread in threads:
            thread.join()
        infos = session.subscribers("E_PIKE_BLOCKED")
    data = b"".join(iter(lambda: connection.recv(2**16), b"")).decode()
    assert data.count("jsonrpc") == 800
    lines = (tmp_path / "flat").read_text().splitlines()
    assert sorted(lines) == sorted(f"E_PIKE_BLOCKED,{w},{n}" for w in range(8) for n in range(100))
    assert infos[1].sent == 800


class Management:
    """What the client library asks of a server, answered by a session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def execute(self, command: str, params: Any) -> str:
        assert command == "event_subscribe"
        event, socket, expire = params
        self.session.subscribe(event, socket, expire)
        return "OK"


def test_the_client_library_of_opensips_understands_what_comes(session: Session, wait: Wait) -> None:
    heard: list[Any] = []
    session.load(ROUTE)
    handler = OpenSIPSEventHandler(Management(session), "datagram", ip="127.0.0.1")
    event = handler.subscribe("E_A", heard.append)
    try:
        session.raise_event("E_A", {"ip": "é", "n": 5})
        session.raise_event("E_A", ["x", "y"])
        session.raise_event("E_A")
        wait(lambda: len(heard) == 3)
    finally:
        event.unsubscribe()
    assert [json.dumps(message.get("params")) for message in heard] == [
        '{"ip": "\\u00e9", "n": 5}',
        '["x", "y"]',
        "null",
    ]
    assert all(info.ttl == 0 for info in session.subscribers("E_A") if info.protocol == "udp")
