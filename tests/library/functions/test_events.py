"""raise_event and subscribe_event."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.template import parse_variable

LIBRARY = table.of("3.6")


@pytest.fixture
def raised(process):
    """Events raised so far; everybody listens."""
    found = []
    process.has_subscribers = lambda event: True
    process.raise_event = lambda context, event, params: found.append((event, params or []))
    return found


def test_values_are_taken_newest_first_with_names_newest_first(run, put, raised):
    for name, value in (("caller", "alice"), ("seconds", 42)):
        put("$avp(n)", name)
        put("$avp(v)", value)
    assert run("raise_event", "E_X", "$avp(n)", "$avp(v)") == 1
    assert raised == [("E_X", [("seconds", 42), ("caller", "alice")])]


def test_values_without_names(run, put, raised):
    put("$avp(v)", 1)
    assert run("raise_event", "E_X", None, "$avp(v)") == 1
    assert raised == [("E_X", [(None, 1)])]


def test_names_alone_are_no_parameters(run, put, raised):
    put("$avp(n)", "a")
    assert run("raise_event", "E_X", "$avp(n)") == 1
    assert raised == [("E_X", [])]


def test_a_value_without_a_name_is_refused(run, put, raised, complaints):
    put("$avp(n)", "a")
    put("$avp(v)", 1)
    put("$avp(v)", 2)
    assert run("raise_event", "E_X", "$avp(n)", "$avp(v)") == -1
    assert raised == []
    assert len(complaints()) == 1


def test_an_integer_is_no_name(run, put, raised, complaints):
    put("$avp(n)", 5)
    put("$avp(v)", "x")
    assert run("raise_event", "E_X", "$avp(n)", "$avp(v)") == -1
    assert len(complaints()) == 1


def test_a_name_too_many_is_told_and_the_event_raised(run, put, raised, complaints):
    put("$avp(n)", "a")
    put("$avp(n)", "b")
    put("$avp(v)", 1)
    assert run("raise_event", "E_X", "$avp(n)", "$avp(v)") == 1
    assert raised == [("E_X", [("b", 1)])]
    assert len(complaints()) == 1


def test_nothing_is_looked_at_when_nobody_listens(run, put, process, complaints):
    put("$avp(v)", 1)
    assert run("raise_event", "E_X", "$avp(none)", "$avp(v)") == 1
    assert complaints() == []


def test_avps_may_be_named_by_a_variable(run, put, raised):
    put("$var(which)", "v")
    put("$avp(v)", 7)
    run("raise_event", "E_X", None, "$avp($var(which))")
    assert raised == [("E_X", [(None, 7)])]


def test_only_avps_are_accepted(refused):
    assert refused("raise_event", "E_X", parse_variable("$var(v)", LIBRARY)) == 1
    assert refused("raise_event", "E_X", None, parse_variable("$avp(v)", LIBRARY)) is None
    assert refused("raise_event", "E" * 65) == 0


def test_subscribing_hands_over_event_socket_and_life(run, process):
    asked = []
    process.subscribe = lambda *given: asked.append(given)
    assert run("subscribe_event", "E_X", "udp:127.0.0.1:9", 60) == 1
    assert run("subscribe_event", "E_X", "udp:127.0.0.1:9", 0) == 1
    assert asked == [("E_X", "udp:127.0.0.1:9", 60), ("E_X", "udp:127.0.0.1:9", None)]


@pytest.mark.parametrize(("problem", "told"), [("no such transport", 1), ("", 0)])
def test_a_refused_socket_is_minus_one(run, process, complaints, problem, told):
    process.subscribe = lambda event, socket, expire: problem
    assert run("subscribe_event", "E_X", "carrier:pigeon") == -1
    assert len(complaints()) == told
