"""The facts of each version beside what the servers' own tables hold.

`server_facts.txt` has those: a line is for "3.6", "4.0" or "both", and says the kind, the name and the rest. Kinds of
route are letters: q request, f failure, o onreply, b branch, e error, l local, s startup, t timer, v event.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel.library import catalogue
from evroute_kernel.library.catalogue import Catalogue, CatalogueFunction, CatalogueVariable, Param
from evroute_kernel.runtime.versions import VERSIONS

ROUTES = {
    "request": "q", "failure": "f", "onreply": "o", "branch": "b", "error": "e", "local": "l", "startup": "s",
    "timer": "t", "event": "v",
}  # fmt: skip
#: what it carries depends on what another program sends
FREE = {"E_RTPENGINE_NOTIFICATION"}


def of_the_server(version: str) -> Iterator[str]:
    for line in Path(__file__).with_name("server_facts.txt").read_text().splitlines():
        mark, kind, *words = line.split(" ")
        if mark not in (version, "both"):
            continue
        if kind == "modparam":
            module, *params = words
            yield from (f"modparam {module} {param}" for param in params)
        elif kind in ("global", "module"):
            yield from (f"{kind} {name}" for name in words)
        else:
            yield line.removeprefix(f"{mark} ")


def of_ours(facts: Catalogue) -> Iterator[str]:
    events = (event for event in facts.events.values() if event.name not in FREE)
    yield from (f"event {e.name} {e.module} {e.signature.removeprefix(e.name)}" for e in events)
    yield from map(function, facts.functions.values())
    yield from (f"variable {name} {variable(found)}" for name, found in facts.variables.items())
    yield from (f"global {name}" for name in facts.globals)
    for name, module in facts.modules.items():
        yield f"module {name}"
        yield from (
            f"modparam {name} {param}" + ("" if type == "string" else f":{type}")
            for param, type in module.params.items()
        )


def function(fact: CatalogueFunction) -> str:
    modules = "+".join(sorted((fact.module, *fact.also_in)))
    routes = "".join(letter for kind, letter in ROUTES.items() if kind in fact.routes)
    when = " async-only" if fact.async_only else " async" if fact.is_async else ""
    return f"function {fact.name} {modules} ({', '.join(map(param, fact.params))}) {routes}{when}"


def param(param: Param) -> str:
    type = "string!" if param.literal_only else param.type
    demanded = f":{param.variable_must_be.replace(' ', '-')}" if param.variable_must_be else ""
    return f"[{type}{demanded}]" if param.optional else type + demanded


def variable(fact: CatalogueVariable) -> str:
    written, index = " written" if fact.writable else "", " index" if fact.index else ""
    return f"{fact.module} name-{fact.subname}{written}{index}"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_has_what_its_server_has_and_nothing_else(version):
    ours, servers = set(of_ours(catalogue.of(version))), set(of_the_server(version))
    assert sorted(servers - ours) == []
    assert sorted(ours - servers) == []


def test_a_later_version_shares_what_has_not_changed():
    earlier, later = catalogue.of("3.6"), catalogue.of("4.0")
    assert later.transformations["s.len"] == earlier.transformations["s.len"]
    assert later.kamailio_events == earlier.kamailio_events
    assert later.earlier_events == earlier.earlier_events


def test_what_has_changed_keeps_the_rest_of_its_fact():
    earlier, later = (catalogue.of(version).functions["b2b_client_new"] for version in VERSIONS)
    assert [param.name for param in later.params] == [*(param.name for param in earlier.params), "flags"]
    assert (later.module, later.returns, later.description) == (earlier.module, earlier.returns, earlier.description)


def test_a_module_that_has_come_brings_its_parameters():
    later = catalogue.of("4.0").modules
    assert later["opentelemetry"].params["exporter_endpoint"] == "string"
    assert later["mi_xmlrpc"].needs == ("httpd",)
    assert "db_mode" not in {need.param for need in later["usrloc"].needs_when}


def test_what_is_gone_names_its_successor():
    gone = catalogue.of("4.0").renamed
    for name, successor in (
        ("log_stderror", "stderror_enabled"),
        ("log_facility", "syslog_facility"),
        ("log_name", "syslog_name"),
        ("listen", "socket"),
        ("tcp_parallel_read_on_workers", "tcp_threads"),
    ):
        (entry,) = gone["global", name]
        assert (entry.successor, entry.versions[1], entry.still_accepted) == (successor, "3.6", "")
    assert ("module", "mi_xmlrpc") in catalogue.of("3.6").renamed
    assert ("module", "mi_xmlrpc") not in gone
