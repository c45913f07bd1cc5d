"""A name that one version of the server has and the other has not: the error says so, whichever is checked."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.library import table
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion
from evroute_kernel.source import Source


def told(version: ServerVersion, text: str) -> list[str]:
    """What is found in a text as a server of a version reads it: message | hint."""
    known = table.of(version).known_modules
    found = findings(Source("a.cfg", text), Environment(modules=known, version=version))
    return [f"{d.message} | {d.hint}" for d in found]


def body(text: str) -> str:
    return f"event_route[E_PIKE_BLOCKED] {{\n{text}\n}}\n"


@pytest.mark.parametrize(
    ("version", "text", "found"),
    [
        ("3.6", body('tcp_close_conn("1");'), "unknown function tcp_close_conn() | it is new in 4.0"),
        ("4.0", 'loadmodule "mi_xmlrpc_ng.so"', "unknown module 'mi_xmlrpc_ng' | gone since 4.0: it is mi_xmlrpc now"),
        ("3.6", 'loadmodule "opentelemetry.so"', "unknown module 'opentelemetry' | it is new in 4.0"),
        (
            "4.0",
            "route[a] { sca_set_calling_line(); }",
            "unknown function sca_set_calling_line() | gone since 4.0",
        ),
        (
            "3.6",
            body('xlog("$json_compact_noescape(a)\\n");'),
            "unknown variable $json_compact_noescape(...) | it is new in 4.0",
        ),
        ("3.6", body("$var(x) = $proxy_protocol(af);"), "unknown variable $proxy_protocol(...) | it is new in 4.0"),
        (
            "3.6",
            body("$var(x) = $uuid(7);"),
            "$uuid takes no name in parentheses | write $(uuid) when '(' follows; OpenSIPS 4.0 takes it as it stands",
        ),
        (
            "3.6",
            'modparam("mi_datagram", "socket_buf_size", 4)',
            "module mi_datagram has no parameter 'socket_buf_size' | it is new in 4.0",
        ),
        (
            "4.0",
            'modparam("usrloc", "db_mode", 1)',
            "module usrloc has no parameter 'db_mode' | gone since 4.0: it is working_mode_preset now",
        ),
        ("3.6", "tcp_threads = 2", "unknown setting 'tcp_threads' | it is new in 4.0"),
        ("4.0", "log_stderror = 1", "unknown setting 'log_stderror' | gone since 4.0: it is stderror_enabled now"),
        (
            "3.6",
            'route[a] { load_dialog_ctx("a", "b", 1); }',
            "too many arguments for load_dialog_ctx: 3 given, it takes at most 2"
            " | write load_dialog_ctx(dialog:string, [id_type:string])"
            "; OpenSIPS 4.0 takes load_dialog_ctx(dialog:string, [id_type:string], [active_only:int])",
        ),
        (
            "3.6",
            'event_route[E_PROFILING_SCRIPT] { xlog("$param(name)\\n"); }',
            "OpenSIPS 3.6 has no event E_PROFILING_SCRIPT: nothing raises it | it is new in 4.0",
        ),
        (
            "3.6",
            body('subscribe_event("E_REGISTRANT_REGISTERED", "udp:127.0.0.1:9000");'),
            "OpenSIPS 3.6 has no event E_REGISTRANT_REGISTERED: nothing raises it | it is new in 4.0",
        ),
    ],
)
def test_what_only_another_version_has_says_so(version: ServerVersion, text: str, found: str) -> None:
    assert found in told(version, text)
    (other,) = (known for known in VERSIONS if known != version)
    message = found.partition(" | ")[0]
    assert [line for line in told(other, text) if line.startswith(message)] == []


def test_a_function_that_may_be_called_otherwise_elsewhere() -> None:
    (found,) = told("3.6", 'route[a] { wait_for_event("E_A", $avp(a), 5); }')
    assert found.endswith(", name_of_a_route); OpenSIPS 4.0 calls it without, too")
    assert told("4.0", 'route[a] { wait_for_event("E_A", $avp(a), 5); }') == []


def test_what_no_version_has_is_not_said_to_be_of_one() -> None:
    for version in VERSIONS:
        found = told(version, body('xlog("$nothing_like_it\\n"); nothing_like_it();') + 'loadmodule "nothing.so"\n')
        assert len(found) == 3
        assert not any("new in" in line or "gone since" in line for line in found)


def test_versions_that_name_a_successor_have_it() -> None:
    for version in VERSIONS:
        library = table.of(version)
        for (kind, name), entries in library.facts.renamed.items():
            for entry in entries:
                into = {"function": library.functions, "variable": library.variables, "module": library.modules}
                known = into.get(entry.successor_kind or kind)
                new = (entry.successor or "").partition("(")[0]
                assert known is None or not new or new in known or new in ("exec", "core"), (version, name)


def test_the_default_modules_are_those_of_each_version() -> None:
    first, *others = [table.of(version).default_modules for version in VERSIONS]
    assert all(modules == first for modules in others)
