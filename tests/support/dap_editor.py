"""An editor that starts `evroute dap`, as far as it asks and hears."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from evroute_kernel.engine.dap.stream import Stream


class Editor:
    """A client of the protocol on a stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
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

    def begin(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Launch or attach: the response."""
        assert self.ask("initialize", adapterID="opensips")["success"]
        response = self.ask(command, **arguments)
        if response["success"]:
            self.next("initialized")
        return response

    def body(self, command: str, **arguments: Any) -> dict[str, Any]:
        """What a response holds, which must be a success."""
        response = self.ask(command, **arguments)
        assert response["success"], response
        return dict(response["body"])

    def outputs(self) -> list[dict[str, Any]]:
        """What was put out until the program had ended."""
        self.next("terminated")
        return [event["body"] for event in self.events if event["event"] == "output"]


class Starter(Editor):
    """One that has started the command."""

    def __init__(self) -> None:
        command = [Path(sys.executable).with_name("evroute"), "dap"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        super().__init__(Stream(cast(Any, self.process.stdout), cast(Any, self.process.stdin)))


@contextmanager
def editor() -> Iterator[Starter]:
    """One that is ended, with all that it has started."""
    started = Starter()
    try:
        yield started
    finally:
        process = started.process
        process.kill()
        process.wait(30)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
