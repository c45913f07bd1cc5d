"""Facts about all of OpenSIPS: its events, functions, variables, modules and so on, whether or not they run here.

One folder of JSON files for each version of the server, that of 4.0 with what is otherwise than in 3.6. `of(version)`
reads it: each file on first use, each record when it is asked for. What runs here of functions, variables,
transformations and modules is joined with these facts in `library.table`, which checker, lints, completion, inspection
and documents ask; of events there are facts alone.

An entry holds names, numbers and types as the server's sources have them, and words of our own. What an entry does not
say is no, none or zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from evroute_kernel.library.catalogue.facts import Event, EventParam, ExtraParams
from evroute_kernel.library.catalogue.files import FactFiles
from evroute_kernel.library.catalogue.modules import CatalogueModule, ScriptGlobal
from evroute_kernel.library.catalogue.names import (
    CatalogueFunction,
    CatalogueTransformation,
    CatalogueVariable,
    Example,
    Param,
)
from evroute_kernel.library.catalogue.on_demand import OnDemand
from evroute_kernel.library.catalogue.renamed import Renamed

__all__ = [
    "Catalogue",
    "CatalogueFunction",
    "CatalogueModule",
    "CatalogueTransformation",
    "CatalogueVariable",
    "Event",
    "EventParam",
    "Example",
    "ExtraParams",
    "Param",
    "Renamed",
    "ScriptGlobal",
    "of",
]

_HERE: Final = Path(__file__).parent
#: version -> the one whose facts it has but for what its own files say
_BASES: Final = {"4.0": "3.6"}


@cache
def of(version: str) -> Catalogue:
    """The facts about a version, such as "3.6". Raises LookupError for one that has none."""
    return Catalogue(_files(version))


@cache
def _files(version: str) -> FactFiles:
    if not (_HERE / version).is_dir():
        raise LookupError(f"there are no facts about OpenSIPS {version}")
    base = _BASES.get(version)
    return FactFiles(_HERE / version, _files(base) if base else None)


class Catalogue:
    """What is known of one version of the server. The tables cannot be changed."""

    def __init__(self, files: FactFiles) -> None:
        self._files = files

    def _facts(self, file: str) -> dict[str, dict[str, Any]]:
        """The facts of a file that are told apart by their name alone."""
        return cast(dict[str, dict[str, Any]], self._files.facts(file))

    @cached_property
    def events(self) -> Mapping[str, Event]:
        """Every event, by name."""
        return MappingProxyType({name: Event.from_json(fact) for name, fact in self._facts("events").items()})

    def _functions_of(self, kind: str) -> Mapping[str, CatalogueFunction]:
        facts = self._facts("functions").items()
        found = {name: fact for name, fact in facts if fact.get("kind", "function") == kind}
        return OnDemand(lambda: found, CatalogueFunction.from_json)

    @cached_property
    def functions(self) -> Mapping[str, CatalogueFunction]:
        """Every function of every module, by name: of several in a module the server finds the first alone."""
        return self._functions_of("function")

    @cached_property
    def statements(self) -> Mapping[str, CatalogueFunction]:
        """What is written like a call and has a grammar of its own: `xlog`, `return`, `async`, ..."""
        return self._functions_of("statement")

    @cached_property
    def variables(self) -> Mapping[str, CatalogueVariable]:
        """Every pseudo-variable by name, without `$`; aliases are names too."""
        found = {}
        for fact in self._facts("variables").values():
            found.update(dict.fromkeys((fact["name"], *fact.get("aliases", ())), fact))
        return OnDemand(lambda: found, CatalogueVariable.from_json)

    @cached_property
    def transformations(self) -> Mapping[str, CatalogueTransformation]:
        """Every transformation by its full name, such as `s.len`."""
        facts = self._files.facts("transformations").values()
        found = {f"{fact['class']}.{fact['name']}": fact for fact in facts}
        return OnDemand(lambda: found, CatalogueTransformation.from_json)

    def _params_of(self, module: str) -> Mapping[str, str]:
        """The parameters of a module; the big table is read when somebody asks for one."""
        return OnDemand(lambda: self._files.modparams().get(module, {}), lambda kind: kind)

    @cached_property
    def modules(self) -> Mapping[str, CatalogueModule]:
        """Every module that `loadmodule` takes, and `core`."""
        found = self._facts("modules")
        return OnDemand(lambda: found, lambda fact: CatalogueModule.from_json(fact, self._params_of(fact["name"])))

    @cached_property
    def renamed(self) -> Mapping[tuple[str, str], Sequence[Renamed]]:
        """What earlier versions had and this one has not, by kind and name: ("function", "avp_db_query")."""
        found: dict[tuple[str, str], list[Renamed]] = {}
        for fact in self._files.facts("renamed").values():
            found.setdefault((fact["kind"], fact["name"]), []).append(Renamed.from_json(fact))
        return MappingProxyType(found)

    @cached_property
    def kamailio_events(self) -> Mapping[str, str]:
        """Event routes of Kamailio, and what OpenSIPS has instead, in words."""
        return MappingProxyType(self._files.named("kamailio_events", "events"))

    @cached_property
    def earlier_events(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Parameters of events in earlier versions that had others, or another order: event -> version -> names.

        `name?`: only sometimes there; `<...>`: one for each configured field. A version that is not listed has the
        parameters of this one, or no such event.
        """
        return MappingProxyType(self._files.named("earlier_events", "events"))

    @cached_property
    def globals(self) -> Mapping[str, ScriptGlobal]:
        """The settings `name = value` at the top level of a script."""
        facts = self._facts("globals").items()
        return MappingProxyType({name: ScriptGlobal.from_json(fact) for name, fact in facts})
