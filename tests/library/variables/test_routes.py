"""$route and its kin, $err.*."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.library.dummy_message import message_of
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context, Record

Show = Callable[[str], str]


def test_route_stack(context: Context, show: Show) -> None:
    context.route_stack += [("route", "outer"), ("route", "inner")]
    assert show("$route|$route.name|$route.type") == "route[inner]|inner|route"
    assert (
        show("$(route[0])|$(route[1])|$(route[2])|$(route[3])") == "route[inner]|route[outer]|event_route[E_T]|<null>"
    )
    assert show("$(route[-1])|$(route[-3])|$(route[-4])") == "event_route[E_T]|route[inner]|<null>"
    assert show("$(route[*])") == "event_route[E_T] > route[outer] > route[inner]"
    assert show("$(route.name[2]) $(route.type[2]) $(route.type[1])") == "E_T event_route route"


def test_route_without_a_name(context: Context, show: Show) -> None:
    context.route_stack = [("startup_route", ""), ("error_route", "")]
    assert show("$(route[1]) $(route.type[1]) [$route.name] $(route[*])") == (
        "startup_route startup_route [] startup_route > error_route"
    )


@pytest.mark.parametrize("text", ["$(route.name[*])", "$(route.type[*])"])
def test_only_route_lists_all_blocks(show: Show, said: list[Record], text: str) -> None:
    assert show(text) == "<null>"
    assert said[-1][0] == levels.ERROR


def test_err_without_an_error(show: Show) -> None:
    assert show("$err.class|$err.level|$err.info|$err.rcode|$err.rreason") == "0|0||0|"


def test_err_after_a_bad_request_uri(context: Context, show: Show, said: list[Record]) -> None:
    show("$rU")
    assert context.error_info is None
    message_of(context).set_uri("garbage")
    assert show("$rU") == "<null>"
    assert said[-1][0] == levels.ERROR
    assert show("$err.class|$err.level|$err.info|$err.rcode|$err.rreason") == "1|3|error parsing r-uri|400|bad r-uri"
