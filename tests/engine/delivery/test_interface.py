"""Subscriptions: order, renewal, expiry."""

from __future__ import annotations

from typing import Any

import pytest

from evroute_kernel.engine.delivery.interface import Interface, refusal
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.engine.state.world import World
from evroute_kernel.worker.sockets import SILENT, parse


class Clock:
    now = 1000.5

    @classmethod
    def time(cls) -> float:
        return cls.now


@pytest.fixture
def clock() -> type[Clock]:
    Clock.now = 1000.5
    return Clock


class Outlet:
    """Stands for what is open behind a subscription."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def sockets(known: Interface, event: str = "E_A") -> list[str]:
    return [subscriber.socket for subscriber in known.deliveries(event)]


def subscribe(known: Interface, socket: str, expire: int | None = None, **options: Any) -> None:
    known.subscribe("E_A", parse(socket), expire, **options)


def test_event_routes_subscribe_themselves() -> None:
    known = Interface(Clock.time)
    known.sync_routes(["E_A", "E_B"])
    known.sync_routes(["E_B"])
    assert sockets(known, "E_A") == []
    assert sockets(known, "E_B") == ["route:E_B"]
    assert list(known.events()) == ["E_B"]


def test_the_last_to_subscribe_is_served_first_and_route_sockets_add_up() -> None:
    known = Interface(Clock.time)
    known.sync_routes(["E_A"])
    for _ in range(2):
        subscribe(known, "route:E_B")
    subscribe(known, "route:E_C")
    known.sync_routes(["E_A"])
    assert sockets(known) == ["route:E_C", "route:E_B", "route:E_B", "route:E_A"]


def test_subscriptions_of_scripts_outlive_the_route_of_the_event() -> None:
    known = Interface(Clock.time)
    known.sync_routes(["E_A"])
    subscribe(known, "route:E_A", by_script=True)
    known.sync_routes([])
    assert sockets(known) == ["route:E_A"]
    known.forget_all()
    assert list(known.events()) == []


def test_a_script_renews_without_touching_the_expiry(clock: type[Clock]) -> None:
    known = Interface(Clock.time)
    subscribe(known, "udp:h:1", 10, by_script=True)
    subscribe(known, "udp:h:2", 0, by_script=True)
    assert sockets(known) == ["udp:h:2", "udp:h:1"]
    clock.now = 1010.9
    assert sockets(known) == ["udp:h:2", "udp:h:1"]
    subscribe(known, "udp:h:1", by_script=True)  # the time starts anew, the ten seconds stay
    clock.now = 1020.9
    assert sockets(known) == ["udp:h:2", "udp:h:1"]
    clock.now = 1021.0
    assert sockets(known) == ["udp:h:2"]


def test_mi_sets_the_expiry_and_zero_ends_a_subscription_with_the_second(clock: type[Clock]) -> None:
    known = Interface(Clock.time)
    subscribe(known, "udp:h:1", by_script=True)
    subscribe(known, "udp:h:1", 5)  # one that was for ever begins to expire
    assert [s.ttl(clock.now) for s in known.deliveries("E_A")] == [5]
    clock.now = 1003.0
    assert [s.ttl(clock.now) for s in known.deliveries("E_A")] == [2]
    subscribe(known, "udp:h:1")
    assert [s.expire for s in known.deliveries("E_A")] == [3600]
    subscribe(known, "udp:h:1", 0)
    assert [s.ttl(clock.now) for s in known.deliveries("E_A")] == [0]
    clock.now = 1003.99
    assert sockets(known) == ["udp:h:1"]
    clock.now = 1004.0
    assert sockets(known) == []
    subscribe(known, "udp:h:1", 0)
    assert sockets(known) == []


@pytest.mark.parametrize("socket", ["route:E_B", "rabbitmq:h/key"])
def test_sockets_that_never_expire(clock: type[Clock], socket: str) -> None:
    known = Interface(Clock.time)
    subscribe(known, socket, 1)
    clock.now = 1e12
    assert sockets(known) == [socket]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("udp:h:1", "udp:h:01"),
        ("unix:/a", "unix:/a"),
        ("tcp:h:1", "tcp:h:1/"),
        ("tcp:h:1/m", "tcp:h:1/m"),
        ("flatstore:/a", "flatstore:/a"),
        ("rabbitmq:u:p@h/exchange=e?k", "rabbitmq:u:other@h:5672/exchange=e?k"),
        ("kafka:a,b/t", "kafka:a,b/t"),
        ("xmlrpc:h:1:m", "xmlrpc:h:1:m"),
        ("virtual:FAILOVER udp:a:1 udp:b:2", "virtual: FAILOVER  udp:a:1\tudp:b:2 "),
        ("virtual:PARALLEL udp:a:1 udp:b:2", "virtual:PARALLEL udp:b:2 udp:a:1"),
    ],
)
def test_the_same_socket_is_renewed(first: str, second: str) -> None:
    known = Interface(Clock.time)
    subscribe(known, first)
    subscribe(known, second)
    assert len(sockets(known)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("udp:h:1", "udp:h:2"),
        ("udp:ho:1", "udp:h:1"),  # the server takes the one for the other
        ("unix:/tmp/pre2", "unix:/tmp/pre"),
        ("tcp:h:1", "tcp:h:1/m"),
        ("udp:h:1", "tcp:h:1"),
        ("virtual:FAILOVER udp:a:1 udp:b:2", "virtual:FAILOVER udp:b:2 udp:a:1"),
        ("virtual:PARALLEL udp:a:1 udp:b:2", "virtual:PARALLEL udp:a:1"),
    ],
)
def test_another_socket_is_another_subscription(first: str, second: str) -> None:
    known = Interface(Clock.time)
    subscribe(known, first)
    subscribe(known, second)
    assert sockets(known) == [parse(second).socket, parse(first).socket]


def test_what_is_open_is_closed_with_its_subscription(clock: type[Clock]) -> None:
    known, opened = Interface(Clock.time), [Outlet(), Outlet()]
    waiting = iter(opened)
    for socket, expire in (("udp:h:1", 1), ("udp:h:2", 100), ("udp:h:1", 1)):
        subscribe(known, socket, expire, open_destination=lambda target: next(waiting))
    assert [s.socket for s in known.by_socket["E_A"]] == ["udp:h:2", "udp:h:1"]
    clock.now += 2
    known.deliveries("E_A")
    assert [destination.closed for destination in opened] == [1, 0]
    known.forget_all()
    assert [destination.closed for destination in opened] == [1, 1]
    assert known.by_socket == {}


@pytest.mark.parametrize(
    ("socket", "reason", "hint"),
    [
        ("upd:h:1", "no transport", "did you mean 'udp'?"),
        ("/tmp/x", "no transport", "write unix:/tmp/x for a path"),
        ("x", "no transport", "write PROTOCOL:ADDRESS"),
        ("udp:h:x", SILENT, None),
    ],
)
def test_hints_for_sockets_that_are_none(socket: str, reason: str, hint: str | None) -> None:
    (diagnostic,) = refusal(socket, reason).diagnostics
    assert diagnostic.hint == hint
    assert diagnostic.message


def test_what_is_done_for_a_subscription_does_not_grow_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The workers' picture of who has subscribed is made when a task wants it, not at each subscription."""
    made: list[int] = []
    original = World._subscriptions

    def counted(self: World, *arguments: Any) -> Any:
        made.append(1)
        return original(self, *arguments)

    monkeypatch.setattr(World, "_subscriptions", counted)
    world = World(Limits())
    for number in range(100):
        world.subscribe(f"E_{number}", parse("route:E_A"), {}, None, by_script=True)
    assert len(made) == 0
    assert len(world.program().subscriptions.events) == 100
    assert world.program() is world.program()
    assert len(made) == 1
