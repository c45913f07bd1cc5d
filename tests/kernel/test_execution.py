"""Cells in a real kernel: what they show, in which order, and what they leave."""

from __future__ import annotations

import json

import pytest

from support.frontend import Frontend

ROUTE = 'event_route[E_X] {\n    xlog("ip $param(ip)\\n");\n}\n'


def test_a_route_is_defined_and_raised(kernel: Frontend) -> None:
    found = kernel.run(ROUTE + "%raise E_X ip=192.0.2.1")
    assert (found.status, found.stdout, found.stderr) == ("ok", "ip 192.0.2.1\n", "")


def test_messages_come_in_the_order_of_the_protocol(kernel: Frontend) -> None:
    found = kernel.run(ROUTE + "%raise E_X ip=1\n%routes\n$var(x)")
    assert found.kinds == ["busy", "execute_input", "stream", "display_data", "execute_result", "idle"]
    failed = kernel.run("%raise E_X ip=1\n%raise E_NOBODY")
    assert failed.kinds == ["busy", "execute_input", "stream", "error", "idle"]


def test_levels_choose_the_stream(kernel: Frontend) -> None:
    levels = ["ALERT", "CRIT", "ERR", "WARN", "NOTICE", "INFO", "DBG"]
    found = kernel.run("".join(f'xlog("L_{level}", "{level}\\n");' for level in levels))
    assert found.stderr == "ALERT\nCRIT\nERR\nWARN\n"
    assert found.stdout == "NOTICE\nINFO\nDBG\n"


def test_text_is_exactly_what_was_logged(kernel: Frontend) -> None:
    found = kernel.run(r"""xlog("a"); xlog("b\n\n"); xlog("Zoë <b> \"q\" \\ \t|");""")
    assert found.stdout == 'ab\n\nZoë <b> "q" \\ \t|'


def test_a_flood_arrives_whole_in_few_messages(kernel: Frontend) -> None:
    found = kernel.run('$var(i) = 0; while ($var(i) < 5000) { xlog("line $var(i)\\n"); $var(i) += 1; }')
    assert found.stdout == "".join(f"line {i}\n" for i in range(5000))
    assert len(found.contents("stream")) < 200


@pytest.mark.parametrize(
    ("code", "value"),
    [("6 * 7", "42"), ('"text"', '"text"'), ("$var(nobody)", "<null>"), ("$var(x) = 5; $var(x) + 1", "6")],
)
def test_the_last_expression_is_the_result(kernel: Frontend, code: str, value: str) -> None:
    found = kernel.run(code)
    (result,) = found.contents("execute_result")
    assert result["data"]["text/plain"] == value
    assert result["execution_count"] == found.reply["execution_count"]


def test_routes_that_need_sip_are_kept_and_said_so(kernel: Frontend) -> None:
    found = kernel.run("failure_route[1] { exit; }")
    assert found.shown == ["failure_route[1] is checked and kept; it needs SIP traffic, so it never runs here"]
    assert not found.contents("stream")
    assert "failure_route[1]" in kernel.run("%routes").shown[0]


def test_warnings_are_shown_and_do_not_stop_the_cell(kernel: Frontend) -> None:
    found = kernel.run('event_route[E_PIKE_BLOCKED] { xlog("$param(src_ip)|\\n"); }\n%raise E_PIKE_BLOCKED ip=1')
    assert found.stdout == "<null>|\n"
    assert "did you mean 'ip'?" in found.told
    assert found.told.startswith("warning: E_PIKE_BLOCKED has no parameter 'src_ip': it is null [unknown-param]\n")


#: a position that moves is said as a note
NOTED = 'event_route[E_DISPATCHER_STATUS] { xlog("<b> $param(3)"); }'


def test_notes_stand_apart_from_the_log(kernel: Frontend) -> None:
    found = kernel.run('xlog("log\\n");\n' + NOTED)
    (note,) = found.contents("display_data")
    assert (found.stdout, found.stderr) == ("log\n", "")
    assert "info: " in note["data"]["text/plain"]
    assert "&lt;b&gt;" in note["data"]["text/html"]


def test_warnings_come_before_what_the_cell_runs(kernel: Frontend) -> None:
    route = 'event_route[E_PIKE_BLOCKED] { xlog("$param(src_ip)"); }'
    found = kernel.run('xlog("runs\\n");\n$var(x) = 2 + 3 * 4;\n' + route)
    assert [kind for kind in found.kinds if kind in ("display_data", "stream")] == ["display_data", "stream"]
    assert found.stdout == "runs\n"


# -- errors -----------------------------------------------------------------------------------------------------------


def test_an_error_has_place_excerpt_and_hint(kernel: Frontend) -> None:
    found = kernel.run('event_route[E_X] {\n    xlogg("a\\n");\n}')
    count = found.reply["execution_count"]
    assert found.status == "error"
    assert found.error["ename"] == found.reply["ename"] == "RouteCheckError"
    assert "\n" not in found.error["evalue"]
    assert f"  In[{count}]:2:5\n" in found.traceback
    assert '    2 |     xlogg("a\\n");\n      |     ^^^^^' in found.traceback
    assert "did you mean 'xlog'?" in found.traceback


@pytest.mark.parametrize(
    ("cell", "error", "place"),
    [
        ('event_route[E_A] {\n    xlog("x\\n");\n%raise E_A a=1\n%routes', "this '{' is never closed", "1:18"),
        ("event_route[E_A] {\n    if (1) {\n        exit;\n}\n%raise E_A", "this '{' is never closed", "2:12"),
        ('xlog("hello);\n%raise E_A ip="1"\nxlog("x\\n");', "this string is never closed", "1:6"),
        ("event_route[E_A] {\n    exit\n}\n%raise E_A", "expected ';' after 'exit', before '}'", "2:9"),
        ('xlog("a\\n");\n%%raise E_A \n{"a": 1}\nx', "%%raise E_A must stand on the first line of its cell", "2:1"),
    ],
)
def test_one_mistake_is_one_error_where_it_is(kernel: Frontend, cell: str, error: str, place: str) -> None:
    found = kernel.run(cell)
    assert found.traceback.splitlines()[0] == f"error: {error}"
    assert found.traceback.splitlines()[1] == f"  In[{found.reply['execution_count']}]:{place}"
    assert found.error["evalue"] == error
    assert found.traceback.splitlines()[-1] == f"{found.error['ename']}: {error}"


def test_comments_behind_magics(kernel: Frontend) -> None:
    found = kernel.run(
        'event_route[E_A] { xlog("$param(a)|$param(b)\\n"); }\n'
        '%raise E_A a=#5 b="x # y"   # both hold what begins a comment elsewhere\n'
        '%raise E_A {"a": 1, "b": "\'"} # JSON\n'
        "%expect '|' #\n"
        "%assert $shv(x) == 0 # a condition\n"
        "%sh echo 'of the' shell # is the shell's\n"
    )
    assert found.status == "ok", found.traceback
    assert found.stdout == "#5|x # y\n1|'\nof the shell\n"


def test_all_errors_of_a_cell_are_shown_together_and_nothing_happens(kernel: Frontend) -> None:
    found = kernel.run('%log leve=3\nevent_route[E_Y] { xlogg("a"); }\nxlog("scratch\\n");\n%raise ip=1\n%nosuch')
    assert found.status == "error"
    assert "(and 3 more)" in found.error["evalue"]
    assert [line for line in found.traceback.splitlines() if line.startswith("  In[")] == [
        f"  In[{found.reply['execution_count']}]:{line}:{column}" for line, column in [(1, 6), (2, 20), (4, 8), (5, 1)]
    ]
    assert found.kinds == ["busy", "execute_input", "error", "idle"]
    assert kernel.run("%routes").shown == ["no route is defined"]


def test_a_syntax_error_after_a_magic_keeps_the_magic_from_running(kernel: Frontend) -> None:
    kernel.run(ROUTE)
    found = kernel.run("%raise E_X ip=1\nxlog(;")
    assert found.error["ename"] == "RouteSyntaxError"
    assert found.stdout == ""


def test_an_unknown_event_offers_near_misses(kernel: Frontend) -> None:
    kernel.run(ROUTE.replace("E_X", "E_PIKE_BLOCKED"))
    found = kernel.run("%raise E_PIKE_BLOKED ip=1")
    assert found.error["ename"] == "UnknownEvent"
    assert "did you mean 'E_PIKE_BLOCKED'?" in found.traceback
    assert "       | " not in found.traceback
    assert "^" * len("E_PIKE_BLOKED") in found.traceback


def test_the_registry_stays_as_it_was_when_a_cell_is_refused(kernel: Frontend) -> None:
    kernel.run(ROUTE, metadata={"cellId": "a"})
    kernel.run("event_route[E_X] { nonsense", metadata={"cellId": "a"})
    assert kernel.run("%raise E_X ip=1").stdout == "ip 1\n"


@pytest.mark.parametrize("code", ["\0", 'xlog("\0");', "é" * 1000, "((((" * 1000, "{" * 1500, "\x0c@`"])
def test_odd_text_is_answered(kernel: Frontend, code: str) -> None:
    found = kernel.run(code)
    assert found.kinds[-1] == "idle"
    if found.status == "error":
        assert found.error["ename"] in {"RouteSyntaxError", "RouteCheckError"}


def test_half_a_character_is_answered(kernel: Frontend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel.client.session, "pack", lambda content: json.dumps(content, default=str).encode())
    assert kernel.run('xlog("\ud800\n");').stdout == "?\n"


# -- order and counting -----------------------------------------------------------------------------------------------


def test_statements_and_magics_run_in_their_order(kernel: Frontend) -> None:
    kernel.run('event_route[E_X] { xlog("route $var(x)\\n"); }')
    found = kernel.run('$var(x) = 1;\nxlog("a\\n");\n%raise E_X\n$var(x) = 2; xlog("b\\n");\n%raise E_X\nxlog("c\\n");')
    assert found.stdout == "a\nroute 1\nb\nroute 2\nc\n"


def test_definitions_of_a_cell_enter_together(kernel: Frontend) -> None:
    later = 'route[later] { xlog("later\\n"); }\n'
    found = kernel.run('event_route[E_X] { route(later); }\nxlog("a\\n");\n%raise E_X\n' + later + 'xlog("b\\n");')
    assert found.stdout == "a\nlater\nb\n"
    assert len(kernel.run("%routes").shown[0].splitlines()) == 4


def test_reset_before_definitions(kernel: Frontend) -> None:
    kernel.run(ROUTE.replace("E_X", "E_OLD"))
    found = kernel.run("%reset\n" + ROUTE + "%routes")
    assert "E_OLD" not in found.shown[0]
    assert "event_route[E_X]" in found.shown[0]


def test_silent_cells_show_nothing_and_are_not_counted(kernel: Frontend) -> None:
    before = kernel.run("1").reply["execution_count"]
    found = kernel.run('xlog("a\\n");\n%routes', silent=True)
    assert found.kinds == ["busy", "idle"]
    failed = kernel.run("%raise E_NOBODY", silent=True)
    assert (failed.kinds, failed.status) == (["busy", "idle"], "error")
    assert kernel.run("1").reply["execution_count"] == before + 1


def test_cells_that_are_not_stored_are_not_counted(kernel: Frontend) -> None:
    before = kernel.run("1").reply["execution_count"]
    kernel.run("2", store_history=False)
    assert kernel.run("3").reply["execution_count"] == before + 1
    history = kernel.ask("history_request", hist_access_type="tail", output=False, raw=True, n=2).reply["history"]
    assert [entry[2] for entry in history] == ["1", "3"]


def test_user_expressions(kernel: Frontend) -> None:
    found = kernel.run("$var(x) = 42;", user_expressions={"good": "$var(x) + 1", "bad": "$var("})
    values = found.reply["user_expressions"]
    assert values["good"] == {"status": "ok", "data": {"text/plain": "43"}, "metadata": {}}
    assert values["bad"]["status"] == "error"
    assert values["bad"]["ename"] == "RouteSyntaxError"


# -- cells own routes -------------------------------------------------------------------------------------------------


def cell(kernel: Frontend, cell_id: str, code: str, **metadata: object) -> str:
    found = kernel.run(code, metadata={"cellId": cell_id, **metadata})
    assert found.status == "ok", found.traceback
    return found.stdout + "\n".join(found.shown)


def test_a_cell_drops_what_it_no_longer_defines(kernel: Frontend) -> None:
    cell(kernel, "a", "event_route[E_A] { exit; } event_route[E_B] { exit; }")
    assert cell(kernel, "a", "event_route[E_A] { exit; }") == "event_route[E_B] is gone: this cell no longer defines it"
    assert "E_B" not in kernel.run("%routes").shown[0]
    assert "event_route[E_A] is gone: this cell no longer defines it" in cell(kernel, "a", "%routes")
    assert kernel.run("%routes").shown == ["no route is defined"]


def test_a_cell_with_split_statements_keeps_its_routes(kernel: Frontend) -> None:
    cell(kernel, "a", 'xlog("1");\nevent_route[E_A] { exit; }\n%raise E_A\nxlog("2");')
    assert cell(kernel, "b", "%raise E_A") == ""


def test_another_cell_that_redefines_says_so(kernel: Frontend) -> None:
    first = kernel.run(ROUTE, metadata={"cellId": "a"}).reply["execution_count"]
    assert cell(kernel, "b", ROUTE) == f"event_route[E_X] replaces the one of In[{first}]"
    assert cell(kernel, "b", ROUTE) == ""


def test_notebooks_that_correct_themselves_can_keep_quiet(kernel: Frontend) -> None:
    cell(kernel, "a", ROUTE)
    cell(kernel, "c", "%config replace=quiet")
    assert cell(kernel, "b", ROUTE) == ""
    cell(kernel, "c", "%config replace=show")
    assert "replaces" in cell(kernel, "a", ROUTE)


def test_strict_sessions_refuse_that(kernel: Frontend) -> None:
    cell(kernel, "a", ROUTE)
    cell(kernel, "c", "%config strict=on")
    found = kernel.run(ROUTE, metadata={"cellId": "b"})
    assert found.error["ename"] == "RouteCheckError"
    cell(kernel, "c", "%config strict=off")


def test_deleted_cells_take_their_routes_with_them(kernel: Frontend) -> None:
    cell(kernel, "a", ROUTE)
    cell(kernel, "b", "1", deletedCells=["a", "unknown"])
    assert kernel.run("%routes").shown == ["no route is defined"]


def test_without_cell_ids_the_last_definition_wins(kernel: Frontend) -> None:
    kernel.run(ROUTE)
    kernel.run(ROUTE.replace("ip $", "other $"))
    kernel.run("event_route[E_Z] { exit; }")
    assert kernel.run("%raise E_X ip=1").stdout == "other 1\n"
