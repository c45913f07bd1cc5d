"""The tree of a script: one frozen record per construct. Spans do not take part in comparison.

Text inside nodes (`String.value`, names, variable texts) is a byte string as scripts compute with it: one character per
UTF-8 byte (`runtime.values.encode`). Spans count characters of the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import Field, field, fields
from typing import Any, Final, TypeAlias

from evroute_kernel.source import Span, record


@record
class Node:
    span: Span = field(compare=False, repr=False, kw_only=True)

    # what dataclasses would make for each kind of node, once for all: it would take most of the time to import this
    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{self.__class__.__qualname__}({shown})"

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in _COMPARED[self.__class__])

    def children(self) -> Iterator[Node]:
        """Direct child nodes, in the order of the text."""
        for name in HOLDERS[self.__class__]:
            value = getattr(self, name)
            if value.__class__ is tuple:
                yield from (item for item in value if item is not None)
            elif value is not None:
                yield value

    def walk(self) -> Iterator[Node]:
        """This node and all below it, without recursion (scripts may nest deeply)."""
        stack: list[Node | None] = [self]
        while stack:
            node = stack.pop()
            if node is None:  # an argument that is left out
                continue
            yield node
            for name in HOLDERS_BACKWARDS[node.__class__]:
                value = getattr(node, name)
                if value.__class__ is tuple:
                    stack += value[::-1]
                else:
                    stack.append(value)


#: types of fields that hold no nodes
_PLAIN: Final = frozenset({"Span", "str", "int", "int | str", "int | None", "Sequence[int]", "Stretches"})


class _Names(dict[type[Node], tuple[str, ...]]):
    """For each kind of node the names of some of its fields, worked out at the first use; `step` -1 gives them from
    the last to the first."""

    def __init__(self, meant: Callable[[Field[Any]], bool], step: int = 1) -> None:
        self._meant = meant
        self._step = step

    def __missing__(self, kind: type[Node]) -> tuple[str, ...]:
        self[kind] = names = tuple(f.name for f in fields(kind) if self._meant(f))[:: self._step]
        return names


#: fields that hold a node, several of them, or None, in the order of the text
HOLDERS: Final = _Names(lambda f: f.type not in _PLAIN)
#: the same, the last first: as they are put on a stack
HOLDERS_BACKWARDS: Final = _Names(lambda f: f.type not in _PLAIN, step=-1)
_COMPARED: Final = _Names(lambda f: f.compare)


# -- atoms --------------------------------------------------------------------------------------------------------


@record
class Number(Node):
    """An integer literal, already reduced to 32 bits; signed ones include their sign in the span."""

    value: int


@record
class String(Node):
    """A string literal. `value` has its escapes undone and ends before the first NUL, as in the server.

    `offsets` maps each byte of `value` (and its end) to a character offset of the source; empty for joined literals
    that lie in several places.
    """

    value: str
    offsets: Sequence[int] = field(default=(), compare=False, repr=False)

    def part(self, start: int, end: int) -> Span:
        """The span of bytes start..end of the value, for errors inside a format."""
        if not self.offsets or end >= len(self.offsets):
            return self.span
        return Span(self.span.source, self.offsets[start], max(self.offsets[end], self.offsets[start] + 1))


@record
class Variable(Node):
    """A variable token exactly as written, `$` included: `$(avp(x)[0]{s.len})`. `library.template` reads it."""

    text: str


@record
class Null(Node):
    """`NULL` or `null`."""


@record
class Network(Node):
    """An unquoted IP address or network, `10.0.0.0/8`; on the right of == and != only."""

    text: str


@record
class Name(Node):
    """A route name: identifier, number (as decimal text) or string literal."""

    text: str


# -- expressions (right side of an assignment, and `[ ]` in a condition) ---------------------------------------------


@record
class BinaryOp(Node):
    """`op` is one of + - * / % & | ^ << >>."""

    op: str
    left: Expression
    right: Expression


@record
class UnaryOp(Node):
    """`~operand`."""

    operand: Expression


@record
class Comparison(Node):
    """`left op right`; op is one of == != < > <= >= =~ !~. A condition element and an expression atom."""

    op: str
    left: Variable
    right: Variable | String | Number | Null | Network


@record
class Action(Node):
    """Statements inside an expression: a command (`f()`, `route(x)`, `exit` ...), or in a condition also an assignment,
    an `if`, or a block. Its value is the code of the last statement; code 0 ends the script."""

    statements: tuple[Statement, ...]


# -- conditions -----------------------------------------------------------------------------------------------------


@record
class BoolOp(Node):
    """`op` is "and" or "or"; both have one precedence and associate left."""

    op: str
    left: Condition
    right: Condition


@record
class Not(Node):
    operand: Condition


@record
class Group(Node):
    """`( condition )`: a level of evaluation of its own (the server allows 100)."""

    operand: Condition


@record
class Bracket(Node):
    """`[ expression ]` as a condition."""

    operand: Expression


Expression: TypeAlias = "Number | String | Variable | BinaryOp | UnaryOp | Comparison | Action"
Condition: TypeAlias = "BoolOp | Not | Group | Bracket | Comparison | Action | Number | Variable"
Argument: TypeAlias = "Number | String | Variable | Null"


# -- statements -----------------------------------------------------------------------------------------------------


@record
class Assign(Node):
    """`target op value`; op is one of = := += -= *= /= %= &= |= ^=."""

    target: Variable
    op: str
    value: Expression | Null


@record
class Call(Node):
    """A call of a function that core or a module declares. An argument left empty is None."""

    name: str
    arguments: tuple[Argument | None, ...]
    name_span: Span = field(compare=False, repr=False, kw_only=True)


@record
class RouteCall(Node):
    """`route(target, ...)`. A String target holding `$` is a format; other literals arrive as Name."""

    target: Name | String | Variable
    arguments: tuple[Argument, ...]


@record
class XLog(Node):
    level: String | None
    text: String


@record
class XDbg(Node):
    text: String


@record
class Log(Node):
    level: int
    text: String


@record
class ErrorStatement(Node):
    """`error("a", "b")`, which the server never implemented."""

    first: String
    second: String


@record
class Return(Node):
    """`return`, `return(code)`, `return(code, value, ...)`. Without a code it is 1 (`code` is None)."""

    code: Number | Variable | None
    values: tuple[Argument, ...]


@record
class Exit(Node):
    pass


@record
class Drop(Node):
    pass


@record
class Break(Node):
    pass


@record
class Assert(Node):
    condition: Condition
    text: String | None


@record
class Async(Node):
    call: Call
    route: Name
    timeout: Number | None


@record
class Launch(Node):
    call: Call
    route: Name | None
    text: String | None


@record
class If(Node):
    """`then` and `orelse` hold the statements of the bodies; an empty body and a missing else are both ()."""

    test: Condition
    then: tuple[Statement, ...]
    orelse: tuple[Statement, ...]


@record
class While(Node):
    test: Condition
    body: tuple[Statement, ...]


@record
class ForEach(Node):
    iterator: Variable
    collection: Variable
    body: tuple[Statement, ...]


@record
class Case(Node):
    label: Number | String
    body: tuple[Statement, ...]


@record
class Switch(Node):
    subject: Variable
    cases: tuple[Case, ...]
    default: tuple[Statement, ...] | None


@record
class Display(Node):
    """A bare expression at the end of a notebook cell (`Script.scratch` only): its value is the cell's result."""

    expression: Expression


Statement: TypeAlias = (
    "Assign | Call | RouteCall | XLog | XDbg | Log | ErrorStatement | Return | Exit | Drop | Break | Assert | Async"
    " | Launch | If | While | ForEach | Switch | Display"
)


# -- top level ------------------------------------------------------------------------------------------------------


@record
class Global(Node):
    """`name = value` at top level; value is an int, or a byte string for everything else."""

    name: str
    value: int | str


@record
class LoadModule(Node):
    path: str


@record
class ModParam(Node):
    module: str
    name: str
    value: int | str


@record
class Route(Node):
    """A route block. `kind` is "route", "event_route", "startup_route", ...; `name` is "" for the nameless ones, and
    for `route { }` / `route[0]` (the request route) it is "0". `body` has no empty statements: () means the block held
    only `;`, which the server accepts with odd effects. `header` spans `event_route[NAME]`."""

    kind: str
    name: str
    interval: int | None
    body: tuple[Statement, ...]
    header: Span = field(compare=False, repr=False, kw_only=True)

    @property
    def title(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind


#: starts and ends
Stretches: TypeAlias = "tuple[tuple[int, int], ...] | None"
TopLevel: TypeAlias = "Global | LoadModule | ModParam | Route"


@record
class Script(Node):
    """A parsed text. `scratch` holds bare statements, which only cells may have (`parse(..., scratch=True)`); the last
    one may be a Display."""

    items: tuple[TopLevel, ...]
    scratch: tuple[Statement, ...] = ()
    #: the stretches between two tokens that hold something else than blanks and comments; None where it is not known
    strays: Stretches = field(default=None, compare=False, repr=False)
    #: no more symbols of the grammar are open at any place; None where it is not known
    depth: int | None = field(default=None, compare=False, repr=False)


#: kinds of node below which there is no statement; the commonest ones, so that walks for statements can pass them over
WITHOUT_STATEMENTS: Final = frozenset({Variable, String, Number, Null, Comparison, XLog, XDbg, Log, Call, RouteCall})
