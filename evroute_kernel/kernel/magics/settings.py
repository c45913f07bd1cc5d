"""Settings: log levels and format, limits, workers; and clearing what was shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.runtime import levels

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.cell.notebook import Notebook
    from evroute_kernel.kernel.export.rehearsal import Rehearsal

_SIZE: Final = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[KMG]?)(?:i?B)?", re.IGNORECASE)
_UNITS: Final = {"": 20, "K": 10, "M": 20, "G": 30}  # a bare number counts MiB
_SWITCH: Final = {"on": True, "yes": True, "off": False, "no": False}
_ON_OFF: Final = {True: "on", False: "off"}
_SHORT_LEVELS: Final = {"ERR": "ERROR", "CRIT": "CRITICAL", "WARN": "WARNING", "DEBUG": "DBG"}


# -- values as people write them ------------------------------------------------------------------------------------


def level(word: Word) -> int:
    """The number of a log level, given by name or number."""
    name = word.text.upper().removeprefix("L_")
    name = _SHORT_LEVELS.get(name, name)
    if name in levels.NUMBERS:
        return levels.NUMBERS[name]
    if re.fullmatch(r"-?[0-9]", word.text) and int(word.text) in range(levels.ALERT, levels.DBG + 1):
        return int(word.text)
    hint = did_you_mean(word.text, levels.NUMBERS) or "levels are " + ", ".join(levels.NUMBERS)
    raise ArgumentError(f"unknown log level {word.text!r}", word.span, hint)


def seconds(word: Word) -> float:
    return word.number(0.001, "a number of seconds greater than 0")


def records(word: Word) -> int:
    return word.whole(1, "a number of records, 1 or more")


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


# -- the log ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What `%log` is to change; None: leave it."""

    level: int | None
    diagnostics: int | None
    format: str | None
    #: records to show again
    last: int | None = None


def log_settings(arguments: Arguments) -> LogSettings:
    keys = arguments.keys
    shown, told, form = keys.get("level", arguments.first), keys.get("diagnostics"), keys.get("format")
    last = keys.get("last")
    return LogSettings(
        level(shown) if shown else None,
        level(told) if told else None,
        form.text if form else None,
        records(last) if last else None,
    )


def exported_log(rehearsal: Rehearsal, offset: int, wanted: LogSettings) -> None:
    """The levels stand in the configuration."""
    found = {"xlog_level": wanted.level, "log_level": wanted.diagnostics}
    rehearsal.set(offset, {name: level for name, level in found.items() if level is not None})


@magic(
    "log",
    "[LEVEL] [level=LEVEL] [diagnostics=LEVEL] [format=plain|full] [last=N]",
    convert=log_settings,
    on_export=exported_log,
)
async def log(cell: Cell, wanted: LogSettings) -> None:
    """Say what of the log is shown, and how.

    level        the least severe level that xlog prints (DBG shows all)
    diagnostics  the same for the messages of the runtime itself
    format       plain: what the script printed; full: with time, process and level
    last         shows the last N records again, whatever cell they came from: a cell shows lines that repeat themselves
                 ten times, and of more than 10,000 lines the first and the last; the session keeps the last 100,000

    Levels are ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO and DBG. Without arguments it shows what holds.
    """
    settings = cell.session.settings
    if wanted.level is not None:
        settings["xlog_level"] = wanted.level
    if wanted.diagnostics is not None:
        settings["log_level"] = wanted.diagnostics
    if wanted.format is not None:
        cell.notebook.log_format = wanted.format
    if wanted.last is not None:
        cell.outlet.write("".join(map(cell.notebook.text_of, cell.session.log[-wanted.last :])))
    if wanted == LogSettings(None, None, None):
        shown, told = (levels.NAMES.get(settings[name], settings[name]) for name in ("xlog_level", "log_level"))
        cell.outlet.write(f"level={shown} diagnostics={told} format={cell.notebook.log_format}\n")


# -- limits -----------------------------------------------------------------------------------------------------------


def one(of: Callable[[Word], Any]) -> Callable[[Arguments], Any]:
    """Reads the one word that may stand there; None when there is none."""
    return lambda arguments: None if arguments.first is None else of(arguments.first)


@magic("timeout", "[SECONDS]", convert=one(seconds))
async def timeout(cell: Cell, limit: float | None) -> None:
    """Limit how long a raise, and all that it leads to, may take; without an argument show the limit."""
    if limit is not None:
        cell.session.timeout = limit
    else:
        cell.outlet.write(f"{cell.session.timeout:g} s\n")


@magic("workers", "[N]", convert=one(lambda word: _OWN["workers"](word)))
async def workers(cell: Cell, limit: int | None) -> None:
    """Set how many processes may run routes; without an argument show it.

    With one worker events run one after the other, and all routes share their `$var`.
    """
    if limit is not None:
        cell.session.worker_limit = limit
    else:
        cell.outlet.write(f"{cell.session.worker_limit}\n")


#: settings that have a word for a value -> the words
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "strict": ("on", "off"),
    "network": ("on", "off"),
    "memory": ("off",),
    "replace": ("show", "quiet"),
}
#: settings of the kernel and its session, with the reader of their values
_OWN: Final[Mapping[str, Callable[[Word], Any]]] = {
    "strict": switch,
    "network": switch,
    "workers": lambda word: word.whole(1, "a number of workers, 1 or more"),
    "memory": size,
    "timeout": seconds,
    "log": records,
    "replace": lambda word: word.choice(CHOICES["replace"]) == "show",
}


def configuration(arguments: Arguments) -> dict[str, Any]:
    """The settings to change, by name."""
    from evroute_kernel.engine.state.settings import DEFAULTS

    found: dict[str, Any] = {}
    for name, word in arguments.keys.items():
        if name not in _OWN and name not in DEFAULTS:
            hint = did_you_mean(name, [*_OWN, *DEFAULTS]) or "%config without arguments lists the settings"
            raise ArgumentError(f"unknown setting {name!r}", arguments.places[name], hint)
        found[name] = _OWN.get(name, number)(word)
    return found


def exported_config(rehearsal: Rehearsal, offset: int, wanted: dict[str, Any]) -> None:
    """Globals stand in the configuration; `strict` is heeded by the cells below."""
    from evroute_kernel.engine.state.settings import DEFAULTS

    rehearsal.world.strict = wanted.get("strict", rehearsal.world.strict)
    rehearsal.set(offset, {name: value for name, value in wanted.items() if name in DEFAULTS})


@magic("config", "[NAME=VALUE...]", convert=configuration, on_export=exported_config)
async def config(cell: Cell, wanted: dict[str, Any]) -> None:
    """Change settings of the session; without arguments show them all.

    strict=on      make it an error to redefine a route of another cell
    replace=quiet  do not say which routes of other cells a cell replaces; show does
    network=on     let scripts reach other machines. Else functions such as rest_get are stubs, and subscribe_event()
                   takes sockets on this machine alone. It bounds scripts: %subscribe and %connect are your own word
    workers=2      how many processes may run routes
    memory=256M    what a worker may grow by before its run is ended; off for no limit
    timeout=10     seconds that a raise may take
    log=10000      log records kept of one raise

    and every global of a script that changes how routes run, such as max_while_loops=100.
    """
    for name, value in wanted.items():
        change(cell, name, value)
    if not wanted:
        cell.outlet.display(Table(("setting", "value"), list(in_force(cell.notebook).items())).bundle())


def change(cell: Cell, name: str, value: Any) -> None:
    """Change one setting."""
    session = cell.session
    if name == "replace":
        cell.notebook.tells_replaced = value
    elif name == "strict":
        session.strict = value
    elif name == "workers":
        session.worker_limit = value
    elif name == "memory":
        session.memory_limit = value
    elif name == "timeout":
        session.timeout = value
    elif name == "log":
        session.limits.log = value
    else:
        session.settings[name] = value


def in_force(notebook: Notebook) -> dict[str, object]:
    """Every setting with its value as `%config` reads it: the kernel's own, then the globals of scripts."""
    session = notebook.session
    memory = session.memory_limit
    own: dict[str, object] = {
        "strict": _ON_OFF[session.strict],
        "replace": "show" if notebook.tells_replaced else "quiet",
        "network": _ON_OFF[bool(session.settings["network"])],
        "workers": session.worker_limit,
        "memory": "off" if memory is None else f"{memory / 2**20:g}M",
        "timeout": f"{session.timeout:g}",
        "log": session.limits.log,
    }
    return own | {name: int(value) for name, value in sorted(session.settings.items()) if name not in own}


@magic("clear", "[--wait]")
async def clear(cell: Cell, arguments: Arguments) -> None:
    """Take back what this cell has shown so far; with --wait not before it shows something else."""
    cell.outlet.clear(wait="wait" in arguments.flags)
