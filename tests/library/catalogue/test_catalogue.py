"""The facts about OpenSIPS that ship with the package."""

from __future__ import annotations

import pytest

from evroute_kernel.library import catalogue
from evroute_kernel.library.catalogue.on_demand import OnDemand

FACTS = catalogue.of("3.6")


def test_the_tables_are_whole():
    assert len(FACTS.events) == 64
    assert len(FACTS.functions) == 578
    assert set(FACTS.statements) >= {"xlog", "return", "async"}
    assert len(FACTS.variables) == 272
    assert len(FACTS.transformations) == 98
    assert {"core", "pike", "dispatcher", "cfgutils", "event_route"} <= set(FACTS.modules)
    assert len(FACTS.globals) == 108


def test_an_unknown_version_is_told():
    with pytest.raises(LookupError, match=r"9\.9"):
        catalogue.of("9.9")


def test_every_fact_belongs_to_a_module_that_is_known():
    tables = (FACTS.events, FACTS.functions, FACTS.statements, FACTS.variables, FACTS.transformations)
    # events of two modules that only the next version has are in the table too
    current = (f for table in tables for f in table.values() if "3.6" in getattr(f, "versions", ("3.6",)))
    assert {fact.module for fact in current} <= set(FACTS.modules)


def test_an_event_tells_its_parameters_in_order():
    event = catalogue.events()["E_PIKE_BLOCKED"]
    assert (event.module, event.signature) == ("pike", "E_PIKE_BLOCKED(ip)")
    assert event.param("ip").type == "string"
    assert event.param("IP") is None


def test_near_misses():
    assert catalogue.near_events("E_PIKE_BLOKED")[0] == "E_PIKE_BLOCKED"
    assert catalogue.events()["E_PIKE_BLOCKED"].near_params("src_ip") == ["ip"]


def test_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        catalogue.events()["E_X"] = None
    with pytest.raises(AttributeError):
        catalogue.events()["E_PIKE_BLOCKED"].name = "x"


def test_of_overloads_the_one_with_the_most_parameters_counts():
    assert len(FACTS.functions["call_transfer"].params) == 4


def test_who_may_call_a_function():
    assert "event" in FACTS.functions["cache_store"].routes
    assert "event" not in FACTS.functions["append_hf"].routes
    assert FACTS.functions["cache_fetch"].params[2].variable_must_be == "writable"


def test_examples_tell_null_apart():
    examples = {e.input: e for e in FACTS.transformations["csv.value"].examples}
    assert any(e.output is None and e.diagnostic for e in examples.values())


def test_a_table_makes_each_record_once():
    made = []
    raw = {"a": [1], "b": [2]}
    raw["alias"] = raw["a"]
    table = OnDemand(lambda: raw, lambda item: made.append(item) or str(item))
    assert (len(table), list(table), "a" in table, "x" in table) == (3, ["a", "b", "alias"], True, False)
    assert not made
    assert table["a"] is table["alias"] is table.get("a")
    assert table.get("x") is None
    assert made == [[1]]
