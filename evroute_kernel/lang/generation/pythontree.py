"""Python syntax nodes that stand where script nodes stand.

Python counts columns in UTF-8 bytes, from 0; spans count characters, from 1. All four position fields are set here and
nowhere else, so that tracebacks, debuggers, profilers and coverage show the script.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from typing import Any, Final, TypeVar

from evroute_kernel.source import Span

NodeT = TypeVar("NodeT", bound=ast.AST)


_LOAD: Final = ast.Load()
_STORE: Final = ast.Store()
_new: Final = ast.AST.__new__


def _made(kind: type[NodeT], fields: dict[str, Any]) -> NodeT:
    """A node of Python's tree. A script of some length has hundreds of thousands, and to set their fields one by one,
    as their constructors do, takes half as long again."""
    node = _new(kind)
    node.__dict__ = fields
    return node


class Place:
    """Makes Python nodes at one span of the script."""

    __slots__ = ("_span", "fields")

    fields: dict[str, Any]

    def __init__(self, span: Span) -> None:
        self._span = span

    def __getattr__(self, name: str) -> Any:
        """`fields` are worked out when the first node is made: many places are asked for none."""
        if name != "fields":
            raise AttributeError(name)
        self.fields = found = _fields(self._span)
        return found

    # -- expressions --

    def name(self, name: str) -> ast.Name:
        node = _new(ast.Name)
        fields = node.__dict__ = self.fields.copy()
        fields["id"] = name
        fields["ctx"] = _LOAD
        return node

    def constant(self, value: Any) -> ast.expr:
        node = _new(ast.Constant)
        fields = node.__dict__ = self.fields.copy()
        fields["value"] = value
        return node

    def call(self, function: str, *args: ast.expr) -> ast.expr:
        return _made(ast.Call, self.fields | {"func": self.name(function), "args": list(args), "keywords": []})

    def method(self, owner: str, method: str, *args: ast.expr) -> ast.expr:
        called = self.attribute(owner, method)
        return _made(ast.Call, self.fields | {"func": called, "args": list(args), "keywords": []})

    def attribute(self, owner: str, attribute: str) -> ast.expr:
        return _made(ast.Attribute, self.fields | {"value": self.name(owner), "attr": attribute, "ctx": _LOAD})

    def tuple(self, *items: ast.expr) -> ast.expr:
        return ast.Tuple(list(items), _LOAD, **self.fields)

    def compare(self, left: ast.expr, op: ast.cmpop, right: int) -> ast.expr:
        return _made(ast.Compare, self.fields | {"left": left, "ops": [op], "comparators": [self.constant(right)]})

    def bind(self, name: str, value: ast.expr) -> ast.expr:
        """`(name := value)`."""
        return ast.NamedExpr(ast.Name(name, _STORE, **self.fields), value, **self.fields)

    def choose(self, test: ast.expr, then: ast.expr, orelse: ast.expr) -> ast.expr:
        return ast.IfExp(test, then, orelse, **self.fields)

    # -- statements --

    def run(self, value: ast.expr) -> ast.stmt:
        return _made(ast.Expr, self.fields | {"value": value})

    def let(self, value: ast.expr, *names: str) -> ast.stmt:
        """`name = owner.attribute = value`."""
        return self._assign([self._target(n) for n in names], value)

    def put(self, array: str, index: int, value: int) -> ast.stmt:
        place = self.fields | {"value": self.name(array), "slice": self.constant(index), "ctx": _STORE}
        return self._assign([_made(ast.Subscript, place)], self.constant(value))

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> ast.stmt:
        return _made(ast.Assign, self.fields | {"targets": targets, "value": value})

    def increment(self, name: str) -> ast.stmt:
        return ast.AugAssign(self._target(name), ast.Add(), self.constant(1), **self.fields)  # type: ignore[arg-type]

    def if_(self, test: ast.expr, then: list[ast.stmt], orelse: list[ast.stmt] | None = None) -> ast.stmt:
        return _made(ast.If, self.fields | {"test": test, "body": then or [self.pass_()], "orelse": orelse or []})

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
        owner, dot, attribute = name.partition(".")
        if dot:
            return _made(ast.Attribute, self.fields | {"value": self.name(owner), "attr": attribute, "ctx": _STORE})
        return _made(ast.Name, self.fields | {"id": name, "ctx": _STORE})


def _fields(span: Span) -> dict[str, Any]:
    source, start, end = span.source, span.start, max(span.end, span.start + 1)
    starts = source.line_starts
    line = end_line = bisect_right(starts, start)
    if line < len(starts) and end >= starts[line]:
        end_line = bisect_right(starts, end)
    column, end_column = start - starts[line - 1], end - starts[end_line - 1]
    if not source.is_plain:
        column, end_column = _bytes(source.line(line), column), _bytes(source.line(end_line), end_column)
    return {"lineno": line, "col_offset": column, "end_lineno": end_line, "end_col_offset": end_column}


def _bytes(line: str, column: int) -> int:
    """A column (characters, from 0) as Python counts it (UTF-8 bytes, from 0)."""
    before = line[:column]
    return len(before) if before.isascii() else len(before.encode("utf-8", "surrogatepass"))
