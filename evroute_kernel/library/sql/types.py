"""Columns of a result as OpenSIPS' SQLite driver reads them: by the type that the table declares, not by the value.

The first four letters of a declared type decide, so DECIMAL and NUMERIC are integers (1.99 reads 1), TINYTEXT is one
too, dates become seconds since 1970, and TIMESTAMP or JSON cannot be read at all. A column that is computed has no
declared type. The server's process dies on it; here it has the type of its value.
"""

from __future__ import annotations

import math
import re
import time
from enum import Enum, auto
from typing import Any, Final

from evroute_kernel.library.formats.c_numbers import strtod
from evroute_kernel.runtime.values import fold

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1


class SqlError(Exception):
    """A query that fails; the text says why."""


class Reported(SqlError):
    """A failure of which the log has been told."""


class Kind(Enum):
    """What the values of a column are."""

    INTEGER = auto()
    #: as INTEGER, but may be kept whole as text
    BIGINT = auto()
    TEXT = auto()
    BLOB = auto()
    REAL = auto()
    DATETIME = auto()
    #: of a declared type that cannot be read
    UNKNOWN = auto()
    #: without a declared type
    COMPUTED = auto()


#: first letters of the declared type -> kind
_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys("int tiny smal medi unsi nume bool deci".split(), Kind.INTEGER),
    "bigi": Kind.BIGINT,
    **dict.fromkeys("char varc vary ncha nati nvar text clob".split(), Kind.TEXT),
    "blob": Kind.BLOB,
    **dict.fromkeys("real doub floa".split(), Kind.REAL),
    "date": Kind.DATETIME,
}
_INTEGER: Final = re.compile(r"\s*(?P<digits>[+-]?\d+)", re.ASCII)
_DATE: Final = re.compile(
    r"""\s*(?P<year>\d{1,4})-\ *(?P<month>\d{1,2})-\ *(?P<day>\d{1,2})
        (?:\s*(?P<hour>\d{1,2}):\ *(?P<minute>\d{1,2}):\ *(?P<second>\d{1,2}))?""",
    re.VERBOSE | re.ASCII,
)


def kind_of(declared: str) -> Kind:
    """The kind of a declared type such as `VARCHAR(20)`; "" for a column that has none."""
    if not declared:
        return Kind.COMPUTED
    head = fold(declared[:4])
    return _KINDS.get(head) or _KINDS.get(head[:3], Kind.UNKNOWN)


def read(value: Any, kind: Kind) -> int | float | str | None:
    """A value as the driver hands it over: int of 64 bits, float, byte string, or None for NULL.

    `value` is what SQLite holds: int, float, byte string, bytes or None. Raises SqlError.
    """
    if value is None:
        return None
    if kind is Kind.COMPUTED:
        return value if isinstance(value, int | float) else _text(value, whole=isinstance(value, bytes))
    if kind is Kind.UNKNOWN:
        raise SqlError("the type that its table declares for a column is none that the server can read")
    if kind in (Kind.INTEGER, Kind.BIGINT):
        return _integer(value)
    if kind is Kind.REAL:
        return float(value) if isinstance(value, int | float) else strtod(_text(value))[0]
    if kind is Kind.DATETIME:
        return _seconds(_text(value))
    return _text(value, whole=kind is Kind.BLOB)


def _text(value: Any, *, whole: bool = False) -> str:
    """As text, which ends at its first NUL unless all of it is wanted."""
    if isinstance(value, float):
        text = f"{value:.15g}"
        return text if "." in text or "e" in text or "n" in text else f"{text}.0"
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text if whole else text.partition("\0")[0]


def _integer(value: Any) -> int:
    if isinstance(value, float):
        # what does not fit is the nearest integer that does
        return 0 if math.isnan(value) else int(max(INT64_MIN, min(INT64_MAX, value)))
    if isinstance(value, int):
        return value
    found = _INTEGER.match(_text(value))
    return max(INT64_MIN, min(INT64_MAX, int(found["digits"][:40]))) if found else 0


def _seconds(text: str) -> int:
    """`2024-01-02 03:04:05` or `2024-01-02`, local time -> seconds since 1970. Text behind it is ignored."""
    found = _DATE.match(text)
    if found is None:
        raise SqlError(f"{text!r} is no date, expected YYYY-MM-DD hh:mm:ss")
    numbers = [int(number or 0) for number in found.groups()]
    limits = ((0, 9999), (1, 12), (1, 31), (0, 23), (0, 59), (0, 61))
    if not all(low <= number <= high for number, (low, high) in zip(numbers, limits, strict=True)):
        raise SqlError(f"{text!r} is no date: a number is out of range")
    year, month, day, hour, minute, second = numbers
    try:
        return int(time.mktime((year, month, day, hour, minute, second, 0, 0, -1)))
    except OverflowError:
        return -1
