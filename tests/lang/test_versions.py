"""One grammar for all versions of the server: what each takes, and what it says of words that it does not have."""

from __future__ import annotations

import pytest

from evroute_kernel.lang import language, nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.lang.lexer import tokens
from evroute_kernel.lang.parser import parse
from evroute_kernel.lang.preprocess import expand
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion
from evroute_kernel.source import Source


def said(text: str, version: ServerVersion, *, scratch: bool = False) -> list[str]:
    """ "line:column shown text | message | hint" of each error."""
    _, found = parse(Source("test", text), version=version, scratch=scratch)
    return [f"{d.span.line}:{d.span.column} {d.span.text} | {d.message} | {d.hint}" for d in found if d.span]


def setting(text: str, version: ServerVersion) -> int | str:
    script, found = parse(Source("test", text), version=version)
    assert found == []
    (item,) = script.items
    assert isinstance(item, nodes.Global)
    return item.value


#: what a version takes and the other does not
ONLY: dict[ServerVersion, list[str]] = {
    "3.6": [
        "log_stderror = yes",
        "log_facility = LOG_LOCAL0",
        'log_name = "x"',
        "listen = udp:192.0.2.1:5060",
        "tcp_parallel_read_on_workers = yes",
        "route[proxy] { exit; }",
        "event_route[BOND] { route(send_proxy); }",
        "timer_route[tcp_threads, 60] { exit; }",
        "socket = udp:proxy:5060",
        "socket = udp:send-proxy.example.com:5060",
    ],
    "4.0": [
        "tcp_threads = 2",
        'mpath = "/a/":"/b/"',
        "socket = udp:192.0.2.1:5060 proxy",
        "socket = udp:192.0.2.1:5060 as 192.0.2.2 ALLOW_PROXY tag a send-proxy_PROTOCOL",
        'socket = bond:b {"udp:192.0.2.1:5060", "udp:192.0.2.2:5060"}',
        "event_route[listen] { route(log_name); }",
    ],
}
#: what both take
BOTH = [
    'mpath = "/a/:/b/"',
    "syslog_enabled = yes",
    'route["proxy"] { route("bond"); }',
    'event_route["tcp_threads"] { $var(proxy) = "bond"; $avp(send_proxy) = 1; }',
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", BOTH)
def test_what_all_versions_take(text: str, version: ServerVersion) -> None:
    assert said(text, version) == []


@pytest.mark.parametrize(("version", "text"), [(version, text) for version in VERSIONS for text in ONLY[version]])
@pytest.mark.parametrize("scratch", [False, True])
def test_what_one_version_takes(version: ServerVersion, text: str, scratch: bool) -> None:
    (other,) = set(VERSIONS) - {version}
    assert said(text, version, scratch=scratch) == []
    assert len(said(text, other, scratch=scratch)) >= 1


#: version, text -> what it says
TOLD: dict[tuple[ServerVersion, str], list[str]] = {
    ("3.6", "tcp_threads = 2"): ["1:1 tcp_threads | unknown setting 'tcp_threads' | it is new in 4.0"],
    ("3.6", 'mpath = "/a/":"/b/"'): ["1:14 : | mpath takes one text in quotes | several are new in 4.0"],
    ("3.6", "socket = udp:192.0.2.1:5060 proxy"): [
        "1:29 proxy | unknown word 'proxy' | this option of sockets is new in 4.0"
    ],
    ("3.6", 'socket = bond:b {"udp:192.0.2.1:5060"}'): [
        "1:17 { | socket takes a socket such as udp:127.0.0.1:5060, not '{' | bonds of sockets are new in 4.0"
    ],
    ("4.0", "log_stderror = yes"): [
        "1:1 log_stderror | unknown setting 'log_stderror' | gone since 4.0: it is stderror_enabled now"
    ],
    ("4.0", "listen = udp:192.0.2.1:5060"): [
        "1:1 listen | unknown setting 'listen' | gone since 4.0: it is socket now"
    ],
    ("4.0", 'mpath = "/a/", "/b/"'): ["1:14 , | mpath takes texts in quotes with colons between them, not ',' | None"],
    ("4.0", 'socket = bond:b {"a",}'): [
        "1:22 } | socket takes a socket such as udp:127.0.0.1:5060, not '}' | a bond is a name and its members in"
        ' quotes: bond:NAME {"udp:192.0.2.1:5060", "udp:192.0.2.2:5060"}'
    ],
    ("4.0", "event_route[proxy] { exit; }"): [
        "1:13 proxy | 'proxy' is a word of the language | as a name it needs quotes: event_route[\"proxy\"]"
    ],
    ("4.0", "timer_route[allow-proxy, 60] { exit; }"): [
        "1:13 allow-proxy | 'allow-proxy' is a word of the language"
        ' | as a name it needs quotes: timer_route["allow-proxy"]'
    ],
    ("4.0", "route[r] { route(bond); }"): [
        "1:18 bond | 'bond' is a word of the language | as a name it needs quotes: route(\"bond\")"
    ],
}


@pytest.mark.parametrize(("version", "text"), TOLD)
def test_what_is_told(version: ServerVersion, text: str) -> None:
    assert said(text, version) == TOLD[version, text]


def test_a_cell_reads_on_in_the_next_line() -> None:
    text = 'listen = udp:192.0.2.1:5060\nlog_name = "x"\n$var(x) = 1'
    assert [line.partition(" ")[0] for line in said(text, "4.0", scratch=True)] == ["1:1", "2:1", "3:12"]


def test_values_are_those_of_other_settings() -> None:
    assert setting('mpath = "/a/"', "3.6") == setting('mpath = "/a/"', "4.0") == "/a/"
    assert setting('mpath = "/a/" : "/b/"', "4.0") == '"/a/" : "/b/"'
    assert setting('socket = bond:b {"udp:192.0.2.1:5060"}', "4.0") == 'bond:b {"udp:192.0.2.1:5060"}'


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("proxy PROXY Proxy", "SOCKET_PROXY SOCKET_PROXY ID"),
        ("allow-proxy send_PROXY-protocol proxy-PROTOCOL", "SOCKET_PROXY SOCKET_PROXY SOCKET_PROXY"),
        ("send-proxyx proxy-x proxyx", "SOCKET_PROXY ID SOCKET_PROXY MINUS ID ID"),
        ("proxy_protocolx allow-x", "ID ID MINUS ID"),
        ("bond BOND Bond", "BOND BOND ID"),
        ("read-only mem-group", "READONLY SET_GROUP"),
    ],
)
def test_words_of_sockets(text: str, types: str) -> None:
    expanded, _ = expand(Source("test", text))
    assert " ".join(token.type for token in tokens(expanded, "4.0")[0]) == types


def test_every_setting_of_a_version_is_one_of_its_words() -> None:
    for version in VERSIONS:
        known = language.of(version)
        assert all(known.keywords[name] == f"SET_{kind.upper()}" for name, kind in known.settings.items())
        assert set(known.settings.values()) <= set(language.EXPECTED)


# -- the checker ------------------------------------------------------------------------------------------------------


def found_in(text: str, version: ServerVersion, *, whole: bool = False) -> list[str]:
    environment = Environment(version=version, whole=whole)
    found = findings(Source("test", text), environment)
    return [f"{d.severity} {d.span.line}: {d.message} | {d.hint}" for d in found if d.span]


SOCKET = "socket = udp:192.0.2.1:5060\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SOCKET + 'socket = bond:b {"udp:192.0.2.1:5060"}', []),
        ('socket = bond:b {"udp:192.0.2.1:5060"}\n' + SOCKET, []),
        (
            SOCKET + 'socket = bond:b {"udp:192.0.2.1", "udp:192.0.2.9"}',
            [
                "warning 2: 'udp:192.0.2.9' of the bond b is no socket, and is left out"
                " | known here: udp:127.0.0.1:5060, udp:192.0.2.1:5060"
            ],
        ),
        (
            'socket = bond:b {"udp:192.0.2.9"}',
            ["error 1: the bond b has no member that is a socket | known here: udp:127.0.0.1:5060"],
        ),
        ("socket = tcp:192.0.2.1:5060 proxy", []),
        (
            "socket = sctp:192.0.2.1:5060 send-proxy-protocol",
            ["error 1: sockets of sctp take no PROXY headers | remove the option"],
        ),
        ("socket = sctp:proxy:5060 anycast", ["error 1: socket takes"]),
        ("tcp_threads = 0", ["error 1: tcp_threads takes 1 to 2147483647, not 0 | None"]),
        (
            'loadmodule "mi_datagram.so"\nmodparam("mi_datagram", "socket_buf_size", 0)',
            [
                "warning 2: parameter socket_buf_size of module mi_datagram is at least 1: the server takes its own"
                " value | None"
            ],
        ),
    ],
)
def test_settings_of_4_0(text: str, told: list[str]) -> None:
    found = found_in(text, "4.0")
    assert len(found) == len(told)
    assert all(line.startswith(start) for line, start in zip(found, told, strict=True))


ROUTES = "route { exit; }\n"


def test_from_4_0_on_every_transport_module_needs_a_socket_of_its_own() -> None:
    text = f'loadmodule "proto_udp.so"\nloadmodule "proto_tcp.so"\n{SOCKET}{ROUTES}'
    assert found_in(text, "3.6", whole=True) == []
    assert found_in(text, "4.0", whole=True) == [
        "error 2: module proto_tcp does not start without a socket of its protocol | write socket=tcp:127.0.0.1:5060"
    ]


def test_a_setting_that_is_gone_is_told_alone() -> None:
    text = f'loadmodule "proto_udp.so"\nlisten = udp:192.0.2.1:5060\n{ROUTES}'
    assert [line.partition(" |")[0] for line in found_in(text, "4.0", whole=True)] == [
        "error 2: unknown setting 'listen'"
    ]
