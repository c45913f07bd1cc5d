"""What can be said of a dialog that is made or changed, looked at before anything takes effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypedDict

from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.dialogs.dialog import STATUSES
from evroute_kernel.library.dialogs.ids import read
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, encode


class DialogFields(TypedDict, total=False):
    """`Session.dialog`: what is not given keeps its value, or has that of a call which has just been answered.

    `callid` (else the name) and `did` (else made of the Call-ID) are for a dialog that is made. `status`: 1 to 5.
    `timeout`: seconds until it times out. `lifetime`: seconds since it was answered. `vals`: what `$dlg_val` reads;
    None removes one. `flags`: names, `profiles`: names or (name, value); each takes the place of those there are.
    """

    callid: str
    did: str
    status: int
    timeout: int
    lifetime: int
    from_uri: str
    to_uri: str
    from_tag: str
    to_tag: str
    end_reason: str
    flags: str | Iterable[str]
    profiles: str | Iterable[str | tuple[str, str]]
    vals: Mapping[str, int | str | None]


class DialogError(GivenError):
    """A field that this dialog cannot have; `field` is its name."""

    def __init__(self, field: str, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.field = field


def checked(fields: Mapping[str, object]) -> dict[str, Any]:
    """The fields as byte strings and numbers. Raises GivenError."""
    unknown = next((name for name in fields if name not in FIELDS), None)
    if unknown is not None:
        hint = did_you_mean(unknown, FIELDS) or f"values of $dlg_val are given as vals={{{unknown!r}: ...}}"
        raise GivenError(f"a dialog has no field {unknown!r}", hint)
    return {name: FIELDS[name](value) for name, value in fields.items()}


def _status(value: object) -> int:
    status = given.integer(value, "the status of a dialog")
    if status not in STATUSES:
        known = ", ".join(f"{number} {name}" for number, name in STATUSES.items())
        raise GivenError(f"a dialog has no status {status}", f"it is one of {known}")
    return status


def _seconds(what: str) -> Callable[[object], int]:
    def check(value: object) -> int:
        seconds = given.whole(value, what)
        if seconds > INT_MAX:
            raise GivenError(f"{what} does not fit a 32-bit integer: {seconds}")
        return seconds

    return check


def _text(what: str) -> Callable[[object], str]:
    return lambda value: encode(given.text(value, what))


def _name(what: str) -> Callable[[object], str]:
    return lambda value: encode(given.name(value, what))


def _did(value: object) -> str:
    did = given.text(value, "a Dialog ID")
    if read(did) is None:
        raise GivenError(f"{did!r} is no Dialog ID", "it is two hexadecimal numbers, such as 5a.8b217e22")
    return did


def _flags(value: object) -> set[str]:
    return {encode(name) for name in _names(value, "a flag of a dialog")}


def _names(value: object, what: str) -> list[str]:
    """Names in a list, or in one text with blanks between."""
    if isinstance(value, str):
        return given.text(value, what).split()
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise GivenError(f"expected a list of names, not {given.kind_of(value)}")
    return [given.name(each, what) for each in value]


def _profiles(value: object) -> list[tuple[str, str]]:
    """`calls trunk:a`: the last one joined stands first."""
    if isinstance(value, str):
        value = _names(value, "a profile")
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise GivenError(f"expected a list of profiles, not {given.kind_of(value)}")
    return [_profile(each) for each in value][::-1]


def _profile(each: object) -> tuple[str, str]:
    if isinstance(each, tuple) and len(each) == 2:
        name, value = each
    else:
        name, _, value = given.name(each, "a profile").partition(":")
    return encode(given.name(name, "the name of a profile")), encode(given.text(value, "the value in a profile"))


def _vals(value: object) -> dict[str, int | str | None]:
    if not isinstance(value, Mapping):
        raise GivenError(f"vals is a mapping of names to values, not {given.kind_of(value)}")
    return {encode(given.name(name, "the name of a value")): dialog_value(name, each) for name, each in value.items()}


def dialog_value(name: object, value: object) -> int | str | None:
    """A value as `$dlg_val` keeps it. Raises GivenError."""
    if value is None:
        return None
    if isinstance(value, str):
        return encode(given.text(value, f"the value {name}"))
    number = given.integer(value, f"the value {name}, which is no text,")
    if not INT_MIN <= number <= INT_MAX:
        raise GivenError(f"the value {name} does not fit a 32-bit integer: {number}", "give it as text")
    return number


#: name of a field -> looks at its value
FIELDS: Final[Mapping[str, Callable[[object], Any]]] = MappingProxyType(
    {
        "callid": _name("the Call-ID"),
        "did": _did,
        "status": _status,
        "timeout": _seconds("the timeout of a dialog, in seconds,"),
        "lifetime": _seconds("the lifetime of a dialog, in seconds,"),
        "from_uri": _text("the URI of the caller"),
        "to_uri": _text("the URI of the callee"),
        "from_tag": _text("the tag of the caller"),
        "to_tag": _text("the tag of the callee"),
        "end_reason": _text("the reason why a dialog has ended"),
        "flags": _flags,
        "profiles": _profiles,
        "vals": _vals,
    }
)
