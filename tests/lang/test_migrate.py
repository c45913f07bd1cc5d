"""Scripts of OpenSIPS 2.x become scripts that load; everything else stays as its author wrote it."""

import json
from pathlib import Path

import pytest

from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.checks.checker import check
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lints import legacy_hints, lint
from evroute_kernel.lang.migration.migrate import migrate, unified_diff
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

CONFORMANCE = Path(__file__).parents[1] / "conformance"


EARLIER = [
    ("E_UL_AOR_DELETE", "$avp(who)", "$avp(who) = $param(aor);", []),
    ("E_UL_AOR_INSERT", "$var(a);$var(b)", "$var(a) = $param(aor); $var(b) = $param(2);", []),
    (
        "E_UL_CONTACT_INSERT",
        "$var(a);$var(uri)",
        "$var(a) = $param(aor); $var(uri) = $param(uri);",
        ["in 2.1 parameter 1 of", "in 2.2 parameter 1 of"],
    ),
    ("E_PRESENCE_PUBLISH", "$var(u);$var(d);$var(e);$var(x);$var(t)", "$var(t) = $param(etag);", []),
    ("E_PIKE_BLOCKED", "$var(ip)", "$var(ip) = $param(ip);", []),
]


@pytest.mark.parametrize(("event", "fetched", "expected", "notes"), EARLIER)
def test_positions_are_those_of_the_version_that_the_script_is_for(event, fetched, expected, notes):
    text = f'event_route[{event}] {{ fetch_event_params("{fetched}"); }}'
    found = migrate(Source("old.cfg", text))
    assert expected in found.text
    told = [note.message for note in found.notes if note.code == "fetch-event-params"]
    assert len(told) == len(notes)
    assert all(message.startswith(note) for message, note in zip(told, notes, strict=True))


def route(body, event="E_PIKE_BLOCKED"):
    return f"event_route[{event}] {{\n{body}\n}}\n"


def errors(text):
    script, found = parse(Source("new.cfg", text), version="3.6")
    return [str(d) for d in found + check(script, Environment())]


SAMPLES = [
    # by name, one variable a line where the call began one
    (
        route('\tfetch_event_params("ip=$var(ip)");'),
        route("\t$var(ip) = $param(ip);"),
    ),
    (
        route('    fetch_event_params("user=$var(u); value = $avp(v) ;threshold=$var(t);");', "E_FRD_WARNING"),
        route(
            "    $var(u) = $param(user);\n    $avp(v) = $param(value);\n    $var(t) = $param(threshold);",
            "E_FRD_WARNING",
        ),
    ),
    (
        route('xlog("x\\n"); fetch_event_params("user=$var(u);value=$var(v)"); exit;', "E_FRD_WARNING"),
        route('xlog("x\\n"); $var(u) = $param(user); $var(v) = $param(value); exit;', "E_FRD_WARNING"),
    ),
    # by position: names from the catalogue
    (
        route('  fetch_event_params("$var(what);$var(value);$var(limit)");', "E_FRD_CRITICAL"),
        route(
            "  $var(what) = $param(param);\n  $var(value) = $param(value);\n  $var(limit) = $param(threshold);",
            "E_FRD_CRITICAL",
        ),
    ),
    # the optional partition did not count
    (
        route('fetch_event_params("$var(group);$var(dst)");', "E_DISPATCHER_STATUS"),
        route("$var(group) = $param(group);\n$var(dst) = $param(address);", "E_DISPATCHER_STATUS"),
    ),
    # positions after which configuration puts its own stay positions
    (
        route('fetch_event_params("$var(a);$var(b);$var(c);$var(d);$var(e);$var(f);$var(g);$var(h)");', "E_ACC_CDR"),
        route(
            "$var(a) = $param(method);\n$var(b) = $param(from_tag);\n$var(c) = $param(to_tag);\n"
            "$var(d) = $param(callid);\n$var(e) = $param(sip_code);\n$var(f) = $param(sip_reason);\n"
            "$var(g) = $param(time);\n$var(h) = $param(8);",
            "E_ACC_CDR",
        ),
    ),
    (
        route('fetch_event_params("$var(a);$var(b)");', "E_MY_OWN"),
        route("$var(a) = $param(1);\n$var(b) = $param(2);", "E_MY_OWN"),
    ),
    # conditions
    (
        route('\tif (fetch_event_params("ip=$var(ip)"))\n\t\txlog("$var(ip)\\n");'),
        route('\t$var(ip) = $param(ip);\n\tif ($var(ip) != NULL)\n\t\txlog("$var(ip)\\n");'),
    ),
    (
        route('\tif (!fetch_event_params("ip=$var(ip);port=$var(port)")) {\n\t\texit;\n\t}', "E_OWN"),
        route(
            "\t$var(ip) = $param(ip);\n\t$var(port) = $param(port);\n"
            "\tif ($var(ip) == NULL or $var(port) == NULL) {\n\t\texit;\n\t}",
            "E_OWN",
        ),
    ),
    (
        route('if ($var(x) == 1 && fetch_event_params("a=$var(a);b=$var(b)")) exit;', "E_OWN"),
        route(
            "$var(a) = $param(a);\n$var(b) = $param(b);\n"
            "if ($var(x) == 1 && ($var(a) != NULL and $var(b) != NULL)) exit;",
            "E_OWN",
        ),
    ),
    (
        route('if ($var(x)) exit; else if (not fetch_event_params("ip=$var(ip)")) exit;'),
        route("if ($var(x)) exit; else if ($var(ip) = $param(ip) and $var(ip) == NULL) exit;"),
    ),
    (
        route('if ($var(x))\n\tfetch_event_params("user=$var(u);value=$var(v)");\nelse\n\texit;', "E_FRD_WARNING"),
        route("if ($var(x))\n\t{ $var(u) = $param(user); $var(v) = $param(value); }\nelse\n\texit;", "E_FRD_WARNING"),
    ),
    # modes, the module, names of AVPs
    ("event_route[E_PIKE_BLOCKED, async] { exit; }\n", "event_route[E_PIKE_BLOCKED] { exit; }\n"),
    ('event_route["E_X" , sync ] { exit; }\n', 'event_route["E_X" ] { exit; }\n'),
    (
        'loadmodule "json.so"\nloadmodule "event_route.so"\nmodparam("event_route", "x", 1) # kept\n' + route("exit;"),
        'loadmodule "json.so"\n# kept\n' + route("exit;"),
    ),
    (
        route('$avp(s:who) = $param(ip);\nxlog("$avp(s:who) $(avp(i:7)[0]{s.len})\\n");'),
        route('$avp(who) = $param(ip);\nxlog("$avp(who) $(avp(7)[0]{s.len})\\n");'),
    ),
    # every argument stood in quotes
    (
        route('cache_store("local", "k", "5", "60");\ncache_fetch("local", "k", "$avp(s:x)");\nusleep("$var(n)");'),
        route('cache_store("local", "k", "5", 60);\ncache_fetch("local", "k", $avp(x));\nusleep($var(n));'),
    ),
]


@pytest.mark.parametrize(("old", "new"), SAMPLES)
def test_migrates(old, new):
    assert migrate(old).text == new
    assert errors(new) == []
    assert not migrate(new)


OLD_SCRIPT = """\
####### flood alarm, written for 2.2  ######
loadmodule "pike.so"
loadmodule "event_route.so"

event_route[E_PIKE_BLOCKED, async]
{
\t# fetch_event_params("ip=$var(ip)") gives us the address
\tif (!fetch_event_params("ip=$var(ip)"))   {   /* cannot happen */
\t\txlog("L_ERR", "fetch_event_params failed: $avp(s:x)\\n"); exit;
\t}
\tcache_store("local", "ban_$var(ip)", "1", "600");   # ten minutes
\t$avp(s:note) = 'fetch_event_params("ip=$var(ip)")';
\txlog("L_WARN","$var(ip)\t is blocked\\n");
}

event_route[E_DISPATCHER_STATUS]
{
\tfetch_event_params("$var(group);$var(dst);$var(st)");
\tif ($var(st) == "active")
\t\txlog("$var(dst) up\\n");
}
"""

NEW_SCRIPT = """\
####### flood alarm, written for 2.2  ######
loadmodule "pike.so"

event_route[E_PIKE_BLOCKED]
{
\t# fetch_event_params("ip=$var(ip)") gives us the address
\t$var(ip) = $param(ip);
\tif ($var(ip) == NULL)   {   /* cannot happen */
\t\txlog("L_ERR", "fetch_event_params failed: $avp(x)\\n"); exit;
\t}
\tcache_store("local", "ban_$var(ip)", "1", 600);   # ten minutes
\t$avp(note) = 'fetch_event_params("ip=$var(ip)")';
\txlog("L_WARN","$var(ip)\t is blocked\\n");
}

event_route[E_DISPATCHER_STATUS]
{
\t$var(group) = $param(group);
\t$var(dst) = $param(address);
\t$var(st) = $param(status);
\tif ($var(st) == "active")
\t\txlog("$var(dst) up\\n");
}
"""


def test_a_whole_script():
    migration = migrate(OLD_SCRIPT)
    assert migration.text == NEW_SCRIPT
    assert errors(migration.text) == []
    for change in migration.changes:
        assert OLD_SCRIPT[change.span.start : change.span.end] == change.before


def test_changes_in_the_order_of_the_text():
    starts = [c.span.start for c in migrate(OLD_SCRIPT).changes]
    assert starts == sorted(starts)


def test_diff():
    diff = unified_diff(OLD_SCRIPT, NEW_SCRIPT, "flood.cfg")
    assert diff.startswith("--- flood.cfg\n+++ flood.cfg (3.x)\n@@ ")
    assert '-\tcache_store("local", "ban_$var(ip)", "1", "600");   # ten minutes\n' in diff
    assert unified_diff(NEW_SCRIPT, NEW_SCRIPT, "flood.cfg") == ""


def test_diff_is_one_that_patch_understands():
    old = "a\r\nb\x0cc\nlast"
    assert unified_diff(old, old.replace("last", "least\n"), "x").splitlines()[3:] == [
        " a",
        " b",
        "c",
        "-last",
        "\\ No newline at end of file",
        "+least",
    ]
    assert " a\r\n b\x0cc\n-last\n" in unified_diff(old, old + "\n", "x")


@pytest.mark.parametrize(
    ("text", "severity", "message"),
    [
        (route('fetch_event_params("val=$var(v)");', "E_FRD_WARNING"), "info", "did you mean 'value'?"),
        (route('fetch_event_params("$var(g)");', "E_DISPATCHER_STATUS"), "info", "partition only at times"),
        (route('fetch_event_params("$var(g)");', "E_OWN"), "info", "positions stay positions"),
        ('route[x] { fetch_event_params("ip=$var(ip)"); }', "warning", "visible in its event_route only"),
        (route("fetch_event_params($var(list));"), "warning", "no plain text"),
        (route('fetch_event_params("ip");'), "warning", "no variable"),
        (route("$avp(s:x) = $avp(x);"), "info", "one variable now"),
        ("event_route[E_X, sync] { exit; }", "info", "ran before the raising script went on"),
    ],
)
def test_notes(text, severity, message):
    [note] = [n for n in migrate(text).notes if "the raising script went on" not in n.message or ", sync" in text]
    assert note.severity == severity
    assert message in note.message
    assert note.span is not None


def test_every_unknown_parameter_is_noted():
    text = route('fetch_event_params("val=$var(v);user=$var(u);thr=$var(t)");', "E_FRD_WARNING")
    noted = [n.message for n in migrate(text).notes if n.code == "fetch-event-params"]
    assert noted == [
        "E_FRD_WARNING has no parameter 'val': did you mean 'value'?",
        "E_FRD_WARNING has no parameter 'thr': did you mean 'threshold'?",
    ]


def test_routes_that_were_waited_for_are_noted_once():
    body = '{ fetch_event_params("ip=$var(ip)"); }'
    text = f"event_route[E_A] {body}\nevent_route[E_B, async] {body}\nevent_route[E_C] {{ exit; }}\n"
    [note] = [n for n in migrate(text).notes if n.code == "event-route-mode"]
    assert note.message == (
        "event_route[E_A], event_route[E_C] ran before the raising script went on; now they run after"
    )
    assert note.span.text == "event_route[E_A]"
    # nothing tells that these are of 2.x
    assert migrate('loadmodule "event_route.so"\nevent_route[E_C] { exit; }').notes == ()


@pytest.mark.parametrize(
    ("condition", "is_noted"),
    [
        ('fetch_event_params("a=$var(a);b=$var(b)")', True),
        ('!fetch_event_params("a=$var(a);b=$var(b)")', True),
        ('fetch_event_params("a=$var(a)")', False),
    ],
)
def test_a_condition_on_several_parameters_is_noted(condition, is_noted):
    notes = migrate(route(f"if ({condition}) exit;", "E_OWN")).notes
    assert any("true when it found one" in n.message for n in notes) is is_noted


def test_text_of_2x_is_explained_once():
    text = 'event_route[E_A, async] { fetch_event_params("ip=$var(ip)"); }\nmodparam("event_route", "x", 1)\n'
    with pytest.raises(ScriptError) as caught:
        compile_script(Source("old.cfg", text), Environment())
    told = [(d.severity, d.code, d.span.line) for d in caught.value.diagnostics]
    assert told == [
        ("error", "event-route-mode", 1),
        ("warning", "fetch-event-params", 1),
        ("warning", "event-route-module", 2),
    ]
    assert "one route for each event" not in caught.value.render()


def test_the_module_that_3_5_needed_loads_and_is_remarked_upon():
    unit = compile_script(Source("old.cfg", 'loadmodule "event_route.so"\nevent_route[E_A] { exit; }'), Environment())
    assert [(d.severity, d.code) for d in unit.diagnostics] == [("warning", "event-route-module")]
    assert "up to 3.5 need it" in unit.diagnostics[0].hint


def test_what_is_in_doubt_stays():
    text = route('fetch_event_params("ip");')
    assert migrate(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "event_route[",
        "event_route[E_X,",
        'fetch_event_params("',
        'fetch_event_params("a=$var(a)"',
        "modparam(",
        "(((",
    ],
)
def test_text_that_breaks_off_is_left_alone(text):
    assert migrate(text).text == text


@pytest.mark.parametrize("file", sorted(CONFORMANCE.glob("*.json")), ids=lambda p: p.stem)
def test_scripts_of_3x_stay_as_they_are(file):
    for case in json.loads(file.read_text(encoding="utf-8")):
        if case["expect"]["accepted"] and "avp(s:" not in case["script"]:
            assert migrate(case["script"]).text == case["script"], case["name"]


def test_hints_name_the_text_that_replaces():
    hints = legacy_hints(Source("In[1]", OLD_SCRIPT))
    assert [(h.code, h.span.line) for h in hints] == [
        ("event-route-module", 3),
        ("event-route-mode", 5),
        ("fetch-event-params", 8),
        ("fetch-event-params", 18),
    ]
    assert hints[2].hint == "write $var(ip) = $param(ip); (%%migrate rewrites a cell, evroute migrate a file)"
    assert "$var(group) = $param(group); $var(dst) = $param(address);" in hints[3].hint


def test_old_names_of_avps_are_a_lint():
    script, found = parse(Source("a.cfg", route("$avp(s:x) = 1;")), version="3.6")
    assert found == []
    assert [d.code for d in lint(script, Environment())] == ["old-avp-name"]
