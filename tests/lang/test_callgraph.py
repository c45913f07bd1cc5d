"""Who raises, calls and handles what."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.callgraph import CallGraph, Vertex, call_graph
from evroute_kernel.lang.nodes import Route
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source


def graph(text: str) -> CallGraph:
    script, wrong = parse(Source("test", text), version="3.6")
    assert not wrong
    return call_graph(item for item in script.items if isinstance(item, Route))


def edges(text: str) -> list[str]:
    return [f"{e.source.name} {e.kind} {e.target.name}" for e in graph(text).edges]


def test_an_event_route_handles_its_event() -> None:
    assert edges("event_route[E_X] { exit; }") == ["E_X handled by event_route[E_X]"]


@pytest.mark.parametrize(
    ("statement", "edge"),
    [
        ('raise_event("E_Y");', "route[a] raises E_Y"),
        ('raise_event("E_Y", $avp(n), $avp(v));', "route[a] raises E_Y"),
        ("raise_event($var(e));", "route[a] raises ? event"),
        ('raise_event("E_$var(e)");', "route[a] raises ? event"),
        ("route(b);", "route[a] calls route[b]"),
        ("route(7);", "route[a] calls route[7]"),
        ("route($var(r));", "route[a] calls ? route"),
        ('route("b$var(r)");', "route[a] calls ? route"),
        ("if (route(b)) { exit; }", "route[a] calls route[b]"),
        ("switch ($var(x)) { case 1: while ($var(x)) { route(b); } }", "route[a] calls route[b]"),
        ('async(usleep("1"), b);', "route[a] resumes in route[b]"),
        ('launch(usleep("1"), b);', "route[a] launches route[b]"),
    ],
)
def test_what_a_route_leads_to(statement: str, edge: str) -> None:
    assert edges(f"route[a] {{ {statement} }}") == [edge]


def test_a_route_that_does_nothing_of_it_stands_alone() -> None:
    found = graph('startup_route { launch(usleep("1")); xlog("raise_event(E_X)\\n"); }')
    assert found.edges == ()
    assert found.vertices == (Vertex("route", "startup_route"),)


def test_subscriptions() -> None:
    text = 'startup_route { subscribe_event("E_X", "route:E_Y"); subscribe_event("E_X", "udp:10.0.0.1:5"); }'
    assert edges(text) == [
        "startup_route subscribes to E_X",
        "E_X handled by event_route[E_Y]",
        "E_X handled by udp:10.0.0.1:5",
    ]
    assert edges("startup_route { subscribe_event($var(e), $var(s)); }")[1] == "? event handled by ?"


def test_routes_that_events_find() -> None:
    text = """
    event_route[E_CALL] { notify_on_event("E_X", $avp(f), "got", 60); }
    route[got] { async(wait_for_event("E_Y", $avp(f), 5), later); }
    route[later] { notify_on_event($var(e), $avp(f), $var(r), 60); }
    """
    assert edges(text) == [
        "E_CALL handled by event_route[E_CALL]",
        "event_route[E_CALL] subscribes to E_X",
        "E_X notifies route[got]",
        "route[got] resumes in route[later]",
        "route[got] waits for E_Y",
        "route[later] subscribes to ? event",
        "? event notifies ? route",
    ]
    assert graph(text).missing == frozenset()


def test_the_same_edge_comes_once() -> None:
    assert edges("route[a] { route(b); route(b); }") == ["route[a] calls route[b]"]


def test_what_is_missing() -> None:
    found = graph('event_route[E_X] { route(a); route(b); raise_event("E_Y"); raise_event("E_X"); } route[a] { exit; }')
    assert {vertex.name for vertex in found.missing} == {"route[b]", "E_Y"}


def test_roots_reach_everything() -> None:
    found = graph(
        'event_route[E_A] { raise_event("E_B"); } event_route[E_B] { raise_event("E_A"); }'
        "route[self] { route(self); } route[alone] { exit; } timer_route[t, 5] { route(self); }"
    )
    assert [vertex.name for vertex in found.roots()] == ["timer_route[t]", "route[alone]", "E_A"]


def test_the_part_around_a_vertex() -> None:
    found = graph("event_route[E_A] { route(a); } event_route[E_B] { route(b); } route[a] { exit; } route[b] { exit; }")
    names = [vertex.name for vertex in found.around([Vertex("route", "event_route[E_A]")]).vertices]
    assert names == ["E_A", "event_route[E_A]", "route[a]"]


def test_names_are_text() -> None:
    assert edges('route["Zoë"] { raise_event("E_é"); }') == ["route[Zoë] raises E_é"]
