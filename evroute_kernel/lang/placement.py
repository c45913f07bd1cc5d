"""Mistakes of syntax that the grammar lets through, because they are better told on the finished tree.

`break` may stand in the body of a while, for or case, also inside `if`s there. In a notebook cell a `;` may not follow
a route, as in a file, and only an expression may come last without a `;`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.lexer import Token

#: kinds of node below which there is no `break`: of an expression no part is one
_WITHOUT_BREAKS: Final = nodes.WITHOUT_STATEMENTS | {nodes.Assign, nodes.Return, nodes.Exit, nodes.Drop}


def misplaced(script: nodes.Script) -> list[Diagnostic]:
    """A syntax error for each `break` that leaves nothing."""
    found: list[Diagnostic] = []
    stack: list[tuple[nodes.Node, bool]] = [(item, False) for item in (*script.items, *script.scratch)]
    while stack:
        node, breakable = stack.pop()
        if type(node) is nodes.Break:
            if not breakable:
                found.append(_report(node))
        elif isinstance(node, (nodes.While, nodes.ForEach)):
            tests = [node.test] if type(node) is nodes.While else []
            stack += [(test, False) for test in tests]
            stack += [(statement, True) for statement in node.body if type(statement) not in _WITHOUT_BREAKS]
        elif isinstance(node, nodes.Switch):
            stack += [(statement, True) for case in node.cases for statement in case.body]
            stack += [(statement, True) for statement in node.default or ()]
        elif isinstance(node, nodes.If):
            stack.append((node.test, False))
            statements = (*node.then, *node.orelse)
            stack += [(statement, breakable) for statement in statements if type(statement) not in _WITHOUT_BREAKS]
        elif type(node) not in _WITHOUT_BREAKS:
            stack += [(child, False) for child in node.children() if type(child) not in _WITHOUT_BREAKS]
    return found


def _report(node: nodes.Break) -> Diagnostic:
    hint = "use return to leave the route, exit to end the script"
    return Diagnostic("error", "syntax", "break outside a while, a for or a case of a switch", node.span, hint)


def cell_errors(items: Sequence[Any], display: nodes.Expression | None) -> list[Diagnostic]:
    """What is wrong between the items of a cell; an empty statement among them is a token."""
    found: list[Diagnostic] = []
    for previous, item in zip([None, *items], items, strict=False):
        after_item = isinstance(previous, (nodes.Route, nodes.Global, nodes.LoadModule, nodes.ModParam))
        if after_item and type(item) is Token and item.type == "SEMICOLON":
            what = "a route" if isinstance(previous, nodes.Route) else "a setting"
            message = f"unexpected ';': {what} is not followed by one"
            found.append(Diagnostic("error", "syntax", message, item.span, "remove it"))
    if isinstance(display, nodes.Action) and not isinstance(display.statements[0], (nodes.Call, nodes.RouteCall)):
        end = display.span.source.span(display.span.end, display.span.end)
        found.append(Diagnostic("error", "unfinished", "expected ';' after this statement", end, _SEMICOLON))
    return found


_SEMICOLON = "every statement ends with ';'; only a value may stand last without one"
