"""Statistics: those that scripts count. What a server counts itself (groups core, net, shmem, ...) is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library.functions import statistics
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.values import decode, encode

_GROUP_SETTINGS: Final = ("variable", "stat_groups", "stat_series_profile")


class _Statistics:
    """The statistics of a session."""

    def __init__(self, management: Management) -> None:
        self.process = management.process()
        modparams = self.process.settings.modparams
        given = [modparams.get((statistics.MODULE, name), []) for name in _GROUP_SETTINGS]
        self.declared = statistics.declared(*given)

    def groups(self) -> list[str]:
        """Names of the groups, that of statistics without one first."""
        return sorted(self.declared.groups, key=lambda group: (group != statistics.DYNAMIC, group))

    def of(self, group: str) -> list[str]:
        """Full names of a group's statistics, in the order of their creation."""
        return [f"{group}:{name}" for name in statistics.names(self.process, group)]

    def find(self, name: str) -> str | None:
        """The full name of a statistic, whose name is given without its group; None when it does not exist."""
        return next((full for full in self.all() if _short(full) == name), None)

    def all(self) -> Iterator[str]:
        return (full for group in self.groups() for full in self.of(group))

    def value(self, full: str) -> int:
        return statistics.read(self.process, full) or 0

    def kind(self, full: str) -> str:
        is_fixed = self.declared.variables.get(_short(full)) and full.startswith(f"{statistics.SCRIPT}:")
        return "non-incremental" if is_fixed else "incremental"


def _short(full: str) -> str:
    return full.partition(":")[2]


def _chosen(known: _Statistics, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(word, full name) of the statistics that words choose: a name, `group:`; unknown ones are passed over."""
    for word in map(encode, words):
        if len(word) > 1 and word.endswith(":"):
            group = word[:-1].lower()
            yield from ((word, full) for full in (known.of(group) if group in known.declared.groups else ()))
        elif (full := known.find(word)) is not None:
            yield word, full


@command("get_statistics", "statistics:get", "statistics", exporter="statistics", array="statistics")
def get_statistics(management: Management, given: Arguments) -> dict[str, int]:
    """Tell the values of statistics.

    `statistics` is an array of names without their group, of groups (`dynamic:`) or `all`. Unknown ones are left out.
    """
    known = _Statistics(management)
    found: dict[str, int] = {}
    for word in given.texts("statistics"):
        names = known.all() if word == "all" else (full for _, full in _chosen(known, [word]))
        found |= {decode(full): known.value(full) for full in names}
    return found


@command("list_statistics", "statistics:list", "", "statistics", exporter="statistics", array="statistics")
def list_statistics(management: Management, given: Arguments) -> dict[str, str]:
    """List statistics and whether they count (`incremental`) or cannot be reset (`non-incremental`)."""
    known = _Statistics(management)
    if "statistics" not in given:
        return {decode(full): known.kind(full) for full in known.all()}
    chosen = _chosen(known, given.texts("statistics"))
    return {decode(full if word.endswith(":") else _short(full)): known.kind(full) for word, full in chosen}


@command("reset_statistics", "statistics:reset", "statistics", exporter="statistics", array="statistics")
def reset_statistics(management: Management, given: Arguments) -> str:
    """Set statistics to 0; `statistics` is an array of their names, without their groups."""
    known = _Statistics(management)
    found = [full for word in map(encode, given.texts("statistics")) if (full := known.find(word)) is not None]
    if not found:
        raise CommandError(404, "Statistics Not Found")
    return _reset(known, found)


@command("reset_all_statistics", "statistics:reset_all", exporter="statistics")
def reset_all_statistics(management: Management, given: Arguments) -> str:
    """Set all statistics to 0."""
    known = _Statistics(management)
    return _reset(known, known.all())


def _reset(known: _Statistics, names: Iterable[str]) -> str:
    reset: Callable[[Process, str], Any] = statistics.reset
    for full in names:
        reset(known.process, full)
    return "OK"
