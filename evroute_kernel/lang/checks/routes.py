"""Routes: names, duplicates, numbers, and calls of them."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.scope import Scope
from evroute_kernel.runtime.limits import EVENT_NAME_LIMIT
from evroute_kernel.source import Span

#: arguments of route()
MAX_ARGUMENTS: Final = 8
#: routes of one kind; with 99 event routes the server crashes when it starts
MAX_ROUTES: Final = {"route": 99, "failure_route": 99, "branch_route": 99, "onreply_route": 99, "event_route": 98}
MAX_TIMERS: Final = 100


def check_routes(scope: Scope) -> None:
    """No route twice in one text, and not too many of a kind. A body that holds only `;` does not count."""
    seen: dict[tuple[str, str], nodes.Route] = {}
    counts: dict[str, int] = defaultdict(int)
    for kind, _ in scope.environment.routes:
        counts[kind] += 1
    for route in scope.script.items:
        if not isinstance(route, nodes.Route) or not route.body:
            continue
        key = route.kind, route.name
        first = seen.setdefault(key, route)
        if first is not route and route.kind != "timer_route":
            _duplicate(scope, route, first)
            continue
        if key not in scope.environment.routes and not (route.kind == "route" and route.name == "0"):
            counts[route.kind] += 1
            _check_count(scope, route, counts[route.kind])


def _duplicate(scope: Scope, route: nodes.Route, first: nodes.Route) -> None:
    """The first may stand in another file, or in the same one that is included again."""
    source, line, hint = first.header.source, first.header.line, "rename one, or join their statements"
    where = f"first in line {line}"
    if source.path != route.header.source.path:
        where = f"first in {source.name}, line {line}"
    elif source is not route.header.source:
        where, hint = f"{source.name} is included twice", "include it once"
    scope.error("duplicate-route", f"{route.title} is defined twice: {where}", route.header, hint)


def _check_count(scope: Scope, route: nodes.Route, count: int) -> None:
    most = MAX_TIMERS if route.kind == "timer_route" else MAX_ROUTES.get(route.kind)
    if most is not None and count == most + 1:
        message = f"too many routes: the server takes at most {most} of kind {route.kind}"
        scope.error("too-many-routes", message, route.header, "join some of them")


def check_route(scope: Scope, route: nodes.Route) -> None:
    """The head of one route."""
    if route.kind == "event_route" and not route.name:
        message, hint = "the name of the event is empty", "an event_route handles the event that it is named after"
        scope.error("event-name", message, route.header, hint)
    if route.kind == "event_route" and len(route.name) > EVENT_NAME_LIMIT:
        message = f"the event name is too long: {len(route.name)} bytes, at most {EVENT_NAME_LIMIT} are possible"
        scope.error("event-name", message, route.header)


def check_route_call(scope: Scope, node: nodes.RouteCall) -> None:
    """`route(name, ...)`: a literal name exists, a format is one, and there are not too many arguments."""
    if len(node.arguments) > MAX_ARGUMENTS:
        message = f"a route takes at most {MAX_ARGUMENTS} arguments, not {len(node.arguments)}"
        scope.error("arguments", message, node.arguments[MAX_ARGUMENTS].span, "pass the rest in variables")
    if isinstance(node.target, nodes.String):
        scope.format(node.target)
    elif isinstance(node.target, nodes.Name):
        check_route_name(scope, node.target.text, node.target.span)


def check_route_name(scope: Scope, name: str, span: Span) -> None:
    """A route of this name exists and can be called."""
    if name in scope.callable:
        return
    if name in scope.routes_here and name != "0":
        message, hint = f"route[{name}] holds no statement but ';', so it cannot be called", "write a statement into it"
    elif name == "0":
        message, hint = "the request route cannot be called", "give it a name"
    else:
        kind, near = scope.kinds_here.get(name), did_you_mean(name, scope.callable_words)
        hint = f"{kind}[{name}] is no route[{name}]" if kind else near or f"define route[{name}] {{ ... }}"
        message = f"no route is named {name!r}"
    scope.error("unknown-route", message, span, hint)
