"""The other magics, in a real kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evroute_kernel.engine.state.settings import DEFAULTS
from support.frontend import Frontend

ROUTES = 'route[greet] { xlog("greet $param(1)\\n"); }\nevent_route[E_X] {\n    route(greet, $param(who));\n}\n'


def html(kernel: Frontend, code: str) -> str:
    (shown,) = kernel.run(code).contents("display_data")
    return str(shown["data"]["text/html"])


# -- registry ---------------------------------------------------------------------------------------------------------


def test_routes_lists_what_is_defined(kernel: Frontend) -> None:
    count = kernel.run(ROUTES + "%raise E_X who=me").reply["execution_count"]
    (table,) = kernel.run("%routes").shown
    assert [line.split() for line in table.splitlines()[2:]] == [
        ["route[greet]", f"In[{count}]", "1", "-"],
        ["event_route[E_X]", f"In[{count}]", "2", "1"],
    ]
    assert kernel.run("%routes E_*").shown[0].count("\n") == 2
    assert kernel.run("%routes nothing*").shown == ["no route matches nothing*"]


def test_route_shows_source_and_runs(kernel: Frontend) -> None:
    count = kernel.run(ROUTES + "%raise E_X who=me").reply["execution_count"]
    expected = f"# In[{count}], line 2; has run once\nevent_route[E_X] {{\n    route(greet, $param(who));\n}}"
    assert kernel.run("%route E_X").shown == [expected]
    assert kernel.run("%route event_route[E_X]").shown == [expected]
    assert "did you mean 'E_X'?" in kernel.run("%route E_Y").traceback


def test_names_are_escaped_in_html(kernel: Frontend) -> None:
    kernel.run('event_route["<b>Zoë</b>"] { xlog("<i>\\n"); }')
    assert "event_route[<b>Zoë</b>]" in kernel.run("%routes").shown[0]
    assert "&lt;b&gt;Zoë" in html(kernel, "%routes")
    assert kernel.run('%forget "<b>Zoë</b>"').stdout == "event_route[<b>Zoë</b>] is forgotten\n"


def test_forget(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    assert kernel.run("%forget E_X greet").stdout == "event_route[E_X] is forgotten\nroute[greet] is forgotten\n"
    assert kernel.run("%raise E_X").error["ename"] == "UnknownEvent"


def test_forget_is_all_or_nothing(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    assert kernel.run("%forget E_X nobody").error["ename"] == "UnknownRoute"
    assert kernel.run("%raise E_X who=me").stdout == "greet me\n"


def test_reset_forgets_everything(kernel: Frontend) -> None:
    kernel.run(ROUTES + "$var(x) = 1; $shv(x) = 1;\n%log level=ERROR\n")
    kernel.run("%reset")
    assert kernel.run("%routes").shown == ["no route is defined"]
    assert kernel.run("$var(x)").shown == ["<null>"]
    assert kernel.run("$shv(x)").shown == ["0"]
    assert kernel.run('xlog("shown\\n");').stdout == "shown\n"


def test_script_below_a_reset_finds_nothing_of_before(kernel: Frontend) -> None:
    """And says so before the reset, which would have lost everything."""
    kernel.run("route[before] { return(1); }")
    result = kernel.run("%reset\nevent_route[E_X] { route(before); }")
    assert "before" in result.error["evalue"]
    assert "route[before]" in kernel.run("%routes").shown[0]


# -- settings ---------------------------------------------------------------------------------------------------------


def test_log_level_and_format(kernel: Frontend) -> None:
    found = kernel.run('%log level=ERROR\nxlog("hidden\\n"); xlog("L_ERR", "shown\\n");\n%log\n%log DBG')
    assert (found.stdout, found.stderr) == ("level=ERROR diagnostics=NOTICE format=plain\n", "shown\n")
    full = kernel.run('%log format=full\nxlog("a\\n"); xlog("b");\n%log format=plain')
    assert [line.split(" ", 1)[1] for line in full.stdout.splitlines()] == ["[1] NOTICE: a", "[1] NOTICE: b"]


def values(table: str) -> dict[str, str]:
    """The settings that %config shows, without what they mean."""
    return dict(line.split(maxsplit=2)[:2] for line in table.splitlines()[2:])


def test_config_says_what_every_setting_means(kernel: Frontend) -> None:
    lines = kernel.run("%config").shown[0].splitlines()
    assert lines[0].split() == ["setting", "value", "meaning"]
    meanings = {name: meaning for name, _, meaning in (line.split(maxsplit=2) for line in lines[2:])}
    assert meanings["strict"] == "on: make it an error to redefine a route of another cell"
    assert meanings["max_while_loops"] == "turns after which a while loop ends"
    assert meanings.keys() >= DEFAULTS.keys()


def test_config_changes_limits(kernel: Frontend) -> None:
    kernel.run("%config max_while_loops=3 memory=64M timeout=7 log=9 strict=on")
    (table,) = kernel.run("%config").shown
    settings = values(table)
    assert settings["max_while_loops"] == "3"
    assert (settings["memory"], settings["timeout"], settings["log"], settings["strict"]) == ("64M", "7", "9", "on")
    loop = kernel.run("$var(i) = 0; while (1) { $var(i) += 1; }\n$var(i)")
    assert loop.shown[-1] == "3"
    kernel.run("%config memory=512M timeout=30 log=10000 strict=off")


def test_config_shows_every_setting_as_it_is_written(kernel: Frontend) -> None:
    (table,) = kernel.run("%config").shown
    lines = [*values(table).items()]
    own = ["version", "strict", "replace", "network", "workers", "clock", "seed", "memory", "timeout", "log"]
    assert [name for name, _ in lines[: len(own)]] == own
    assert len(table.splitlines()) == len(lines) + 2
    again = "%config " + " ".join(f"{name}={value}" for name, value in lines)
    assert kernel.run(again + "\n%config").shown == [table]


def test_config_changes_the_session(kernel: Frontend) -> None:
    kernel.run("%config network=on workers=3")
    settings = values(kernel.run("%config").shown[0])
    assert (settings["network"], settings["workers"]) == ("on", "3")
    assert kernel.run("%workers").stdout == "3\n"
    kernel.run("%config network=off workers=2")


def test_timeout_and_workers(kernel: Frontend) -> None:
    assert kernel.run("%timeout 2.5\n%timeout\n%timeout 30").stdout == "2.5 s\n"
    before = kernel.run("%workers").stdout.strip()
    assert kernel.run("%workers 1\n%workers").stdout == "1\n"
    assert kernel.run(f"%workers {before}").status == "ok"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("%log LOUD", "unknown log level 'LOUD'"),
        ("%log format=ful", "expected one of plain, full, not 'ful'"),
        ("%config memory=1x", "expected a size such as 256M, or off, not '1x'"),
        ("%config strct=on", "unknown setting 'strct'"),
        ("%config max_while_loops=many", "expected a number, not 'many'"),
        ("%timeout 0", "expected a number of seconds greater than 0, not '0'"),
        ("%workers 0", "expected a number of workers, 1 or more, not '0'"),
    ],
)
def test_wrong_settings_change_nothing(kernel: Frontend, code: str, message: str) -> None:
    found = kernel.run(f'xlog("before\\n");\n{code}')
    assert found.error["evalue"] == message
    assert found.stdout == ""


def test_ps_lists_workers(kernel: Frontend) -> None:
    kernel.run(ROUTES + "%raise E_X")
    (table,) = kernel.run("%ps").shown
    number, pid, state = table.splitlines()[2].split()[:3]
    assert (number, state) == ("1", "idle")
    assert int(pid) in [child.pid for child in kernel.process.children(recursive=True)]


def test_clear(kernel: Frontend) -> None:
    found = kernel.run('xlog("a\\n");\n%clear --wait\nxlog("b\\n");')
    assert found.kinds == ["busy", "execute_input", "stream", "clear_output", "stream", "idle"]
    assert found.contents("clear_output") == [{"wait": True}]


# -- checks -----------------------------------------------------------------------------------------------------------


def test_expect(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    assert kernel.run('%raise E_X who=me\n%raise E_X who=you --async\n%expect "greet me" "greet you"').status == "ok"
    found = kernel.run('%raise E_X who=me\n%expect "greet you"')
    assert found.error["ename"] == "ExpectationFailed"
    assert "    greet me" in found.traceback
    assert kernel.run('%expect "greet me"').status == "error", "the log of another cell does not count"


def test_assert(kernel: Frontend) -> None:
    assert kernel.run("$var(x) = 42;\n%assert $var(x) == 42 and not $var(x) == 41\n%assert $var(x)").status == "ok"
    found = kernel.run("%assert $var(x) > 42 # too much")
    assert found.error["ename"] == "AssertionFailed"
    assert "$var(x) is 42" in found.traceback


@pytest.mark.parametrize(
    ("condition", "column"),
    [("$var(x) = ", 18), ("$var(y", 15), ("(($var(x) == 1)", 24), ("$nobody == 1", 9), ("1 +", 11)],
)
def test_wrong_conditions_point_into_the_cell(kernel: Frontend, condition: str, column: int) -> None:
    found = kernel.run(f'xlog("before\\n");\n%assert {condition}')
    assert found.error["ename"] in {"RouteSyntaxError", "RouteCheckError"}
    assert f":2:{column}\n" in found.traceback
    assert "%assert)" not in found.traceback


# -- files ------------------------------------------------------------------------------------------------------------


def test_load(kernel: Frontend, tmp_path: Path) -> None:
    file = tmp_path / "a script.cfg"
    file.write_text(ROUTES, "utf-8")
    assert kernel.run(f'%load "{file}"\n%raise E_X who=Zoë').stdout == "greet Zoë\n"
    file.write_text("route[greet] { exit; }\n", "utf-8")
    assert kernel.run(f'%load "{file}"').shown == ["event_route[E_X] is gone: this cell no longer defines it"]


def test_load_finds_included_files_beside_the_file(kernel: Frontend, tmp_path: Path) -> None:
    (tmp_path / "inner.cfg").write_text('event_route[E_IN] { xlog("inner\\n"); }\n', "utf-8")
    (tmp_path / "outer.cfg").write_text('include_file "inner.cfg"\n', "utf-8")
    assert kernel.run(f"%load {tmp_path}/outer.cfg\n%raise E_IN").stdout == "inner\n"


def test_errors_of_a_file_have_its_path(kernel: Frontend, tmp_path: Path) -> None:
    file = tmp_path / "bad.cfg"
    file.write_text("\nroute[x] { xlogg(1); }\n", "utf-8")
    assert f"{file}:2:12" in kernel.run(f"%load {file}").traceback
    file.write_bytes(b"# caf\xe9\n")
    assert "byte 0xe9 is not UTF-8" in kernel.run(f"%load {file}").traceback
    assert "no such file" in kernel.run(f"%load {tmp_path}/none.cfg").traceback
    assert "is a directory" in kernel.run(f"%load {tmp_path}").traceback


def test_only_regular_files_are_read(kernel: Frontend, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, kind in (("/dev/zero", "a device"), (f"{tmp_path}/fifo", "a FIFO")):
        assert f"it is {kind}, not a regular file" in kernel.run(f"%load {name}").traceback
        assert f"it is {kind}, not a regular file" in kernel.run(f'include_file "{name}"').traceback


def test_nothing_but_running_a_cell_opens_its_files(kernel: Frontend, tmp_path: Path) -> None:
    code = f'include_file "{tmp_path}/none.cfg"\n%load {tmp_path}/none.cfg\nxlog('
    assert kernel.ask("is_complete_request", code=code).reply["status"] == "incomplete"
    for kind in ("complete_request", "inspect_request"):
        assert kernel.ask(kind, code=code, cursor_pos=len(code)).reply["status"] == "ok"


# -- help and events --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["raise", "%raise", "E_PIKE_BLOCKED", "xlog", "$avp", "s.len", "{s.len}", "E_X", "event_route[E_X]", "return-zero"],
)
def test_help_knows(kernel: Frontend, name: str) -> None:
    kernel.run(ROUTES)
    (told,) = kernel.run(f"%help {name}").contents("display_data")
    assert "<pre style=" in told["data"]["text/html"]
    for question in (f"?{name}", f"{name}?"):
        paged = kernel.run(question)
        assert paged.reply["payload"][0]["data"] == told["data"]
        assert not paged.contents("display_data")


def test_help_on_a_lint_says_what_it_finds(kernel: Frontend) -> None:
    (told,) = kernel.run("%help return-zero").shown
    assert "ends everything" in told
    assert "return(0)" in told.rpartition("It finds, for example:")[2]
    assert "did you mean 'return-zero'?" in kernel.run("%help return-zeros").traceback


def test_help_on_nothing_known(kernel: Frontend) -> None:
    assert "did you mean 'xlog'?" in kernel.run("%help xlogg").traceback


def test_every_magic_is_listed_and_documented(kernel: Frontend) -> None:
    listed = kernel.run("%lsmagic").shown[0]
    for line in listed.splitlines()[2:]:
        name, summary = line.split(maxsplit=1)
        assert summary.endswith((".", "``")), name
        assert kernel.run(f"%help {name}").shown[0].startswith(name)
    assert len(listed.splitlines()) > 15


def test_events(kernel: Frontend) -> None:
    kernel.run("event_route[E_PIKE_BLOCKED] { exit; } event_route[E_MINE] { exit; }")
    (table,) = kernel.run("%events E_[PM]I*").shown
    assert [line.split() for line in table.splitlines()[2:]] == [
        ["E_PIKE_BLOCKED", "pike", "(ip)", "yes"],
        ["E_MINE", "yes"],
    ]
    assert kernel.run("%event E_PIKE_BLOCKED").stdout.endswith("\nevent_route[E_PIKE_BLOCKED] handles it here\n")
    assert "did you mean 'E_PIKE_BLOCKED'?" in kernel.run("%event E_PIKE_BLOKED").traceback
