"""Module mathops: real numbers, which the language itself has not. Results are text, those of rounding integers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import function
from evroute_kernel.library.formats import math_expressions
from evroute_kernel.library.formats.c_numbers import c_int, overflows, strtod
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash

DEFAULT_DIGITS: Final = 6
#: bytes of the server's buffer for a result
RESULT_LIMIT: Final = 256
BLANKS: Final = " \t\r\n"


def _printed(context: Context, number: float, digits: int | None = None) -> str:
    """As C prints `%.*f`; without digits as many as the module parameter says. Negative digits mean six."""
    if digits is None:
        digits = modparams.integer(context.process, "mathops", "decimal_digits", DEFAULT_DIGITS)
    if digits < 0:
        digits = DEFAULT_DIGITS
    if math.isnan(number):
        return "-nan" if math.copysign(1, number) < 0 else "nan"
    # 309 digits are the longest whole part
    if digits < RESULT_LIMIT and len(text := f"{number:.{digits}f}") < RESULT_LIMIT:
        return text
    raise ScriptCrash(f"a result of {RESULT_LIMIT} digits or more overwrites the server's memory; use fewer decimals")


def _read(context: Context, text: str) -> float:
    """The number that a text begins with, 0 where it begins with none."""
    number, end = strtod(text)
    if overflows(text[:end], number):
        context.warning(f"{text[:40]!r} is too large or too small for a number")
    return number


def _store_integer(result: Reference, context: Context, number: float) -> int:
    return 1 if result.store(context, c_int(number)) else -1


def _store_text(result: Reference, context: Context, text: str) -> int:
    return 1 if result.set(context, "=", text) else -1


def _evaluate(context: Context, expression: str) -> float | None:
    """The value of an expression; None, which is logged, when it has none or is not a number."""
    text = expression.lstrip(BLANKS).partition("\0")[0]
    try:
        number = math_expressions.evaluate(text)
    except math_expressions.ExpressionError as error:
        context.error(f"math expression {text!r}: {error}")
        return None
    if math.isnan(number):
        context.error(f"math expression {text!r} is not a number")
        return None
    return number


@function("math_eval")
def math_eval(context: Context, expression: str, result_var: Reference) -> int:
    """Evaluate an arithmetic expression and store the result as text, with six decimals.

    Operators `+ - * / % ^` on real numbers, parentheses, and the functions abs acos asin atan ceil cos cosh exp floor
    ln log (of base 10) sin sinh sqrt tan tanh. `^` binds from the left and weaker than a sign: `-2 ^ 2` is 4. Dividing
    by zero gives `inf`. Returns 1; -1 for an expression without a value.
    """
    number = _evaluate(context, expression)
    return -1 if number is None else _store_text(result_var, context, _printed(context, number))


@function("math_rpn")
def math_rpn(context: Context, expression: str, result_var: Reference) -> int:
    """Evaluate an expression in reverse Polish notation, `1 2 + 3 *`, and store the result as text with six decimals.

    Words: `+ - * / mod pow exp ln log abs neg sqrt cbrt floor ceil round nearbyint trunc e pi drop dup swap`.
    Returns 1; -1 for an unknown word, or when not exactly one number is left.
    """
    complaints: list[str] = []
    try:
        number = math_expressions.evaluate_rpn(expression.strip(BLANKS).partition("\0")[0], complaints)
    except math_expressions.ExpressionError as error:
        complaints.append(str(error))
        return -1
    finally:
        for complaint in complaints:
            context.error(f"math_rpn({expression!r}): {complaint}")
    return _store_text(result_var, context, _printed(context, number))


def _round_function(to_whole: Callable[[float], float]) -> Callable[[Context, str, Reference], int]:
    def call(context: Context, number: str, result_var: Reference) -> int:
        return _store_integer(result_var, context, to_whole(_read(context, number)))

    return call


_floor, _ceil, _trunc = map(_round_function, (math_expressions.floor, math_expressions.ceil, math_expressions.trunc))


@function("math_floor")
def math_floor(context: Context, number: str, result_var: Reference) -> int:
    """Store the largest integer that is not above a number. A text that begins with no number counts as 0.

    Returns 1.
    """
    return _floor(context, number, result_var)


@function("math_ceil")
def math_ceil(context: Context, number: str, result_var: Reference) -> int:
    """Store the smallest integer that is not below a number. A text that begins with no number counts as 0.

    Returns 1.
    """
    return _ceil(context, number, result_var)


@function("math_trunc")
def math_trunc(context: Context, number: str, result_var: Reference) -> int:
    """Store a number without its fraction, as an integer. A text that begins with no number counts as 0.

    Returns 1.
    """
    return _trunc(context, number, result_var)


@function("math_round")
def math_round(context: Context, number: str, result_var: Reference, decimals: int | None) -> int:
    """Round a number to an integer, halves away from zero, or to so many decimals, as text.

    Returns 1.
    """
    value = _read(context, number)
    if not decimals:
        return _store_integer(result_var, context, math_expressions.round_half_away(value))
    return _store_text(result_var, context, _printed(context, value, decimals))


@function("math_round_sf")
def math_round_sf(context: Context, number: str, result_var: Reference, figures: int | None) -> int:
    """Round a number to so many significant figures, as text with six decimals; without them to an integer.

    Returns 1.
    """
    if figures is None:
        return math_round(context, number, result_var, None)
    value = strtod(number)[0]
    return _store_text(result_var, context, _printed(context, math_expressions.round_figures(value, figures)))


@function("math_compare")
def math_compare(context: Context, exp1: str, exp2: str, result_var: Reference) -> int:
    """Compare two expressions, written as for math_eval, and store 1, 0 or -1: the first is larger, equal or smaller.

    Returns 1; -1 when one of them has no value.
    """
    first = _evaluate(context, exp1)
    second = None if first is None else _evaluate(context, exp2)
    if first is None or second is None:
        return -1
    return 1 if result_var.store(context, (first > second) - (first < second)) else -1
