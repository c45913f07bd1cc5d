"""Module statistics: counters by name, in groups, shared by all processes. `$stat` reads them.

A group is a table of the shared memory; a statistic is (number, value), the number telling the order of creation. Of
what a server counts itself there is what it counts of SIP messages: a session gets none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from evroute_kernel.library import modparams, statistic_series
from evroute_kernel.library.behaviour import check_modparams, function
from evroute_kernel.library.functions.parameters import Problem
from evroute_kernel.library.references import Reference
from evroute_kernel.library.statistic_series import Profile
from evroute_kernel.library.table import in_process
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import wrap

MODULE: Final = "statistics"
#: the group of statistics that scripts create without naming one, and of those that modparams declare
DYNAMIC: Final = "dynamic"
SCRIPT: Final = "script"
NO_RESET: Final = "no_reset"
ITERATORS: Final = "statistics iterators"


@dataclass(frozen=True, slots=True)
class Declared:
    """What the module parameters declare."""

    groups: frozenset[str]
    #: name -> whether it can never be reset
    variables: Mapping[str, bool]
    profiles: Mapping[str, Profile]


def declared(variables: modparams.Values, groups: modparams.Values, profiles: modparams.Values) -> Declared:
    named = {part.strip().lower() for text in groups for part in str(text).split(",") if part.strip()}
    series = [statistic_series.parse_profile(str(text))[0] for text in profiles]
    fixed = {name: bool(flag) for name, _, flag in (str(text).partition("/") for text in variables)}
    everything = named | {DYNAMIC} | {p.group.lower() for p in series} | ({SCRIPT} if fixed else set())
    return Declared(frozenset(everything), fixed, {p.name.lower(): p for p in series})


def _declared(process: Process) -> Declared:
    return modparams.derived(process, MODULE, ("variable", "stat_groups", "stat_series_profile"), declared)


def _check_modparam(parameter: str, value: int | str) -> str | None:
    text = str(value)
    if parameter == "variable":
        name, slash, flag = text.partition("/")
        if not name:
            return "a statistic needs a name"
        if slash and flag.lower() != NO_RESET:
            return f"unknown flag {flag!r}, expected {NO_RESET}"
    if parameter == "stat_series_profile" and not statistic_series.parse_profile(text)[0].name:
        return "a profile needs a name"
    return None


check_modparams(MODULE, _check_modparam)

# -- statistics -------------------------------------------------------------------------------------------------------


class UnknownGroup(ValueError):
    """A name says `group:name`, and there is no such group."""

    def __init__(self, group: str) -> None:
        super().__init__(
            f'no group of statistics is named {group!r}; add modparam("{MODULE}", "stat_groups", "{group}")'
        )


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic, by name and by group; without a group it may be in any."""

    name: str
    group: str | None


def _table(group: str) -> str:
    return f"stat:{group}"


def resolve(process: Process, text: str) -> Statistic:
    """`name` or `group:name` -> Statistic. Raises UnknownGroup."""
    group, colon, name = text.partition(":")
    if not colon:
        return Statistic(text, None)
    if group.lower() not in _declared(process).groups:
        raise UnknownGroup(group)
    return Statistic(name, group.lower())


def _find(process: Process, wanted: Statistic) -> str | None:
    """The group that has the statistic now; None when it does not exist."""
    known = _declared(process)
    if wanted.name in known.variables and wanted.group in (None, SCRIPT):
        return SCRIPT
    groups = sorted(known.groups) if wanted.group is None else [wanted.group]
    found = (g for g in groups if process.shared.get_object(_table(g), wanted.name) is not None)
    return next(found, None)


def read(process: Process, text: str) -> int | None:
    """The value of a statistic, wrapped to 32 bits; None when it does not exist. Raises UnknownGroup."""
    with process.shared.step():
        return _read(process, text)


def _read(process: Process, text: str) -> int | None:
    try:
        wanted = resolve(process, text)
    except UnknownGroup:
        if not _counts_messages(process, text):
            raise
        return 0
    group = _find(process, wanted)
    if group is not None:
        stored = process.shared.get_object(_table(group), wanted.name)
        return wrap(stored[1]) if stored else 0
    for profile in _declared(process).profiles.values():
        if wanted.group in (None, profile.group.lower()):
            value = statistic_series.read(process.shared, profile, wanted.name)
            if value is not None:
                return wrap(value)
    return 0 if _counts_messages(process, text) else None


def _counts_messages(process: Process, text: str) -> bool:
    """Whether the server itself counts SIP messages under a name, `name` or `group:name`."""
    group, _, name = text.rpartition(":")
    counters = in_process(process).modules["core"].counters
    return any(name in counted for known, counted in counters.items() if group.lower() in ("", known))


def _change(process: Process, wanted: Statistic, by: int | None) -> None:
    """Add to a statistic, or set it to 0 when `by` is None; creates it where it does not exist."""
    with process.shared.step():
        _change_in_step(process, wanted, by)


def _change_in_step(process: Process, wanted: Statistic, by: int | None) -> None:
    group = _find(process, wanted) or wanted.group or DYNAMIC
    if by is None and group == SCRIPT and _declared(process).variables.get(wanted.name):
        return
    shared = process.shared
    with shared.transaction():
        number, value = shared.get_object(_table(group), wanted.name) or (_created(shared, group), 0)
        shared.put_object(_table(group), wanted.name, (number, 0 if by is None else value + by))


def _created(shared: Shared, group: str) -> int:
    """The number of a new statistic of a group."""
    made: int = shared.update("stat", group, lambda count: (count or 0) + 1)
    return made


def reset(process: Process, text: str) -> None:
    """Set a statistic to 0, unless it is declared never to be reset. Raises UnknownGroup."""
    _change(process, resolve(process, text), None)


def names(process: Process, group: str) -> list[str]:
    """The statistics of a group in the order of their creation."""
    numbered = {name: stored[0] for name, stored in process.shared.items(_table(group))}
    if group == SCRIPT:
        numbered = {name: numbered.get(name, 0) for name in _declared(process).variables}
    return sorted(numbered, key=lambda name: numbered[name])


# -- checks at start --------------------------------------------------------------------------------------------------

Settings = Mapping[tuple[str, str], modparams.Values]


def _at_start(settings: Settings) -> Declared:
    names = ("variable", "stat_groups", "stat_series_profile")
    return declared(*(settings.get((MODULE, name), []) for name in names))


def _check_name(arguments: Sequence[Any], settings: Settings) -> Problem | None:
    """`group:name` needs a declared group."""
    group, colon, _ = str(arguments[0]).partition(":")
    if not isinstance(arguments[0], str) or not colon or group.lower() in _at_start(settings).groups:
        return None
    return 0, *_unknown_group(group)


def _check_group(arguments: Sequence[Any], settings: Settings) -> Problem | None:
    if not isinstance(arguments[0], str) or arguments[0].lower() in _at_start(settings).groups:
        return None
    return 0, *_unknown_group(arguments[0])


def _unknown_group(group: str) -> tuple[str, str]:
    return f"no group of statistics is named {group!r}", f'add modparam("{MODULE}", "stat_groups", "{group}")'


def _check_profile(arguments: Sequence[Any], settings: Settings) -> Problem | None:
    name = arguments[0]
    if not isinstance(name, str) or name.lower() in _at_start(settings).profiles:
        return None
    hint = f'add modparam("{MODULE}", "stat_series_profile", "{name}: algorithm=accumulate window=60")'
    return 0, f"no profile of statistics is named {name!r}", hint


# -- functions --------------------------------------------------------------------------------------------------------


@function("update_stat", check=_check_name, check_modparams=True)
def update_stat(context: Context, variable: str, value: int) -> int:
    """Add to a statistic, creating it; adding 0 does nothing. The name may be `group:name`.

    Returns 1; -1 for a group that is not declared.
    """
    try:
        wanted = resolve(context.process, variable)
    except UnknownGroup as error:
        context.error(str(error))
        return -1
    if value:
        _change(context.process, wanted, value)
    return 1


@function("reset_stat", check=_check_name, check_modparams=True)
def reset_stat(context: Context, variable: str) -> int:
    """Set a statistic to 0, creating it; one declared with `/no_reset` keeps its value.

    Returns 1; -1 for a group that is not declared.
    """
    try:
        reset(context.process, variable)
    except UnknownGroup as error:
        context.error(str(error))
        return -1
    return 1


@function("stat_iter_init", check=_check_group, check_modparams=True)
def stat_iter_init(context: Context, group: str, iter: str) -> int:
    """Let a named iterator stand before the first statistic of a group.

    Returns 1; -1 for a group that is not declared.
    """
    if group.lower() not in _declared(context.process).groups:
        context.error(str(UnknownGroup(group)))
        return -1
    waiting = names(context.process, group.lower())[::-1]
    context.process.state.setdefault(ITERATORS, {})[iter] = (group.lower(), waiting)
    return 1


@function("stat_iter_next")
def stat_iter_next(context: Context, name: Reference, val: Reference, iter: str) -> int:
    """Store name and value of the next statistic of an iterator.

    Returns 1; -1 at the end, or when stat_iter_init() has not been called.
    """
    group, waiting = context.process.state.get(ITERATORS, {}).get(iter, ("", []))
    if not waiting:
        return -1
    statistic = waiting[-1]
    value = read(context.process, f"{group}:{statistic}")
    if not (name.set(context, "=", statistic) and val.store(context, value or 0)):
        return -1
    waiting.pop()
    return 1


@function("update_stat_series", check=_check_profile, check_modparams=True)
def update_stat_series(context: Context, profile: str, variable: str, value: int) -> int:
    """Feed a value to a statistic over a window of time, as a profile of modparam `stat_series_profile` says.

    Returns 1; -1 for an unknown profile, or when a statistic of another kind has the name.
    """
    process = context.process
    found = _declared(process).profiles.get(profile.lower())
    if found is None:
        context.error(f"no profile of statistics is named {profile!r}")
        return -1
    if _find(process, Statistic(variable, None)) is not None:
        context.error(f"statistic {variable!r} exists already and is no series")
        return -1
    statistic_series.feed(process.shared, found, variable, value)
    return 1
