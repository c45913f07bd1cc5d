"""Time, by the clock of the session: `$Ts`, `$Tsm`, `$TS`, `$Tf`, `$time`, `$ctime`."""

from __future__ import annotations

import time
from typing import Any, Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.behaviour import variable
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Dual, Value, decode, encode, wrap

#: bytes that `$time(...)` can hold
TIME_LIMIT: Final = 126


@variable("Ts")
def unix_time(context: Context, name: None, index: None) -> Value:
    """UNIX time, in seconds."""
    return wrap(context.process.shared.clock.second())


@variable("Tsm")
def microseconds(context: Context, name: None, index: None) -> Value:
    """Microseconds within the current second."""
    return context.process.shared.clock.microseconds() % 10**6


@variable("TS")
def start_time(context: Context, name: None, index: None) -> Value:
    """UNIX time of the first read in this process: the server's start, as far as a script can tell."""
    process = context.process
    return wrap(process.state.setdefault("start_time", process.shared.clock.second()))


@variable("Tf")
def local_time(context: Context, name: None, index: None) -> Value:
    """Local time as text, `Mon Nov 23 00:57:15 2026`; as an integer the UNIX time."""
    now = context.process.shared.clock.second()
    return Dual(time.ctime(now), wrap(now), is_int=False)


@variable("time")
def formatted_time(context: Context, name: str, index: None) -> Value:
    """Local time in a format of strftime(3): `$time(%Y-%m-%d %H:%M)`. Null when longer than 126 bytes, or empty."""
    text = encode(time.strftime(decode(name), time.localtime(context.process.shared.clock.second())))
    return text if 0 < len(text) <= TIME_LIMIT else None


FIELDS: Final = ("sec", "min", "hour", "mday", "mon", "year", "wday", "yday", "isdst")


def _field(text: str) -> str:
    if text not in FIELDS:
        known = ", ".join(FIELDS)
        raise ValueError(f"unknown field {text!r}; {did_you_mean(text, FIELDS) or f'it has {known}'}")
    return text


@variable("ctime", parse_name=_field)
def time_field(context: Context, name: Any, index: None) -> Value:
    """A field of the local time: sec min hour mday mon (1-12) year wday (1 is Sunday) yday (1-366) isdst."""
    now = time.localtime(context.process.shared.clock.second())
    if name == "wday":
        return (now.tm_wday + 1) % 7 + 1
    value: int = getattr(now, f"tm_{name or 'sec'}")
    return value
