"""Everything that the server refuses when it starts, although the text parses.

Names and signatures come from the declaration tables alone. A script is walked once, without recursion; each kind of
node has one check. All errors are reported, in the order of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.calls import check_call
from evroute_kernel.lang.checks.modules import check_needs, check_required
from evroute_kernel.lang.checks.routes import check_route, check_route_call, check_routes
from evroute_kernel.lang.checks.scope import Scope
from evroute_kernel.lang.checks.settings import check_global, check_loadmodule, check_modparam, take_sockets
from evroute_kernel.lang.checks.values import check_assign, check_comparison, check_for_each, check_network, check_xlog
from evroute_kernel.lang.environment import Environment


def check(
    script: nodes.Script,
    environment: Environment | None = None,
    check_body: Callable[[Scope, nodes.Route], None] | None = None,
) -> list[Diagnostic]:
    """What the server would refuse in a script without syntax errors; statements of a cell count as a `route[]`.

    `check_body` is asked about each route instead of `check_one`, and may know already what that finds.
    """
    scope = Scope(environment or Environment(), script)
    take_sockets(scope)
    check_routes(scope)
    for item in script.items:
        if isinstance(item, nodes.Route):
            (check_body or check_one)(scope, item)
        else:
            _ITEM_CHECKS[type(item)](scope, item)
    if script.scratch:
        scope.enter("route")
        _check_below(scope, script.scratch)
    check_needs(scope)
    check_required(scope)
    return sorted(scope.found, key=_order)


def check_one(scope: Scope, route: nodes.Route) -> None:
    """One route, with what stands before it in the text."""
    scope.enter(route.kind)
    check_route(scope, route)
    _check_below(scope, route.body)


def _order(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span else -1


def _check_below(scope: Scope, statements: tuple[nodes.Node, ...]) -> None:
    """Check every node, as `Node.walk` gives them; but the call in async() and launch() is checked with its owner."""
    stack: list[nodes.Node | None] = list(reversed(statements))
    while stack:
        node = stack.pop()
        if node is None:  # an argument that is left out
            continue
        kind = node.__class__
        checked = _CHECKS.get(kind)
        if checked is not None:
            checked(scope, node)
        if isinstance(node, (nodes.Async, nodes.Launch)):
            stack += node.call.arguments[::-1]
            continue
        for name in nodes.HOLDERS_BACKWARDS[kind]:
            value = getattr(node, name)
            if value.__class__ is tuple:
                stack += value[::-1]
            else:
                stack.append(value)


def _variable(scope: Scope, node: nodes.Variable) -> None:
    scope.variable(node)


def _call(scope: Scope, node: nodes.Call) -> None:
    check_call(scope, node)


def _asynchronous(scope: Scope, node: nodes.Async | nodes.Launch) -> None:
    check_call(scope, node.call, asynchronous="async" if isinstance(node, nodes.Async) else "launch")
    if isinstance(node, nodes.Launch) and node.text is not None and node.text.value:
        scope.format(node.text)


def _action(scope: Scope, node: nodes.Action) -> None:
    if not node.statements:
        hint = "the server does not start with it"
        scope.error("empty-block", "this block in a condition holds no statement", node.span, hint)


def _display(scope: Scope, node: nodes.Display) -> None:
    if isinstance(node.expression, nodes.String):
        scope.format(node.expression)


_CHECKS: Final[dict[type[nodes.Node], Callable[[Scope, Any], None]]] = {
    nodes.Variable: _variable,
    nodes.Assign: check_assign,
    nodes.Comparison: check_comparison,
    nodes.Network: check_network,
    nodes.ForEach: check_for_each,
    nodes.XLog: check_xlog,
    nodes.XDbg: check_xlog,
    nodes.Call: _call,
    nodes.RouteCall: check_route_call,
    nodes.Async: _asynchronous,
    nodes.Launch: _asynchronous,
    nodes.Action: _action,
    nodes.Display: _display,
}
_ITEM_CHECKS: Final[dict[type[nodes.Node], Callable[[Scope, Any], None]]] = {
    nodes.Global: check_global,
    nodes.LoadModule: check_loadmodule,
    nodes.ModParam: check_modparam,
}
