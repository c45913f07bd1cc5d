"""Settings: log levels and format, limits, workers; and clearing what was shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.failures import CellFailure
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.setting_records import (
    SETTINGS,
    Setting,
    level,
    listed,
    meaning,
    number,
    records,
    seconds,
    workers_number,
)
from evroute_kernel.records import dataclass
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.cell.notebook import Notebook
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.kernel.questions.asked import Asked
    from evroute_kernel.lang.environment import Environment

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
    shown, report, form = keys.get("level", arguments.first), keys.get("diagnostics"), keys.get("format")
    last = keys.get("last")
    return LogSettings(
        level(shown) if shown else None,
        level(report) if report else None,
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
    offers=Offers(values=lambda asked, key: asked.offer(asked.levels())),
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
        shown, report = (levels.NAMES.get(settings[name], settings[name]) for name in ("xlog_level", "log_level"))
        cell.outlet.write(f"level={shown} diagnostics={report} format={cell.notebook.log_format}\n")


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


@magic("workers", "[N]", convert=one(workers_number))
async def workers(cell: Cell, limit: int | None) -> None:
    """Set how many processes may run routes; without an argument show it.

    With one worker events run one after the other, and all routes share their `$var`.
    """
    if limit is not None:
        cell.session.worker_limit = limit
    else:
        cell.outlet.write(f"{cell.session.worker_limit}\n")


@dataclass(frozen=True, slots=True)
class Changes:
    """The settings to change, by name; and where each stands."""

    values: Mapping[str, Any]
    places: Mapping[str, Span]

    @property
    def version(self) -> ServerVersion | None:
        found: ServerVersion | None = self.values.get("version")
        return found


def configuration(arguments: Arguments) -> Changes:
    from evroute_kernel.engine.state.settings import DEFAULTS

    found: dict[str, Any] = {}
    for name, word in arguments.keys.items():
        if name not in SETTINGS and name not in DEFAULTS:
            hint = did_you_mean(name, [*SETTINGS, *DEFAULTS]) or "%config without arguments lists the settings"
            raise ArgumentError(f"unknown setting {name!r}", arguments.places[name], hint)
        found[name] = (SETTINGS[name].read if name in SETTINGS else number)(word)
    # the version first: with another one the session begins anew, and what else is set holds for that
    order = sorted(found, key=lambda name: name != "version")
    return Changes({name: found[name] for name in order}, arguments.places)


def exported_config(rehearsal: Rehearsal, offset: int, wanted: Changes) -> None:
    """Globals stand in the configuration; `strict` and `version` are heeded by the cells below, and what else only a
    session has stays out. Raises ScriptError."""
    if wanted.version is not None:
        rehearsal.choose_version(wanted.version, wanted.places["version"])
    rehearsal.world.strict = wanted.values.get("strict", rehearsal.world.strict)
    rehearsal.set(offset, {name: value for name, value in wanted.values.items() if name not in SETTINGS})


def around_config(wanted: Changes, environment: Environment) -> Environment:
    """Script below the line is that of a server of this version."""
    return replace(environment, version=wanted.version) if wanted.version else environment


CONFIG_HELP: Final = f"""\
Change settings of the session; without arguments show them all.

{listed()}

and every global of a script that changes how routes run, such as max_while_loops=100.
"""


def settings_here(asked: Asked) -> Iterable[Candidate]:
    """The settings that this kernel heeds; of no session the server's."""
    if not asked.notebook.has_session:
        return asked.settings()
    return [Candidate(name, "property", f"= {value}") for name, value in in_force(asked.notebook).items()]


def setting_value(asked: Asked, key: str) -> Offer:
    """What a setting may be."""
    words = SETTINGS[key].choices if key in SETTINGS else ()
    return asked.offer(asked.values(words) if words else asked.setting_values(key))


@magic(
    "config",
    "[NAME=VALUE...]",
    convert=configuration,
    doc=CONFIG_HELP,
    offers=Offers(keys=settings_here, values=setting_value),
    on_export=exported_config,
    prepares=around_config,
)
async def config(cell: Cell, wanted: Changes) -> None:
    for name, value in wanted.values.items():
        if name in SETTINGS:
            await change(cell, SETTINGS[name], value, wanted.places[name])
        else:
            cell.session.settings[name] = value
    if not wanted.values:
        rows = [(name, value, meaning(name)) for name, value in in_force(cell.notebook).items()]
        cell.outlet.display(Table(("setting", "value", "meaning"), rows).bundle())


async def change(cell: Cell, setting: Setting, value: Any, span: Span) -> None:
    """Change a setting that the line names there. Raises CellFailure."""
    try:
        await cell.compute(partial(setting.change, cell.notebook, value))
    except CellFailure as error:
        raise CellFailure(error.name, [replace(found, span=span) for found in error.diagnostics]) from error


def in_force(notebook: Notebook) -> dict[str, object]:
    """Every setting with its value as `%config` reads it: the kernel's own, then the globals of scripts."""
    own = {name: record.shown(notebook) for name, record in SETTINGS.items()}
    return own | {name: int(value) for name, value in sorted(notebook.session.settings.items()) if name not in own}


@magic("clear", "[--wait]")
async def clear(cell: Cell, arguments: Arguments) -> None:
    """Take back what this cell has shown so far; with --wait not before it shows something else."""
    cell.outlet.clear(wait="wait" in arguments.flags)
