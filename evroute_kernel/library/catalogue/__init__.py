"""Facts about all of OpenSIPS: its events, functions, variables and transformations, whether or not they run here.

Four JSON files beside this module, read on first use. What of it runs here is declared in the tables of
`library.declarations`; checker, lints, completion and inspection ask both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from evroute_kernel.library.catalogue.facts import (
    CatalogueFunction,
    CatalogueParam,
    CatalogueTransformation,
    CatalogueVariable,
    Event,
    EventParam,
    Example,
    ExtraParams,
)
from evroute_kernel.spelling import Words

__all__ = [
    "CatalogueFunction",
    "CatalogueParam",
    "CatalogueTransformation",
    "CatalogueVariable",
    "Event",
    "EventParam",
    "Example",
    "ExtraParams",
    "events",
    "function_overloads",
    "functions",
    "modules",
    "near_events",
    "near_functions",
    "transformations",
    "variables",
]

_HERE = Path(__file__).parent


def _read(name: str) -> Any:
    return json.loads((_HERE / f"{name}.json").read_text(encoding="utf-8"))


@cache
def events() -> Mapping[str, Event]:
    """Every event that OpenSIPS 3.6 or 4.0 raises, by name."""
    return MappingProxyType({fact["name"]: Event.from_json(fact) for fact in _read("events")["events"]})


@cache
def function_overloads() -> Mapping[str, tuple[CatalogueFunction, ...]]:
    """Every function of every module by name, statements included; a few exist with several lists of parameters."""
    found: dict[str, tuple[CatalogueFunction, ...]] = {}
    for fact in _read("functions"):
        found[fact["name"]] = (*found.get(fact["name"], ()), CatalogueFunction.from_json(fact))
    return MappingProxyType(found)


@cache
def functions() -> Mapping[str, CatalogueFunction]:
    """Every function of every module by name; of overloads the one that takes the most parameters."""
    return MappingProxyType(
        {name: max(overloads, key=lambda f: len(f.params)) for name, overloads in function_overloads().items()}
    )


@cache
def variables() -> Mapping[str, CatalogueVariable]:
    """Every pseudo-variable by name, without `$`; aliases are names too."""
    found: dict[str, CatalogueVariable] = {}
    for fact in _read("variables"):
        declared = CatalogueVariable.from_json(fact)
        for name in (declared.name, *declared.aliases):
            found[name] = declared
    return MappingProxyType(found)


@cache
def transformations() -> Mapping[str, CatalogueTransformation]:
    """Every transformation by its full name, such as `s.len`."""
    facts = map(CatalogueTransformation.from_json, _read("transformations"))
    return MappingProxyType({fact.full_name: fact for fact in facts})


@cache
def modules() -> frozenset[str]:
    """Names of the modules that the catalogue knows, `core` among them."""
    tables: tuple[Mapping[str, Any], ...] = (events(), functions(), variables(), transformations())
    return frozenset(fact.module for table in tables for fact in table.values())


@cache
def _event_words() -> Words:
    return Words(events())


@cache
def _function_words() -> Words:
    return Words(functions())


def near_events(name: str, count: int = 3) -> list[str]:
    """Names of events that `name` may have been meant for, best first."""
    return _event_words().near(name, count)


def near_functions(name: str, count: int = 3) -> list[str]:
    """Names of functions that `name` may have been meant for, best first."""
    return _function_words().near(name, count)
