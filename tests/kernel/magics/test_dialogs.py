"""`%dialog`, `%dialogs`."""

from __future__ import annotations

from pathlib import Path

from support.frontend import Frontend

MODULES = 'loadmodule "tm.so"\nloadmodule "dialog.so"\n'
DTMF = """event_route[E_RTPPROXY_DTMF] {
    if (load_dialog_ctx($param(id))) { xlog("$dlg_val(who) $DLG_status [$DLG_flags]\\n"); unload_dialog_ctx(); }
    else xlog("no such call\\n");
}
"""
STATES = 'event_route[E_DLG_STATE_CHANGED] { xlog("$param(callid) $param(old_state) -> $param(new_state)\\n"); }\n'


def test_a_dialog_that_a_route_loads(kernel: Frontend) -> None:
    kernel.run(MODULES + DTMF)
    assert kernel.run("%raise E_RTPPROXY_DTMF id=call1").stdout == "no such call\n"
    assert kernel.run('%dialog call1 status=4 who="alice" flags="f"').status == "ok"
    assert kernel.run("%raise E_RTPPROXY_DTMF id=call1").stdout == "alice 4 [f]\n"
    assert kernel.run("%raise E_RTPPROXY_DTMF id=call1 --count 3").stdout == "alice 4 [f]\n" * 3


def test_its_changes_are_events(kernel: Frontend) -> None:
    kernel.run(MODULES + STATES)
    assert kernel.run("%dialog one callid=c1@host status=1").stdout == ""
    assert kernel.run("%dialog one status=3").stdout == "c1@host 1 -> 3\n"
    assert kernel.run("%dialog one status=3").stdout == ""
    assert kernel.run("%dialog one status=4\n%dialog one status=5").stdout == "c1@host 3 -> 4\nc1@host 4 -> 5\n"
    assert kernel.run("%dialog one status=1").stdout == ""  # a new call
    assert kernel.run("%dialog one status=2").stdout == "c1@host 1 -> 2\n"


def test_a_route_that_fails_is_the_cells_failure(kernel: Frontend) -> None:
    kernel.run("event_route[E_DLG_STATE_CHANGED] { usleep(9000000); }\n%dialog one status=1\n%timeout 0.2")
    result = kernel.run("%dialog one status=2")
    assert (result.status, "RouteFailed" in result.traceback) == ("error", True)


def test_showing_one(kernel: Frontend) -> None:
    kernel.run('%dialog call1 who="al ice" n=-5 text="7" s=s:8 val.status=9 profiles="calls trunk:a" timeout=60')
    lines = kernel.run("%dialog call1").shown[0].splitlines()
    found = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[2:] if " " in line}
    assert found["status"] == "4 confirmed"
    assert found["$dlg_val(who)"] == '"al ice"'
    assert (found["$dlg_val(n)"], found["$dlg_val(text)"], found["$dlg_val(s)"]) == ("-5", '"7"', '"8"')
    assert found["$dlg_val(status)"] == "9"
    assert found["profiles"] == "calls trunk:a"
    assert found["did"].startswith("80d.")
    kernel.run("%dialog call1 who=NULL")
    assert "who" not in kernel.run("%dialog call1").shown[0]


def test_listing_all(kernel: Frontend) -> None:
    assert kernel.run("%dialogs").shown == ["there is no dialog"]
    kernel.run("%dialog call1 n=1\n%dialog call2 status=2")
    shown = kernel.run("%dialogs")
    heads, _, *rows = shown.shown[0].splitlines()
    assert heads.split() == "dialog callid did status lifetime timeout flags profiles values".split()
    assert sorted(row.split()[0] for row in rows) == ["call1", "call2"]
    assert "<table" in shown.contents("display_data")[0]["data"]["text/html"]
    assert len(kernel.run("%dialogs *2").shown[0].splitlines()) == 3
    assert kernel.run("%dialogs x*").shown == ["no dialog matches x*"]


def test_removing(kernel: Frontend) -> None:
    kernel.run(f"{MODULES}{STATES}%dialog call1")
    assert "there is no dialog 'call1'" in kernel.run("%dialog call1").traceback
    kernel.run("%dialog call1 --new")
    assert kernel.run("%dialog call1 --remove").stdout == ""
    assert kernel.run("%dialogs").shown == ["there is no dialog"]
    assert "there is no dialog" in kernel.run("%dialog call1 --remove").traceback


def test_what_is_wrong(kernel: Frontend) -> None:
    kernel.run("%dialog call1 did=1.1")
    for line, what in {
        "%dialog": "NAME is missing",
        "%dialog call1 status=7": "expected one of 1, 2, 3, 4, 5",
        "%dialog call1 status=2": "does not go back from status 4 (confirmed) to 2 (early)",
        "%dialog call1 callid=x": "has another callid already: call1",
        "%dialog b did=1.1": "the dialog call1 has the Dialog ID 1.1 already",
        "%dialog b did=xyz": "'xyz' is no Dialog ID",
        "%dialog b timeout=soon": "expected a number for timeout, not 'soon'",
        "%dialog b status=2 lifetime=3": "has no lifetime",
        "%dialog b n=99999999999": "does not fit a 32-bit integer: 99999999999",
        "%dialog b n=999999999999": "write s:999999999999 to have it as text",
        "%dialog b alice": "unexpected 'alice'",
        "%dialog call1 --remove n=1": "--remove stands alone",
        "%dialog call": "did you mean 'call1'?",
    }.items():
        result = kernel.run(line)
        assert (line, result.status) == (line, "error")
        assert what in result.traceback, result.traceback
    assert [row.split()[0] for row in kernel.run("%dialogs").shown[0].splitlines()[2:]] == ["call1"]


def test_a_slip_is_remarked(kernel: Frontend) -> None:
    shown = kernel.run("%dialog call1 statis=3").shown
    assert "statis is a value" in shown[0]
    assert "did you mean 'status'?" in shown[0]
    assert kernel.run("%dialog call1 val.statis=3").shown == []


def test_a_reset_forgets_them(kernel: Frontend) -> None:
    kernel.run("%dialog call1 n=1\n%reset")
    assert kernel.run("%dialogs").shown == ["there is no dialog"]


def offered(kernel: Frontend, line: str) -> set[str]:
    reply = kernel.ask("complete_request", code=line, cursor_pos=len(line)).reply
    return {match.strip() for match in reply["matches"]}


def test_completion(kernel: Frontend) -> None:
    kernel.run("%dialog call1 who=alice")
    assert "call1" in offered(kernel, "%dialog ")
    assert {"status=", "who=", "--remove"} <= offered(kernel, "%dialog call1 ")
    assert {"1", "4"} <= offered(kernel, "%dialog call1 status=")
    assert offered(kernel, "event_route[E_X] { $dlg_val(other) = 1; } event_route[E_Y] { $dlg_val(") == {"other", "who"}


def test_an_export_says_that_it_is_the_notebooks(kernel: Frontend, tmp_path: Path) -> None:
    kernel.run(f"{MODULES}{DTMF}%dialog call1 who=alice")
    assert kernel.run(f"%export {tmp_path}/a.cfg").status == "ok"
    text = (tmp_path / "a.cfg").read_text()
    assert "# %dialog call1 who=alice\n# (a dialog of the notebook: on a server calls make them" in text


def test_the_example_of_the_documentation(kernel: Frontend) -> None:
    page = (Path(__file__).parents[3] / "docs" / "dialogs.md").read_text()
    result = kernel.run(page.split("```")[1].strip("\n"))
    assert (result.status, result.stdout) == ("ok", "alice pressed 4\n")
    assert 'digits="4"' in result.shown[-1]
    assert len(result.shown) == 1  # nothing is remarked
