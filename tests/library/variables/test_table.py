"""The table of variables against the facts about OpenSIPS."""

from __future__ import annotations

import pytest

import evroute_kernel.library.everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import catalogue, table
from evroute_kernel.library.table import Variable

MODULES = ("core", "cfgutils", "uuid", "benchmark")
FACTS = [fact for fact in catalogue.of("3.6").variables.values() if fact.module in MODULES]


def declared(name: str) -> Variable:
    return table.of("3.6").variables[name]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_declared_as_the_server_has_it(fact) -> None:  # type: ignore[no-untyped-def]
    variable = declared(fact.name)
    assert variable.behaviour.get.__module__.startswith("evroute_kernel.library.variables.")
    assert variable.doc
    assert (variable.behaviour.set is not None) == fact.writable


SHOWN = [fact for fact in FACTS if fact.prints is not None and fact.subname != "required"]


@pytest.mark.parametrize("fact", SHOWN, ids=lambda fact: fact.name)
def test_shows_what_the_server_shows(fact, show) -> None:  # type: ignore[no-untyped-def]
    assert show(f"$({fact.name})") == fact.prints


def test_there_are_facts() -> None:
    assert len(FACTS) > 100
    assert len(SHOWN) > 80


def test_aliases_are_one_variable() -> None:
    for names in ("ru ruri", "rU ruri.user", "rc retcode", "du duri", "si src_ip", "fu from"):
        assert len({id(declared(name)) for name in names.split()}) == 1
