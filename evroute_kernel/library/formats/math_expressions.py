"""The expressions of module mathops: infix as math_eval() reads them, reverse Polish as math_rpn() does.

Numbers are C doubles: what has no value is NaN, what is too large is infinite, and nothing raises for that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from evroute_kernel.library.formats.c_numbers import overflows, strtod

BLANKS: Final = " \t\r\n"
STACK_LIMIT: Final = 100
#: invalid operations give this on x86-64: printed "-nan"
INVALID: Final = math.copysign(math.nan, -1)

Unary = Callable[[float], float]
Binary = Callable[[float, float], float]


class ExpressionError(ValueError):
    """The text is no expression."""


# -- C's mathematics --------------------------------------------------------------------------------------------------


def _safe(function: Unary, overflow: Unary = lambda x: math.inf, invalid: float = INVALID) -> Unary:
    """A function of `math` that gives NaN and infinity where it would raise."""

    def call(x: float) -> float:
        if math.isnan(x):
            return x
        try:
            return float(function(x))
        except ValueError:
            return invalid
        except OverflowError:
            return overflow(x)

    return call


def _log(function: Unary, invalid: float = INVALID) -> Unary:
    safe = _safe(function, invalid=invalid)
    return lambda x: -math.inf if x == 0 else safe(x)


def divide(a: float, b: float) -> float:
    if b != 0 or math.isnan(a):
        return a / b if b != 0 else a
    return INVALID if a == 0 else math.copysign(math.inf, a) * math.copysign(1, b)


def power(a: float, b: float) -> float:
    if math.isnan(a) and b != 0:
        return a
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        if a == 0:  # a negative power of zero
            return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
        return INVALID


def modulo(a: float, b: float) -> float:
    try:
        return math.fmod(a, b)
    except ValueError:
        return INVALID


def _checked(function: Binary) -> Binary:
    """Arithmetic whose NaN has the sign that the processor gives it."""

    def call(a: float, b: float) -> float:
        if math.isnan(a):
            return a
        result = function(a, b)
        return INVALID if math.isnan(result) and not math.isnan(b) else result

    return call


def _whole(function: Callable[[float], float]) -> Unary:
    """Rounding that leaves infinities, NaN and the sign of zero alone."""
    return lambda x: math.copysign(float(function(x)), x) if math.isfinite(x) else x


floor: Final = _whole(math.floor)
ceil: Final = _whole(math.ceil)
trunc: Final = _whole(math.trunc)
nearbyint: Final = _whole(round)
round_half_away: Final = _whole(lambda x: math.trunc(x) + (abs(x - math.trunc(x)) >= 0.5) * math.copysign(1, x))


def round_figures(number: float, figures: int) -> float:
    """A number rounded to significant figures; NaN for zero."""
    factor = power(10.0, figures - ceil(_LOG10(abs(number))))
    return divide(round_half_away(_MULTIPLY(number, factor)), factor)


_LOG10: Final = _log(math.log10, invalid=math.nan)
_ADD, _SUBTRACT, _MULTIPLY = map(_checked, (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b))
_SINH: Final = _safe(math.sinh, lambda x: math.copysign(math.inf, x))

FUNCTIONS: Final[dict[str, Unary]] = {
    "abs": abs,
    "acos": _safe(math.acos),
    "asin": _safe(math.asin),
    "atan": _safe(math.atan),
    "ceil": ceil,
    "cos": _safe(math.cos),
    "cosh": _safe(math.cosh),
    "exp": _safe(math.exp),
    "floor": floor,
    "ln": _log(math.log),
    "log": _LOG10,
    "sin": _safe(math.sin),
    "sinh": _SINH,
    "sqrt": _safe(math.sqrt),
    "tan": _safe(math.tan),
    "tanh": _safe(math.tanh),
}
OPERATORS: Final[dict[str, tuple[int, Binary]]] = {
    "+": (1, _ADD),
    "-": (1, _SUBTRACT),
    "*": (2, _MULTIPLY),
    "/": (2, divide),
    "%": (2, modulo),
    "^": (3, power),
}

# -- infix ------------------------------------------------------------------------------------------------------------

_WORD: Final = re.compile("[a-z]+")


def evaluate(text: str) -> float:
    """The value of an expression, which no blank may end. Raises ExpressionError.

    `expr = term {(+|-) term}`, `term = factor {(*|/|%) factor}`, `factor = power {^ power}`, `power = {+|-} base`,
    `base = number | function power | ( expr )`: all from left to right, worked off with two stacks.
    """
    return _Evaluation(text).result()


class _Evaluation:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.values: list[float] = []
        #: waiting: a binary operator's name, a unary function, or "("
        self.waiting: list[str | Unary] = []

    def result(self) -> float:
        while True:
            self._operand()
            if not self._operator():
                return self.values[0]

    def _fail(self) -> ExpressionError:
        rest = self.text[self.position : self.position + 20]
        return ExpressionError(f"unexpected {rest!r}" if rest else "something is missing at the end")

    def _skip(self) -> str:
        while self.text[self.position : self.position + 1] in BLANKS and self.position < len(self.text):
            self.position += 1
        return self.text[self.position : self.position + 1]

    def _operand(self) -> None:
        """Signs, functions and opening parentheses up to a number, and the number."""
        while True:
            character = self._skip()
            if character in ("+", "-"):
                if character == "-":
                    self.waiting.append(lambda x: -x)
                self.position += 1
            elif character == "(":
                self.waiting.append("(")
                self.position += 1
            elif "a" <= character <= "z":
                self.waiting.append(self._function())
            else:
                self._number(character)
                return

    def _function(self) -> Unary:
        found = _WORD.match(self.text, self.position)
        assert found is not None
        if found[0] not in FUNCTIONS:
            raise ExpressionError(f"unknown function {found[0]!r}")
        self.position = found.end()
        return FUNCTIONS[found[0]]

    def _number(self, character: str) -> None:
        number, end = strtod(self.text, self.position) if character.isdecimal() or character == "." else (0.0, 0)
        if end <= self.position:
            raise self._fail()
        self.position = end
        self.values.append(number)
        self._apply_unary()

    def _apply_unary(self) -> None:
        while self.waiting and not isinstance(self.waiting[-1], str):
            self.values.append(self.waiting.pop()(self.values.pop()))  # type: ignore[operator]

    def _operator(self) -> bool:
        """Closing parentheses, then an operator or the end."""
        while self._skip() == ")":
            self._reduce(0)
            if not self.waiting:
                raise self._fail()
            self.waiting.pop()
            self.position += 1
            self._apply_unary()
        character = self._skip()
        if character in OPERATORS:
            self._reduce(OPERATORS[character][0])
            self.waiting.append(character)
            self.position += 1
            return True
        self._reduce(0)
        if character or self.waiting:
            raise self._fail()
        if self.text[-1] in BLANKS:
            raise ExpressionError("a blank stands at the end")
        return False

    def _reduce(self, level: int) -> None:
        """Work off the operators that bind at least as tight."""
        while self.waiting and (name := self.waiting[-1]) != "(":
            assert isinstance(name, str)
            precedence, apply = OPERATORS[name]
            if precedence < level:
                return
            self.waiting.pop()
            right = self.values.pop()
            self.values.append(apply(self.values.pop(), right))


# -- reverse Polish ---------------------------------------------------------------------------------------------------

RPN_CONSTANTS: Final = {"e": math.e, "pi": math.pi}
RPN_UNARY: Final[dict[str, Unary]] = {
    **{name: FUNCTIONS[name] for name in ("exp", "ln", "log", "abs", "sqrt", "floor", "ceil")},
    "neg": lambda x: -x,
    "cbrt": lambda x: math.cbrt(x),
    "round": round_half_away,
    "nearbyint": nearbyint,
    "trunc": trunc,
}
RPN_BINARY: Final[dict[str, Binary]] = {
    **{name: OPERATORS[name][1] for name in "+-*/"},
    "mod": modulo,
    "pow": power,
}
RPN_WORDS: Final = frozenset({*RPN_CONSTANTS, *RPN_UNARY, *RPN_BINARY, "drop", "dup", "swap"})
_RPN_WORD: Final = re.compile(rf"[^{BLANKS}]+")


class _Empty(Exception):
    """The stack holds no number."""


def evaluate_rpn(text: str, complaints: list[str]) -> float:
    """The one number that is left. Raises ExpressionError.

    An operator that finds too few numbers takes what there is, complains, and the rest goes on: `+ 1` is 1.
    """
    stack: list[float] = []
    for token in _rpn_tokens(text):
        if isinstance(token, float):
            stack.append(token)
        else:
            try:
                _rpn_apply(token, stack)
            except _Empty:
                complaints.append(f"{token!r} finds too few numbers")
                if token in ("dup", "drop"):
                    raise ExpressionError(f"nothing to {token}") from None
        if len(stack) > STACK_LIMIT:
            raise ExpressionError(f"more than {STACK_LIMIT} numbers wait")
    if len(stack) != 1:
        raise ExpressionError(f"{len(stack)} numbers are left, expected one")
    return stack[0]


def _rpn_tokens(text: str) -> list[float | str]:
    """Numbers and words; a number needs no blank behind it. Raises ExpressionError."""
    found: list[float | str] = []
    position = 0
    while position < len(text):
        following = text[position + 1 : position + 2] if text[position] == "-" else text[position]
        if "0" <= following <= "9":
            number, end = strtod(text, position)
            if overflows(text[position:end], number):
                raise ExpressionError(f"{text[position:end]!r} is too large or too small for a number")
            found.append(number)
        else:
            word = _RPN_WORD.match(text, position)
            assert word is not None
            if word[0] not in RPN_WORDS:
                raise ExpressionError(f"unknown word {word[0]!r}")
            found.append(word[0])
            end = word.end()
        position = end
        while position < len(text) and text[position] in BLANKS:
            position += 1
    return found


def _rpn_apply(word: str, stack: list[float]) -> None:
    def pop() -> float:
        if not stack:
            raise _Empty
        return stack.pop()

    if word in RPN_CONSTANTS:
        stack.append(RPN_CONSTANTS[word])
    elif word in RPN_UNARY:
        stack.append(RPN_UNARY[word](pop()))
    elif word == "drop":
        pop()
    elif word == "dup":
        value = pop()
        stack += [value, value]
    else:
        right = pop()
        left = pop()
        stack += [right, left] if word == "swap" else [RPN_BINARY[word](left, right)]
