"""The debugger of a real kernel, in the order in which JupyterLab asks."""

from __future__ import annotations

from typing import Any

from evroute_kernel.kernel.protocol.debugging import murmur2
from support.frontend import DEADLINE, Frontend

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
    """What the next event of a name says."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=DEADLINE)
        if message["msg_type"] == "debug_event" and message["content"]["event"] == name:
            return dict(message["content"]["body"])


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
