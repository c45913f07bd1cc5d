"""What took the place of names that are gone, and what OpenSIPS has for events of Kamailio."""

from __future__ import annotations

import pytest

from evroute_kernel.library import catalogue, table
from evroute_kernel.library.successors import kamailio_event
from evroute_kernel.runtime.versions import ServerVersion

LIBRARY = table.of("3.6")


FACTS = catalogue.of("3.6")


@pytest.mark.parametrize(
    ("kind", "name", "module", "hint"),
    [
        ("function", "avp_db_query", None, "known up to 3.4: it is sql_query() of module sqlops now"),
        ("function", "avp_delete", None, "known up to 3.4; assignment of NULL; [*] for all values"),
        ("variable", "Ri", None, "known up to 3.2: it is $socket_in(ip) now"),
        ("global", "children", None, "known up to 3.0: it is udp_workers now"),
        ("modparam", "fr_timer", "tm", "known up to 2.4: it is fr_timeout now"),
        ("keyword", "src_ip", None, "known up to 2.3: it is $si now"),
        ("module", "siptrace", None, "known up to 2.4: it is tracer now"),
        ("modparam", "fr_timer", "acc", None),
        ("function", "xlgo", None, None),
    ],
)
def test_successor(kind: str, name: str, module: str | None, hint: str | None) -> None:
    assert LIBRARY.successor(kind, name, module) == hint


def test_a_parameter_may_take_the_place_of_a_setting() -> None:
    hint = LIBRARY.successor("global", "tcp_async")
    assert hint is not None
    assert "the parameter tcp_async of module proto_tcp" in hint


def test_what_is_gone_is_gone_and_what_replaces_it_is_there() -> None:
    for (kind, name), entries in FACTS.renamed.items():
        for entry in entries:
            if entry.still_accepted or entry.name == entry.successor or name in ("event_route", "log_stderror"):
                continue
            old = {"function": LIBRARY.functions, "variable": LIBRARY.variables, "global": LIBRARY.globals}.get(kind)
            assert old is None or name not in old, name
            new = (entry.successor or "").partition("(")[0]
            into = {
                "function": LIBRARY.functions,
                "variable": LIBRARY.variables,
                "global": LIBRARY.globals,
                "module": LIBRARY.modules,
            }
            expected = into.get(entry.successor_kind or kind)
            assert not new or expected is None or new in expected or new in ("exec", "core"), new


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("dispatcher:dst-down", "the event of OpenSIPS is E_DISPATCHER_STATUS, with status inactive"),
        ("htable:expired:ips", "OpenSIPS has nothing like it: entries of the cache expire without an event"),
        ("xhttp:request", "OpenSIPS has nothing like it: httpd serves the management interface alone"),
    ],
)
def test_events_of_kamailio(name: str, hint: str) -> None:
    assert kamailio_event(name) == (f"{name!r} is an event of Kamailio, not of OpenSIPS", hint)


def test_an_event_of_ones_own_is_none_of_kamailio() -> None:
    assert kamailio_event("E_NIGHTLY") is None
    assert kamailio_event("night:report") is None


def test_events_named_for_kamailio_exist() -> None:
    for hint in FACTS.kamailio_events.values():
        assert all(word.strip(",;") in FACTS.events for word in hint.split() if word.startswith("E_"))


# -- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "kind", "name", "module", "hint"),
    [
        ("3.6", "function", "tcp_close_conn", None, "it is new in 4.0"),
        ("4.0", "function", "tcp_close_conn", None, None),
        ("4.0", "function", "sca_set_calling_line", None, "gone since 4.0"),
        ("3.6", "variable", "b2b_logic.peer", None, "it is new in 4.0"),
        ("3.6", "modparam", "lazy_connect", "cachedb_redis", "it is new in 4.0"),
        ("3.6", "modparam", "lazy_connect", "tm", None),
        ("4.0", "modparam", "tcp_parallel_handling", "proto_tcp", "gone since 4.0"),
        ("4.0", "module", "mi_xmlrpc_ng", None, "gone since 4.0: it is mi_xmlrpc now"),
        ("4.0", "function", "avp_db_query", None, "known up to 3.4: it is sql_query() of module sqlops now"),
        ("3.6", "global", "tcp_threads", None, "it is new in 4.0"),
        ("3.6", "event", "E_PROFILING_PROC", None, "it is new in 4.0"),
        ("4.0", "event", "E_PROFILING_PROC", None, None),
        ("3.6", "transformation", "s.nothing", None, None),
        ("3.6", "keyword", "tcp_close_conn", None, None),
    ],
)
def test_names_of_another_version(
    version: ServerVersion, kind: str, name: str, module: str | None, hint: str | None
) -> None:
    assert table.of(version).successor(kind, name, module) == hint
