"""A connection to a server: what it sends runs the routes here, as long as the connection is open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.live import reception, subscription
from evroute_kernel.engine.live.addresses import ListenAddress, MiAddress
from evroute_kernel.engine.live.arrivals import Arrival, Inbox
from evroute_kernel.engine.live.connection import Connection, ConnectOptions, Traffic
from evroute_kernel.engine.live.mi_client import MiError, NoAnswerError
from evroute_kernel.engine.live.subscription import SubscribeError, SubscriptionState
from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.session.session import Session
from support.live_server import LiveServer, live_server, wait_until

ROUTE = 'event_route[E_A] { xlog("$param(1) $param(2)\\n"); }\n'
SLOW = """event_route[E_A] {
    if ($param(n) == 1) { $var(i) = 0; while ($var(i) < 3000) { $var(i) += 1; } }
    xlog("$param(n)\\n");
}"""


class Told:
    """Keeps what a connection tells."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def began(self, arrival: Arrival) -> None:
        self.lines.append(f"{arrival.event} {arrival.params[0][1] if arrival.params else ''}".strip())

    def logged(self, arrival: Arrival, record: LogRecord) -> None:
        self.lines.append(record.text)

    def ended(self, arrival: Arrival) -> None:
        self.lines += [error.cause for error in arrival.errors]


Connect = Callable[..., Connection]


@pytest.fixture
def connected(server: LiveServer, pair: Session) -> Connect:
    """`connected(events=..., ...)`: connects the session with two workers to the server."""

    def connect(listening: Told | None = None, changed: Any = lambda _: None, **options: Any) -> Connection:
        options = {"mi": MiAddress.parse(server.mi), **options}
        return Connection(pair, ConnectOptions(**options), Inbox(), listening, changed)

    return connect


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "CHECK", 0.02)
    monkeypatch.setattr(subscription, "FIRST_PAUSE", 0.02)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("evroute live")] == []


@pytest.mark.parametrize("listen", ["udp", "unix", "tcp"])
def test_events_run_the_routes_here(server: LiveServer, pair: Session, connected: Connect, listen: str) -> None:
    pair.load(ROUTE)
    connection = connected(told := Told(), count=2, listen=ListenAddress.parse(listen))
    server.call("raise_event", event="E_A", params='{"ip": "Zo\\u00eb", "n": 7}')
    server.call("raise_event", event="E_A", params=["x", "7"])
    assert connection.reception is not None
    connection.reception.finished.result(30)
    assert told.lines == ["E_A Zo\xc3\xab", "Zoë 7\n", "E_A x", "x 7\n"]
    assert connection.traffic == Traffic(received=2)
    connection.close()
    assert server.subscriptions()[-1] == ["E_A", connection.event_socket, 0]
    assert connection.state.state == "closed"


def test_the_log_of_each_event_stands_beneath_it(server: LiveServer, pair: Session, connected: Connect) -> None:
    pair.load(SLOW)
    connection = connected(told := Told(), count=20)
    payloads = [f'{{"method":"E_A","params":{{"n":{number % 4}}}}}' for number in range(20)]
    server.call("fake_send", event="E_A", payloads=payloads)
    assert connection.reception is not None
    connection.reception.finished.result(30)
    assert told.lines == [line for number in range(20) for line in (f"E_A {number % 4}", f"{number % 4}\n")]
    connection.close()


def test_events_that_are_handled_and_known_are_subscribed(
    server: LiveServer, pair: Session, connected: Connect
) -> None:
    pair.load(ROUTE + 'event_route[E_MINE] { xlog("x"); }')
    connection = connected(expire=30)
    assert (connection.events, connection.unknown) == (("E_A",), ("E_MINE",))
    assert server.subscriptions() == [["E_A", connection.event_socket, 30]]
    connection.close()


def test_an_event_without_a_route_is_counted(server: LiveServer, pair: Session, connected: Connect) -> None:
    connection = connected(told := Told(), events=("E_B",), count=1)
    server.call("raise_event", event="E_B")
    assert connection.reception is not None
    connection.reception.finished.result(30)
    assert (connection.traffic, told.lines) == (Traffic(received=1, unhandled=1), ["E_B"])
    connection.close()


def test_broken_and_foreign_notifications_disturb_nothing(
    server: LiveServer, pair: Session, connected: Connect
) -> None:
    pair.load(ROUTE)
    connection = connected(count=1)
    payloads = ["", "{", "\xff\xfe" * 2000, '{"method":"E_OTHER"}', '{"method":"E_A","params":["\xe9",1]}']
    server.call("fake_send", event="E_A", payloads=payloads)
    assert connection.reception is not None
    connection.reception.finished.result(30)
    assert connection.traffic == Traffic(received=1, broken=3, strays=1)
    connection.close()


def test_a_route_that_fails_is_counted_and_told(server: LiveServer, pair: Session, connected: Connect) -> None:
    inner = "$var(j) = 0; while ($var(j) < 9999) { $var(j) += 1; }"
    pair.load(f"event_route[E_A] {{ $var(i) = 0; while ($var(i) < 9999) {{ {inner} $var(i) += 1; }} }}")
    pair.timeout = 0.2
    connection = connected(told := Told(), count=1)
    server.call("raise_event", event="E_A")
    assert connection.reception is not None
    connection.reception.finished.result(30)
    (arrival,) = connection.reception.inbox
    assert (connection.traffic.failed, arrival.outcome, told.lines[-1]) == (1, "timed out", "timed out")
    connection.close()


def test_a_burst_by_stream_loses_nothing(server: LiveServer, pair: Session, connected: Connect) -> None:
    pair.load("event_route[E_A] { $shv(n) = $(shv(n){s.int}) + 1; }")
    connection = connected(listen=ListenAddress("tcp"), count=3000)
    for start in range(0, 3000, 500):
        payloads = [f'{{"method":"E_A","params":{{"n":{number}}}}}' for number in range(start, start + 500)]
        server.call("fake_send", event="E_A", payloads=payloads)
    assert connection.reception is not None
    connection.reception.finished.result(60)
    assert connection.traffic == Traffic(received=3000)
    assert [arrival.params for arrival in connection.reception.inbox] == [(("n", number),) for number in range(3000)]
    connection.close()


def test_what_comes_too_fast_is_dropped_and_counted(
    server: LiveServer, pair: Session, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "MOST_WAITING", 5)
    monkeypatch.setattr(reception, "MOST_RUNNING", 1)
    pair.load("event_route[E_A] { $var(i) = 0; while ($var(i) < 9000) { $var(i) += 1; } }")
    connection = connected(listen=ListenAddress("tcp"))
    server.call("fake_send", event="E_A", payloads=['{"method":"E_A"}'] * 200)
    wait_until(lambda: connection.traffic.dropped > 0)
    assert connection.reception is not None
    assert sum(not arrival.is_done for arrival in connection.reception.inbox) <= 1
    connection.close()
    assert connection.traffic.received + connection.traffic.dropped == 200


def test_an_inbox_is_bounded() -> None:
    inbox = Inbox(limit=3)
    for number in range(5):
        inbox.add("E_A", ((None, number),))
    assert ([arrival.number for arrival in inbox], inbox.dropped) == ([3, 4, 5], 2)
    assert inbox.find(2) is None
    inbox.clear()
    assert (len(inbox), inbox.dropped, inbox.add("E_A", ()).number) == (0, 0, 1)


# -- staying subscribed ---------------------------------------------------------------------------------------------


def test_subscriptions_are_renewed_before_they_expire(server: LiveServer, pair: Session, connected: Connect) -> None:
    connection = connected(events=("E_A", "E_B"), expire=1)
    wait_until(lambda: len(server.subscriptions()) >= 6)
    connection.close()
    found = server.subscriptions()
    assert {tuple(entry) for entry in found[:-2]} == {(e, connection.event_socket, 1) for e in ("E_A", "E_B")}
    assert [entry[2] for entry in found[-2:]] == [0, 0]


def test_a_server_that_was_restarted_is_subscribed_anew(server: LiveServer, pair: Session, connected: Connect) -> None:
    states: list[SubscriptionState] = []
    connection = connected(changed=states.append, events=("E_A",))
    server.call("fake_restart")
    wait_until(lambda: states)
    assert (states[0].state, states[0].returns) == ("connected", 1)
    assert len(server.subscriptions()) == 2
    connection.close()


def test_a_server_that_is_gone_is_found_again(server: LiveServer, pair: Session, connected: Connect) -> None:
    pair.load(ROUTE)
    states: list[SubscriptionState] = []
    connection = connected(changed=states.append, count=1)
    server.kill()
    wait_until(lambda: connection.state.attempts >= 3)
    assert connection.state.state == "waiting"
    assert "nothing listens there" in str(connection.state.last_error)
    server.start_again()
    wait_until(lambda: connection.state.state == "connected")
    assert [state.state for state in states] == ["waiting", "connected"]
    server.call("raise_event", event="E_A")
    assert connection.reception is not None
    connection.reception.finished.result(30)
    connection.close()


def test_a_server_that_is_gone_does_not_hold_up_the_end(server: LiveServer, pair: Session, connected: Connect) -> None:
    connection = connected(events=("E_A",))
    server.kill()
    connection.close()
    assert connection.state.state == "closed"
    connection.close()


def test_the_session_closes_its_connection(server: LiveServer) -> None:
    with Session(workers=1) as session:
        connection = Connection(session, ConnectOptions(MiAddress.parse(server.mi), ("E_A",)), Inbox())
    assert not connection.is_open
    assert server.subscriptions()[-1][2] == 0


# -- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "message", "hint"),
    [
        (("E_PIKE_BLOCKE",), "the server does not know the event E_PIKE_BLOCKE", "did you mean 'E_PIKE_BLOCKED'?"),
        (("E_UL_CONTACT_INSERT",), "does not know the event", 'loadmodule "usrloc.so"'),
        (("E_OF_MY_OWN",), "does not know the event", "raise_event()"),
        (None, "no event to subscribe: no route handles any", "events="),
    ],
)
def test_events_that_cannot_be_subscribed(
    connected: Connect, events: tuple[str, ...] | None, message: str, hint: str
) -> None:
    with pytest.raises(SubscribeError, match=message) as found:
        connected(events=events)
    assert hint in str(found.value.hint)


@pytest.mark.parametrize(("listen", "module"), [("tcp", "event_stream.so"), ("udp", "event_datagram.so")])
def test_a_server_without_the_module_that_sends(tmp_path: Path, pair: Session, listen: str, module: str) -> None:
    options = ConnectOptions(MiAddress.parse(f"fifo:{tmp_path}/mi.fifo"), ("E_A",), ListenAddress.parse(listen))
    options = replace(options, reply_dir=str(tmp_path))
    with live_server(tmp_path, "nothing"), pytest.raises(SubscribeError, match=f"send events to {listen}:") as e:
        Connection(pair, options, Inbox())
    assert e.value.hint == f'its configuration needs loadmodule "{module}"'


def test_a_server_that_is_not_there(connected: Connect, server: LiveServer) -> None:
    server.kill()
    with pytest.raises(NoAnswerError):
        connected(events=("E_A",))
    with pytest.raises(MiError):
        connected(subscribe=False)


def test_a_connection_without_subscriptions(connected: Connect, server: LiveServer) -> None:
    connection = connected(subscribe=False)
    assert (connection.events, connection.event_socket, connection.traffic) == ((), None, Traffic())
    assert connection.client.call("uptime")["Up since"] == "start 0"
    connection.close()
    assert server.subscriptions() == []


class Failing:
    """Whatever it is told, it cannot show it."""

    def began(self, arrival: Arrival) -> None:
        raise LookupError("began")

    def logged(self, arrival: Arrival, record: LogRecord) -> None:
        raise LookupError("logged")

    def ended(self, arrival: Arrival) -> None:
        raise LookupError("ended")


def test_a_listener_that_fails_costs_no_event(server: LiveServer, pair: Session, connected: Connect) -> None:
    def fail(state: SubscriptionState) -> None:
        raise LookupError(state.state)

    pair.load(ROUTE)
    connection = connected(Failing(), fail, count=3)  # type: ignore[arg-type]
    server.call("fake_restart")
    wait_until(lambda: connection.state.returns == 1)
    server.call("fake_send", event="E_A", payloads=['{"method":"E_A","params":["x",1]}'] * 3)
    assert connection.reception is not None
    connection.reception.finished.result(30)
    connection.reception.drain()
    assert connection.traffic == Traffic(received=3)
    assert [record.text for record in pair.log] == ["x 1\n"] * 3
    assert connection.state.state == "connected"
    connection.close()


def test_who_waits_for_events_is_told_of_the_end(connected: Connect) -> None:
    connection = connected(events=("E_A",), count=1)
    assert connection.reception is not None
    connection.close()
    assert connection.reception.finished.result(30) is None


def test_a_supervisor_that_fails_ends_its_arrivals(server: LiveServer, pair: Session, connected: Connect) -> None:
    pair.load("event_route[E_A] { sleep(60); }")
    connection = connected(count=1)
    server.call("raise_event", event="E_A")
    assert connection.reception is not None
    wait_until(lambda: any(worker.running for worker in pair.workers()))
    pair._backend.supervisor.post(lambda: 1 // 0)
    connection.reception.finished.result(30)
    assert connection.traffic == Traffic(received=1, failed=1)
    connection.close()


def test_a_session_that_is_closed_meanwhile_closes_the_connection(server: LiveServer) -> None:
    with Session(workers=1) as session:
        pass
    options = ConnectOptions(MiAddress.parse(server.mi), ("E_A",))
    assert not Connection(session, options, Inbox()).is_open


@pytest.mark.parametrize("events", [7, "E_A", {"name": "E_A"}, None])
def test_a_server_that_lists_no_events(events: Any) -> None:
    class Odd:
        def call(self, method: str) -> Any:
            return {"Events": events}

    client: Any = Odd()
    assert subscription.server_events(client) == []
