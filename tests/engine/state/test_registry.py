"""Who owns which route, and what a definition changes."""

from __future__ import annotations

from typing import Any

import pytest

from evroute_kernel.engine.state.registry import Change, Registry


@pytest.fixture
def registry() -> Registry:
    return Registry()


def titles(registry: Registry) -> list[str]:
    return [d.title for d in registry]


def test_the_same_owner_replaces_and_drops(registry: Registry, handmade: Any) -> None:
    a, b = handmade("event_route", "E_A", "pass"), handmade("route", "b", "pass")
    assert registry.define([a, b], "cell 1") == Change(("event_route[E_A]", "route[b]"))
    changed = handmade("event_route", "E_A", "return")
    assert registry.define([changed], "cell 1") == Change(("event_route[E_A]",), (), ("route[b]",))
    assert titles(registry) == ["event_route[E_A]"]


def test_another_owner_takes_over_and_the_change_says_from_whom(registry: Registry, handmade: Any) -> None:
    registry.define([handmade("event_route", "E_A", "pass", "In[1]")], "cell 1")
    new = handmade("event_route", "E_A", "return", "In[2]")
    assert registry.preview([new], "cell 2") == Change(("event_route[E_A]",), (("event_route[E_A]", "In[1]"),))
    assert titles(registry) == ["event_route[E_A]"]
    assert registry.define([new], "cell 2").replaced == (("event_route[E_A]", "In[1]"),)
    assert registry.define([], "cell 1") == Change()
    assert [d.owner for d in registry] == ["cell 2"]


def test_without_an_owner_nothing_is_dropped_and_the_last_wins(registry: Registry, handmade: Any) -> None:
    registry.define([handmade("event_route", "E_A", "pass"), handmade("route", "b", "pass")])
    change = registry.define([handmade("event_route", "E_A", "return")])
    assert change == Change(("event_route[E_A]",), (("event_route[E_A]", "hand.cfg"),))
    assert sorted(titles(registry)) == ["event_route[E_A]", "route[b]"]


def test_one_name_may_be_a_route_and_an_event_route(registry: Registry, handmade: Any) -> None:
    registry.define([handmade("event_route", "x", "pass"), handmade("route", "x", "pass")])
    assert len(registry) == 2
    assert registry.forget("route[x]") == ["route[x]"]
    assert registry.forget("x") == ["event_route[x]"]
    assert registry.forget("x") == []


def test_timer_routes_may_share_a_name(registry: Registry, handmade: Any) -> None:
    registry.define([handmade("timer_route", "t", "pass"), handmade("timer_route", "t", "return")])
    assert [d.slot for d in registry.look_up("timer_route", "t")] == [0, 1]


def test_a_deleted_cell_takes_its_routes_along(registry: Registry, handmade: Any) -> None:
    registry.define([handmade("route", "a", "pass")], "cell 1")
    registry.define([handmade("route", "b", "pass")], "cell 2")
    assert registry.forget_owner("cell 1") == ["route[a]"]
    assert registry.forget_owner("cell 1") == []
    assert titles(registry) == ["route[b]"]


def test_slots_follow_the_text_and_are_for_ever(registry: Registry, handmade: Any) -> None:
    first, second = handmade("route", "a", "pass"), handmade("route", "a", "return")
    elsewhere = handmade("route", "a", "pass", "other.cfg")
    assert [registry.slot(route) for route in (first, second, first, elsewhere)] == [0, 1, 0, 2]
    registry.reset()
    for statement, text in ((1, "two"), (99, "header"), (-1, "header")):
        title, span = registry.place(0, statement)
        assert (title, span and span.text) == ("route[a]", text)
    assert registry.place(99, 0) == ("", None)
    assert registry.codes[2].file == "other.cfg"


def test_runs_are_counted_until_the_text_changes(registry: Registry, handmade: Any) -> None:
    route = handmade("event_route", "E_A", "pass")
    registry.define([route], "cell")
    registry.count_runs(0)
    registry.count_runs(0, 5)
    registry.define([route], "cell")
    assert [d.runs for d in registry] == [6]
    registry.define([handmade("event_route", "E_A", "return")], "cell")
    registry.count_runs(0)
    assert [d.runs for d in registry] == [0]


def test_what_workers_are_told(registry: Registry, handmade: Any) -> None:
    kinds = ("event_route", "route", "startup_route", "timer_route", "error_route", "failure_route")
    registry.define([handmade(kind, "x", "pass") for kind in kinds])
    assert registry.callable_slots() == {"x": 1}
    assert registry.current_slots() == [0, 1, 2, 3, 4]
    assert registry.event_slot("x") == 0
    assert registry.event_slot("y") is None
    assert registry.names("event_route") == ["x"]
