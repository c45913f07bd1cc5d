"""The stack of routes of 4.0. What `$route` shows was observed on a 4.0.1."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.route_stack import LIMIT, RouteStack

R, E = ("route", "r"), ("event_route", "E_A")
ERROR = ("error_route", "")


@pytest.fixture
def stack() -> RouteStack:
    """Of a running event E_A, whose statement 7 in slot 3 is running."""
    made = RouteStack([7, 3])
    made.append(E)
    return made


def run_inside(stack: RouteStack, times: int = 1) -> None:
    for _ in range(times):
        stack.end(stack.begin("E_B"))


def test_as_long_as_nothing_runs_inside_it_is_a_list(stack: RouteStack) -> None:
    stack.append(R)
    assert (len(stack), stack.count, stack.path(), stack.name(1)) == (2, 2, [E, R], "r")
    stack.pop()
    assert (stack.count, stack.path()) == (1, [E])


def test_an_event_inside_begins_a_stack_of_its_own(stack: RouteStack) -> None:
    stack.append(R)
    before = stack.begin("E_B")
    assert (stack.count, stack.path(), stack.title(0)) == (1, [("event_route", "E_B")], ("event_route", "E_B"))
    assert stack.name(0) == "E_A"  # not its own
    stack.end(before)
    assert (stack.count, stack.path()) == (1, [E])


def test_after_one_the_top_route_has_lost_its_place(stack: RouteStack) -> None:
    run_inside(stack)
    assert (stack.count, stack.depth, stack.path()) == (0, 0, [E])
    stack.append(R)
    assert (stack.count, stack.path(), stack.title(0)) == (1, [("event_route", "r")], ("event_route", "r"))


def test_after_two_the_path_names_the_inner_one(stack: RouteStack) -> None:
    run_inside(stack, 2)
    assert (stack.count, stack.depth, stack.path()) == (0, -1, [("event_route", "E_B")])


def test_error_route_in_the_place_of_the_top_route(stack: RouteStack) -> None:
    run_inside(stack)
    stack.append(ERROR)
    assert (stack.title(0), stack.path(), stack.name(0)) == (ERROR, [("event_route", "!error_route")], "")


def test_what_is_written_in_front_is_known_with_its_statement(stack: RouteStack) -> None:
    run_inside(stack, 2)
    stack.append(R)
    assert (stack.front, stack.front_place, stack.count, stack.title(0)) == ("r", (7, 3), 1, R)
    with pytest.raises(ScriptCrash, match=r"\$\(route\[\*\]\)"):
        stack.path()
    run_inside(stack)
    assert stack.front == "r"


def test_it_can_be_full(stack: RouteStack) -> None:
    for _ in range(LIMIT - 1):
        stack.append(R)
    assert not stack.is_full
    before = stack.begin("E_B")
    assert stack.is_full
    stack.end(before)
    assert len(stack) == LIMIT - 1
