"""Operators that bind otherwise than in other languages, and numbers that wrap."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.lang.lints.texts import variable_of
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.runtime.values import wrap
from evroute_kernel.source import Source, Span

_PRODUCTS: Final = ("*", "/", "%")
_SUMS: Final = ("+", "-")
#: seconds since 1970 at the beginning of 2026
_A_TIME: Final = 1767225600
#: characters of the shortest numbers that do not fit into 32 bits: 2147483648, 0x80000000
_SHORTEST_TOO_LARGE: Final = 10
_BITS: Final = ("&", "|", "^", "<<", ">>")


@rule(
    "precedence",
    "`*`, `/` and `%` do not bind tighter than `+` and `-`",
    local=True,
    fires=("$var(x) = 2 + 3 * 4;", "$var(rest) = 60 - $var(s) % 60;"),
    quiet=(
        "$var(x) = 2 + (3 * 4);",
        "$var(x) = (2 + 3) * 4;",
        "$var(pct) = $var(used) * 100 / $var(size) + 1;",
    ),
)
def precedence(subject: Subject) -> Iterator[Finding]:
    """All five share one level and are computed from left to right: `2 + 3 * 4` is 20. The lint fires only where that
    differs from what mathematics expects."""
    for node in _binaries(subject):
        left = node.left
        if node.op not in _PRODUCTS or not isinstance(left, nodes.BinaryOp) or left.op not in _SUMS:
            continue
        if _enclosed(subject, left, node.right):
            continue
        first, second, third = (_source_of(n) for n in (left.left, left.right, node.right))
        message = f"this is ({first} {left.op} {second}) {node.op} {third}: the server computes from left to right"
        hint = f"write {first} {left.op} ({second} {node.op} {third}), or put the sum in parentheses"
        yield Finding(message, _whole(subject, node), hint)


@rule(
    "mixed-bit-operators",
    "different bit operators without parentheses are computed from left to right",
    local=True,
    fires=("$var(x) = 1 | 6 & 2;", "$var(flags) = $var(flags) | 1 << $var(n);"),
    quiet=("$var(x) = 1 | (6 & 2);", "$var(x) = (1 | 6) & 2;", "$var(x) = 1 | 2 | 4;", "$var(x) = $var(n) << 4 >> 2;"),
)
def mixed_bit_operators(subject: Subject) -> Iterator[Finding]:
    """`&`, `|`, `^`, `<<` and `>>` share one level, below `+` and `-`: `1 | 6 & 2` is `(1 | 6) & 2`, which is 2."""
    for node in _binaries(subject):
        left = node.left
        if node.op not in _BITS or not isinstance(left, nodes.BinaryOp) or left.op not in _BITS:
            continue
        if left.op == node.op or {left.op, node.op} == {"<<", ">>"} or _enclosed(subject, left, node.right):
            continue
        first, second, third = (_source_of(n) for n in (left.left, left.right, node.right))
        message = f"{left.op} and {node.op} share one level: this is ({first} {left.op} {second}) {node.op} {third}"
        yield Finding(message, _whole(subject, node), "put parentheses where you mean them")


@rule(
    "mixed-and-or",
    "`and` and `or` share one level and are taken from left to right",
    local=True,
    fires=(
        'if ($param(ip) == NULL or $var(a) and $var(b)) xlog("x\\n");',
        'if ($var(a) && $var(b) || $var(c)) xlog("x\\n");',
    ),
    quiet=(
        'if ($param(ip) == NULL or ($var(a) and $var(b))) xlog("x\\n");',
        'if ($var(a) and $var(b) and $var(c)) xlog("x\\n");',
    ),
)
def mixed_and_or(subject: Subject) -> Iterator[Finding]:
    """`1 or 0 and 0` is `(1 or 0) and 0`, false; most languages say true. Where `and` comes first both readings
    agree, but parentheses spare the reader the doubt."""
    for node in subject.of(nodes.BoolOp):
        if isinstance(node.left, nodes.BoolOp) and node.left.op != node.op:
            left = node.left
            yield Finding(
                f"this is ({_short(left.left)} {left.op} {_short(left.right)}) {node.op} {_short(node.right)}: "
                "and and or share one level",
                node.span,
                "put parentheses around the part that belongs together",
            )


@rule(
    "number-wraps",
    "a number that does not fit into 32 bits becomes another one",
    local=True,
    fires=("$var(x) = 4294967296;", "$var(big) = 0xFFFFFFFF;"),
    quiet=("$var(x) = 2147483647;", "$var(x) = -2147483648;"),
)
def number_wraps(subject: Subject) -> Iterator[Finding]:
    """Only the low 32 bits of a number are kept, as a signed integer; nothing is said about it."""
    for node in subject.of(nodes.Number):
        if node.span.end - node.span.start < _SHORTEST_TOO_LARGE:
            continue
        written = node.span.text.replace(" ", "")
        digits = written.lstrip("+-")
        if not digits[:1].isdigit() or len(digits) > 40:
            value = 2**40 if len(digits) > 40 and digits[:1].isdigit() else node.value
        else:
            base = 16 if digits[:2] == "0x" else 8 if digits[0] == "0" and len(digits) > 1 else 10
            value = int(digits, base) * (-1 if written[0] == "-" else 1)
        if value != node.value:
            yield Finding(
                f"{node.span.text} does not fit into 32 bits: it becomes {node.value}",
                node.span,
                "integers reach from -2147483648 to 2147483647; larger ones can only be texts",
            )


@rule(
    "division-by-zero",
    "a division by a literal 0 yields 0",
    local=True,
    foretells=("division by zero gives 0",),
    fires=("$var(x) = $var(n) / 0;", "$var(x) = 10 % 0;"),
    quiet="$var(x) = $var(n) / 2;",
)
def division_by_zero(subject: Subject) -> Iterator[Finding]:
    """The server logs an error and goes on with 0 as the result."""
    for node in _binaries(subject):
        if node.op in ("/", "%") and isinstance(node.right, nodes.Number) and node.right.value == 0:
            yield Finding(f"{node.op} 0 logs an error and yields 0", node.right.span, "divide by something else")


@rule(
    "constant-overflow",
    "a sum or product of literals that does not fit into 32 bits",
    local=True,
    fires="$var(ms) = 86400 * 30000;",
    quiet="$var(ms) = 86400 * 1000;",
)
def constant_overflow(subject: Subject) -> Iterator[Finding]:
    """Integers wrap around at 32 bits, without a word."""
    for node in _binaries(subject):
        left, right = node.left, node.right
        if not isinstance(left, nodes.Number) or not isinstance(right, nodes.Number) or node.op not in ("+", "-", "*"):
            continue
        a, b = left.value, right.value
        value = a + b if node.op == "+" else a - b if node.op == "-" else a * b
        if value != wrap(value):
            yield Finding(
                f"{value} does not fit into 32 bits: this is {wrap(value)}", node.span, "compute in other units"
            )


@rule(
    "param-overflow",
    "a parameter times a number that does not fit into 32 bits",
    local=True,
    fires=(
        "event_route[E_ACC_CDR] { $var(ms) = $param(time) * 1000; }",
        "event_route[E_CORE_SHM_THRESHOLD] { $var(percent) = $param(used) * 100 / $param(size); }",
        "$var(ms) = 1000 * $Ts;",
    ),
    quiet=(
        "event_route[E_ACC_CDR] { $var(ms) = $param(duration) * 1000; }",
        "event_route[E_CORE_SHM_THRESHOLD] { $var(percent) = $param(used) / ($param(size) / 100); }",
    ),
)
def param_overflow(subject: Subject) -> Iterator[Finding]:
    """Integers wrap around at 32 bits, without a word: a time in seconds since 1970 has no room for milliseconds, nor
    have some millions of bytes for per cent. The values are those that a server usually sends."""
    for block in subject.blocks:
        for node in block.of(nodes.BinaryOp):
            if node.op != "*":
                continue
            for variable, factor in ((node.left, node.right), (node.right, node.left)):
                if not isinstance(variable, nodes.Variable) or not isinstance(factor, nodes.Number):
                    continue
                usual = _usual_value(variable.text, block)
                if usual is not None and usual * factor.value != wrap(usual * factor.value):
                    message = f"{usual} * {factor.value} does not fit into 32 bits: it would be "
                    message += f"{wrap(usual * factor.value)}"
                    hint = "divide first, or compute in larger units; only a text has room for such a number"
                    yield Finding(f"{variable.text} is such as {usual}; {message}", node.span, hint)


def _usual_value(text: str, block: Block) -> int | None:
    """What an integer variable holds on a server, as far as that is known: the time, or a parameter's sample."""
    spec, event = variable_of(text, block.library), block.event
    if spec is None or spec.transformations or spec.index is not None:
        return None
    if spec.declaration.name == "Ts":
        return _A_TIME
    if spec.declaration.name != "param" or event is None or isinstance(spec.name, VariableSpec):
        return None
    position = isinstance(spec.name, int) and 1 <= spec.name <= len(event.params)
    param = event.params[spec.name - 1] if position else event.param(str(spec.name))
    return param.sample if param is not None and isinstance(param.sample, int) else None


def _binaries(subject: Subject) -> Iterator[nodes.BinaryOp]:
    return subject.of(nodes.BinaryOp)


def _enclosed(subject: Subject, left: nodes.Node, right: nodes.Node) -> bool:
    """Whether the left operand of an operator stands in parentheses of its own; the tree does not keep them."""
    source = left.span.source
    _, open_inside = _unmatched(subject, source, left.span.start, left.span.end)
    closed_behind, _ = _unmatched(subject, source, left.span.end, right.span.start)
    return closed_behind > open_inside


def _unmatched(subject: Subject, source: Source, start: int, end: int) -> tuple[int, int]:
    """How many parentheses a part of a text closes but does not open, and opens but does not close."""
    marks = subject.parentheses(source)
    closed = opened = 0
    for _, sign in marks[bisect_left(marks, (start, -1)) : bisect_left(marks, (end, -1))]:
        if sign < 0 and not opened:
            closed += 1
        else:
            opened += sign
    return closed, opened


def _whole(subject: Subject, node: nodes.Node) -> Span:
    """The place of an expression with the parentheses around its first and last operand, which its span leaves out."""
    source, start, end = node.span.source, node.span.start, node.span.end
    closed, opened = _unmatched(subject, source, start, end)
    marks = subject.parentheses(source)
    if closed:
        start = marks[bisect_left(marks, (start, -1)) - closed][0]
    if opened:
        end = marks[bisect_left(marks, (end, -1)) + opened - 1][0] + 1
    return source.span(start, end)


def _source_of(node: nodes.Node) -> str:
    """An operand as it is written; a compound one is only hinted at."""
    return "..." if isinstance(node, nodes.BinaryOp) else _short(node)


def _short(node: nodes.Node) -> str:
    text = " ".join(node.span.text.split())
    return text if len(text) <= 40 else f"{text[:37]}..."
