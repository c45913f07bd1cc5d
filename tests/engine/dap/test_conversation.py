"""A conversation goes on whatever becomes of one request."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from evroute_kernel.engine.dap.conversation import Conversation, Publish
from evroute_kernel.engine.dap.requests import Arguments
from evroute_kernel.engine.dap.stream import Stream


class Broken:
    """What is debugged, and fails at everything."""

    def __init__(self, arguments: Arguments, client: Arguments, publish: Publish) -> None:
        self.ends: list[str] = []

    def begin(self) -> None:
        pass

    def pass_on(self, message: Any) -> bool:
        return False

    def handle(self, command: str, arguments: Arguments) -> Any:
        raise ZeroDivisionError(command)

    def end(self, arguments: Arguments) -> None:
        self.ends.append("end")

    def vanish(self) -> None:
        self.ends.append("vanish")


def hold(*commands: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The responses, and how it ended."""
    requests = [json.dumps({"seq": i, "command": command}).encode() for i, command in enumerate(commands, 1)]
    data = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(each), each) for each in requests)
    broken, written = Broken({}, {}, lambda message: None), io.BytesIO()
    ways = {"attach": lambda *_: broken}
    Conversation(Stream(io.BytesIO(data), written), ways).hold()
    reading = Stream(io.BytesIO(written.getvalue()), io.BytesIO())
    return list(iter(reading.read, None)), broken.ends


def test_what_fails_is_told_and_the_next_request_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    responses, ends = hold("initialize", "attach", "threads", "scopes", "disconnect", "threads")
    assert [each["success"] for each in responses] == [True, True, False, False, True]
    assert [each["seq"] for each in responses] == [1, 2, 3, 4, 5]
    assert responses[2]["message"] == "threads has failed, and that is our fault: ZeroDivisionError('threads')"
    assert "ZeroDivisionError: scopes" in capsys.readouterr().err
    assert ends == ["end"]


def test_one_that_ends_without_a_word_has_vanished() -> None:
    assert hold("initialize", "attach")[1] == ["vanish"]
