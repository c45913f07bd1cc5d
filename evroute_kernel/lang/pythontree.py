"""Python syntax nodes that stand where script nodes stand.

Python counts columns in UTF-8 bytes, from 0; spans count characters, from 1. All four position fields are set here and
nowhere else, so that tracebacks, debuggers, profilers and coverage show the script.
"""

from __future__ import annotations

import ast
from typing import Any

from evroute_kernel.source import Span


class Place:
    """Makes Python nodes at one span of the script."""

    __slots__ = ("fields",)

    def __init__(self, span: Span) -> None:
        source = span.source
        line, column = source.position(span.start)
        end_line, end_column = source.position(max(span.end, span.start + 1))
        self.fields: dict[str, Any] = {
            "lineno": line,
            "col_offset": _bytes(source.line(line), column),
            "end_lineno": end_line,
            "end_col_offset": _bytes(source.line(end_line), end_column),
        }

    # -- expressions --

    def name(self, name: str) -> ast.Name:
        return ast.Name(name, ast.Load(), **self.fields)

    def constant(self, value: Any) -> ast.expr:
        return ast.Constant(value, **self.fields)

    def call(self, function: str, *args: ast.expr) -> ast.expr:
        return ast.Call(self.name(function), list(args), [], **self.fields)

    def method(self, owner: str, method: str, *args: ast.expr) -> ast.expr:
        return ast.Call(self.attribute(owner, method), list(args), [], **self.fields)

    def attribute(self, owner: str, attribute: str) -> ast.expr:
        return ast.Attribute(self.name(owner), attribute, ast.Load(), **self.fields)

    def tuple(self, *items: ast.expr) -> ast.expr:
        return ast.Tuple(list(items), ast.Load(), **self.fields)

    def compare(self, left: ast.expr, op: ast.cmpop, right: int) -> ast.expr:
        return ast.Compare(left, [op], [self.constant(right)], **self.fields)

    def bind(self, name: str, value: ast.expr) -> ast.expr:
        """`(name := value)`."""
        return ast.NamedExpr(ast.Name(name, ast.Store(), **self.fields), value, **self.fields)

    def choose(self, test: ast.expr, then: ast.expr, orelse: ast.expr) -> ast.expr:
        return ast.IfExp(test, then, orelse, **self.fields)

    # -- statements --

    def run(self, value: ast.expr) -> ast.stmt:
        return ast.Expr(value, **self.fields)

    def let(self, value: ast.expr, *names: str) -> ast.stmt:
        """`name = owner.attribute = value`."""
        return ast.Assign([self._target(n) for n in names], value, **self.fields)

    def put(self, array: str, index: int, value: int) -> ast.stmt:
        target = ast.Subscript(self.name(array), self.constant(index), ast.Store(), **self.fields)
        return ast.Assign([target], self.constant(value), **self.fields)

    def increment(self, name: str) -> ast.stmt:
        return ast.AugAssign(self._target(name), ast.Add(), self.constant(1), **self.fields)  # type: ignore[arg-type]

    def if_(self, test: ast.expr, then: list[ast.stmt], orelse: list[ast.stmt] | None = None) -> ast.stmt:
        return ast.If(test, then or [self.pass_()], orelse or [], **self.fields)

    def forever(self, body: list[ast.stmt]) -> ast.stmt:
        return ast.While(self.constant(True), body, [], **self.fields)

    def break_(self) -> ast.stmt:
        return ast.Break(**self.fields)

    def pass_(self) -> ast.stmt:
        return ast.Pass(**self.fields)

    def return_(self, value: ast.expr) -> ast.stmt:
        return ast.Return(value, **self.fields)

    def raise_(self, name: str) -> ast.stmt:
        return ast.Raise(self.name(name), None, **self.fields)

    def function(self, name: str, body: list[ast.stmt]) -> ast.stmt:
        """`def name(c): body`; the shell comes from Python's own parser, whose fields differ between versions."""
        shell = ast.parse("def f(c): pass").body[0]
        assert isinstance(shell, ast.FunctionDef)
        shell.name, shell.body = name, body
        for node in (shell, *shell.args.args):
            for field, value in self.fields.items():
                setattr(node, field, value)
        return shell

    def _target(self, name: str) -> ast.expr:
        owner, _, attribute = name.partition(".")
        if attribute:
            return ast.Attribute(self.name(owner), attribute, ast.Store(), **self.fields)
        return ast.Name(name, ast.Store(), **self.fields)


def _bytes(line: str, column: int) -> int:
    """A column (characters, from 1) as Python counts it (UTF-8 bytes, from 0)."""
    before = line[: column - 1]
    return len(before) if before.isascii() else len(before.encode("utf-8", "surrogatepass"))
