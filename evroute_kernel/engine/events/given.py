"""What callers of a Session give it: looked at where it comes in, so that what cannot be is a clear error there.

Whatever is refused here would otherwise fail somewhere inside, perhaps in a thread that serves everybody.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.runtime.values import encode
from evroute_kernel.runtime.versions import ServerVersion, server_version

if TYPE_CHECKING:
    from datetime import datetime

#: a time: seconds of the epoch, or what a text or an object of Python's says
Moment: TypeAlias = "float | str | datetime"
#: the last second of the year 9999: what a date can be
_LAST_MOMENT: Final = 253_402_300_799


class GivenError(ScriptError, ValueError):
    """A call was given what it cannot take. Nothing has taken effect."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__([Diagnostic("error", "argument", message, None, hint)])

    def __str__(self) -> str:
        found = self.diagnostics[0]
        return f"{found.message} ({found.hint})" if found.hint else found.message


def kind_of(value: object) -> str:
    """What a value is, in words: `int`, `bytes`, `None`."""
    return "None" if value is None else type(value).__name__


def text(value: object, what: str) -> str:
    """A text, checked; `what` says what it stands for: "the name of an event". Raises GivenError."""
    if not isinstance(value, str):
        raise GivenError(f"{what} is a text, not {kind_of(value)}")
    try:
        encode(value)
    except UnicodeEncodeError as error:
        raise GivenError(f"{what} holds {_lone(error)}", "it stands for no character and for no byte") from None
    return value


def name(value: object, what: str) -> str:
    """A text that is not empty. Raises GivenError."""
    if not text(value, what):
        raise GivenError(f"{what} is empty")
    assert isinstance(value, str)
    return value


def names(value: str | Iterable[str] | None, what: str) -> list[str] | None:
    """Several names; a single text is one name, None stands for all. Raises GivenError."""
    if value is None:
        return None
    if isinstance(value, str):
        return [name(value, what)]
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise GivenError(f"expected a list of names, not {kind_of(value)}")
    return [name(each, what) for each in value]


def seconds(value: object, what: str = "the timeout", most: float = inf) -> float:
    """A number of seconds above 0; infinity is one, unless there is a `most`. Raises GivenError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        shown = value if isinstance(value, int | float) else kind_of(value)
        raise GivenError(f"{what} is a number of seconds above 0, not {shown}")  # NaN is not above 0 either
    if value > most:
        raise GivenError(f"{what} is {most:,} seconds at most, not {value:g}")
    try:
        return float(value)
    except OverflowError:  # an integer of more than 300 digits
        return float("inf")


def moment(value: object, what: str = "the clock") -> float:
    """Seconds of the epoch, of a number, a datetime, or a text in the form of ISO 8601. Raises GivenError."""
    from datetime import datetime  # most sessions ask for none

    if isinstance(value, str):
        value = _date(value, what)
    if isinstance(value, datetime):
        value = value.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LAST_MOMENT:
        shown = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else kind_of(value)
        raise GivenError(f"{what} stands at a time from 1970 to 9999, not at {shown}", _HOW)
    return float(value)


#: how a time is written
_HOW: Final = "write 2026-11-30T10:00:00, with Z behind it for UTC, or seconds since 1970"


def _date(written: str, what: str) -> float:
    from datetime import datetime

    try:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", written):
            return float(written)
        return datetime.fromisoformat(written).timestamp()
    except (ValueError, OverflowError):
        raise GivenError(f"{what} stands at a time, not at {written!r}", _HOW) from None


def integer(value: object, what: str) -> int:
    """A whole number, which may be negative. Raises GivenError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise GivenError(f"{what} is a whole number, not {kind_of(value)}")
    return value


def whole(value: object, what: str, least: int = 0) -> int:
    """A whole number that is large enough. Raises GivenError."""
    if integer(value, what) < least:
        raise GivenError(f"{what} is {least} at least, not {value}")
    assert isinstance(value, int)
    return value


def version(value: object) -> ServerVersion:
    """A version of OpenSIPS, such as "4.0". Raises GivenError."""
    try:
        return server_version(name(value, "the version of the server"))
    except ValueError as error:
        raise GivenError(str(error)) from None


def path(value: object, what: str = "the name of the file") -> Path:
    """A path that the system could take. Raises GivenError."""
    if isinstance(value, bytes) or not isinstance(value, str | os.PathLike):
        raise GivenError(f"{what} is a text or a path, not {kind_of(value)}")
    found = os.fspath(value)
    written = os.fsdecode(found) if isinstance(found, bytes) else found
    if fault := path_fault(written):
        raise GivenError(f"{what} {fault}")
    return Path(written)


def path_fault(written: str) -> str | None:
    """Why no file can have this name; None where one can."""
    if not written:
        return "is empty"
    if "\0" in written:
        return "holds a zero byte"
    try:
        os.fsencode(written)
    except UnicodeEncodeError as error:
        return f"holds {_lone(error)}"
    return None


def _lone(error: UnicodeEncodeError) -> str:
    code = ord(error.object[error.start])
    return f"half a character (a lone surrogate, U+{code:04X}) at position {error.start + 1}"
