"""Comparisons that cannot come out as they look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.kinds import Kind, Kinds
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.library.catalogue.facts import EventParam
from evroute_kernel.source import Span

_NUMBER = re.compile(r"0|-?[1-9][0-9]*")


@rule(
    "text-with-number",
    "text compared with a number is an error, which is neither equal nor different",
    foretells=("a text is compared with a number", "the condition has no value"),
    fires=(
        """
        event_route[E_ACC_EVENT] {
            if ($param(sip_code) == 486)
                xlog("busy\\n");
        }
        """,
        """
        event_route[E_RTPPROXY_STATUS] {
            switch ($param(status)) {
                case 1: xlog("up\\n"); break;
                default: xlog("down\\n");
            }
        }
        """,
        """
        $var(tries) = "5";
        if ($var(tries) > 3)
            xlog("too many\\n");
        """,
    ),
    quiet=(
        """
        event_route[E_ACC_EVENT] {
            if ($param(sip_code) == "486")
                xlog("busy\\n");
        }
        """,
        """
        event_route[E_ACC_EVENT] {
            if ($(param(sip_code){s.int}) >= 400)
                xlog("failed\\n");
        }
        """,
    ),
)
def text_with_number(subject: Subject) -> Iterator[Finding]:
    """Text that looks like a number is text. `==` and `!=` with a number both take the else branch, and so does
    everything that `!`, `and` and `or` make of it; the server logs two warnings. A `case` with a number never matches
    text."""
    kinds = Kinds(subject)
    for block, variable, literal, op in _literals(subject):
        if isinstance(literal, nodes.Number) and kinds.of_variable(variable, block) is Kind.TEXT:
            outcome = "never matches" if op == "case" else "is neither true nor false"
            message = f"{variable.text} is text: {_shown(op, literal)} {outcome}"
            yield Finding(message, literal.span, _instead(kinds.origin(variable, block), variable, literal, op))


def _shown(op: str, literal: nodes.Node) -> str:
    return f"{op} {literal.span.text}"


def _instead(param: EventParam | None, variable: nodes.Variable, literal: nodes.Number, op: str) -> str:
    if param is not None and param.values:
        return f"{param.name} is {_either(param)}"
    if op in ("==", "!=", "case"):
        return f'write {op} "{literal.value}"'
    text = variable.text
    inner = text[2:-1] if text.startswith("$(") else text[1:]
    return f"write $({inner}{{s.int}}) {op} {literal.value}"


def _either(param: EventParam) -> str:
    shown = [f'"{v}"' if isinstance(v, str) else str(v) for v in param.values]
    return " or ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} or {shown[-1]}"


@rule(
    "never-sent",
    "a parameter is compared with a value that the event never sends",
    fires=(
        """
        event_route[E_DISPATCHER_STATUS] {
            if ($param(status) == "1")
                xlog("$param(address) is up\\n");
        }
        """,
        """
        event_route[E_DLG_STATE_CHANGED] {
            $var(state) = $param(new_state);
            switch ($var(state)) {
                case 4: xlog("answered\\n"); break;
                case 6: xlog("ended\\n"); break;
            }
        }
        """,
    ),
    quiet="""
        event_route[E_DISPATCHER_STATUS] {
            if ($param(status) == "active")
                xlog("$param(address) is up\\n");
        }
    """,
)
def never_sent(subject: Subject) -> Iterator[Finding]:
    """Where the sources of OpenSIPS show all the values that a parameter can have, another one never matches. A
    variable that holds nothing but a copy of the parameter counts as the parameter."""
    kinds = Kinds(subject)
    for block, variable, literal, op in _literals(subject):
        if op not in ("==", "!=", "case") or isinstance(literal, nodes.Null):
            continue
        param = kinds.origin(variable, block)
        # the empty text is how many guard against a missing value
        if param is None or not param.values or literal.value == "" or (block.event and block.event.dynamic):
            continue
        if isinstance(literal, nodes.Number) and param.type == "string":
            continue  # text-with-number has it
        if str(literal.value).lower() not in {str(v).lower() for v in param.values}:
            always = "so this is always true" if op == "!=" else "so this never matches"
            message = f"{block.name} never sends {literal.span.text} as {param.name}, {always}"
            yield Finding(message, literal.span, f"{param.name} is {_either(param)}")


@rule(
    "number-with-text",
    "a number compared with text that is no number, or ordered as text",
    fires=(
        """
        event_route[E_FRD_WARNING] {
            if ($param(value) > "10")
                xlog("more than ten\\n");
        }
        """,
        """
        event_route[E_CORE_TCP_DISCONNECT] {
            if ($param(dst_port) == "sip")
                xlog("gone\\n");
        }
        """,
    ),
    quiet="""
        event_route[E_FRD_WARNING] {
            if ($param(value) > 10 and $param(rule_id) == "7")
                xlog("more than ten\\n");
        }
    """,
)
def number_with_text(subject: Subject) -> Iterator[Finding]:
    """A number and a text are compared as texts, character by character: 9 is greater than "10", and 7 equals "7" but
    not "07"."""
    kinds = Kinds(subject)
    for block, variable, literal, op in _literals(subject):
        if not isinstance(literal, nodes.String) or op in ("=~", "!~"):
            continue
        if kinds.of_variable(variable, block) is not Kind.NUMBER:
            continue
        number = _NUMBER.fullmatch(literal.value)
        if op in ("<", ">", "<=", ">="):
            write = f"write {op} {literal.value}" if number else "compare with a number, without quotes"
            message = f'{variable.text} is a number, but text in quotes makes this the order of texts, where 9 > "10"'
            yield Finding(message, literal.span, write)
        elif number is None and literal.value != "":
            message = f"{variable.text} is a number: it never equals {literal.span.text}"
            yield Finding(message, literal.span, "numbers compare with numbers, or with their plain decimal text")


@rule(
    "null-as-text",
    "a variable is compared with the text that null prints as",
    local=True,
    fires='if ($param(ip) == "<null>") exit;',
    quiet="if ($param(ip) == NULL) exit;",
)
def null_as_text(subject: Subject) -> Iterator[Finding]:
    """`<null>` is what `xlog` prints for null. The value itself equals NULL and no text."""
    for _, variable, literal, op in _literals(subject):
        if isinstance(literal, nodes.String) and literal.value.lower() == "<null>" and op in ("==", "!="):
            message = f"null is not the text {literal.span.text}"
            yield Finding(message, literal.span, f"write {variable.text} {op} NULL")


@rule(
    "text-plus-number",
    "`+` between a text and a bare number has no value",
    foretells=("a number without text form", "the right side is not an integer", "no value on the right side"),
    fires=(
        '$var(line) = "port " + 5060;',
        '$var(n) = 5 + "60";',
        '$var(line) = "total " + ($shv(n) + 1);',
    ),
    quiet=(
        '$var(port) = 5060;\n$var(line) = "port " + $var(port);',
        '$var(line) = "port " + "5060";',
    ),
)
def text_plus_number(subject: Subject) -> Iterator[Finding]:
    """A number in a variable has a text form and joins texts; a literal or computed one has none, and the expression
    fails. A number on the left wants a number on the right. The variable then keeps its old value."""
    kinds = Kinds(subject)
    for block in subject.blocks:
        for node in block.of(nodes.BinaryOp):
            yield from _mixed_sum(kinds, block, node)


def _mixed_sum(kinds: Kinds, block: Block, node: nodes.BinaryOp) -> Iterator[Finding]:
    (left, _), (right, bare) = kinds.of(node.left, block), kinds.of(node.right, block)
    where: Span = node.right.span
    if left is Kind.TEXT and right is Kind.NUMBER and bare and node.op == "+":
        if isinstance(node.right, nodes.Number):
            hint = f'write "{node.right.value}", or put the number into a variable first'
        else:
            hint = "put the number into a variable first"
        shown = f"({where.text})" if isinstance(node.right, nodes.BinaryOp) else where.text
        yield Finding(f"text + {shown} fails: a computed or literal number has no text form", where, hint)
    elif left is Kind.NUMBER and isinstance(node.right, nodes.String):
        hint = 'to join texts begin with a text: "" + ...' if node.op == "+" else "write the number without quotes"
        yield Finding(f"a number {node.op} text fails", where, hint)


_COMPARED: Final[tuple[type[nodes.Comparison | nodes.Switch], ...]] = (nodes.Comparison, nodes.Switch)


#: a variable, what it is compared with, and how
Compared: TypeAlias = "tuple[Block, nodes.Variable, nodes.Number | nodes.String | nodes.Null, str]"


def _literals(subject: Subject) -> list[Compared]:
    """Every variable that is compared with a literal, by an operator or by a `case`."""
    return subject.once(_compared)


def _compared(subject: Subject) -> list[Compared]:
    return [found for block in subject.blocks for found in block.once(_compared_in)]


def _compared_in(block: Block) -> list[Compared]:
    found: list[Compared] = []
    for node in block.of(*_COMPARED):
        if isinstance(node, nodes.Switch):
            found += [(block, node.subject, case.label, "case") for case in node.cases]
        elif isinstance(node.right, (nodes.Number, nodes.String, nodes.Null)):
            found.append((block, node.left, node.right, node.op))
    return found
