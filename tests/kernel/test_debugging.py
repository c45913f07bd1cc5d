"""The debugger of a real kernel, in the order in which JupyterLab asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.kernel.protocol import debugged_cells
from evroute_kernel.kernel.protocol.debugged_cells import Cells, murmur2
from support.frontend import DEADLINE, SPIN, Frontend, all_gone, started, wait_until

CELL = """%log L_INFO
event_route[E_PIKE_BLOCKED] {
    $var(n) = 1;
    xlog("n is $var(n) of $param(ip)\\n");
}
%raise E_PIKE_BLOCKED ip=192.0.2.66
"""


def ask(kernel: Frontend, command: str, **arguments: Any) -> Any:
    content = {"type": "request", "seq": 7, "command": command, "arguments": arguments}
    reply = kernel.control("debug_request", content)
    assert reply["success"], reply
    return reply["body"]


def event(kernel: Frontend, name: str) -> dict[str, Any]:
    """What the next event of a name says; it may have come while a cell ran."""
    while True:
        message = kernel.others.pop(0) if kernel.others else kernel.client.get_iopub_msg(timeout=DEADLINE)
        if message["msg_type"] == "debug_event" and message["content"]["event"] == name:
            return dict(message["content"]["body"])


class Lab:
    """What a front end asks, of one kernel."""

    def __init__(self, kernel: Frontend) -> None:
        self.kernel = kernel
        ask(kernel, "initialize", clientID="jupyterlab")
        ask(kernel, "attach")

    def ask(self, command: str, **arguments: Any) -> Any:
        return ask(self.kernel, command, **arguments)

    def event(self, name: str) -> dict[str, Any]:
        return event(self.kernel, name)

    def set(self, cell: str, *lines: int | dict[str, Any]) -> list[dict[str, Any]]:
        """Breakpoints of a cell."""
        path = self.ask("dumpCell", code=cell)["sourcePath"]
        asked = [{"line": line} if isinstance(line, int) else line for line in lines]
        found = self.ask("setBreakpoints", source={"path": path}, breakpoints=asked)["breakpoints"]
        self.ask("configurationDone")
        return list(found)

    def stop(self) -> int:
        """The worker that stops next."""
        return int(self.event("stopped")["threadId"])

    def frames(self, thread: int) -> list[dict[str, Any]]:
        return list(self.ask("stackTrace", threadId=thread)["stackFrames"])

    def shown(self, thread: int, scope: int = 0) -> dict[str, str]:
        """The variables of the innermost block."""
        scopes = self.ask("scopes", frameId=self.frames(thread)[0]["id"])["scopes"]
        found = self.ask("variables", variablesReference=scopes[scope]["variablesReference"])["variables"]
        return {each["name"]: each["value"] for each in found}

    def value(self, thread: int, text: str, **more: Any) -> str:
        return str(self.ask("evaluate", expression=text, frameId=self.frames(thread)[0]["id"], **more)["result"])


@pytest.fixture
def lab(kernel: Frontend) -> Iterator[Lab]:
    yield Lab(kernel)
    kernel.control("debug_request", {"type": "request", "seq": 1, "command": "disconnect", "arguments": {}})


def test_paths_come_from_the_hash_that_front_ends_use() -> None:
    """Values of the reference implementation."""
    assert [murmur2(text, 0) for text in ("", "a", "abcd")] == [0, 0x92685F5E, 0x26873021]


def test_a_cell_is_debugged_as_lab_does(kernel: Frontend) -> None:
    assert ask(kernel, "debugInfo")["isStarted"] is False
    ask(kernel, "initialize", clientID="jupyterlab")
    ask(kernel, "attach")
    path = ask(kernel, "dumpCell", code=CELL)["sourcePath"]
    placed = ask(kernel, "setBreakpoints", source={"path": path}, breakpoints=[{"line": 4}])
    assert placed["breakpoints"][0]["verified"]
    ask(kernel, "configurationDone")
    info = ask(kernel, "debugInfo")
    assert (info["isStarted"], [each["source"] for each in info["breakpoints"]]) == (True, [path])
    request = kernel.execute(CELL)
    thread = event(kernel, "stopped")["threadId"]
    assert ask(kernel, "debugInfo")["stoppedThreads"] == [thread]
    (frame,) = ask(kernel, "stackTrace", threadId=thread)["stackFrames"]
    assert (frame["line"], frame["source"]["path"]) == (4, path)
    assert ask(kernel, "source", source={"path": path})["content"] == CELL
    assert ask(kernel, "evaluate", expression="$param(ip)", frameId=frame["id"])["result"] == "192.0.2.66"
    ask(kernel, "evaluate", expression="$var(n) = 5;", frameId=frame["id"])
    ask(kernel, "continue", threadId=thread)
    assert "n is 5 of 192.0.2.66" in str(kernel.gather(request))
    ask(kernel, "disconnect")
    assert ask(kernel, "debugInfo")["isStarted"] is False
    assert "n is 1" in str(kernel.run(CELL))


LOOP = """event_route[E_LOOP] {
    $var(i) = 0;
    while ($var(i) < 2000000000) {
        $var(i) += 1;
    }
}
"""
OTHER = 'event_route[E_OTHER] {\n    $shv(seen) += 1;\n    xlog("other\\n");\n}\n'


def test_texts_of_cells_are_kept_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debugged_cells, "KEPT", 100)
    cells = Cells()
    first = cells.path("first" * 8)
    cells.needed = {first}
    paths = [cells.path(f"{number}" * 40) for number in range(1, 9)]
    assert cells.text(first)
    assert [bool(cells.text(path)) for path in paths] == [False] * 7 + [True]


def test_a_cell_has_its_breakpoints_before_it_is_run(lab: Lab) -> None:
    """That on the line of the brace moves, and debugInfo says where to."""
    assert [each["verified"] for each in lab.set(CELL, 2, {"line": 4, "condition": "$var(n) =="})] == [True, False]
    request = lab.kernel.execute(CELL)
    thread = lab.stop()
    assert [frame["line"] for frame in lab.frames(thread)] == [3]
    (told,) = lab.ask("debugInfo")["breakpoints"]
    assert [each["line"] for each in told["breakpoints"]] == [3, 4]
    assert "message" in told["breakpoints"][1]
    lab.ask("continue", threadId=thread)
    assert lab.kernel.gather(request).status == "ok"


def test_a_breakpoint_is_set_while_its_route_runs_and_the_cell_is_interrupted(lab: Lab) -> None:
    assert lab.kernel.run(OTHER).status == "ok"
    lab.set(LOOP, {"line": 4, "hitCondition": "== 1"})
    cell = LOOP + "%config max_while_loops=2000000000\n%raise E_LOOP --timeout 0.5\n"
    lab.set(cell, {"line": 4, "hitCondition": "== 1"})
    request = lab.kernel.execute(cell)
    thread = lab.stop()
    lab.set(cell, {"line": 4, "condition": "$var(i) == 9"})
    lab.ask("continue", threadId=thread)
    assert lab.shown(lab.stop())["$var(i)"] == "9"
    # a run that stands still needs no time, answers questions, and is stopped
    assert "xlog" in lab.kernel.ask("complete_request", code="xlo", cursor_pos=3).reply["matches"]
    assert lab.value(thread, "$var(i) + 1", context="hover") == "10"
    lab.kernel.interrupt()
    assert lab.event("continued")["threadId"] == thread
    assert lab.kernel.gather(request).reply["ename"]
    assert "other" in str(lab.kernel.run("%raise E_OTHER"))


def test_pause_stops_what_runs_and_what_runs_next(lab: Lab) -> None:
    request = lab.kernel.spin()
    lab.ask("pause", threadId=1)
    thread = lab.stop()
    assert lab.shown(thread)["event"] == "E_SPIN"
    lab.kernel.interrupt()
    assert lab.kernel.gather(request).reply["ename"]
    lab.ask("pause", threadId=1)
    request = lab.kernel.execute(OTHER + "%raise E_OTHER")
    thread = lab.stop()
    assert lab.frames(thread)[0]["line"] == 2
    lab.ask("continue", threadId=thread)
    assert lab.kernel.gather(request).status == "ok"


def test_the_debugger_is_switched_on_while_a_route_runs(kernel: Frontend) -> None:
    request = kernel.spin()
    lab = Lab(kernel)
    lab.set(SPIN + "%raise E_SPIN", 6)
    thread = lab.stop()
    assert [frame["line"] for frame in lab.frames(thread)] == [6]
    lab.ask("disconnect")
    kernel.interrupt()
    assert kernel.gather(request).reply["ename"]


def test_variables_are_changed_and_errors_are_shown(lab: Lab) -> None:
    lab.set(CELL, 4)
    request = lab.kernel.execute(CELL)
    thread = lab.stop()
    frame = lab.frames(thread)[0]["id"]
    scope = lab.ask("scopes", frameId=frame)["scopes"][0]["variablesReference"]
    lab.ask("setVariable", variablesReference=scope, name="$var(n)", value="6 * 7")
    assert lab.shown(thread)["$var(n)"] == "42"
    assert lab.value(thread, "$var(n", context="repl").startswith("error: ")
    assert lab.ask("inspectVariables") == {"variables": []}
    lab.ask("continue", threadId=thread)
    assert "n is 42" in str(lab.kernel.gather(request))


def test_outside_of_a_stop_the_shared_variables_are_shown(lab: Lab) -> None:
    assert lab.kernel.run(OTHER + "%raise E_OTHER --count 3").status == "ok"
    shown = {each["name"]: each["value"] for each in lab.ask("inspectVariables")["variables"]}
    assert shown == {"$shv(seen)": "3"}


def test_the_next_run_is_shown_when_one_goes_on(lab: Lab) -> None:
    """JupyterLab knows of one thread that stands still, the last one."""
    cell = "event_route[E_TWO] {\n    $var(n) = $param(n);\n}\n%raise E_TWO n=1 --async\n%raise E_TWO n=2 --async\n"
    lab.set(cell, 2)
    request = lab.kernel.execute(cell)
    first, second = lab.stop(), lab.stop()
    assert {first, second} == {1, 2}
    assert lab.ask("debugInfo")["stoppedThreads"] == [1, 2]
    lab.ask("continue", threadId=second)
    assert lab.stop() == first
    lab.ask("next", threadId=first)
    assert lab.event("continued")["threadId"] == first
    assert lab.kernel.gather(request).status == "ok"


def test_diagnostics_stop_a_run_as_exceptions(lab: Lab) -> None:
    lab.ask("setExceptionBreakpoints", filters=["errors"])
    request = lab.kernel.execute('event_route[E_BAD] {\n    $var(x) = 1;\n    $var(x) += "a";\n}\n%raise E_BAD')
    stopped = lab.event("stopped")
    assert stopped["reason"] == "exception"
    assert "$var(x)" in stopped["text"]
    lab.ask("setExceptionBreakpoints", filters=[])
    lab.ask("continue", threadId=stopped["threadId"])
    assert lab.kernel.gather(request).status == "ok"


def test_a_logpoint_is_output(lab: Lab) -> None:
    lab.set(CELL, {"line": 4, "logMessage": "n={$var(n)}"})
    request = lab.kernel.execute(CELL)
    assert lab.event("output")["output"] == "n=1\n"
    assert lab.kernel.gather(request).status == "ok"


def test_disconnecting_and_resetting_lose_nothing(lab: Lab) -> None:
    lab.set(CELL, 4)
    request = lab.kernel.execute(CELL)
    lab.stop()
    lab.ask("disconnect")
    assert "n is 1" in str(lab.kernel.gather(request))
    lab.ask("initialize")
    lab.set(CELL, 4)
    assert lab.kernel.run("%reset").status == "ok"
    request = lab.kernel.execute(CELL)
    thread = lab.stop()
    lab.ask("continue", threadId=thread)
    assert "n is 1" in str(lab.kernel.gather(request))


def test_the_stop_button_works_while_an_expression_waits(lab: Lab) -> None:
    lab.set(CELL, 4)
    request = lab.kernel.execute(CELL)
    frame = lab.frames(lab.stop())[0]["id"]
    arguments = {"expression": "sleep(60);", "frameId": frame}
    content = {"type": "request", "seq": 9, "command": "evaluate", "arguments": arguments}
    client = lab.kernel.client
    client.control_channel.send(client.session.msg("debug_request", content))
    lab.kernel.interrupt()
    assert lab.kernel.gather(request).reply["ename"] == "Interrupted"
    refused = client.get_control_msg(timeout=DEADLINE)["content"]
    assert (refused["request_seq"], refused["success"]) == (9, False)
    assert "did not answer" not in refused["message"]


def test_a_reset_ends_what_stands_still(lab: Lab) -> None:
    cell = CELL.replace("192.0.2.66", "192.0.2.66 --detach")
    lab.set(cell, 4)
    assert lab.kernel.run(cell).status == "ok"
    thread = lab.stop()
    assert lab.kernel.run("%reset").status == "ok"
    assert lab.event("continued")["threadId"] == thread
    assert "other" in str(lab.kernel.run(OTHER + "%raise E_OTHER"))


def test_a_worker_that_is_killed_while_it_stands_still(lab: Lab) -> None:
    lab.set(CELL, 4)
    request = lab.kernel.execute(CELL)
    thread = lab.stop()
    frame = lab.frames(thread)[0]["id"]
    (worker,) = [p for p in lab.kernel.process.children(recursive=True) if p.pid == int(lab.value(thread, "$pp"))]
    worker.kill()
    assert lab.event("continued")["threadId"] == thread
    assert lab.kernel.gather(request).reply["ename"] == "RouteFailed"
    refused = lab.kernel.control(
        "debug_request",
        {"type": "request", "seq": 1, "command": "scopes", "arguments": {"frameId": frame}},
    )
    assert (refused["success"], refused["body"]["scopes"]) == (False, [])


def test_what_stands_still_goes_on_when_nobody_asks_for_anything(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "evroute_kernel", "-f", "{connection_file}", "--EvrouteKernel.debug_grace=0.5"]
    with started(tmp_path, argv=argv) as kernel:
        lab = Lab(kernel)
        lab.set(CELL, 4)
        request = kernel.execute(CELL)
        thread = lab.stop()
        assert lab.event("continued")["threadId"] == thread
        assert "n is 1" in str(kernel.gather(request))
        assert lab.ask("debugInfo")["isStarted"] is False


def test_a_kernel_is_restarted_while_a_run_stands_still(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        lab = Lab(kernel)
        lab.set(CELL, 4)
        kernel.execute(CELL)
        lab.stop()
        before = kernel.process.children(recursive=True)
        kernel.manager.restart_kernel(now=False)
        kernel.client.wait_for_ready(timeout=DEADLINE)
        wait_until(lambda: all_gone(before))
        again = Lab(kernel)
        again.set(CELL, 4)
        request = kernel.execute(CELL)
        again.ask("continue", threadId=again.stop())
        assert "n is 1" in str(kernel.gather(request))
