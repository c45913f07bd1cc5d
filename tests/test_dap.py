"""`evroute dap` as editors start it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from evroute_kernel.engine.dap.stream import Stream

SCRIPT = 'event_route[E_X] {\n    $var(n) = 1;\n    xlog("n is $var(n) of $param(ip)\\n");\n}\n'


class Editor:
    """What starts the command."""

    def __init__(self) -> None:
        command = [Path(sys.executable).with_name("evroute"), "dap"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stream = Stream(cast(Any, self.process.stdout), cast(Any, self.process.stdin))
        self.numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.stream.write({"type": "request", "seq": number, "command": command, "arguments": arguments})
        while (message := self.stream.read())["type"] == "event":
            self.events.append(message)
        assert (message["request_seq"], message["command"]) == (number, command)
        return dict(message)

    def next(self, name: str) -> dict[str, Any]:
        for event in self.events:
            if event["event"] == name:
                self.events.remove(event)
                return dict(event["body"])
        while (message := self.stream.read())["event"] != name:
            self.events.append(message)
        return dict(message["body"])


@pytest.fixture
def editor() -> Iterator[Editor]:
    started = Editor()
    yield started
    process = started.process
    process.kill()
    process.wait(30)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def test_a_script_is_launched_and_stops(editor: Editor, tmp_path: Path) -> None:
    script = tmp_path / "x.cfg"
    script.write_text(SCRIPT)
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


def test_a_client_that_vanishes_while_it_is_stopped_leaves_nothing(editor: Editor, tmp_path: Path) -> None:
    script = tmp_path / "x.cfg"
    script.write_text(SCRIPT)
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
