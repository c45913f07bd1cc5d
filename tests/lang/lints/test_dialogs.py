"""Dialogs that stay loaded, and variables of none; the lints' own examples are tested elsewhere."""

import pytest

LOAD = "load_dialog_ctx($param(ip));"
UNLOAD = "unload_dialog_ctx();"
LEFT = "dialog-not-unloaded"
ABSENT = "dialog-not-loaded"
MODULES = 'loadmodule "tm.so"\nloadmodule "dialog.so"\n'


@pytest.fixture
def marked(findings):
    """What lints mark in the body of an event route: (code, marked text) in order."""

    def run(statements, routes=""):
        text = f"{MODULES}event_route[E_PIKE_BLOCKED] {{\n{statements}\n}}\n{routes}"
        return [(d.code, d.span.text) for d in findings(text)]

    return run


def left(marked, statements, routes=""):
    return [text for code, text in marked(statements, routes=routes) if code == LEFT]


@pytest.mark.parametrize(
    ("statements", "where"),
    [
        (LOAD, LOAD),
        (f'{LOAD} if ($param(ip) == "x") exit; {UNLOAD}', "exit"),
        (f"if (load_dialog_ctx($param(ip))) {{ drop; }} {UNLOAD}", "drop"),
        (f"if (load_dialog_ctx($param(ip))) {{ if ($DLG_status == 5) return; {UNLOAD} }}", "return"),
        (f"if ($param(ip) != NULL && load_dialog_ctx($param(ip))) {{ exit; }} {UNLOAD}", "exit"),
        (f"if (!load_dialog_ctx($param(ip))) exit; if ($dlg_val(x) == 1) {UNLOAD} else exit;", "exit"),
        (f"{UNLOAD} {LOAD}", LOAD),
        (f"while ($var(i) < 3) {{ {LOAD} $var(i) = $var(i) + 1; if ($var(i) == 2) exit; {UNLOAD} }}", "exit"),
        (f'{LOAD} switch ($param(ip)) {{ case "a": {UNLOAD} break; default: exit; }}', "exit"),
        (f"{LOAD} {LOAD} {UNLOAD} {LOAD}", LOAD),
    ],
)
def test_dialogs_that_stay_loaded(marked, statements, where):
    found = left(marked, statements)
    assert [text.rstrip(";") for text in found] == [where.rstrip(";")]


@pytest.mark.parametrize(
    "statements",
    [
        f"{LOAD} {UNLOAD}",
        f"if ({LOAD.rstrip(';')}) {{ {UNLOAD} }}",
        f"{LOAD} if ($rc < 0) exit; {UNLOAD}",
        f"{LOAD} $var(r) = $rc; if ($var(r) < 0) exit; {UNLOAD}",
        f"{LOAD} if ($DLG_did == NULL) exit; {UNLOAD}",
        f"{LOAD} switch ($rc) {{ case -1: exit; }} {UNLOAD}",
        f'if ($param(ip) == "1") {LOAD} if ($param(ip) == "3") {UNLOAD}',
        f'if ($param(ip) == "1") {LOAD} if ($param(ip) == "2") exit; if ($param(ip) == "1") {UNLOAD}',
        f"{LOAD} route($var(x)); if ($param(ip) == NULL) exit; {UNLOAD}",
        f"for ($var(i) in $(avp(ids)[*])) {{ load_dialog_ctx($var(i)); {UNLOAD} }}",
        f"while ($var(i) < 3) {{ {LOAD} $var(i) = $var(i) + 1; {UNLOAD} if ($var(i) == 2) break; }}",
        f"{LOAD} if ($var(x) == 1) {{ {UNLOAD} exit; }} {UNLOAD}",
        f"$var(n) = $param(ip); if ($var(n) == 1 || !load_dialog_ctx($param(ip))) exit; {UNLOAD}",
    ],
)
def test_dialogs_that_are_unloaded_or_may_be(marked, statements):
    assert left(marked, statements) == []


def test_what_called_routes_do(marked):
    done = f"route[done] {{ {UNLOAD} }}"
    assert left(marked, f"{LOAD} route(done);", done) == []
    assert left(marked, f"{LOAD} route(done);", 'route[done] { xlog("x"); }') == [LOAD.rstrip(";")]
    through = f"route[done] {{ route(more); }} route[more] {{ {UNLOAD} }}"
    assert left(marked, f"{LOAD} route(done); exit;", through) == []


def test_timers_and_cells(findings):
    timer = f"{MODULES}timer_route[t, 5] {{ load_dialog_ctx($shv(x)); }}"
    assert [d.code for d in findings(timer)] == [LEFT]
    cell = f'{MODULES}load_dialog_ctx("call1");\nxlog("$dlg_val(who)\\n");\n'
    assert [d.code for d in findings(cell, scratch=True)] == [LEFT]
    called = f"{MODULES}route[a] {{ load_dialog_ctx($param(1)); }}\n"
    assert findings(f"{called}event_route[E_PIKE_BLOCKED] {{ route(a, $param(ip)); {UNLOAD} }}") == []


@pytest.mark.parametrize(
    ("statements", "variables"),
    [
        ('xlog("$dlg_val(who) $DLG_status");', ["$dlg_val(who)", "$DLG_status"]),
        ("$dlg_val(who) = 3; $dlg_val(who) = 4;", ["$dlg_val(who)"]),
        ("if ($DLG_timeout > 3) exit;", ["$DLG_timeout"]),
        ("$DLG_timeout = 3; if ($DLG_timeout > 3) exit;", []),
        ("if ($DLG_count > 3) exit;", []),
        ('route(show, "x"); xlog("$dlg_val(who)");', ["$dlg_val(who)"]),
        ('route(load); xlog("$dlg_val(who)");', []),
        ('route($var(any)); xlog("$dlg_val(who)");', []),
    ],
)
def test_variables_of_no_dialog(marked, statements, variables):
    routes = f'route[show] {{ xlog("$param(1)\\n"); }} route[load] {{ load_dialog_ctx("x"); {UNLOAD} }}'
    assert [text for code, text in marked(statements, routes=routes) if code == ABSENT] == variables


def test_a_value_without_a_name_kills_the_server(marked):
    found = marked(f'{LOAD} xlog("$dlg_val"); {UNLOAD}')
    assert found == [("crashes-server", "$dlg_val")]
