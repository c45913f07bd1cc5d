"""The commands of the management interface of each version, whether or not they are served here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import ServerVersion

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class CatalogueCommand:
    """A command by the name that its version lists it under: `raise_event` in 3.6, `evi:raise` in 4.0."""

    name: str
    #: the one that has to be loaded; "core" is always there
    module: str
    #: the lists of parameters that it takes
    params: tuple[tuple[str, ...], ...]
    #: further names, of 4.0 alone; several commands may share one, which then is no name of any
    aliases: tuple[str, ...] = ()
    #: its names in 3.6; empty for what is new, and for the commands of 3.6
    was: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """What stands before the colon of its name in 4.0; empty in 3.6."""
        return self.name.rpartition(":")[0]

    @property
    def local_name(self) -> str:
        """The name without its group."""
        return self.name.rpartition(":")[2]

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> CatalogueCommand:
        params = tuple(tuple(names) for names in fact["params"])
        return cls(fact["name"], fact["module"], params, tuple(fact.get("aliases", ())), tuple(fact.get("was", ())))


@cache
def mi_commands(version: ServerVersion) -> Sequence[CatalogueCommand]:
    """All commands of a version: those of the core in the order of `which`, then those of modules.

    The two modules proto_bins and proto_tls have one name in common in 3.6, `tls_trace`: both are listed.
    """
    text = (_HERE / version / "mi.json").read_text(encoding="utf-8")
    return tuple(map(CatalogueCommand.from_json, json.loads(text)["mi"]))


@cache
def mi_successors() -> Mapping[str, Sequence[CatalogueCommand]]:
    """The names of 3.6, and the commands of 4.0 that do the same; without any where there is none."""
    found: dict[str, list[CatalogueCommand]] = {command.name: [] for command in mi_commands("3.6")}
    for command in mi_commands("4.0"):
        for name in command.was:
            found[name].append(command)
    return MappingProxyType({name: tuple(commands) for name, commands in found.items()})


@cache
def mi_names_lost() -> frozenset[str]:
    """Names of 3.6 that mean nothing to a 4.0, whatever it has loaded: neither an alias nor a name within a module."""
    kept = {name for command in mi_commands("4.0") for name in (command.local_name, *command.aliases)}
    return frozenset(command.name for command in mi_commands("3.6") if command.name not in kept)
