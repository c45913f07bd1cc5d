"""Class `s`: hexadecimal, base64, percent and backslash escapes, XOR, dates."""

from __future__ import annotations

import base64
import re
from calendar import timegm
from typing import Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.library.transformations.arguments import (
    RESULT_LIMIT,
    as_text,
    limited,
    literals,
    retexted,
    text_argument,
    two_forms,
)
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import Nowhere, Value, int_of, wrap

_HEX: Final = re.compile(r"[0-9A-Fa-f]*")
#: longest text that the escapes take: each byte may become two, or three
_TWOFOLD, _THREEFOLD = RESULT_LIMIT // 2, RESULT_LIMIT // 3


# -- hexadecimal --------------------------------------------------------------------------------------------------


@transformation("s.encode.hexa")
def encode_hexa(context: Context, value: Value) -> Value:
    """Two hexadecimal digits (lower case) for each byte."""
    text = as_text(value)
    return text.encode("latin-1").hex() if len(text) <= _TWOFOLD else None


@transformation("s.decode.hexa")
def decode_hexa(context: Context, value: Value) -> Value:
    """The bytes that hexadecimal digits stand for; an odd last digit is dropped. Null for other characters."""
    text = as_text(value)
    pairs = text[: len(text) & ~1]
    if not _HEX.fullmatch(pairs):
        return None
    return limited(bytes.fromhex(pairs).decode("latin-1"))


@transformation("s.hex2dec")
def hex_to_decimal(context: Context, value: Value) -> Value:
    """The integer that hexadecimal digits (no prefix) stand for, 32 bits; null for other characters.

    An integer is left alone. From 80000000 on the integer is negative and prints as its unsigned 64-bit form.
    """
    if int_of(value) is not None:
        return value
    text = as_text(value)
    if not _HEX.fullmatch(text):
        return None
    number = wrap(int(text[-8:] or "0", 16))
    return two_forms(str(number & 0xFFFFFFFFFFFFFFFF), number)


@transformation("s.dec2hex")
def decimal_to_hex(context: Context, value: Value) -> Value:
    """Hexadecimal digits of an integer (32-bit two's complement); null when the text is no integer."""
    number = int_of(value)
    if number is None:
        number = str2sint(as_text(value))
    return None if number is None else f"{number & 0xFFFFFFFF:x}"


# -- base64 and XOR -----------------------------------------------------------------------------------------------

_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/=]+")


@transformation("s.b64encode")
def base64_encode(context: Context, value: Value) -> Value:
    """The text in base64."""
    text = as_text(value)
    if (len(text) + 2) // 3 * 4 > RESULT_LIMIT + 1:
        context.error(f"{{s.b64encode}}: the text is too long ({len(text)} bytes)")
        return None
    return base64.b64encode(text.encode("latin-1")).decode("ascii")


@transformation("s.b64decode")
def base64_decode(context: Context, value: Value) -> Value:
    """The text that base64 stands for. Other characters are skipped; a lone digit at the end is dropped."""
    text = as_text(value)
    if len(text) > RESULT_LIMIT:
        context.error(f"{{s.b64decode}}: the text is too long ({len(text)} bytes)")
        return None
    digits = _NOT_BASE64.sub("", text)
    if "=" in digits:
        digits = _until_padding(digits)
    # two digits make a byte, three make two; one alone makes none
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return base64.b64decode(digits + "=" * (-len(digits) % 4)).decode("latin-1")


def _until_padding(digits: str) -> str:
    """Base64 digits up to a `=` in third or fourth place of a quartet; elsewhere a `=` is skipped like other litter."""
    kept: list[str] = []
    for digit in digits:
        if digit != "=":
            kept.append(digit)
        elif len(kept) % 4 >= 2:
            break
    return "".join(kept)


@transformation("s.xor", prepare=literals)
def xor(context: Context, value: Value, key: Value) -> Value:
    """Each byte combined with the byte of a repeated key; twice gives the text again."""
    text = as_text(value)
    if len(text) > RESULT_LIMIT:
        context.error(f"{{s.xor}}: the text is too long ({len(text)} bytes)")
        return None
    secret = text_argument(context, "s.xor", "key", key)
    if secret is None:
        return None
    if not secret and text:
        raise ScriptCrash("{s.xor,} with an empty key kills the server's process; write a key after the comma")
    pad = (secret * (len(text) // len(secret) + 1))[: len(text)] if text else ""
    size = len(text)
    mixed = int.from_bytes(text.encode("latin-1"), "big") ^ int.from_bytes(pad.encode("latin-1"), "big")
    if type(value) is Nowhere:
        return ""
    return retexted(value, mixed.to_bytes(size, "big").decode("latin-1"))


# -- escapes ------------------------------------------------------------------------------------------------------

_COMMON: Final = {ord("'"): "\\'", ord('"'): '\\"', ord("\\"): "\\\\", 0: "\\0"}
_COMMON_ESCAPE: Final = re.compile(r"\\(['\"\\0])")


@transformation("s.escape.common")
def escape_common(context: Context, value: Value) -> Value:
    """A backslash before quotes, backslashes and NUL bytes."""
    text = as_text(value)
    return text.translate(_COMMON) if len(text) <= _TWOFOLD else None


@transformation("s.unescape.common")
def unescape_common(context: Context, value: Value) -> Value:
    """Undoes `{s.escape.common}`; other backslashes stay."""
    text = as_text(value)
    if len(text) > RESULT_LIMIT:
        return None
    return _COMMON_ESCAPE.sub(lambda found: "\0" if found[1] == "0" else found[1], text)


_ALPHANUMERIC: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PRINTABLE: Final = re.compile(r"[ -~]*")
_UNPRINTABLE: Final = re.compile(r"[^ -~]")


def _percent_table(kept: str) -> dict[int, str]:
    return {c: f"%{c:02x}" for c in range(32, 127) if chr(c) not in _ALPHANUMERIC + kept}


_USER_TABLE: Final = _percent_table("-_.!~*'()&=+$,;?/")
_PARAM_TABLE: Final = _percent_table("-_.!~*'()[]/:&+$")


def _percent_encoded(context: Context, name: str, value: Value, table: dict[int, str]) -> Value:
    if type(value) is Nowhere:
        return None
    text = as_text(value)
    if len(text) > _THREEFOLD:
        return None
    odd = _UNPRINTABLE.search(text)
    if odd:
        context.error(f"{{s.{name}}}: byte {ord(odd[0]):#04x} cannot be escaped, only printable ASCII can")
        return None
    return text.translate(table)


@transformation("s.escape.user")
def escape_user(context: Context, value: Value) -> Value:
    """Percent codes for what the user of a SIP URI may not hold. Null and an error outside printable ASCII."""
    return _percent_encoded(context, "escape.user", value, _USER_TABLE)


@transformation("s.escape.param")
def escape_param(context: Context, value: Value) -> Value:
    """Percent codes for what a parameter of a SIP URI may not hold. Null and an error outside printable ASCII."""
    return _percent_encoded(context, "escape.param", value, _PARAM_TABLE)


_PERCENT_CODE: Final = re.compile(r"%([0-9A-Fa-f]{2})?")


def _percent_decoded(context: Context, name: str, value: Value) -> Value:
    text = as_text(value)
    if len(text) > RESULT_LIMIT:
        return None
    for code in _PERCENT_CODE.finditer(text):
        if code[1] is None or not 32 <= int(code[1], 16) <= 126:
            found = text[code.start() : code.start() + 3]
            context.error(f"{{s.{name}}}: {found!r} is no code of a printable ASCII character")
            return None
    return _PERCENT_CODE.sub(lambda code: chr(int(code[1], 16)), text)


@transformation("s.unescape.user")
def unescape_user(context: Context, value: Value) -> Value:
    """Percent codes decoded; null and an error for a broken one and for what is not printable ASCII."""
    return _percent_decoded(context, "unescape.user", value)


@transformation("s.unescape.param")
def unescape_param(context: Context, value: Value) -> Value:
    """Percent codes decoded; the same as `{s.unescape.user}`."""
    return _percent_decoded(context, "unescape.param", value)


# -- dates --------------------------------------------------------------------------------------------------------

_WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _names(names: tuple[str, ...]) -> str:
    return "(?i:" + "|".join(f"{n}|{n[:3]}" for n in names) + ")"


#: what `strptime` takes for "%a, %d %b %Y %H:%M:%S GMT": any blanks or none where the format has one, text after the
#: end; a number takes a further digit only while it can stay in range
_DATE: Final = re.compile(
    rf"""{_names(_WEEKDAYS)},\s*(?P<day>(?>[0-3][0-9]?|[4-9])) \s*(?P<month>{_names(_MONTHS)})
    \s*(?P<year>[0-9]{{1,4}}+) \s*(?P<hour>(?>[0-2][0-9]?|[3-9])):\s*(?P<minute>(?>[0-5][0-9]?|[6-9]))
    :\s*(?P<second>(?>[0-6][0-9]?|[7-9]))\s*GMT""",
    re.VERBOSE | re.ASCII,
)


@transformation("s.date2unix")
def date_to_unix(context: Context, value: Value) -> Value:
    """Seconds since 1970 (as text) of a date as in SIP's Date header; null and an error for anything else.

    The weekday need not fit, and 31 Feb is 3 March.
    """
    text = as_text(value)
    found = _DATE.match(text)
    if not found or not _in_range(found):
        context.error(f"{{s.date2unix}}: {text!r} is no date such as 'Sat, 13 Nov 2010 23:29:00 GMT'")
        return None
    seconds = str(_seconds(found))
    if seconds.startswith("-1"):
        # the server takes any number that begins like the -1 of a failure for one
        context.error(f"{{s.date2unix}}: {text!r} cannot be converted")
        return None
    return seconds


def _in_range(found: re.Match[str]) -> bool:
    return 1 <= int(found["day"]) <= 31 and int(found["hour"]) <= 23 and int(found["second"]) <= 61


def _seconds(found: re.Match[str]) -> int:
    month = [m[:3].lower() for m in _MONTHS].index(found["month"][:3].lower()) + 1
    # Python's calendar starts in the year 1; the calendar repeats every 400 years of 146097 days
    days = timegm((int(found["year"]) + 400, month, int(found["day"]), 0, 0, 0)) // 86400 - 146097
    return days * 86400 + int(found["hour"]) * 3600 + int(found["minute"]) * 60 + int(found["second"])
