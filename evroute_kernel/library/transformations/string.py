"""Class `s`: length, numbers, cutting, searching, padding, letter case. Digests and codes are in their own modules."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.table import in_process
from evroute_kernel.library.transformations.arguments import (
    RESULT_LIMIT,
    as_text,
    int_argument,
    limited,
    literals,
    retexted,
    text_argument,
    two_forms,
)
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import NOWHERE_ZERO, Dual, Nowhere, Value, wrap

BLANKS: Final = " \t\r\n"
_LEADING_INTEGER: Final = re.compile(r"[-+]?[0-9]*")
_UPPER_TO_LOWER: Final = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}
_LOWER_TO_UPPER: Final = {c: c - 32 for c in range(ord("a"), ord("z") + 1)}


# -- numbers ------------------------------------------------------------------------------------------------------


@transformation("s.len")
def text_length(context: Context, value: Value) -> Value:
    """Length in bytes; an accented letter counts as two or more."""
    return len(value) if isinstance(value, str) else len(str(value))


@transformation("s.int")
def integer(context: Context, value: Value) -> Value:
    """The integer at the start of the text (sign allowed, no blanks), 0 if there is none; wraps at 32 bits.

    The text form stays: a format prints `42abc`, an assignment or sum takes 42.
    """
    if type(value) is int:
        return value
    if isinstance(value, Dual):
        return Dual(str(value), value.number)
    if type(value) is Nowhere:
        return NOWHERE_ZERO
    text = as_text(value)
    # the usual case in short: decimal digits as an integer would print them
    if len(text) < 10 and text.isdecimal() and (text[0] != "0" or text == "0"):
        return int(text)
    return two_forms(text, leading_integer(text))


def leading_integer(text: str) -> int:
    """What `{s.int}` computes of a text."""
    found = _LEADING_INTEGER.match(text)
    digits = found.group() if found else ""
    negative = digits.startswith("-")
    # 2**32 divides 10**32, so that digits further left cannot count; int() refuses texts of more than 4300 digits
    number = int(digits.lstrip("+-")[-40:] or "0")
    return wrap(-number if negative else number)


# -- cutting ------------------------------------------------------------------------------------------------------


@transformation("s.substr")
def substr(context: Context, value: Value, start: Value, length: Value) -> Value:
    """Part of the text. A negative start counts from the end; a length of 0 or less leaves so many off the end.

    Null when the start lies outside. Dropping more than there is kills the server's process: an error here.
    """
    text = as_text(value)
    first = start if type(start) is int else int_argument(context, "s.substr", "start", start)
    count = length if type(length) is int else int_argument(context, "s.substr", "length", length)
    if first is None or count is None:
        return None
    size = len(text)
    if first < 0:
        first += size
    if not 0 <= first < size:
        return None
    if count >= 1:
        return text[first : first + count]
    if size + count < first:
        raise ScriptCrash(
            f"{{s.substr,{first},{count}}} drops {-count} bytes of a text that has {size - first} there, which kills "
            "the server's process; compare with {s.len} first"
        )
    return text[first : size + count]


@transformation("s.select")
def select(context: Context, value: Value, index: Value, separator: str) -> Value:
    """Field number `index` (negative: from the end) of the text cut at a separator; null when there are too few.

    The separator is the one character after the comma; it cannot be a variable.
    """
    place = int_argument(context, "s.select", "index", index)
    if place is None:
        return None
    if type(value) is Nowhere:
        if place < 0:
            raise ScriptCrash(
                "{s.select} from the end of a text without value kills the server's process; store it first"
            )
        return value if place == 0 else None
    fields = as_text(value).split(separator)
    return fields[place] if -len(fields) <= place < len(fields) else None


@transformation("s.trim")
def trim(context: Context, value: Value) -> Value:
    """Without white space (space, tab, CR, LF) on both sides."""
    return retexted(value, as_text(value).strip(BLANKS))


@transformation("s.triml")
def trim_left(context: Context, value: Value) -> Value:
    """Without white space on the left."""
    return retexted(value, as_text(value).lstrip(BLANKS))


@transformation("s.trimr")
def trim_right(context: Context, value: Value) -> Value:
    """Without white space on the right."""
    return retexted(value, as_text(value).rstrip(BLANKS))


# -- searching ----------------------------------------------------------------------------------------------------


@transformation("s.index", prepare=literals)
def index(context: Context, value: Value, needle: Value, start: Value = 0) -> Value:
    """Position of the first occurrence from `start`, a negative one from the end, wrapping; null when not found."""
    text = as_text(value)
    wanted = text_argument(context, "s.index", "needle", needle)
    first = int_argument(context, "s.index", "start", start) if wanted is not None else None
    if first is None or not wanted or not text:
        return None
    found = text.find(wanted, first % len(text) if first < 0 else first)
    return found if found >= 0 else None


@transformation("s.rindex", prepare=literals)
def rindex(context: Context, value: Value, needle: Value, start: Value = -1) -> Value:
    """Position of the last occurrence that begins at `start` or before; null when not found."""
    text = as_text(value)
    wanted = text_argument(context, "s.rindex", "needle", needle)
    last = int_argument(context, "s.rindex", "start", start) if wanted is not None else None
    if last is None or not wanted or not text:
        return None
    found = text.rfind(wanted, 0, (last % len(text) if last < 0 else last) + len(wanted))
    return found if found >= 0 else None


# -- padding ------------------------------------------------------------------------------------------------------


def _prepare_fill(params: tuple[Any, ...]) -> tuple[Any, ...]:
    """Literals only; quotes around the padding protect blanks."""
    if None in params:
        raise ValueError("padding and width cannot be variables")
    pad, width = params
    pad = pad.rstrip(BLANKS) if len(pad) > 1 else pad
    if len(pad) > 1 and pad[0] == pad[-1] and pad[0] in "'\"":
        pad = pad[1:-1]
    if not pad:
        raise ValueError("the padding is empty; put blanks into quotes: ' '")
    return pad, width


@transformation("s.fill.left", prepare=_prepare_fill)
def fill_left(context: Context, value: Value, pad: str, width: int) -> Value:
    """Padded on the left up to a width; a longer text is returned as it is. Both parameters are literals."""
    # the pad next to the text is whole, the outermost one may be cut
    return _filled(value, pad, width, lambda text, pads, missing: pads[len(pad) - missing % len(pad) :] + text)


@transformation("s.fill.right", prepare=_prepare_fill)
def fill_right(context: Context, value: Value, pad: str, width: int) -> Value:
    """Padded on the right up to a width; a longer text is returned as it is. Both parameters are literals."""
    return _filled(value, pad, width, lambda text, pads, missing: text + pads[:missing])


def _filled(value: Value, pad: str, width: int, join: Callable[[str, str, int], str]) -> Value:
    """`join(text, enough pads, missing characters)`, unless nothing is missing or the result is too long."""
    text = as_text(value)
    missing = width - len(text)
    if missing < 0:
        return value
    return None if width > RESULT_LIMIT else join(text, pad * (missing // len(pad) + 1), missing)


def _prepare_width(params: tuple[Any, ...]) -> tuple[Any, ...]:
    if params[0] is not None and params[0] < 0:
        raise ValueError(f"width {params[0]} is negative")
    return params


@transformation("s.width", prepare=_prepare_width)
def exact_width(context: Context, value: Value, width: Value) -> Value:
    """Cut, or padded with spaces on the right, to an exact width; null and an error for a width below 1."""
    size = int_argument(context, "s.width", "width", width)
    if size is None:
        return None
    if size < 1:
        context.error(f"{{s.width}}: width is {size}, expected 1 or more")
        return None
    text = as_text(value)
    if size <= len(text):
        return retexted(value, text[:size])
    return text.ljust(size) if size <= RESULT_LIMIT else None


# -- the whole text -----------------------------------------------------------------------------------------------


@transformation("s.tolower")
def to_lower(context: Context, value: Value) -> Value:
    """ASCII letters in lower case; other bytes stay. The result is a text, of an integer too."""
    text = as_text(value)
    return limited(text.lower() if text.isascii() else text.translate(_UPPER_TO_LOWER))


@transformation("s.toupper")
def to_upper(context: Context, value: Value) -> Value:
    """ASCII letters in upper case; other bytes stay. The result is a text, of an integer too."""
    text = as_text(value)
    return limited(text.upper() if text.isascii() else text.translate(_LOWER_TO_UPPER))


@transformation("s.reverse")
def reverse(context: Context, value: Value) -> Value:
    """The bytes in reverse order."""
    return limited(as_text(value)[::-1])


@transformation("s.eval")
def evaluate(context: Context, value: Value) -> Value:
    """The text expanded as a format string, null variables to `<null>`; null and an error when it is no format."""
    # the formatter knows transformations, so that importing it above would go in a circle
    from evroute_kernel.library.references import formatter
    from evroute_kernel.library.template import TemplateError

    if type(value) is Nowhere:
        context.error("{s.eval}: there is no text, only a parameter without value; store it in a variable first")
        return None
    text = as_text(value)
    try:
        expanded = formatter(text, in_process(context.process))(context)
    except TemplateError as error:
        context.error(f"{{s.eval}}: {error.message}" + (f" ({error.hint})" if error.hint else ""))
        return None
    except RecursionError:
        raise ScriptCrash("{s.eval} of a text that evaluates itself without end kills the server's process") from None
    if expanded != text and len(expanded) >= context.process.settings.pv_print_buf_size:
        context.error(f"{{s.eval}}: the result is too long ({len(expanded)} bytes); raise the global pv_print_buf_size")
        return None
    return limited(expanded)
