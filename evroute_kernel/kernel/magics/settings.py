"""Settings: log levels and format, limits, workers; and clearing what was shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.arguments import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.display import Table
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.runtime import levels

if TYPE_CHECKING:
    from evroute_kernel.kernel.execution import CellRun

SECONDS: Final = "a number of seconds greater than 0"
_SIZE: Final = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[KMG]?)(?:i?B)?", re.IGNORECASE)
_UNITS: Final = {"": 20, "K": 10, "M": 20, "G": 30}  # a bare number counts MiB
_SWITCH: Final = {"on": True, "yes": True, "1": True, "off": False, "no": False, "0": False}


@magic("log", "[LEVEL] [level=LEVEL] [diagnostics=LEVEL] [format=plain|full]")
async def log(cell: CellRun, arguments: Arguments) -> None:
    """Say what of the log is shown, and how.

    level        the least severe level that xlog prints (DBG shows all)
    diagnostics  the same for the messages of the runtime itself
    format       plain: what the script printed; full: with time, process and level

    Levels are ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO and DBG. Without arguments it shows what holds.
    """
    settings = cell.session.settings
    if (word := arguments.keys.get("level", arguments.first)) is not None:
        settings["xlog_level"] = level(word)
    if (word := arguments.keys.get("diagnostics")) is not None:
        settings["log_level"] = level(word)
    if (word := arguments.keys.get("format")) is not None:
        cell.notebook.log_format = word.text
    if not arguments.words and not arguments.keys:
        shown = levels.NAMES.get(settings["xlog_level"], settings["xlog_level"])
        told = levels.NAMES.get(settings["log_level"], settings["log_level"])
        cell.outlet.write(f"level={shown} diagnostics={told} format={cell.notebook.log_format}\n")


def level(word: Word) -> int:
    """The number of a level, given by name or number."""
    name = word.text.upper().removeprefix("L_")
    name = {"ERR": "ERROR", "CRIT": "CRITICAL", "WARN": "WARNING", "DEBUG": "DBG"}.get(name, name)
    if name in levels.NUMBERS:
        return levels.NUMBERS[name]
    if re.fullmatch(r"-?[0-9]", word.text) and int(word.text) in range(-3, 5):
        return int(word.text)
    hint = did_you_mean(word.text, levels.NUMBERS) or "levels are " + ", ".join(levels.NUMBERS)
    raise ArgumentError(f"unknown log level {word.text!r}", word.span, hint)


@magic("timeout", "[SECONDS]")
async def timeout(cell: CellRun, arguments: Arguments) -> None:
    """Limit how long a raise, and all that it leads to, may take; without an argument show the limit."""
    if arguments.first is not None:
        cell.session.timeout = arguments.first.number(0.001, SECONDS)
    else:
        cell.outlet.write(f"{cell.session.timeout:g} s\n")


@magic("workers", "[N]")
async def workers(cell: CellRun, arguments: Arguments) -> None:
    """Set how many processes may run routes; without an argument show it.

    With one worker events run one after the other, and all routes share their `$var`.
    """
    if arguments.first is not None:
        cell.session.worker_limit = arguments.first.whole(1, "a number of workers, 1 or more")
    else:
        cell.outlet.write(f"{cell.session.worker_limit}\n")


@magic("clear", "[--wait]")
async def clear(cell: CellRun, arguments: Arguments) -> None:
    """Take back what this cell has shown so far; with --wait not before it shows something else."""
    cell.outlet.clear(wait="wait" in arguments.flags)


@magic("config", "[NAME=VALUE...]")
async def config(cell: CellRun, arguments: Arguments) -> None:
    """Change settings of the session; without arguments show them all.

    strict=on    make it an error to redefine a route of another cell
    memory=256M  what a worker may grow by before its run is ended; off for no limit
    timeout=10   seconds that a raise may take
    log=10000    log records kept of one raise

    and every global of a script that changes how routes run, such as max_while_loops=100.
    """
    for name, value in arguments.keys.items():
        set_one(cell, name, value, arguments)
    if not arguments.keys:
        cell.outlet.display(Table(("setting", "value"), sorted(in_force(cell).items())).bundle())


def in_force(cell: CellRun) -> dict[str, object]:
    """Every setting with its value."""
    session = cell.session
    memory = session.memory_limit
    own = {
        "strict": "on" if session.strict else "off",
        "memory": "off" if memory is None else f"{memory >> 20}M",
        "timeout": f"{session.timeout:g}",
        "log": session.limits.log,
    }
    return {**dict(session.settings), **own}


def set_one(cell: CellRun, name: str, value: Word, arguments: Arguments) -> None:
    session = cell.session
    if name == "strict":
        session.strict = switch(value)
    elif name == "memory":
        session.memory_limit = size(value)
    elif name == "timeout":
        session.timeout = value.number(0.001, SECONDS)
    elif name == "log":
        session.limits.log = value.whole(1, "a number of records, 1 or more")
    elif name in session.settings:
        session.settings[name] = number(value)
    else:
        hint = did_you_mean(name, in_force(cell)) or "%config without arguments lists the settings"
        raise ArgumentError(f"unknown setting {name!r}", arguments.line.span, hint)


def switch(word: Word) -> bool:
    if word.text.lower() not in _SWITCH:
        raise ArgumentError(f"expected on or off, not {word.text!r}", word.span)
    return _SWITCH[word.text.lower()]


def size(word: Word) -> int | None:
    """Bytes of a size such as 256M, 1G or (MiB) 256; None for off."""
    if word.text.lower() == "off":
        return None
    found = _SIZE.fullmatch(word.text)
    if found is None or int(found["number"]) == 0:
        raise ArgumentError(f"expected a size such as 256M, or off, not {word.text!r}", word.span)
    return int(found["number"]) << _UNITS[found["unit"].upper()]


def number(word: Word) -> int:
    """The value of a global: a number, or a word that stands for one."""
    if word.text.lower() in _SWITCH:
        return int(_SWITCH[word.text.lower()])
    if not re.fullmatch(r"-?[0-9]{1,9}", word.text):
        raise ArgumentError(f"expected a number, not {word.text!r}", word.span)
    return int(word.text)
