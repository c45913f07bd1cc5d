"""The facts about OpenSIPS that ship with the package."""

from __future__ import annotations

import pytest

import evroute_kernel.library.everything  # noqa: F401 - fills the tables
from evroute_kernel.library import catalogue
from evroute_kernel.library.declarations import FUNCTIONS, VARIABLES


def test_the_tables_are_whole():
    assert len(catalogue.events()) == 64
    assert len(catalogue.functions()) == 589
    assert len(catalogue.variables()) == 272
    assert len(catalogue.transformations()) == 98
    assert {"core", "pike", "dispatcher", "cfgutils"} <= catalogue.modules()


def test_an_event_tells_its_parameters_in_order():
    event = catalogue.events()["E_PIKE_BLOCKED"]
    assert (event.module, event.signature) == ("pike", "E_PIKE_BLOCKED(ip)")
    assert event.param("ip").type == "string"
    assert event.param("IP") is None


def test_near_misses():
    assert catalogue.near_events("E_PIKE_BLOKED")[0] == "E_PIKE_BLOCKED"
    assert catalogue.near_functions("cache_stor")[0] == "cache_store"
    assert catalogue.events()["E_PIKE_BLOCKED"].near_params("src_ip") == ["ip"]


def test_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        catalogue.events()["E_X"] = None
    with pytest.raises(AttributeError):
        catalogue.events()["E_PIKE_BLOCKED"].name = "x"


def test_overloads_are_kept():
    overloads = catalogue.function_overloads()["call_transfer"]
    assert [len(f.params) for f in overloads] == [2, 4]
    assert catalogue.functions()["call_transfer"] is overloads[1]


def test_who_may_call_a_function():
    functions = catalogue.functions()
    assert functions["cache_store"].event_route
    assert not functions["append_hf"].event_route
    assert functions["cache_fetch"].params[2].must_be_writable


def test_examples_tell_null_apart():
    examples = {e.input: e for e in catalogue.transformations()["csv.value"].examples}
    assert any(e.output is None and e.diagnostic for e in examples.values())


@pytest.mark.parametrize("name", [n for n, f in FUNCTIONS.items() if not f.stub])
def test_every_declared_function_agrees_with_the_catalogue(name):
    declared, fact = FUNCTIONS[name], catalogue.functions()[name]
    assert [(p.name, p.optional) for p in declared.params] == [(p.name, p.optional) for p in fact.params]
    kinds = ["string" if p.type == "literal" else p.type for p in declared.params]
    assert kinds == [p.type for p in fact.params]
    assert (declared.module, declared.routes, declared.is_async) == (fact.module, fact.routes, fact.is_async)
    assert declared.doc


@pytest.mark.parametrize("name", [n for n, v in VARIABLES.items() if not v.stub])
def test_every_declared_variable_agrees_with_the_catalogue(name):
    declared, fact = VARIABLES[name], catalogue.variables()[name]
    assert declared.module == fact.module
    assert declared.writable == fact.writable
    assert declared.doc
