"""Code generation for expressions, conditions, and arguments; `codegen` adds the statements.

An expression generates Python that gives a value or NOTHING; a condition generates an integer: 1, 0, -1 for a fault,
-127 when a command in it ended the script.
"""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any, Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.generation.pythontree import Place
from evroute_kernel.library.table import Library, Param
from evroute_kernel.library.template import VariableSpec, parse_format, parse_variable

#: variables whose texts are always held somewhere
_HELD: Final = frozenset({"var", "avp", "param", "shv", "rc"})
#: levels of one expression that the server evaluates
DEPTH_LIMIT: Final = 100


class Expressions:
    """The expression half of a route's generator: keeps the pool of what the linker binds."""

    def __init__(self, library: Library) -> None:
        self.library = library
        #: (name in the code, kind, data...), in the order of first use
        self.pool: list[tuple[Any, ...]] = []
        self._names: dict[tuple[Any, ...], str] = {}
        self._fresh = 0
        #: functions that must stand before the statement being generated
        self.pending: list[ast.stmt] = []
        #: whether the statement being generated reads or changes the SIP message, so that error_route may have to run
        self.touches_message = False
        self._actions = 0

    @abstractmethod
    def number(self, node: nodes.Statement) -> int:
        """The index of a statement, under which its place is known."""

    @abstractmethod
    def block_function(self, statements: tuple[nodes.Statement, ...], place: Place) -> str: ...

    def fresh(self, stem: str) -> str:
        self._fresh += 1
        return f"{stem}_{self._fresh}"

    def entry(self, kind: str, *data: Any) -> str:
        """The name under which the linker binds this pool entry."""
        key = (kind, *data)
        if key not in self._names:
            self._names[key] = name = f"{kind}_{len(self.pool)}"
            self.pool.append((name, *key))
        return self._names[key]

    @contextmanager
    def watching_actions(self) -> Iterator[list[bool]]:
        """Yields a list that is non-empty afterwards if commands were generated inside the expression."""
        seen: list[bool] = []
        before = self._actions
        yield seen
        if self._actions > before:
            seen.append(True)

    # -- variables and arguments ------------------------------------------------------------------------------------

    def note(self, spec: VariableSpec) -> None:
        self.touches_message |= spec.declaration.message

    def variable(self, node: nodes.Variable) -> ast.expr:
        spec, place = parse_variable(node.text, self.library), Place(node.span)
        self.note(spec)
        if spec.declaration.name == "var" and isinstance(spec.name, str) and not spec.transformations:
            return place.method("var", "get", place.constant(spec.name))
        if spec.declaration.name == "rc" and not spec.transformations and spec.index is None:
            return place.attribute("p", "rc")
        return place.call(self.entry("get", node.text), place.name("c"))

    def operand(self, node: nodes.Variable) -> ast.expr:
        """A variable where a null may have kept its type: in arithmetic, `[...]`, `switch`, on its way to a route."""
        spec = parse_variable(node.text, self.library)
        if not spec.may_be_typed_null:
            return self.variable(node)
        self.note(spec)
        place = Place(node.span)
        return place.call(self.entry("operand", node.text), place.name("c"))

    def format_entry(self, node: nodes.String) -> str:
        for piece in parse_format(node.value, self.library):
            if isinstance(piece, VariableSpec):
                self.note(piece)
        return self.entry("format", node.value)

    def call_entry(self, node: nodes.Call, kind: str = "call") -> str:
        """`kind` is "call", or "deferred" for the functions of async and launch."""
        given = zip_longest(node.arguments, self.library.functions[node.name].params)
        return self.entry(kind, node.name, tuple(self._argument(a, p) for a, p in given))

    def _argument(self, node: nodes.Argument | None, param: Param) -> tuple[Any, ...]:
        """An argument, with what evaluating it needs to know of its parameter; see `library.linker`."""
        match node:
            case None | nodes.Null():
                return ("omitted",)
            case nodes.Number(value=value):
                return ("value", value)
            case nodes.Variable(text=text):
                return ("variable", text, param.name, param.type)
        assert isinstance(node, nodes.String)
        if param.type == "regex":
            return ("regex", node.value)
        if param.type == "literal":
            return ("value", node.value)
        pieces = parse_format(node.value, self.library)
        if all(isinstance(p, str) for p in pieces):
            return ("value", "".join(p for p in pieces if isinstance(p, str)))
        return ("format", node.value, param.name)

    def passed(self, node: nodes.Argument) -> ast.expr:
        """An argument of route(): literals are taken as they are."""
        match node:
            case nodes.Number(value=value) | nodes.String(value=value):
                return Place(node.span).constant(value)
            case nodes.Variable():
                spec, given = parse_variable(node.text, self.library), self.operand(node)
                is_held = not spec.transformations and spec.declaration.name in _HELD
                return given if is_held else Place(node.span).call("held", given)
        return Place(node.span).constant(None)

    def returned(self, node: nodes.Argument) -> ast.expr:
        """An extra value of return()."""
        value = self.passed(node)
        return Place(node.span).call("returned_int", value) if isinstance(node, nodes.Number) else value

    def return_code(self, node: nodes.Return, place: Place) -> ast.expr:
        match node.code:
            case None:
                return place.constant(1)
            case nodes.Number(value=value):
                return place.constant(value)
        return place.call("code_of", self.variable(node.code))

    def route_call(self, node: nodes.RouteCall, place: Place) -> tuple[str, ast.expr, list[ast.expr]]:
        """The runtime function that calls, its target, and the arguments (none, or one tuple)."""
        arguments = [place.tuple(*map(self.passed, node.arguments))] if node.arguments else []
        match node.target:
            case nodes.Name(text=text):
                return "call_route", place.constant(text), arguments
            case nodes.Variable():
                return "call_route_dynamic", self.variable(node.target), arguments
        expand = self.format_entry(node.target)
        return "call_route_dynamic", place.call(expand, place.name("c")), arguments

    # -- expressions --------------------------------------------------------------------------------------------------

    def assigned(self, node: nodes.Expression | nodes.Null) -> ast.expr:
        """The whole right side of an assignment."""
        place = Place(node.span)
        match node:
            case nodes.Null():
                return place.constant(None)
            case nodes.Comparison():
                return place.call("checked", self.comparison(node))
            case nodes.Action():
                return place.call("nonzero", self.action(node))
            case nodes.Variable():  # a null is a null here
                return self.variable(node)
        return self.expression(node, 1)

    def expression(self, node: nodes.Expression, depth: int) -> ast.expr:
        place = Place(node.span)
        if depth > DEPTH_LIMIT:
            return place.call("too_deep", place.name("c"))
        match node:
            case nodes.Number(value=value) | nodes.String(value=value):
                return place.constant(value)
            case nodes.Variable():
                return self.operand(node)
            case nodes.Comparison():
                return self.comparison(node)
            case nodes.Action():
                return self.action(node)
            case nodes.UnaryOp(operand=operand):
                return place.call("invert", place.name("c"), self.expression(operand, depth + 1))
            case nodes.BinaryOp():
                return self._binary(node, place, depth)
        raise AssertionError(f"no expression: {type(node).__name__}")

    def _binary(self, node: nodes.BinaryOp, place: Place, depth: int) -> ast.expr:
        """The right operand is not evaluated when the left one, an operation itself, has no value."""
        function = ("add" if node.op == "+" else "binary") + ("" if has_text(node.right) else "_bare")
        first = [place.name("c")] if node.op == "+" else [place.name("c"), place.constant(node.op)]
        left, right = self._operands(node.left, node.right, depth)
        always = not isinstance(node.left, nodes.BinaryOp | nodes.UnaryOp)
        if always or isinstance(node.right, nodes.Number | nodes.String):
            return place.call(function, *first, left, right)
        t = self.fresh("t")
        missing = ast.Compare(place.bind(t, left), [ast.Is()], [place.name("NOTHING")], **place.fields)
        return place.choose(missing, place.name("NOTHING"), place.call(function, *first, place.name(t), right))

    def _operands(self, left: nodes.Expression, right: nodes.Expression, depth: int) -> tuple[ast.expr, ast.expr]:
        return self.expression(left, depth + 1), self.expression(right, depth + 1)

    def comparison(self, node: nodes.Comparison) -> ast.expr:
        place, left, op = Place(node.span), self.variable(node.left), Place(node.span).constant(node.op)
        c = place.name("c")
        match node.right:
            case nodes.Null():
                return place.call("compare_null", left, op)
            case nodes.Number(value=value) if node.op == "<":
                return place.call("number_is_less", c, left, place.constant(value))
            case nodes.Number(value=value):
                return place.call("compare_number", c, op, left, place.constant(value))
            case nodes.String(value=value) if node.op in ("=~", "!~"):
                return place.call("match", op, left, place.name(self.entry("regex", value)))
            case nodes.String(value=value):
                return place.call("compare_text", op, left, place.constant(value))
            case nodes.Network(text=text):
                return place.call("compare_network", op, left, place.name(self.entry("network", text)))
            case nodes.Variable() as right if node.op in ("=~", "!~"):
                return place.call("match_variable", op, left, self.variable(right))
            case right:
                return place.call("compare_variable", c, op, left, self.variable(right))

    def action(self, node: nodes.Action) -> ast.expr:
        """The code of commands inside an expression."""
        place = Place(node.span)
        self._actions += 1
        c = place.name("c")
        match node.statements:
            case (nodes.Call() as call,):
                self.touches_message = True
                here = place.constant(self.number(call))
                return place.call("call_inside", c, here, place.name(self.call_entry(call)))
            case (nodes.RouteCall() as call,):
                function, target, arguments = self.route_call(call, place)
                here = place.constant(self.number(call))
                return place.call("route_inside", c, here, place.name(function), target, *arguments)
        return place.call("action_inside", c, place.name(self.block_function(node.statements, place)))

    # -- conditions ---------------------------------------------------------------------------------------------------

    def condition(self, node: nodes.Condition, depth: int) -> ast.expr:
        place = Place(node.span)
        if depth > DEPTH_LIMIT:
            return place.call("too_deep_condition", place.name("c"))
        match node:
            case nodes.Number(value=value):
                return place.constant(int(value != 0))
            case nodes.Variable():
                return place.call("truth", self.variable(node))
            case nodes.Comparison():
                return self.comparison(node)
            case nodes.Action():
                return place.call("code_truth", self.action(node))
            case nodes.Group(operand=operand):
                return self.condition(operand, depth + 1)
            case nodes.Bracket(operand=operand):
                return self.bracket(operand, depth)
            case nodes.Not(operand=operand):
                return self._not(operand, place, depth)
            case nodes.BoolOp(op=op, left=left, right=right):
                return self._short_circuit(op, left, right, place, depth)
        raise AssertionError(f"no condition: {type(node).__name__}")

    def _not(self, operand: nodes.Condition, place: Place, depth: int) -> ast.expr:
        t = self.fresh("t")
        fault = place.compare(place.bind(t, self.condition(operand, depth + 1)), ast.Lt(), 0)
        flipped = ast.BinOp(place.constant(1), ast.Sub(), place.name(t), **place.fields)
        return place.choose(fault, place.name(t), flipped)

    def _short_circuit(
        self, op: str, left: nodes.Condition, right: nodes.Condition, place: Place, depth: int
    ) -> ast.expr:
        """`and` goes on only after 1, `or` only after 0: a fault on the left is the result of both."""
        t = self.fresh("t")
        first = place.bind(t, self.condition(left, depth + 1))
        stop = place.compare(first, ast.NotEq(), 1 if op == "and" else 0)
        return place.choose(stop, place.name(t), self.condition(right, depth + 1))

    def bracket(self, node: nodes.Expression, depth: int) -> ast.expr:
        """`[ expression ]`: truth of a value that is never built, hence rules of its own."""
        place = Place(node.span)
        c = place.name("c")
        match node:
            case nodes.Number(value=value):
                return place.constant(int(value != 0))
            case nodes.String(value=value):
                return place.constant(int(value != ""))
            case nodes.Variable():
                return place.call("truth_of_variable", self.operand(node))
            case nodes.Comparison():
                return self.comparison(node)
            case nodes.Action():
                return place.call("code_truth", self.action(node))
            case nodes.UnaryOp(operand=operand):
                return place.call("truth_of_inverse", c, self.expression(operand, depth + 1))
            case nodes.BinaryOp(op=op, left=left, right=right):
                operands = self._operands(left, right, depth)
                bare = place.constant(not has_text(right))
                if op == "+":
                    return place.call("truth_of_sum", c, *operands, bare)
                return place.call("truth_of_binary", c, place.constant(op), *operands, bare)
        raise AssertionError(f"no expression: {type(node).__name__}")

    def may_fault(self, node: nodes.Condition) -> bool:
        """Whether the condition can come out as neither true nor false."""
        return not isinstance(node, nodes.Number | nodes.Variable)


def has_text(node: nodes.Expression | nodes.Null) -> bool:
    """Whether an integer in this operand would have a text form: variables yes, literals and computed values no."""
    return isinstance(node, nodes.Variable | nodes.String)
