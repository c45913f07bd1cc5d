"""The facts about OpenSIPS that ship with the package."""

from __future__ import annotations

import pytest

from evroute_kernel.library import catalogue, table
from evroute_kernel.library.catalogue.on_demand import OnDemand

FACTS = catalogue.of("3.6")


#: modules that take no parameters
_WITHOUT = {
    "core",
    "db_perlvdb",
    "event_datagram",
    "event_route",
    "event_routing",
    "media_exchange",
    "presence_mwi",
    "presence_xcapdiff",
    "signaling",
    "sipmsgops",
    "sngtc",
    "textops",
    "tls_openssl",
    "tls_wolfssl",
    "uuid",
    "xml",
}


def test_the_tables_are_whole():
    assert len(FACTS.events) == 53
    assert len(FACTS.functions) == 583
    assert set(FACTS.statements) >= {"xlog", "return", "async"}
    assert len(FACTS.variables) == 272
    assert len(FACTS.transformations) == 100
    assert {"core", "pike", "dispatcher", "cfgutils", "event_route"} <= set(FACTS.modules)
    assert len(FACTS.globals) == 108


def test_an_unknown_version_is_told():
    with pytest.raises(LookupError, match=r"9\.9"):
        catalogue.of("9.9")


def test_every_fact_belongs_to_a_module_that_is_known():
    tables = (FACTS.events, FACTS.functions, FACTS.statements, FACTS.variables, FACTS.transformations)
    assert {fact.module for table in tables for fact in table.values()} <= set(FACTS.modules)


def test_an_event_tells_its_parameters_in_order():
    event = FACTS.events["E_PIKE_BLOCKED"]
    assert (event.module, event.signature) == ("pike", "E_PIKE_BLOCKED(ip)")
    assert event.param("ip").type == "string"
    assert event.param("IP") is None


def test_near_misses():
    assert table.of("3.6").near_events("E_PIKE_BLOKED")[0] == "E_PIKE_BLOCKED"
    assert FACTS.events["E_PIKE_BLOCKED"].near_params("src_ip") == ["ip"]


def test_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        FACTS.events["E_X"] = None
    with pytest.raises(AttributeError):
        FACTS.events["E_PIKE_BLOCKED"].name = "x"


def test_of_overloads_the_first_counts():
    assert len(FACTS.functions["call_transfer"].params) == 2


def test_functions_that_only_async_knows():
    function = FACTS.functions["pn_process_purr"]
    assert function.async_only
    assert function.is_async
    assert function.is_in({"mid_registrar"})
    assert function.is_in({"registrar"})
    assert not function.is_in({"tm"})


def test_modules_have_their_parameters_and_needs():
    assert all(module.params or module.name in _WITHOUT for module in FACTS.modules.values())
    assert FACTS.modules["tm"].params["fr_timeout"] == "int"
    assert "fr_timeuot" not in FACTS.modules["tm"].params
    assert FACTS.modules["acc"].needs == ("tm",)
    detect = next(need for need in FACTS.modules["acc"].needs_when if need.param == "detect_direction")
    assert (detect.need, detect.warns, detect.met_by(1), detect.met_by(0)) == ("rr", False, True, False)
    url = next(need for need in FACTS.modules["acc"].needs_when if need.param == "db_url")
    assert (url.need, url.warns, url.met_by("mysql://a/b")) == ("any sqldb", True, True)
    assert FACTS.modules["db_mysql"].kind == "sqldb"
    assert FACTS.modules["tm"].contexts == {"request", "reply"}
    assert FACTS.modules["proto_udp"].linked


@pytest.mark.parametrize(
    ("module", "param", "value", "needed"),
    [
        ("uac", "restore_mode", "none", False),
        ("uac", "restore_mode", "auto", True),
        ("usrloc", "working_mode_preset", "single-instance-no-db", False),
        ("usrloc", "working_mode_preset", "single-instance-sql-write-back", True),
        ("usrloc", "restart_persistency", "load-from-sql", True),
        ("presence_callinfo", "disable_dialog_support_for_sca", 0, True),
        ("presence_callinfo", "disable_dialog_support_for_sca", 1, False),
        ("cpl_c", "lookup_domain", "", False),
    ],
)
def test_values_of_parameters_make_modules_needed(module, param, value, needed):
    assert any(need.met_by(value) for need in FACTS.modules[module].needs_when if need.param == param) == needed


def test_what_is_gone_has_its_successor():
    (gone,) = FACTS.renamed["function", "avp_db_query"]
    assert (gone.successor, gone.successor_module, gone.module) == ("sql_query", "sqlops", "avpops")
    assert {entry.kind for entries in FACTS.renamed.values() for entry in entries} >= {"module", "global", "modparam"}


def test_events_had_other_parameters_before():
    assert FACTS.earlier_events["E_UL_AOR_DELETE"]["2.4"] == ["aor"]
    assert len(FACTS.earlier_events) == 18
    assert set(FACTS.earlier_events) <= set(FACTS.events)


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
