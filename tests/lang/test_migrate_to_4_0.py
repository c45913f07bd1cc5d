"""Scripts of 3.6 become scripts that 4.0 takes; everything else stays as its author wrote it.

`opensips -C` of 3.6.8 accepted each of the `CONFIGURATIONS`; that of 4.0.1 refused each, and accepted what is made of
it, as did that of 3.6.8.
"""

from __future__ import annotations

import pytest

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import complaints, findings
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.lang.migration.commands import renamed_commands
from evroute_kernel.lang.migration.legacy import Doubt
from evroute_kernel.lang.migration.migrate import Migration
from evroute_kernel.lang.migration.targets import migrated, migrated_commands
from evroute_kernel.library.catalogue import of
from evroute_kernel.library.catalogue.management import mi_commands
from evroute_kernel.source import Source
from support.recorded import read_cases

OF_4_0 = Environment(version="4.0", whole=True)


def to_4_0(text: str, *, mi: bool = False) -> Migration:
    return migrated(Source("old.cfg", text), OF_4_0, mi=mi)


def errors(text: str, version: str = "4.0") -> list[str]:
    environment = Environment(version=version, whole=True)  # type: ignore[arg-type]
    return [str(d) for d in complaints(Source("new.cfg", text), environment) if d.severity == "error"]


LOAD_UDP = 'loadmodule "proto_udp.so"\n'
UDP = f"socket=udp:127.0.0.1:5060\n{LOAD_UDP}"
BIN = f'socket=bin:127.0.0.1:5062\n{UDP}loadmodule "proto_bin.so"\n'
BIN_PORT = 'modparam("proto_bin", "bin_port", 5062)\n'
ROUTE = "route { exit; }\n"
TM = 'loadmodule "signaling.so"\nloadmodule "sl.so"\nloadmodule "tm.so"\nloadmodule "cfgutils.so"\n'
USRLOC = f'{UDP}loadmodule "db_text.so"\nloadmodule "usrloc.so"\nmodparam("usrloc", "db_url", "text:///tmp")\n'
WORDS = "event_route[{0}] {{ exit; }}\ntimer_route[{1}, 10] {{ exit; }}\nfailure_route[{2}] {{ exit; }}\n"
CALLS = (
    'route {{ route({0}); route({1}, "x"); t_on_failure("proxy"); launch(usleep(1), {0}); async(usleep(1), {2}); }}\n'
)
CALLED = (
    'route[{0}] {{ $var(proxy) = "proxy"; xlog("bond\\n"); }} # proxy\nroute[{1}] {{ exit; }}\nroute[{2}] {{ exit; }}\n'
)
BARE, QUOTED = ("proxy", "BOND", "tcp_threads"), ('"proxy"', '"BOND"', '"tcp_threads"')
OTHERS = ("allow_proxy", "PROXY_protocol", "proxy"), ('"allow_proxy"', '"PROXY_protocol"', '"proxy"')

CONFIGURATIONS = {
    "settings": (
        'log_stderror=no\nlog_facility=LOG_LOCAL0\nlog_name="edge"\n'
        "listen=udp:127.0.0.1:5060 as 192.0.2.1:5060 use_workers 2\nlisten=tcp:127.0.0.1:5060\n"
        f'tcp_parallel_read_on_workers=1\nloadmodule "proto_udp.so"\nloadmodule "proto_tcp.so"\n{ROUTE}',
        'stderror_enabled=no\nsyslog_enabled=yes\nsyslog_facility=LOG_LOCAL0\nsyslog_name="edge"\n'
        "socket=udp:127.0.0.1:5060 as 192.0.2.1:5060 use_workers 2\nsocket=tcp:127.0.0.1:5060\n"
        f'loadmodule "proto_udp.so"\nloadmodule "proto_tcp.so"\n{ROUTE}',
    ),
    "on one line": (
        f'log_stderror=1 log_name="x" listen=udp:lo:5060 tcp_parallel_read_on_workers=yes\n{LOAD_UDP}{ROUTE}',
        f'stderror_enabled=1\nsyslog_enabled=0 syslog_name="x" socket=udp:lo:5060 \n{LOAD_UDP}{ROUTE}',
    ),
    "carriage returns": (
        f'log_stderror = yes\r\nlisten = udp:lo:5060\r\nloadmodule "proto_udp.so"\r\n{ROUTE}',
        'stderror_enabled=yes\r\nsyslog_enabled=no\r\nsocket = udp:lo:5060\r\nloadmodule "proto_udp.so"\r\n' + ROUTE,
    ),
    "words": (
        UDP + TM + CALLS.format(*BARE) + CALLED.format(*BARE) + WORDS.format(*OTHERS[0]),
        UDP + TM + CALLS.format(*QUOTED) + CALLED.format(*QUOTED) + WORDS.format(*OTHERS[1]),
    ),
    "host": (f"alias=proxy\n{UDP}{ROUTE}", f'alias="proxy"\n{UDP}{ROUTE}'),
    "usrloc without a database": (
        f'{UDP}{TM}loadmodule "usrloc.so"\nmodparam("usrloc", "db_mode", 0)\n'
        f'modparam("usrloc", "shared_pinging", 0) # x\n{ROUTE}',
        f'{UDP}{TM}loadmodule "usrloc.so"\nmodparam("usrloc", "working_mode_preset", "single-instance-no-db")\n'
        f'modparam("usrloc", "pinging_mode", "cooperation") # x\n{ROUTE}',
    ),
    "usrloc with one": (
        f'{USRLOC}modparam("usrloc", "db_mode", 1)\nmodparam("usrloc", "shared_pinging", 1)\n{ROUTE}',
        f'{USRLOC}modparam("usrloc", "working_mode_preset", "single-instance-sql-write-through")\n'
        f'modparam("usrloc", "pinging_mode", "ownership")\n{ROUTE}',
    ),
    "parameters": (
        f'{BIN}modparam("proto_bin", "bin_async_local_connect_timeout", 100)\n{BIN_PORT}{ROUTE}',
        f"{BIN}{BIN_PORT}{ROUTE}",
    ),
    "transports": (
        f'{UDP}loadmodule "proto_tcp.so"\nloadmodule "proto_ws.so"\nmodparam("proto_tcp", "tcp_port", 5061)\n{ROUTE}',
        UDP + ROUTE,
    ),
    "event_route.so": (f'{UDP}loadmodule "event_route.so"\nlog_name="x"\n{ROUTE}', f'{UDP}syslog_name="x"\n{ROUTE}'),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_configurations(old: str, new: str) -> None:
    assert errors(old, "3.6") == []
    assert errors(old, "4.0") != []
    assert to_4_0(old).text == new
    assert errors(new) == []
    assert to_4_0(new).text == new


TWICE = [
    f'{UDP}loadmodule "proto_tcp.so"\nloadmodule "proto_tcp.so"\nmodparam("proto_tcp", "tcp_port", 5061)\n{ROUTE}',
    f"log_stderror=no\nlisten=udp:proxy:5060 as proxy:5061\n{LOAD_UDP}{ROUTE}",
    f'log_stderror="yes"\n{UDP}{ROUTE}',
    f"log_stderror=proxy\n{UDP}{ROUTE}",
    f"log_stderror\n=\n}}\n{ROUTE}",
    f"log_stderror=-1\n{UDP}{ROUTE}",
]


@pytest.mark.parametrize("old", TWICE)
def test_once_is_enough(old: str) -> None:
    new = to_4_0(old).text
    assert to_4_0(new).text == new


OF_4_0_ALREADY = [
    f"socket=udp:127.0.0.1:5060 proxy\nsocket=udp:127.0.0.1:5061 use_workers 2 allow_proxy\n{LOAD_UDP}{ROUTE}",
    f'socket=udp:127.0.0.1:5060\nsocket=bond:b {{"udp:127.0.0.1:5060"}}\ntcp_threads=2\n{LOAD_UDP}{ROUTE}',
    f'socket=BOND:b {{"udp:127.0.0.1:5060"}}\nsocket=udp:127.0.0.1:5060\n{LOAD_UDP}{ROUTE}',
]


@pytest.mark.parametrize("text", OF_4_0_ALREADY)
def test_what_4_0_alone_takes_stays(text: str) -> None:
    assert errors(text) == []
    assert not to_4_0(text)


@pytest.mark.parametrize("text", ["log_stderror=", "log_stderror =\n", 'x"\nlog_stderror=', "log_stderror"])
def test_a_text_that_ends_too_early(text: str) -> None:
    assert not to_4_0(text)


def test_domains_are_left_out_as_before() -> None:
    before = f'{UDP}loadmodule "db_sqlite.so"\n  loadmodule "sqlops.so"\n'
    after = 'route { sql_avp_load("$ru", "$avp(x)"); }\n'
    added = '  modparam("sqlops", "use_domain", 0)\n'
    assert to_4_0(before + after).text == before + added + after
    said = 'modparam("sqlops", "use_domain", 1)\n'
    assert not to_4_0(before + said + after)
    assert not to_4_0(before + ROUTE)
    [note] = to_4_0(after).notes
    assert (note.code, "use_domain" in note.message) == ("use-domain", True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            'loadmodule "proto_tcp.so"\n',
            "module proto_tcp is taken away: there is no tcp: socket",
        ),
        (
            "tcp_parallel_read_on_workers=2\n",
            "tcp_parallel_read_on_workers is taken away: 4.0 reads",
        ),
        (
            'loadmodule "sqlops.so"\nroute { sql_avp_load("$ru", "$avp(x)"); }\n',
            "use_domain is set to 0: 4.0 looks for user and domain",
        ),
    ],
)
def test_lines_that_go_or_come_are_told_with_the_reason(line: str, told: str) -> None:
    [note] = to_4_0(UDP + line).notes
    assert note.message.startswith(told)


def notes(text: str) -> list[tuple[str, str, str]]:
    return [(d.severity, d.code, d.span.text) for d in to_4_0(text).notes if d.span is not None]


STAYING = [
    (f'dst_blacklist = proxy:{{(udp,192.0.2.4/32,5060,"")}}\n{UDP}{ROUTE}', "reserved-word", "proxy"),
    (f"auto_scaling_profile = bond scale up to 6 on 70% for 4 cycles within 5\n{UDP}{ROUTE}", "reserved-word", "bond"),
    (f"socket=udp:127.0.0.1:5060 tag proxy\n{LOAD_UDP}{ROUTE}", "reserved-word", "proxy"),
    ("route { sca_set_calling_line(); }\n", "gone-function", "sca_set_calling_line"),
    ("route { sca_set_called_line(); }\n", "gone-function", "sca_set_called_line"),
    ('modparam("usrloc|registrar", "db_mode", 1)\n', "gone-modparam", 'modparam("usrloc|registrar", "db_mode", 1)'),
    (f'{UDP}loadmodule "proto_bin.so"\ninclude_file "a.cfg"\n', "unused-transport", 'loadmodule "proto_bin.so"'),
    (
        f'{UDP}loadmodule "proto_msrp.so"\nloadmodule "msrp_relay.so"\n',
        "unused-transport",
        'loadmodule "proto_msrp.so"',
    ),
]


@pytest.mark.parametrize(("text", "code", "marked"), STAYING, ids=[s[1] + " " + s[2][:20] for s in STAYING])
def test_what_has_no_certain_successor_stays_and_is_told(text: str, code: str, marked: str) -> None:
    assert not to_4_0(text)
    assert ("warning", code, marked) in notes(text)


def test_a_module_with_another_name() -> None:
    old = 'loadmodule "modules/mi_xmlrpc_ng.so"\nmodparam("mi_xmlrpc_ng", "http_root", "x")\n'
    assert to_4_0(old).text == old.replace("_ng", "")


def test_nothing_of_3_6_alone_is_without_a_rule() -> None:
    """What the catalogue has of 3.6 and not of 4.0."""
    settings = [name for name in of("3.6").globals if name not in of("4.0").globals]
    for name in settings:
        assert to_4_0(f"{name}=1\n").text.partition("=")[0] != name
    for name, module in of("3.6").modules.items():
        kept = of("4.0").modules.get(name)
        for param in module.params if kept is not None else ():
            if kept is not None and param not in kept.params:
                assert f'"{param}"' not in to_4_0(f'modparam("{name}", "{param}", 1)\n').text
        if kept is None:
            assert name not in to_4_0(f'loadmodule "{name}.so"\n').text.replace(".so", "")


# -- where it runs otherwise -----------------------------------------------------------------------------------------

RAISING = """log_stderror = yes
log_name = "a longer name than before"
event_route[proxy] {
    $avp(ip) = $param(ip);
    raise_event("E_B"); raise_event("E_B"); raise_event("E_B");
    xlog("$avp(ip)\\n");
    $shv(done) = 1;
    for ($var(x) in $(avp(list)[*])) raise_event("E_B");
}
event_route[E_B] { if ($shv(done) == 1) exit; }
"""


def test_what_runs_otherwise_is_told_at_the_old_places() -> None:
    found = to_4_0(RAISING)
    assert [c.after for c in found.changes][-1] == '"proxy"'
    told = [(d.code, d.span.line, d.span.text) for d in found.notes if d.span is not None]
    assert told == [
        ("inner-event", 5, "raise_event"),
        ("inline-raise-crash", 5, 'raise_event("E_B")'),
        ("after-inline-raise", 6, "$avp(ip)"),
        ("late-for-inline-raise", 7, "$shv(done) = 1"),
        ("avp-loop-raise", 8, "$(avp(list)[*])"),
    ]
    assert all(d.span is not None and d.span.source.text == RAISING for d in found.notes)


def test_it_says_what_the_lints_of_the_new_text_say() -> None:
    found = to_4_0(RAISING)
    only_new = {code for code, lint in LINTS.items() if lint.versions == ("4.0",)}
    new = [d.message for d in findings(Source("new.cfg", found.text), OF_4_0) if d.code in only_new]
    assert [d.message for d in found.notes if d.code in only_new] == new


def test_recorded_programs_stay_as_they_are() -> None:
    """What 3.6 takes 4.0 takes too, and logs the same but for events raised in event routes."""
    changed, refused = list[str](), list[str]()
    for case in read_cases():
        if case.expect["accepted"]:
            text = f"{case.settings}\n{case.script}"
            found = to_4_0(text)
            changed += [case.name] if found else []
            refused += [case.name] if errors(text, "3.6") == [] and errors(found.text) else []
    assert (changed, refused) == ([], [])


def test_text_of_2_x_is_brought_to_3_x_on_the_way() -> None:
    old = 'log_name="x"\nevent_route[proxy, async] {\n    fetch_event_params("ip=$var(ip)");\n}\n'
    new = 'syslog_name="x"\nevent_route["proxy"] {\n    $var(ip) = $param(ip);\n}\n'
    assert to_4_0(old).text == new
    assert migrated(Source("old.cfg", old), Environment(whole=True)).text.startswith(
        'log_name="x"\nevent_route[proxy] {'
    )


# -- commands of the management interface ---------------------------------------------------------------------------

SHELL = """#!/bin/sh
opensips-cli -x mi get_statistics core: | grep rcv
opensips-cli -o communication_type=http -x mi dr_reload inherit_state=1
opensips-mi -s /run/mi.sock raise_event E_X && opensips-mi uptime
echo '{"jsonrpc":"2.0","id":1,"method":"ul_dump"}' | nc -u 127.0.0.1 8080
python3 -c 'OpenSIPSMI().execute("cache_fetch", ["local", "x"])'
curl -d "{\\"method\\": \\"reload_routes\\"}" http://127.0.0.1/mi
# mi ds_reload: see opensipsctl fifo which
echo uptime get_statistics '{"method": "INVITE"}'
"""


def test_commands_of_shell_scripts() -> None:
    found = migrated_commands(Source("a.sh", SHELL))
    assert [c.after for c in found.changes] == [
        "statistics:get", "drouting:reload", "evi:raise", "core:uptime", "usrloc:dump", "cache:fetch",
        "core:reload_routes", "dispatcher:reload", "core:which",
    ]  # fmt: skip
    assert found.text.count("\n") == SHELL.count("\n")
    assert migrated_commands(Source("a.sh", found.text)).text == found.text


def test_commands_are_left_alone_unless_asked() -> None:
    script = "# opensips-cli -x mi get_statistics\n" + 'route { exec("opensips-mi raise_event E_X"); }\n'
    assert to_4_0(script).text == script
    assert to_4_0(script, mi=True).text == script.replace("get_statistics", "statistics:get").replace(
        "raise_event", "evi:raise"
    )


def test_every_command_of_3_6_is_known() -> None:
    names = {command.name for command in mi_commands("4.0")}
    for command in mi_commands("3.6"):
        [found] = renamed_commands(f"opensips-cli -x mi {command.name}\n") or [None]
        assert isinstance(found, Doubt) or (found is not None and found.text in names)


def test_a_command_that_became_several_is_told() -> None:
    found = migrated_commands(Source("a.sh", "opensips-mi tls_trace on\n"))
    assert not found
    [note] = found.notes
    assert isinstance(note, Diagnostic)
    assert (note.severity, note.code) == ("warning", "mi-name")
