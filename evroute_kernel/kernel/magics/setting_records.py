"""The settings of `%config`: one record for each, from which its help, completion, reading and table are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.magics.arguments import Word
from evroute_kernel.records import dataclass
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.values import INT_MAX, INT_MIN
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion, server_version

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.notebook import Notebook

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
    found = re.fullmatch(r"(-?)0*([0-9]+)", word.text)
    if found is None:
        raise ArgumentError(f"expected a number, not {word.text!r}", word.span)
    value = int(found[1] + found[2][:11])
    if not INT_MIN <= value <= INT_MAX:
        raise ArgumentError(f"expected a number from {INT_MIN} to {INT_MAX}, not {word.text!r}", word.span)
    return value


def moment(word: Word) -> float | None:
    """Seconds of the epoch at which a clock is to stand; None for one that goes."""
    if word.text.lower() == "system":
        return None
    try:
        return given.moment(word.text)
    except given.GivenError as error:
        found = error.diagnostics[0]
        raise ArgumentError(found.message, word.span, f"{found.hint}; system lets it go") from None


def seed(word: Word) -> int | None:
    """A number that chance begins with; None for one of the system's."""
    if word.text.lower() == "off":
        return None
    if re.fullmatch(r"-?[0-9]{1,18}", word.text) is None:
        raise ArgumentError(f"expected a whole number, or off, not {word.text!r}", word.span)
    return int(word.text)


def workers_number(word: Word) -> int:
    return word.whole(1, "a number of workers, 1 or more")


# -- the records ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the kernel or its session. `example` is how it may be written, `help` what that does."""

    example: str
    help: str
    read: Callable[[Word], Any]
    #: its value as `read` takes it
    shown: Callable[[Notebook], object]
    #: may wait, and may raise CellFailure
    change: Callable[[Notebook, Any], None]
    #: words for a value; of numbers only what stands for none
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.example.partition("=")[0]


def _of_session(name: str) -> Callable[[Notebook, Any], None]:
    """Changes an attribute of the session."""
    return lambda notebook, value: setattr(notebook.session, name, value)


def _show_replaced(notebook: Notebook, value: bool) -> None:
    notebook.tells_replaced = value


def _set_network(notebook: Notebook, value: bool) -> None:
    notebook.session.settings["network"] = value


def _limit_log(notebook: Notebook, value: int) -> None:
    notebook.session.limits.log = value


def _memory(notebook: Notebook) -> str:
    limit = notebook.session.memory_limit
    return "off" if limit is None else f"{limit / 2**20:g}M"


def _clock(notebook: Notebook) -> str:
    stands = notebook.session.clock
    if stands is None:
        return "system"
    from datetime import datetime

    return datetime.fromtimestamp(stands).isoformat()


def version(word: Word) -> ServerVersion:
    """A version of the server."""
    try:
        return server_version(word.text)
    except ValueError as error:
        raise ArgumentError(str(error), word.span, did_you_mean(word.text, VERSIONS)) from None


def _change_version(notebook: Notebook, value: ServerVersion) -> None:
    """Begin anew as a server of another version, unless something would be lost. Raises CellFailure. Waits."""
    session = notebook.session
    if value == session.version:
        return
    if found := session.held():
        message = f"a session is of one version: to leave {session.version} would lose {', '.join(found)}"
        hint = f"%reset first, then %config version={value}; or see an event in both: %compare EVENT"
        raise failure("VersionInUse", message, None, hint)
    outside = session.settings.outside()
    session.reset(value)
    notebook.owners.clear()
    session.settings.update(outside)


_RECORDS: Final = (
    Setting(
        "version=4.0",
        f"the OpenSIPS whose ways are followed, {' or '.join(VERSIONS)}. It comes before anything is defined:\n"
        "in the first cell, or after %reset, which keeps it",
        version,
        lambda notebook: notebook.session.version,
        _change_version,
        VERSIONS,
    ),
    Setting(
        "strict=on",
        "make it an error to redefine a route of another cell",
        switch,
        lambda notebook: _ON_OFF[notebook.session.strict],
        _of_session("strict"),
        ("on", "off"),
    ),
    Setting(
        "replace=quiet",
        "do not say which routes of other cells a cell replaces; show does",
        lambda word: word.choice(("show", "quiet")) == "show",
        lambda notebook: "show" if notebook.tells_replaced else "quiet",
        _show_replaced,
        ("show", "quiet"),
    ),
    Setting(
        "network=on",
        "let scripts reach other machines. Else functions such as rest_get are stubs, and subscribe_event()\n"
        "takes sockets on this machine alone. It bounds scripts: %subscribe and %connect are your own word",
        switch,
        lambda notebook: _ON_OFF[bool(notebook.session.settings["network"])],
        _set_network,
        ("on", "off"),
    ),
    Setting(
        "workers=2",
        "how many processes may run routes",
        workers_number,
        lambda notebook: notebook.session.worker_limit,
        _of_session("worker_limit"),
    ),
    Setting(
        "clock=2026-11-30T10:00:00",
        "the time at which the clock that scripts read stands, until %tick --clock moves it; system lets it go.\n"
        "With Z behind it that is UTC, else local time",
        moment,
        _clock,
        _of_session("clock"),
        ("system",),
    ),
    Setting(
        "seed=7",
        "what chance begins with: random numbers and UUIDs that an event draws are the same each time, whichever\n"
        "worker runs it, and so are process ids; setting it again begins anew; off for the system's",
        seed,
        lambda notebook: "off" if notebook.session.seed is None else notebook.session.seed,
        _of_session("seed"),
        ("off",),
    ),
    Setting(
        "memory=256M",
        "what a worker may grow by before its run is ended; off for no limit",
        size,
        _memory,
        _of_session("memory_limit"),
        ("off",),
    ),
    Setting(
        "timeout=10",
        "seconds that a raise may take",
        seconds,
        lambda notebook: f"{notebook.session.timeout:g}",
        _of_session("timeout"),
    ),
    Setting(
        "log=10000", "log records kept of one raise", records, lambda notebook: notebook.session.limits.log, _limit_log
    ),
)
#: name -> what is known of the setting, in the order in which it is shown
SETTINGS: Final[Mapping[str, Setting]] = {record.name: record for record in _RECORDS}


#: what globals of a script mean that change how routes run
GLOBALS: Final[Mapping[str, str]] = {
    "abort_on_assert": "1: an assert() that is not true kills the server; 0: it ends the script",
    "enable_asserts": "1: assert() checks its condition; 0: it does nothing",
    "log_level": "the least severe level of the runtime's own messages, from -3 (ALERT) to 4 (DBG)",
    "max_while_loops": "turns after which a while loop ends",
    "pv_print_buf_size": "bytes that a text with variables may have",
    "xlog_buf_size": "bytes that a text of xlog() may have; a longer one is not printed",
    "xlog_force_color": "1: $C(xy) changes colours; 0: it is empty",
    "xlog_level": "the least severe level that xlog() prints, from -3 (ALERT) to 4 (DBG)",
    "xlog_print_level": "the level of an xlog() that names none",
}


def meaning(name: str) -> str:
    """What a setting or global means, on one line; where its help is that of one word, behind that."""
    if name not in SETTINGS:
        return GLOBALS.get(name, "")
    word = SETTINGS[name].example.partition("=")[2]
    return " ".join([*([f"{word}:"] if word.isalpha() else []), *SETTINGS[name].help.split()])


def listed() -> str:
    """What the settings do, a line or more for each."""
    width = max(len(record.example) for record in _RECORDS) + 2
    return "\n".join(f"{r.example:<{width}}" + r.help.replace("\n", "\n" + " " * width) for r in _RECORDS)
