"""What transformations share: taking their parameters, and results that keep the integer of what went in."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Dual, Nowhere, Value, int_of, text_of

#: bytes in the server's result buffers; a longer result is null, which the server does not log
RESULT_LIMIT: Final = 65535


class Literal(str):
    """A text parameter written in the script. An empty one is used as it is; a variable's empty text is an error."""

    __slots__ = ()


def literals(params: tuple[Any, ...]) -> tuple[Any, ...]:
    """A `prepare` that marks the texts written in the script."""
    return tuple(Literal(p) if isinstance(p, str) else p for p in params)


def int_argument(context: Context, transformation: str, name: str, given: Value) -> int | None:
    """An integer parameter; None, said why, for a variable without an integer form."""
    if type(given) is int:
        return given
    number = int_of(given)
    if number is None:
        found, advice = ("null", "") if given is None else (f"the text {given!r}", ": {s.int} makes it one")
        context.error(f"{{{transformation}}}: {name} is {found}, expected an integer{advice}")
    return number


def text_argument(context: Context, transformation: str, name: str, given: Value) -> str | None:
    """A text parameter; None, said why, for a variable that is null or empty."""
    if type(given) is Literal:
        return given
    text = text_of(given)
    if not text:
        found = "null" if text is None else "empty"
        context.error(f"{{{transformation}}}: {name} is {found}, expected a text")
        return None
    return text


def as_text(value: Value) -> str:
    """The text of a value that is not null."""
    return value if type(value) is str else str(value)


def limited(text: str) -> str | None:
    """A result as far as the server has room for it."""
    return text if len(text) <= RESULT_LIMIT else None


def retexted(value: Value, text: str) -> Value:
    """A new text for a value; the integer form, if it has one, stays as the server leaves it."""
    if type(value) is str:
        return text
    if type(value) is Nowhere:
        return value
    number = int_of(value)
    if number is None:
        return text
    if type(value) is int and text == str(value):
        return value
    return Dual(text, number, value.is_int if isinstance(value, Dual) else True)


def two_forms(text: str, number: int) -> Value:
    """An integer that prints as `text`."""
    return number if str(number) == text else Dual(text, number)
