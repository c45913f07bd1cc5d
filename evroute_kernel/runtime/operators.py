"""The operators of expressions and conditions. Compiled routes call these functions by name.

An expression gives a value, or NOTHING when an operator failed (the failure has been logged). The integer of a
literal or of a computed result has no text form, that of a variable has one; the code generator knows which is which
by the form of the right operand and calls the `_bare` twin of `add` for the former. Observed on OpenSIPS 3.6:
language manual 4.2 to 4.6.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final

from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.patterns import posix as regex
from evroute_kernel.runtime.patterns.protocol import Regex, RegexError
from evroute_kernel.runtime.values import (
    INT_MIN,
    NULL_TEXT,
    Textless,
    TypedNull,
    Value,
    fold,
    int_of,
    is_int_type,
    is_nowhere,
    is_true,
    wrap,
)

Network = IPv4Network | IPv6Network


class Nothing:
    """The type of NOTHING: an expression that has no value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = Nothing()
Result = Value | Nothing | TypedNull

TRUE: Final = 1
FALSE: Final = 0
#: a comparison of the wrong types: neither true nor false; travels through !, && and ||
FAULT: Final = -1

# -- arithmetic -----------------------------------------------------------------------------------------------------


def add(context: Context, left: Result, right: Result) -> Result:
    """`left + right` where the right operand is a variable or a string literal."""
    if type(left) is str:
        if type(right) is str:
            return left + right
        if type(right) is int:
            return left + str(right)
    elif type(left) is int and type(right) is int:
        return wrap(left + right)
    return _add(context, left, right, bare=False)


def add_bare(context: Context, left: Result, right: Result) -> Result:
    """`left + right` where the right operand is a number literal or a computed value: an integer there has no text."""
    if type(left) is int and type(right) is int:
        return wrap(left + right)
    if type(left) is str and type(right) is str:
        return left + right
    return _add(context, left, right, bare=True)


def _add(context: Context, left: Result, right: Result, *, bare: bool) -> Result:
    if left is NOTHING:
        return NOTHING
    if type(left) is TypedNull:
        left = left.on_the_left
    if is_int_type(left):  # type: ignore[arg-type]
        return _compute(context, "+", left, right)
    head = "" if left is None else str(left)
    if right is None or type(right) is TypedNull:
        return head
    if right is NOTHING or (bare and type(right) is int) or type(right) is Textless:
        way = "give the left side a value first" if left is None else "put the number in a variable first"
        return _fail(context, f"{_kind(left)} + a number without text form: {way}")
    return head + str(right)


def _divide(left: int, right: int) -> int:
    if left == INT_MIN and right == -1:
        raise ScriptCrash("-2147483648 / -1 does not fit 32 bits: the server's process dies here")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _modulo(left: int, right: int) -> int:
    if left == INT_MIN and right == -1:
        raise ScriptCrash("-2147483648 % -1: the server's process dies here")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


#: integer operators; shifts use the low five bits of their count, as the processor does
INTEGER: Final[dict[str, Callable[[int, int], int]]] = {
    "+": lambda a, b: wrap(a + b),
    "-": lambda a, b: wrap(a - b),
    "*": lambda a, b: wrap(a * b),
    "/": _divide,
    "%": _modulo,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: wrap(a << (b & 31)),
    ">>": lambda a, b: a >> (b & 31),
}
BITWISE: Final = frozenset("&|^")


def binary(context: Context, op: str, left: Result, right: Result) -> Result:
    """`left op right` for every operator but `+`, where the right operand is a variable or a string literal."""
    return binary_bare(context, op, left, _lend_text(left, right))


def _lend_text(left: Result, right: Result) -> Result:
    """An integer variable on the right of a text takes part with its digits."""
    if type(right) is not int:
        return right
    return str(right) if left is NULL_TEXT or (isinstance(left, str) and not is_int_type(left)) else right


def binary_bare(context: Context, op: str, left: Result, right: Result) -> Result:
    """`binary`, where the right operand is a number literal or a computed value: an integer there has no text."""
    if left is NOTHING:
        return NOTHING
    if type(left) is TypedNull:
        left = left.on_the_left
    if is_int_type(left):  # type: ignore[arg-type]
        return _compute(context, op, left, right)
    if type(right) is TypedNull:
        right = ""
    if isinstance(left, str) and isinstance(right, str):
        return _bytewise(context, op, left, right)
    return _fail(context, f"{_kind(left)} {op} {_kind(right)}: {op} needs an integer on its left")


def _compute(context: Context, op: str, left: Result, right: Result) -> Result:
    number = left if type(left) is int else int_of(left)  # type: ignore[arg-type]
    other = 0 if right is None or type(right) is TypedNull else NOTHING if right is NOTHING else int_of(right)  # type: ignore[arg-type]
    if other is None or other is NOTHING:
        return _fail(context, f"{number} {op} {_kind(right)}: the right side is not an integer; convert with {{s.int}}")
    if other == 0 and op in "/%":
        context.error(f"{number} {op} 0: division by zero gives 0")
        return 0
    return INTEGER[op](number, other)  # type: ignore[arg-type]


def _bytewise(context: Context, op: str, left: str, right: str) -> Result:
    if len(left) != len(right):
        return _fail(context, f"{op} on texts of different length ({len(left)} and {len(right)} bytes)")
    if op not in BITWISE:
        return _fail(context, f"{op} on texts: only & | ^ work on texts; convert with {{s.int}} to calculate")
    return "".join(chr(INTEGER[op](ord(a), ord(b))) for a, b in zip(left, right, strict=True))


def invert(context: Context, operand: Result) -> Result:
    """`~operand`."""
    if operand is NOTHING:
        return NOTHING
    if type(operand) is TypedNull:
        operand = operand.on_the_left
    number = int_of(operand)  # type: ignore[arg-type]
    if number is None:
        return _fail(context, f"~ on {_kind(operand)}: it needs an integer")
    return ~number


def too_deep(context: Context) -> Nothing:
    """Stands in for what lies deeper than 100 levels of one expression."""
    context.critical("an expression nests more than 100 levels; what lies deeper has no value")
    return NOTHING


def too_deep_condition(context: Context) -> int:
    too_deep(context)
    return FAULT


def _fail(context: Context, text: str) -> Nothing:
    context.error(text)
    return NOTHING


def _kind(value: Result) -> str:
    if value is NOTHING:
        return "(no value)"
    if value is None or type(value) is TypedNull:
        return "<null>"
    return str(value) if type(value) is int else f'"{_short(value)}"'


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


# -- results at the top of an assignment ------------------------------------------------------------------------------


def checked(code: int) -> Result:
    """A comparison as the whole right side: a fault is no value."""
    return NOTHING if code < 0 else code


def nonzero(code: int) -> Result:
    """A command as the whole right side: code 0 ends the script and is no value."""
    return code if code else NOTHING


# -- comparison -------------------------------------------------------------------------------------------------------


_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def compare_null(left: Value, op: str) -> int:
    """`left == NULL`, `left != NULL`."""
    return int((left is None) == (op == "=="))


def compare_number(context: Context, op: str, left: Value, right: int) -> int:
    """`left op number-literal`: numeric; text without an integer form is a fault."""
    if type(left) is not int:
        if left is None:
            return int(op == "!=")
        number = int_of(left)
        if number is None:
            return _fault(context, op, left, f"the number {right}", "convert with {s.int}, or compare with a text")
        left = number
    return 1 if _COMPARE[op](left, right) else 0


def number_is_less(context: Context, left: Value, right: int) -> int:
    """`left < number-literal`: the condition of most loops."""
    if type(left) is int:
        return 1 if left < right else 0
    return compare_number(context, "<", left, right)


def compare_text(op: str, left: Value, right: str) -> int:
    """`left op string-literal`: as text, ignoring ASCII case; integers by their digits."""
    if type(left) is not str:
        if left is None:
            return int(op == "!=")
        if is_nowhere(left):
            return FALSE
        if type(left) is Textless:
            return FAULT
        left = str(left)
    return _compare_texts(op, left, right)


#: bytes in the order in which the server's C compares them: signed, so that those beyond ASCII come first
_SIGNED: Final = {c: (c + 128) % 256 for c in range(256)}


def _compare_texts(op: str, left: str, right: str) -> int:
    if left.isascii() and right.isascii():
        left, right = left.lower(), right.lower()
    else:
        left, right = fold(left).translate(_SIGNED), fold(right).translate(_SIGNED)
    return 1 if _COMPARE[op](left, right) else 0


def compare_variable(context: Context, op: str, left: Value, right: Value) -> int:
    """`left op variable`: numeric when both have an integer form, else as text."""
    if type(left) is int and type(right) is int:
        return int(_COMPARE[op](left, right))
    if left is None or right is None:
        return int((op == "==") if left is right else (op == "!="))
    a, b = int_of(left), int_of(right)
    if a is not None and b is not None:
        return int(_COMPARE[op](a, b))
    if is_nowhere(left) or is_nowhere(right):
        return FALSE
    if Textless in (type(left), type(right)):
        context.error(f"{_kind(left)} {op} {_kind(right)}: one of them is a number without text form")
        return FAULT
    return _compare_texts(op, str(left), str(right))


def compare_network(op: str, left: Value, network: Network) -> int:
    """`left == 10.0.0.0/8`: equality or membership; a text that is no address is a (silent) fault."""
    if left is None:
        return int(op == "!=")
    try:
        address = ip_address(str(left))
    except ValueError:
        return FAULT
    inside = address.version == network.version and address in network
    return int(inside == (op == "=="))


def match(op: str, left: Value, pattern: Regex) -> int:
    """`left =~ "literal"`, `!~`."""
    if type(left) is str:
        return 1 if pattern.search(left) == (op == "=~") else 0
    if left is None:
        return int(op == "!~")
    if is_nowhere(left):
        return FALSE
    if type(left) is Textless:
        return FAULT
    return 1 if pattern.search(str(left)) == (op == "=~") else 0


def match_variable(op: str, left: Value, pattern: Value) -> int:
    """`left =~ $variable`: compiled now; a bad pattern is a (silent) fault."""
    if left is None or pattern is None:
        return int((op == "=~") if left is pattern else (op == "!~"))
    if is_nowhere(left) or is_nowhere(pattern):
        return int(op == "!~" and not is_nowhere(left))
    try:
        compiled = regex.compile(str(pattern))
    except RegexError:
        return FAULT
    return match(op, left, compiled)


def _fault(context: Context, op: str, left: Value, right: str, hint: str) -> int:
    context.warning(
        f"{_kind(left)} {op} {right}: a text is compared with a number, which is neither true nor false; {hint}"
    )
    return FAULT


# -- truth ------------------------------------------------------------------------------------------------------------


def truth(value: Value) -> int:
    """A variable standing alone in a condition."""
    return int(is_true(value))


def truth_of_variable(value: Value) -> int:
    """`[$variable]`: true when it is not null, whatever it holds."""
    return int(value is not None)


def truth_of_sum(context: Context, left: Result, right: Result, bare: bool) -> int:
    """`[a + b]`: a sum of integers is true when it is not 0; of texts, when one of the two is not empty.

    An integer variable on the right has digits, which are never empty; `bare` as in `binary_bare`.
    """
    if left is NOTHING:
        return FALSE
    if type(left) is TypedNull:
        left = left.on_the_left
    if is_int_type(left):  # type: ignore[arg-type]
        return truth_of_result(_compute(context, "+", left, right))
    if type(right) is int and not bare:
        return TRUE
    return int(any(isinstance(v, str) and len(v) > 0 for v in (left, right)))


def truth_of_result(value: Result) -> int:
    """`[ expression ]` for a computed integer; no value is false."""
    return int(isinstance(value, int) and value != 0)


def truth_of_binary(context: Context, op: str, left: Result, right: Result, bare: bool) -> int:
    """`[a op b]` for every operator but `+`; `bare` as in `binary_bare`. Two texts of one length kill the server."""
    right = right if bare else _lend_text(left, right)
    if type(left) is TypedNull:
        left = left.on_the_left
    if type(right) is TypedNull and isinstance(left, str):
        right = ""
    if isinstance(left, str) and isinstance(right, str) and not is_int_type(left) and len(left) == len(right):
        raise ScriptCrash(f"[text {op} text] alone as a condition: the server's process dies here; assign it first")
    return truth_of_result(binary_bare(context, op, left, right))


def truth_of_inverse(context: Context, operand: Result) -> int:
    """`[~a]` alone."""
    result = invert(context, operand)
    if result is NOTHING:
        return FALSE
    raise ScriptCrash("[~ ...] alone as a condition: the server's process dies here; assign it first")
