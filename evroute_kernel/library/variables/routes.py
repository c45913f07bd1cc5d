"""Where the script is, and what went wrong: `$route`, `$route.name`, `$route.type`, `$err.*`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evroute_kernel.library.behaviour import ALL, VariableBehaviour, variable
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.route_stack import RouteStack
from evroute_kernel.runtime.values import NOWHERE, Value


def _title(entry: tuple[str, str]) -> str:
    kind, name = entry
    return f"{kind}[{name}]" if name else kind


def _place(context: Context, index: Any) -> int | None:
    """Place in the route stack: index 0 is the running block, 1 its caller, -1 the outermost. None outside."""
    stack, number = context.route_stack, index or 0
    size = stack.count if isinstance(stack, RouteStack) else len(stack)
    return (-1 - number) % size if -size <= number < size else None


def _entry(context: Context, place: int) -> tuple[str, str]:
    """Kind and name of the block at a place."""
    stack = context.route_stack
    return stack.title(place) if isinstance(stack, RouteStack) else stack[place]


def _path(context: Context) -> Sequence[tuple[str, str]]:
    """All blocks, outermost first."""
    stack = context.route_stack
    return stack.path() if isinstance(stack, RouteStack) else stack


@variable("route")
def route(context: Context, name: None, index: Any) -> Value:
    """The running block: `event_route[E_X]`, `route[name]`, `startup_route`.

    `$(route[1])` is its caller, `[-1]` the outermost block, `[*]` the whole path, outermost first.
    """
    if index is ALL:
        return " > ".join(map(_title, _path(context)))
    place = _place(context, index)
    return None if place is None else _title(_entry(context, place))


@variable("route.name")
def route_name(context: Context, name: None, index: Any) -> Value:
    """Name of the running block, empty for startup_route and error_route. Indexed as $route, without `[*]`.

    After `async` has gone on in another route the server counts from the block that it has left.
    """
    place = None if _is_list(context, "route.name", index) else _place(context, index)
    if place is None:
        return None
    stack = context.route_stack
    if isinstance(stack, RouteStack):
        return stack.name(place)
    return [*context.suspended, *(name for _, name in stack)][place]


@variable("route.type")
def route_type(context: Context, name: None, index: Any) -> Value:
    """Kind of the running block: event_route, route, startup_route ... Indexed as $route, without `[*]`."""
    place = None if _is_list(context, "route.type", index) else _place(context, index)
    if place is None:
        return None
    # for the server everything above the top route is a plain route, error_route too
    stack = context.route_stack
    top = stack.kind if isinstance(stack, RouteStack) else stack[0][0]
    return top if place == 0 else "route"


def _is_list(context: Context, name: str, index: Any) -> bool:
    if index is not ALL:
        return False
    context.error(f"$({name}[*]) does not exist: only $(route[*]) lists all blocks")
    return True


# -- $err.* -----------------------------------------------------------------------------------------------------------


def _error_variable(name: str, attribute: str, unset: Value, doc: str) -> VariableBehaviour:
    def get(context: Context, subname: None, index: None) -> Value:
        value: Value = unset if context.error_info is None else getattr(context.error_info, attribute)
        return value

    get.__doc__ = doc
    return variable(name)(get)


_error_variable("err.class", "eclass", 0, "Class of the error that error_route handles: 1 parsing, 0 none.")
_error_variable("err.level", "level", 0, "Level of that error, 1 the gravest.")
_error_variable("err.info", "info", NOWHERE, "Text of that error.")
_error_variable("err.rcode", "rcode", 0, "Reply code suggested for that error.")
_error_variable("err.rreason", "rreason", NOWHERE, "Reply reason suggested for that error.")
