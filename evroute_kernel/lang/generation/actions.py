"""How the server sees a statement: the name that script_trace gives it, and its line."""

from __future__ import annotations

from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.scanning import after_blanks


def server_line(node: nodes.Statement) -> int:
    """The line that the server gives a statement: where it ends; but an assignment, and an `if` without else, is
    complete only with the token after it, so theirs is the line of that token (language manual 10.1)."""
    span, text = node.span, node.span.source.text
    end = max(span.start, span.end - 1)
    if isinstance(node, nodes.Assign):
        end = after_blanks(text, span.end)
    elif isinstance(node, nodes.If) and not node.orelse:
        end = after_blanks(text, span.end)
        if text[span.end - 1 : span.end] != "}" and text[end : end + 1] == ";":  # it belongs to the body
            end = after_blanks(text, end + 1)
    return span.source.position(end)[0]


_ACTIONS: Final = {"If": "core if", "While": "core while", "ForEach": "core for-each", "Switch": "core switch"}
_ASSIGNS: Final = {
    "=": "equal", ":=": "colon-eq", "+=": "plus-eq", "-=": "minus-eq", "/=": "div-eq", "*=": "mult-eq",
    "%=": "modulo-eq", "&=": "b-and-eq", "|=": "b-or-eq", "^=": "b-xor-eq",
}  # fmt: skip


def action_name(node: nodes.Statement) -> str:
    """The statement as script_trace names it: class and action."""
    match node:
        case nodes.Assign(op=op):
            return f"assign {_ASSIGNS[op]}"
        case nodes.Call(name=name):
            return f"module {name}"
        case nodes.RouteCall(target=nodes.Name(text=text)):
            return f"route {text}"
        case nodes.Async(call=call):
            return f"async {call.name}"
        case nodes.Launch(call=call):
            return f"launch {call.name}"
    name = type(node).__name__
    return _ACTIONS.get(name, f"core {name.lower()}")
