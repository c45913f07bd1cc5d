"""The process and the session around a script: `$pp`, `$env`, `$cfg_line`, `$log_level`, `$C`, `$RANDOM` and others."""

from __future__ import annotations

import os
from typing import Any, Final

from evroute_kernel.library import chance
from evroute_kernel.library.behaviour import variable
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import INT_MAX, Value, encode, int_of, is_int_type


@variable("pp")
def process_id(context: Context, name: None, index: None) -> Value:
    """Process id of the worker; in a session that has a seed 1000 and its number."""
    return chance.process_id(context.process)


@variable("env")
def environment(context: Context, name: str | None, index: None) -> Value:
    """Environment variable of the worker; null when it is not set."""
    value = None if name is None else os.environb.get(name.encode("latin-1"))
    return None if value is None else value.decode("latin-1")


@variable("argv")
def option(context: Context, name: str, index: None) -> Value:
    """Value of the server's command line option `-o name=value`. A session has no such options: always null."""
    return None


@variable("cfg_line")
def line(context: Context, name: None, index: None) -> Value:
    """Line of the running statement, as the server counts it."""
    return context.line()


@variable("cfg_file")
def file(context: Context, name: None, index: None) -> Value:
    """Name of the text that holds the running statement."""
    return encode(context.file())


# -- log levels -------------------------------------------------------------------------------------------------------


@variable("log_level")
def log_level(context: Context, name: None, index: None) -> Value:
    """Threshold of the runtime's own messages and of log(), -3 (ALERT) to 4 (DBG). Every printed xlog restores it.

    `= NULL` restores the value of the global log_level.
    """
    return context.process.log_level


@log_level.setter
def set_log_level(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    number = _level(context, "log_level", value, context.process.settings.log_level)
    if number is not None:
        context.process.log_level = number
    return number is not None


@variable("xlog_level")
def xlog_level(context: Context, name: None, index: None) -> Value:
    """Threshold of xlog(), -3 (ALERT) to 4 (DBG). What a script sets holds for the next events of this process, too.

    `= NULL` restores the value of the global xlog_level.
    """
    return context.process.xlog_level


@xlog_level.setter
def set_xlog_level(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    number = _level(context, "xlog_level", value, context.process.settings.xlog_level)
    if number is not None:
        context.process.xlog_level = number
    return number is not None


def _level(context: Context, variable_name: str, value: Value, default: int) -> int | None:
    if value is None:
        return default
    if not is_int_type(value):
        context.error(f"${variable_name} takes an integer from -3 to 4, not the text {str(value)!r}")
        return None
    return int_of(value)


# -- colours ----------------------------------------------------------------------------------------------------------

#: letter -> last digit of the terminal's colour number
COLOURS: Final = {"s": 0, "r": 1, "g": 2, "y": 3, "b": 4, "p": 5, "c": 6, "w": 7, "x": 9}


def _colours(text: str) -> str:
    foreground, background = text[:1], text[1:]
    if len(text) != 2 or foreground == "X" or foreground.lower() not in COLOURS or background not in COLOURS:
        raise ValueError(f"two letters of {' '.join(COLOURS)} are needed, the first upper case for bold: $C(rx)")
    return text


@variable("C", parse_name=_colours)
def colour(context: Context, name: str, index: None) -> Value:
    """Terminal escape for a foreground and a background colour; empty unless the global xlog_force_color is on.

    Letters: s(black) r g y b p(urple) c(yan) w x(default); the first in upper case for bold. `$C(xx)` resets.
    """
    if not context.process.settings.xlog_force_color:
        return ""
    bold = "1" if name[0].isupper() else "0"
    return f"\x1b[{bold};3{COLOURS[name[0].lower()]};4{COLOURS[name[1]]}m"


# -- random -----------------------------------------------------------------------------------------------------------


@variable("RANDOM")
def random_number(context: Context, name: None, index: None) -> Value:
    """Random integer from 0 to 2147483647."""
    return context.process.chance.randint(0, INT_MAX)


@variable("uuid", parse_name=str)
def new_uuid(context: Context, name: str | None, index: Any) -> Value:
    """A new UUID at each read: a random one, or of the version in parentheses (4.0): 0 and 4 are random, 1 has the
    time. 7 needs more of the server's machine than most have: it gives a random one, with a warning."""
    version = 0 if name is None else str2sint(name)
    if version == 1:
        return str(chance.time_uuid(context.process))
    if version == 7:
        context.warning("$uuid(7): version 7 is not supported, a random UUID is made instead")
    elif version not in (0, 4):
        context.error(f"$uuid({name}): versions 0, 1, 4 and 7 are possible")
        return None
    return str(chance.random_uuid(context.process))
