"""Subscriptions: order, renewal, expiry."""

from __future__ import annotations

import pytest

from evroute_kernel.engine import interface
from evroute_kernel.engine.interface import Interface


def sockets(interface: Interface, event: str) -> list[str]:
    return [subscriber.socket for subscriber in interface.deliveries(event)]


def test_event_routes_subscribe_themselves() -> None:
    known = Interface()
    known.sync_routes(["E_A", "E_B"])
    known.sync_routes(["E_B"])
    assert sockets(known, "E_A") == []
    assert sockets(known, "E_B") == ["route:E_B"]
    assert list(known.events()) == ["E_B"]


def test_the_last_to_subscribe_is_served_first_and_route_sockets_add_up() -> None:
    known = Interface()
    known.sync_routes(["E_A"])
    for _ in range(2):
        known.subscribe("E_A", "route:E_B")
    known.subscribe("E_A", "route:E_C")
    known.sync_routes(["E_A"])
    assert sockets(known, "E_A") == ["route:E_C", "route:E_B", "route:E_B", "route:E_A"]


def test_subscriptions_of_scripts_outlive_the_route_of_the_event() -> None:
    known = Interface()
    known.sync_routes(["E_A"])
    known.subscribe("E_A", "route:E_A")
    known.sync_routes([])
    assert sockets(known, "E_A") == ["route:E_A"]
    known.forget_all()
    assert list(known.events()) == []


def test_other_sockets_are_renewed_and_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.5
    monkeypatch.setattr(interface, "time", lambda: now)
    known = Interface()
    known.subscribe("E_A", "udp:h:1", 10)
    known.subscribe("E_A", "udp:h:2")
    assert sockets(known, "E_A") == ["udp:h:2", "udp:h:1"]
    now = 1010.9
    assert sockets(known, "E_A") == ["udp:h:2", "udp:h:1"]
    known.subscribe("E_A", "udp:h:1")  # without expiry: the time starts anew, the ten seconds stay
    now = 1020.9
    assert sockets(known, "E_A") == ["udp:h:2", "udp:h:1"]
    now = 1021.0
    assert sockets(known, "E_A") == ["udp:h:2"]


def test_route_sockets_never_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Interface()
    known.subscribe("E_A", "route:E_B", 1)
    monkeypatch.setattr(interface, "time", lambda: 1e12)
    assert sockets(known, "E_A") == ["route:E_B"]
