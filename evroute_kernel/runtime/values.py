"""The values of a script: 32-bit integers, byte strings, null; arithmetic, comparison, truth, printing.

A value is an `int`, a `str` that holds one character per byte (latin-1), `None` for null, or a `Dual`: text and integer
at once, with an integer that its text need not spell. Two rare ones besides: `NOWHERE`, an empty text, and `TypedNull`,
which only operands of expressions can be. UTF-8 exists only at the borders: `encode` on the way in,
`decode` on the way out. The rules were observed on OpenSIPS 3.6; language manual, "Values, coercion, printing".
"""

from __future__ import annotations

from typing import Final, Self, TypeAlias

INT_MIN: Final = -(2**31)
INT_MAX: Final = 2**31 - 1


class Dual(str):
    """A text with an integer of its own: `$(x{s.int})` of `42abc` prints `42abc` and computes 42.

    `is_int` tells whether the server treats it as of integer type (arithmetic, storing) or as text (concatenation).
    """

    __slots__ = ("is_int", "number")
    number: int
    is_int: bool

    def __new__(cls, text: str, number: int, is_int: bool = True) -> Self:
        self = super().__new__(cls, text)
        self.number = number
        self.is_int = is_int
        return self


class Textless(Dual):
    """An integer that no text can be joined with, as a literal; it prints as 64 bits without sign.

    Seen of `$dlg_val`. What stores it makes a plain integer of it.
    """

    __slots__ = ()

    def __new__(cls, number: int) -> Self:
        return super().__new__(cls, str(number % 2**64), number)


class Nowhere(str):
    """An empty text that the server has no memory for: it prints as empty and is not null, but compares as nothing.

    Seen of a parameter without value (`{via.param}`, `{param.valueat}`), of an XML element without text and of
    `$err.info`. What stores it, or hands it to a route, makes a plain empty text of it.
    """

    __slots__ = ()


NOWHERE: Final = Nowhere()


#: the integer of a text that is nowhere: 0, and the text is still nowhere
NOWHERE_ZERO: Final = Dual("", 0)


def is_nowhere(value: object) -> bool:
    """Whether a text compares as nothing."""
    return type(value) is Nowhere or value is NOWHERE_ZERO


class TypedNull:
    """A null that kept the type of what is absent: `$(ru{uri.port})` of a URI without port is null, yet counts as 0.

    Only operands of arithmetic, of `[...]` and of `switch`, and arguments of routes on their way there, can be one; all
    else gets None.
    """

    __slots__ = ("number",)

    def __init__(self, number: int | None) -> None:
        self.number = number

    def __repr__(self) -> str:
        return "<null>"

    @property
    def on_the_left(self) -> int | str:
        """What it counts as on the left of an operator."""
        return "" if self.number is None else self.number


NULL_TEXT: Final = TypedNull(None)
NULL_INTEGER: Final = TypedNull(0)

#: `Dual` and `Nowhere` are a `str` to Python, so they need no mention
Value: TypeAlias = int | str | None


def encode(text: str) -> str:
    """Text as people write it -> the byte string that scripts compute with. Lone surrogates (raw bytes) survive."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def decode(value: str) -> str:
    """A byte string of a script -> text for people. Bytes that are no UTF-8 show as U+FFFD."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("utf-8", "replace")


def decode_exactly(value: str) -> str:
    """A byte string -> text that `encode` turns back into it: bytes that are no UTF-8 are lone surrogates."""
    return value if value.isascii() else value.encode("latin-1").decode("utf-8", "surrogateescape")


def wrap(number: int) -> int:
    """Reduce to a signed 32-bit integer, as C does."""
    return number if INT_MIN <= number <= INT_MAX else ((number + 2**31) & 0xFFFFFFFF) - 2**31


def int_of(value: Value) -> int | None:
    """The integer form, or None where there is none (text, null)."""
    if type(value) is int:
        return value
    return value.number if isinstance(value, Dual) else None


def text_of(value: Value) -> str | None:
    """The text form as a plain `str`; None for null."""
    if value is None:
        return None
    return str(value) if type(value) is not str else value


def is_int_type(value: Value) -> bool:
    """Whether the server would store the value as an integer."""
    return type(value) is int or (isinstance(value, Dual) and value.is_int)


def stored(value: Value) -> Value:
    """What a variable keeps of a value: the integer if it is of integer type, else the text alone."""
    if type(value) is int or type(value) is str or value is None:
        return value
    if isinstance(value, Dual):
        return value.number if value.is_int else str.__str__(value)
    assert type(value) is Nowhere
    return ""


def printed(value: Value) -> str:
    """What a format prints; null prints `<null>`."""
    if type(value) is str:
        return value
    return "<null>" if value is None else str(value)


def is_true(value: Value) -> bool:
    """Truth of a variable standing alone in a condition: text "0" is true, integer 0, "" and null are false."""
    if isinstance(value, Dual):
        return value.number != 0 if value.is_int else len(value) > 0
    return bool(value)


def fold(text: str) -> str:
    """Lower-case ASCII letters only, as the server compares texts without regard to case."""
    return text.lower() if text.isascii() else "".join(c.lower() if c < "\x80" else c for c in text)
