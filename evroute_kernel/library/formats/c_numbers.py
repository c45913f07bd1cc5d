"""Numbers as the server's C reads and converts them."""

from __future__ import annotations

import math
import re
from typing import Final

from evroute_kernel.runtime.values import INT_MAX, INT_MIN, wrap

#: digits that decide the low 32 bits of a decimal number, as 2**32 divides 10**32; int() refuses more than 4300
LOW_DIGITS: Final = 40
_DOUBLE: Final = re.compile(
    r"""[ \t\n\v\f\r]* (?P<number> [+-]?
        (?: (?P<hex> 0x (?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+) (?:p[+-]?\d+)?)
          | (?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?
          | infinity | inf | nan(?:\([0-9a-z_]*\))? ) )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def str2sint(text: str) -> int | None:
    """A whole text of digits with an optional sign, wrapped to 32 bits; a sign alone is 0. None for anything else."""
    if len(text) < 10 and text.isdecimal() and text.isascii():
        return int(text)
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not text or (digits and not (digits.isdecimal() and digits.isascii())):
        return None
    number = int(digits[-4300:] or "0")
    return wrap(-number if text[0] == "-" else number)


def strtod(text: str, start: int = 0) -> tuple[float, int]:
    """The number at `start`, and where it ends; (0.0, start) where there is none. Too large is infinite."""
    found = _DOUBLE.match(text, start)
    if found is None:
        return 0.0, start
    number = found["number"]
    if not found["hex"]:
        return float(number.partition("(")[0]), found.end()
    try:
        return float.fromhex(number), found.end()
    except OverflowError:
        return math.copysign(math.inf, -1.0 if number[0] == "-" else 1.0), found.end()


def overflows(text: str, number: float) -> bool:
    """Whether reading `text` as `number` left the range of a double: infinite, or zero for a number that is not."""
    written = text.strip().lower().lstrip("+-")
    if math.isinf(number):
        return not written.startswith("inf")
    return number == 0 and any(c in "123456789" for c in written.partition("e")[0])


def c_int(number: float) -> int:
    """A double cast to a 32-bit integer, as x86-64 does it: what does not fit is the lowest integer."""
    if math.isnan(number) or not INT_MIN - 1 < number < INT_MAX + 1:
        return INT_MIN
    return int(number)
