"""`evroute dap` as editors start it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import dap_editor
from support.dap_editor import Starter as Editor

SCRIPT = 'event_route[E_X] {\n    $var(n) = 1;\n    xlog("n is $var(n) of $param(ip)\\n");\n}\n'


@pytest.fixture
def editor() -> Iterator[Editor]:
    with dap_editor.editor() as started:
        yield started


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text(SCRIPT)
    return path


def test_a_script_is_launched_and_stops(editor: Editor, script: Path) -> None:
    assert editor.ask("initialize", adapterID="opensips")["success"]
    assert editor.ask("launch", program=str(script), events=["E_X ip=192.0.2.1"])["success"]
    editor.next("initialized")
    assert editor.ask("setBreakpoints", source={"path": str(script)}, breakpoints=[{"line": 3}])["success"]
    assert editor.ask("configurationDone")["success"]
    thread = editor.next("stopped")["threadId"]
    (frame,) = editor.ask("stackTrace", threadId=thread)["body"]["stackFrames"]
    assert (frame["line"], frame["source"]["path"]) == (3, str(script))
    assert editor.ask("evaluate", expression="$var(n)", frameId=frame["id"])["body"]["result"] == "1"
    assert editor.ask("continue", threadId=thread)["success"]
    assert "n is 1 of 192.0.2.1" in editor.next("output")["output"]
    assert editor.next("exited") == {"exitCode": 0}
    editor.next("terminated")
    assert editor.ask("disconnect")["success"]
    assert editor.process.wait(30) == 0


def test_a_client_that_vanishes_while_it_is_stopped_leaves_nothing(editor: Editor, script: Path) -> None:
    editor.ask("initialize")
    editor.ask("launch", program=str(script), events=["E_X ip=192.0.2.1"])
    editor.ask("setBreakpoints", source={"path": str(script)}, breakpoints=[{"line": 3}])
    editor.ask("configurationDone")
    editor.next("stopped")
    assert editor.process.stdin is not None
    editor.process.stdin.close()
    assert editor.process.wait(30) == 0


def test_bad_requests_are_refused(editor: Editor) -> None:
    assert not editor.ask("launch")["success"]
    assert not editor.ask("nonsense")["success"]
    assert editor.process.stdin is not None
    editor.process.stdin.write(b"Content-Length: 3\r\n\r\n{x}")
    editor.process.stdin.flush()
    assert not editor.stream.read()["success"]


# -- what a launch configuration may ask for --------------------------------------------------------------------------


def test_log_lines_come_with_their_place(editor: Editor, script: Path) -> None:
    script.write_text('startup_route { xlog("up\\n"); }\nevent_route[E_X] {\n    xlog("L_ERR", "bad\\n");\n}\n')
    assert editor.begin("launch", program=str(script), events=["E_X", {"name": "E_X", "params": {"ip": "::1"}}])
    editor.ask("configurationDone")
    assert editor.next("exited") == {"exitCode": 0}
    found = [(each["category"], each["output"], each["line"], each["source"]["path"]) for each in editor.outputs()]
    bad = ("stderr", "bad\n", 3, str(script))
    assert found == [("stdout", "up\n", 1, str(script)), bad, bad]


def test_a_script_with_errors_is_not_launched(editor: Editor, script: Path) -> None:
    script.write_text("event_route[E_X] {\n    $var(n) = ;\n}\n")
    response = editor.begin("launch", program=str(script))
    assert not response["success"]
    assert f"{script}:2:" in response["message"]
    assert "    $var(n) = ;\n" in response["message"]
    assert "^" in response["message"]
    (told,) = (event["body"] for event in editor.events if event["event"] == "output")
    assert (told["category"], told["line"], told["source"]["path"]) == ("stderr", 2, str(script))
    script.write_text(SCRIPT)  # and once more, with the mistake mended
    assert editor.body("launch", program=str(script), events=["E_X"]) == {}
    editor.ask("configurationDone")
    assert editor.next("exited") == {"exitCode": 0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, 'launch wants a "program"'),
        ({"program": 5}, "program is a text"),
        ({"program": "none.cfg"}, "cannot read none.cfg"),
        ({"program": "a.ipynb"}, "is a notebook"),
        ({"program": "x.cfg", "events": ["E_X --count x"]}, "events[0]"),
        ({"program": "x.cfg", "events": ["E_X --live"]}, "--live is for notebooks"),
        ({"program": "x.cfg", "events": [{"params": {}}]}, "events[0] is a text"),
        ({"program": "x.cfg", "events": [{"name": "E_X", "params": 3}]}, "an object or a list"),
        ({"program": "x.cfg", "recording": {"limit": 3}}, "recording is the path"),
        ({"program": "x.cfg", "server": "2.4"}, "server is one of 3.6, 4.0"),
        ({"program": "x.cfg", "stubs": ["nonsense"]}, "stubs[0]"),
        ({"program": "x.cfg", "workers": 0}, "worker"),
        ({"program": "x.cfg", "workers": True}, "workers is a whole number"),
        ({"program": "x.cfg", "clock": "yesterday"}, "clock"),
        ({"program": "x.cfg", "timeout": -1}, "seconds"),
        ({"program": "x.cfg", "network": "yes"}, "network is true or false"),
    ],
)
def test_what_cannot_be_launched_says_why(editor: Editor, script: Path, arguments: dict[str, Any], words: str) -> None:
    response = editor.begin("launch", cwd=str(script.parent), **arguments)
    assert not response["success"]
    assert words in response["message"]


def test_it_stops_on_entry(editor: Editor, script: Path) -> None:
    script.write_text(f"startup_route {{\n    $shv(n) = 3;\n}}\n{SCRIPT}")
    editor.begin("launch", program="x.cfg", cwd=str(script.parent), events=["E_X"], stopOnEntry=True)
    editor.ask("configurationDone")
    stopped = editor.next("stopped")
    assert stopped["reason"] == "entry"
    (frame,) = editor.body("stackTrace", threadId=stopped["threadId"])["stackFrames"]
    assert (frame["name"], frame["line"]) == ("startup_route", 2)
    editor.ask("continue", threadId=stopped["threadId"])
    assert editor.next("exited") == {"exitCode": 0}


def test_without_debugging_nothing_stops(editor: Editor, script: Path) -> None:
    editor.begin("launch", program=str(script), events=["E_X"], noDebug=True, stopOnEntry=True)
    placed = editor.body("setBreakpoints", source={"path": str(script)}, breakpoints=[{"line": 3}])["breakpoints"]
    assert [each["verified"] for each in placed] == [False]
    assert editor.ask("setExceptionBreakpoints", filters=["errors"])["success"]
    editor.ask("configurationDone")
    assert editor.next("exited") == {"exitCode": 0}


def test_a_recording_is_replayed(editor: Editor, script: Path) -> None:
    recording = script.with_name("events.jsonl")
    recording.write_text("".join(f'{{"event": "E_X", "params": {{"ip": "{i}"}}}}\n' for i in range(9)))
    editor.begin("launch", program=str(script), cwd=str(script.parent), recording={"file": "events.jsonl", "limit": 5})
    asked = [{"line": 3, "condition": '$param(ip) == "3"'}]
    editor.body("setBreakpoints", source={"path": str(script)}, breakpoints=asked)
    editor.ask("configurationDone")
    editor.ask("continue", threadId=editor.next("stopped")["threadId"])
    assert editor.next("exited") == {"exitCode": 0}
    assert "5 events run, none failed" in editor.outputs()[-1]["output"]


def test_the_version_the_clock_and_chance_are_as_asked(editor: Editor, script: Path) -> None:
    script.write_text('event_route[E_X] { xlog("$Ts $(avp(n){s.int})\\n"); }\n')
    editor.begin("launch", program=str(script), events=["E_X"], server="4.0", clock=1_700_000_000, seed=1)
    editor.ask("configurationDone")
    assert editor.outputs()[0]["output"].startswith("1700000000 ")


def test_a_run_that_fails_ends_with_1(editor: Editor, script: Path) -> None:
    script.write_text("event_route[E_X] { sleep(60); }\n")
    editor.begin("launch", program=str(script), events=["E_X", "E_X"], timeout=0.5)
    editor.ask("configurationDone")
    assert editor.next("exited") == {"exitCode": 1}
    assert "timed out after 0.5 s" in editor.outputs()[-1]["output"]


def test_an_unknown_event_and_a_missing_recording_end_with_1(script: Path) -> None:
    for arguments in ({"events": ["E_Y"]}, {"recording": "none"}):
        with dap_editor.editor() as editor:
            editor.begin("launch", program=str(script), **arguments)
            editor.ask("configurationDone")
            assert editor.next("exited") == {"exitCode": 1}
            assert editor.outputs()[-1]["category"] == "stderr"


# -- its ends ---------------------------------------------------------------------------------------------------------


def stop(editor: Editor, script: Path, **arguments: Any) -> int:
    """Launch, and stop in line 3: the thread."""
    editor.begin("launch", program=str(script), events=["E_X ip=192.0.2.1"], **arguments)
    editor.body("setBreakpoints", source={"path": str(script)}, breakpoints=[{"line": 3}])
    editor.ask("configurationDone")
    return int(editor.next("stopped")["threadId"])


def test_terminate_ends_what_stands_still(editor: Editor, script: Path) -> None:
    stop(editor, script)
    assert editor.ask("terminate")["success"]
    assert editor.next("exited") == {"exitCode": 130}
    editor.next("terminated")
    assert editor.ask("disconnect")["success"]
    assert editor.process.wait(30) == 0


def test_restart_runs_it_again_with_the_same_breakpoints(editor: Editor, script: Path) -> None:
    thread = stop(editor, script)
    (before,) = editor.body("setBreakpoints", source={"path": str(script)}, breakpoints=[{"line": 2}])["breakpoints"]
    arguments = {"program": str(script), "events": ["E_X ip=192.0.2.2"]}
    assert editor.ask("restart", arguments=arguments)["success"]
    thread = editor.next("stopped")["threadId"]
    (frame,) = editor.body("stackTrace", threadId=thread)["stackFrames"]
    assert frame["line"] == 2
    assert editor.body("evaluate", expression="$param(ip)", frameId=frame["id"])["result"] == "192.0.2.2"
    (after,) = editor.body("setBreakpoints", source={"path": str(script)}, breakpoints=[{"line": 2}])["breakpoints"]
    assert after["id"] == before["id"]
    editor.ask("continue", threadId=thread)
    assert editor.next("exited") == {"exitCode": 0}
    assert "terminated" in [event["event"] for event in editor.events] or editor.next("terminated") == {}
    assert editor.ask("restart")["success"]  # also when it has ended
    editor.next("stopped")


def test_a_restart_that_fails_ends_it(editor: Editor, script: Path) -> None:
    stop(editor, script)
    script.write_text("event_route[E_X] {")
    response = editor.ask("restart")
    assert not response["success"]
    assert f"{script}:1:" in response["message"]
    editor.next("terminated")
    assert "could not be launched again" in editor.ask("configurationDone")["message"]
    assert editor.ask("disconnect")["success"]


def test_a_client_that_leaves_may_let_it_run_on(editor: Editor, script: Path) -> None:
    stop(editor, script)
    assert editor.ask("disconnect", terminateDebuggee=False)["success"]
    assert editor.process.wait(30) == 0
    assert any("n is 1" in event["body"].get("output", "") for event in editor.events)


def test_requests_out_of_order_are_refused(editor: Editor, script: Path) -> None:
    assert editor.ask("launch", program=str(script))["message"] == "initialize comes first"
    assert editor.ask("initialize")["body"]["supportsRestartRequest"]
    assert editor.ask("initialize")["message"] == "initialize comes once"
    for command in ("configurationDone", "setBreakpoints", "threads", "restart", "terminate", "nonsense"):
        assert "comes first" in editor.ask(command)["message"]
    assert editor.ask("launch", program=str(script))["success"]
    assert "already" in editor.ask("launch", program=str(script))["message"]
    assert not editor.ask("nonsense")["success"]
    assert editor.ask("configurationDone")["success"]
    assert editor.ask("configurationDone")["success"]
    editor.next("exited")
    assert editor.ask("disconnect")["success"]
    assert editor.process.wait(30) == 0


def test_what_is_no_message_is_answered_and_the_next_one_heard(editor: Editor) -> None:
    assert editor.process.stdin is not None
    for noise in (b"GET / HTTP/1.1\r\n", b"Content-Length: -4\r\n\r\n", b"Content-Length: 2\r\n\r\n[]"):
        editor.process.stdin.write(noise)
        editor.process.stdin.flush()
        answer = editor.stream.read()
        assert (answer["type"], answer["success"], answer["request_seq"]) == ("response", False, 0)
    assert editor.ask("initialize")["success"]
