"""Facts about all of OpenSIPS: its events, functions, variables, modules and so on, whether or not they run here.

One folder of JSON files for each version of the server, `of(version)` reads it: each file on first use, each record
when it is asked for. What runs here of functions, variables, transformations and modules is joined with these facts in
`library.table`, which checker, lints, completion, inspection and documents ask; of events there are facts alone.

An entry holds names, numbers and types as the server's sources have them, and words of our own. What an entry does not
say is no, none or zero.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from evroute_kernel.library.catalogue.facts import Event, EventParam, ExtraParams
from evroute_kernel.library.catalogue.modules import CatalogueModule, ScriptGlobal
from evroute_kernel.library.catalogue.names import (
    CatalogueFunction,
    CatalogueTransformation,
    CatalogueVariable,
    Example,
    Param,
)
from evroute_kernel.library.catalogue.on_demand import OnDemand
from evroute_kernel.spelling import Words

__all__ = [
    "SERVER_VERSION",
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
    "ScriptGlobal",
    "events",
    "near_events",
    "of",
]

#: the version whose facts are in force
SERVER_VERSION: Final = "3.6"
_HERE: Final = Path(__file__).parent


@cache
def of(version: str) -> Catalogue:
    """The facts about a version, such as "3.6". Raises LookupError for one that has none."""
    if not (_HERE / version).is_dir():
        raise LookupError(f"there are no facts about OpenSIPS {version}")
    return Catalogue(_HERE / version)


class Catalogue:
    """What is known of one version of the server. The tables cannot be changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _read(self, name: str) -> Any:
        """What a file holds under its own name."""
        return json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))

    @cached_property
    def events(self) -> Mapping[str, Event]:
        """Every event, by name. Those of the next version are there too, see `Event.versions`."""
        facts = self._read("events")["events"]
        return MappingProxyType({fact["name"]: Event.from_json(fact) for fact in facts})

    @cached_property
    def _functions(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for fact in self._read("functions")["functions"]:
            found.setdefault(fact["name"], []).append(fact)
        return found

    def _functions_of(self, kind: str) -> Mapping[str, CatalogueFunction]:
        found = {name: facts for name, facts in self._functions.items() if facts[0].get("kind", "function") == kind}
        return OnDemand(lambda: found, _longest)

    @cached_property
    def functions(self) -> Mapping[str, CatalogueFunction]:
        """Every function of every module, by name; where there are several, the one that takes the most parameters."""
        return self._functions_of("function")

    @cached_property
    def statements(self) -> Mapping[str, CatalogueFunction]:
        """What is written like a call and has a grammar of its own: `xlog`, `return`, `async`, ..."""
        return self._functions_of("statement")

    @cached_property
    def variables(self) -> Mapping[str, CatalogueVariable]:
        """Every pseudo-variable by name, without `$`; aliases are names too."""
        found = {}
        for fact in self._read("variables")["variables"]:
            found.update(dict.fromkeys((fact["name"], *fact.get("aliases", ())), fact))
        return OnDemand(lambda: found, CatalogueVariable.from_json)

    @cached_property
    def transformations(self) -> Mapping[str, CatalogueTransformation]:
        """Every transformation by its full name, such as `s.len`."""
        found = {f"{fact['class']}.{fact['name']}": fact for fact in self._read("transformations")["transformations"]}
        return OnDemand(lambda: found, CatalogueTransformation.from_json)

    @cached_property
    def modules(self) -> Mapping[str, CatalogueModule]:
        """Every module that `loadmodule` takes, and `core`."""
        params = self._read("modparams")["modules"]
        found = {fact["name"]: (fact, params.get(fact["name"])) for fact in self._read("modules")["modules"]}
        return OnDemand(lambda: found, lambda pair: CatalogueModule.from_json(*pair))

    @cached_property
    def globals(self) -> Mapping[str, ScriptGlobal]:
        """The settings `name = value` at the top level of a script."""
        facts = map(ScriptGlobal.from_json, self._read("globals")["globals"])
        return MappingProxyType({fact.name: fact for fact in facts})


def _longest(facts: list[dict[str, Any]]) -> CatalogueFunction:
    return CatalogueFunction.from_json(max(facts, key=lambda fact: len(fact["params"])))


def events() -> Mapping[str, Event]:
    """Every event that OpenSIPS 3.6 or 4.0 raises, by name."""
    return of(SERVER_VERSION).events


@cache
def _event_words() -> Words:
    return Words(events())


def near_events(name: str, count: int = 3) -> list[str]:
    """Names of events that `name` may have been meant for, best first."""
    return _event_words().near(name, count)
