"""Where `break` may stand: in the body of a while, for or case, also inside `if`s there. The grammar lets it through
everywhere, because a rule of the tree gives the better message."""

from __future__ import annotations

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes


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
            stack += [(statement, True) for statement in node.body]
        elif isinstance(node, nodes.Switch):
            stack += [(statement, True) for case in node.cases for statement in case.body]
            stack += [(statement, True) for statement in node.default or ()]
        elif isinstance(node, nodes.If):
            stack.append((node.test, False))
            stack += [(statement, breakable) for statement in (*node.then, *node.orelse)]
        elif not isinstance(node, (nodes.Variable, nodes.String, nodes.Number)):
            stack += [(child, False) for child in node.children()]
    return found


def _report(node: nodes.Break) -> Diagnostic:
    hint = "use return to leave the route, exit to end the script"
    return Diagnostic("error", "syntax", "break outside a while, a for or a case of a switch", node.span, hint)
