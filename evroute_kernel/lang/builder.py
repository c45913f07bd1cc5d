"""Grammar rules to nodes: one function for each rule of grammar.lark, called as the parser reduces.

Nothing here recurses and nothing keeps state, so deep scripts and several threads are fine. A span runs from the first
to the last token of its rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lexer import Token, byte_text, number_value, string_value, variable_text
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import wrap
from evroute_kernel.source import Span

Children = list[Any]
T = TypeVar("T")

# what C's strtol() reads as zero to the end of the text: such a name means the request route
_ZERO = re.compile(r"(?:[ \t\n\v\f\r]*[+-]?0+)?")


@dataclass(frozen=True, slots=True)
class Block:
    """A body in braces, or the one statement that stands for one."""

    statements: tuple[nodes.Statement, ...]
    span: Span


class Part:
    """A rule that needs no node of its own (sockets, blacklists): only where it stands matters."""

    __slots__ = ("children", "span")

    def __init__(self, _rule: str, children: Children) -> None:
        self.children = children  # the parser itself reads it, for repetitions
        self.span = covering(children)


def covering(children: Children) -> Span:
    """From the first child to the last."""
    first: Span = children[0].span
    if len(children) == 1:
        return first
    last = children[-1]
    while last.__class__ is list:
        if not last:
            return first
        last = last[-1]
    end: Span = last.span
    if end.source is first.source and end.end >= first.start:  # `until`, in line: it is half of all calls
        return Span(first.source, first.start, end.end)
    return first


def _statements(found: Children) -> tuple[nodes.Statement, ...]:
    """Without empty and skipped statements, which are tokens."""
    return tuple(s for s in found if type(s) is not Token)


def _only(children: Children, kind: type[T]) -> T | None:
    return next((c for c in children if type(c) is kind), None)


def _lists(children: Children) -> tuple[Any, ...]:
    return next((tuple(c) for c in children if type(c) is list), ())


def _token_text(token: Token) -> str:
    return string_value(token)[0] if token.type == "STRING" else token.text


class TreeBuilder:
    """Names are those of the grammar's rules and aliases; each takes the children of its rule."""

    # -- lists -------------------------------------------------------------------------------------------------------

    @staticmethod
    def first(c: Children) -> Children:
        return c

    @staticmethod
    def more(c: Children) -> Children:
        c[0].append(c[-1])
        return c[0]  # type: ignore[no-any-return]

    @staticmethod
    def two_left_out(c: Children) -> Children:
        return [None, None]

    @staticmethod
    def first_left_out(c: Children) -> Children:
        return [None, c[1]]

    @staticmethod
    def last_left_out(c: Children) -> Children:
        c[0].append(None)
        return c[0]  # type: ignore[no-any-return]

    # -- top level ---------------------------------------------------------------------------------------------------

    @staticmethod
    def script(c: Children) -> tuple[Children, None]:
        return (c[0] if c else []), None

    @staticmethod
    def cell(c: Children) -> tuple[Children, nodes.Expression | None]:
        parts = _only(c, list) or []
        return parts, next((x for x in c if type(x) is not list), None)

    @staticmethod
    def request_route(c: Children) -> nodes.Route:
        return _route(c, "0", None)

    @staticmethod
    def plain_route(c: Children) -> nodes.Route:
        return _route(c, "", None)

    @staticmethod
    def named_route(c: Children) -> nodes.Route:
        name = c[2].text
        if c[0].type == "ROUTE" and _ZERO.fullmatch(name):
            name = "0"
        return _route(c, name, None)

    @staticmethod
    def timer_route(c: Children) -> nodes.Route:
        return _route(c, c[2].text, number_value(c[4].text))

    @staticmethod
    def name(c: Children) -> nodes.Name:
        token = c[0]
        if token.type == "NUMBER":
            # the server prints the number as 64 bits without a sign
            return nodes.Name(str(number_value(token.text) % 2**64), span=token.span)
        return nodes.Name(_token_text(token), span=token.span)

    @staticmethod
    def loadmodule(c: Children) -> nodes.LoadModule:
        return nodes.LoadModule(_token_text(c[1]), span=covering(c))

    @staticmethod
    def modparam(c: Children) -> nodes.ModParam:
        value = _joined(c[6]) if type(c[6]) is list else c[6]
        return nodes.ModParam(_token_text(c[2]), _token_text(c[4]), value.value, span=covering(c))

    @staticmethod
    def setting(c: Children) -> nodes.Global:
        value, span = c[2], covering(c)
        if type(value) is nodes.Number:
            return nodes.Global(c[0].text, value.value, span=span)
        if len(c) == 3 or c[0].type == "SET_WORKERS":
            if type(value) is Token and value.type == "NUMBER":
                return nodes.Global(c[0].text, number_value(value.text), span=span)
            if type(value) is Token:
                return nodes.Global(c[0].text, _token_text(value), span=span)
        text = span.source.text[value.span.start : span.end]
        return nodes.Global(c[0].text, byte_text(text), span=span)

    @staticmethod
    def paths(c: Children) -> Token | Part:
        return Part("paths", c) if len(c) > 1 else c[0]

    # -- statements --------------------------------------------------------------------------------------------------

    @staticmethod
    def block(c: Children) -> Block:
        return Block(_statements(c[1]) if len(c) == 3 else (), covering(c))

    @staticmethod
    def one_statement(c: Children) -> Block:
        return Block(_statements(c), c[0].span)

    @staticmethod
    def ended(c: Children) -> Any:
        # an expression in parentheses has no node of its own, so an assignment would end before its last parenthesis
        span, end = c[0].span, c[1].span
        if type(c[0]) is nodes.Assign and span.source is end.source:
            text = span.source.text[span.end : end.start].rstrip()
            return replace(c[0], span=Span(span.source, span.start, span.end + len(text))) if text else c[0]
        return c[0]

    @staticmethod
    def empty(c: Children) -> Token:
        return c[0]  # type: ignore[no-any-return]

    skipped = empty

    @staticmethod
    def break_(c: Children) -> nodes.Break:
        return nodes.Break(span=c[0].span)

    @staticmethod
    def if_(c: Children) -> nodes.If:
        return nodes.If(c[2], c[4].statements, c[6].statements if len(c) == 7 else (), span=covering(c))

    @staticmethod
    def while_(c: Children) -> nodes.While:
        return nodes.While(c[2], c[4].statements, span=covering(c))

    @staticmethod
    def for_(c: Children) -> nodes.ForEach:
        return nodes.ForEach(c[2], c[4], c[6].statements, span=covering(c))

    @staticmethod
    def switch(c: Children) -> nodes.Switch:
        default = c[6].statements if len(c) == 8 else None
        return nodes.Switch(c[2], tuple(c[5]), default, span=covering(c))

    @staticmethod
    def case(c: Children) -> nodes.Case:
        return nodes.Case(c[1], _statements(c[3]) if len(c) == 4 else (), span=covering(c))

    @staticmethod
    def skipped_case(c: Children) -> nodes.Case:
        return nodes.Case(nodes.Number(0, span=c[0].span), _statements(c[2]) if len(c) == 3 else (), span=covering(c))

    @staticmethod
    def default(c: Children) -> Block:
        return Block(_statements(c[2]) if len(c) == 3 else (), covering(c))

    @staticmethod
    def assign(c: Children) -> nodes.Assign:
        return nodes.Assign(c[0], c[1].text, c[2], span=covering(c))

    @staticmethod
    def xlog(c: Children) -> nodes.XLog:
        return nodes.XLog(c[2] if len(c) == 6 else None, _joined(c[-2]), span=covering(c))

    @staticmethod
    def xdbg(c: Children) -> nodes.XDbg:
        return nodes.XDbg(_joined(c[2]), span=covering(c))

    @staticmethod
    def log(c: Children) -> nodes.Log:
        return nodes.Log(c[2].value if len(c) == 6 else 4, c[-2], span=covering(c))

    @staticmethod
    def error(c: Children) -> nodes.ErrorStatement:
        return nodes.ErrorStatement(c[2], c[4], span=covering(c))

    @staticmethod
    def assert_(c: Children) -> nodes.Assert:
        return nodes.Assert(c[2], c[4] if len(c) == 6 else None, span=covering(c))

    @staticmethod
    def drop(c: Children) -> nodes.Drop:
        return nodes.Drop(span=covering(c))

    @staticmethod
    def exit(c: Children) -> nodes.Exit:
        return nodes.Exit(span=covering(c))

    @staticmethod
    def return_(c: Children) -> nodes.Return:
        code = _only(c, nodes.Number) or _only(c, nodes.Variable)
        return nodes.Return(code, _lists(c), span=covering(c))

    @staticmethod
    def async_(c: Children) -> nodes.Async:
        timeout = None
        if len(c) == 8:
            timeout = nodes.Number(number_value(c[6].text), span=c[6].span)
        return nodes.Async(c[2], c[4], timeout, span=covering(c))

    @staticmethod
    def launch(c: Children) -> nodes.Launch:
        return nodes.Launch(c[2], _only(c, nodes.Name), _only(c, nodes.String), span=covering(c))

    @staticmethod
    def call(c: Children) -> nodes.Call:
        return nodes.Call(c[0].text, _lists(c), span=covering(c), name_span=c[0].span)

    @staticmethod
    def route_call(c: Children) -> nodes.RouteCall:
        target = c[2]
        if type(target) is nodes.Name and "$" in target.text:
            target = nodes.String(target.text, _offsets(target.span), span=target.span)
        return nodes.RouteCall(target, _lists(c), span=covering(c))

    # -- conditions and expressions ------------------------------------------------------------------------------------

    @staticmethod
    def both(c: Children) -> nodes.BoolOp:
        return nodes.BoolOp("and" if c[1].type == "AND" else "or", c[0], c[2], span=covering(c))

    @staticmethod
    def negate(c: Children) -> nodes.Not:
        return nodes.Not(c[1], span=covering(c))

    @staticmethod
    def group(c: Children) -> nodes.Group:
        return nodes.Group(c[1], span=covering(c))

    @staticmethod
    def bracket(c: Children) -> nodes.Bracket:
        return nodes.Bracket(c[1], span=covering(c))

    @staticmethod
    def action(c: Children) -> nodes.Action:
        return nodes.Action((c[0],), span=c[0].span)

    @staticmethod
    def block_action(c: Children) -> nodes.Action:
        return nodes.Action(c[0].statements, span=c[0].span)

    @staticmethod
    def binary(c: Children) -> nodes.BinaryOp:
        return nodes.BinaryOp(c[1].text, c[0], c[2], span=covering(c))

    @staticmethod
    def complement(c: Children) -> nodes.UnaryOp:
        return nodes.UnaryOp(c[1], span=covering(c))

    @staticmethod
    def parenthesised(c: Children) -> nodes.Expression:
        return c[1]  # type: ignore[no-any-return]

    @staticmethod
    def comparison(c: Children) -> nodes.Comparison:
        return nodes.Comparison(c[1].text, c[0], c[2], span=covering(c))

    # -- atoms ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def variable(c: Children) -> nodes.Variable:
        return nodes.Variable(variable_text(c[0]), span=c[0].span)

    @staticmethod
    def string(c: Children) -> nodes.String:
        return _string(c[0])

    @staticmethod
    def number(c: Children) -> nodes.Number:
        value = number_value(c[-1].text)
        return nodes.Number(wrap(-value) if c[0].type == "MINUS" else value, span=covering(c))

    @staticmethod
    def null(c: Children) -> nodes.Null:
        return nodes.Null(span=c[0].span)

    @staticmethod
    def network(c: Children) -> nodes.Network:
        span: Span = c[0].span
        return nodes.Network(span.text.strip("[] \t\r\n"), span=span)


def _route(c: Children, name: str, interval: int | None) -> nodes.Route:
    header = c[0].span.until(c[-2].span)
    return nodes.Route(c[0].text, name, interval, c[-1].statements, span=covering(c), header=header)


def _joined(tokens: list[Token]) -> nodes.String:
    """Adjacent literals as one; each ends before its own first NUL."""
    if len(tokens) == 1:
        return _string(tokens[0])
    strings = [_string(token) for token in tokens]
    offsets: list[int] = []
    for string in strings:
        offsets[-1:] = string.offsets  # the end of one gives way to the start of the next
    source = tokens[0].span.source
    together = all(s.offsets and s.span.source is source for s in strings)
    value = "".join(s.value for s in strings)
    return nodes.String(value, tuple(offsets) if together else (), span=covering(tokens))


def _string(token: Token) -> nodes.String:
    value, offsets = string_value(token)
    if len(token.text) != token.span.end - token.span.start:
        offsets = ()  # it reaches into an included file
    return nodes.String(value, offsets, span=token.span)


def _offsets(span: Span) -> Sequence[int]:
    return string_value(Token("STRING", span.text, span))[1]
