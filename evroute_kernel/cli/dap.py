"""evroute dap: the debugger of a script for editors, which speak the Debug Adapter Protocol with it over stdio."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from evroute_kernel.cli.files import read, source_of
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, UsageError
from evroute_kernel.errors import ScriptError
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.dap.adapter import Adapter
    from evroute_kernel.engine.dap.stream import Stream
    from evroute_kernel.engine.session.session import LogRecord, Session


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Debug a script from an editor: it starts this command and speaks the Debug Adapter Protocol with it. Its "
        'launch configuration names the "program" (a script) and the "events" to raise, each as behind %%raise.'
    )
    parser.set_defaults(command=serve)


def serve(options: argparse.Namespace) -> int:
    """The command."""
    from evroute_kernel.engine.dap.stream import Stream, StreamError

    conversation = Conversation(Stream(sys.stdin.buffer, _taken_output()))
    try:
        conversation.hold()
    except StreamError as error:
        raise UsageError(f"error: {error}") from None
    finally:
        conversation.close()
    return EXIT_OK


def _taken_output() -> BinaryIO:
    """Standard output, for the protocol alone: whatever else is printed goes to standard error."""
    taken = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return taken


class Conversation:
    """One client, from its first request to the end of its stream. Nothing that it has begun outlives it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._session: Session | None = None
        self._adapter: Adapter | None = None
        self._launch: dict[str, Any] = {}
        self._runner: threading.Thread | None = None

    def hold(self) -> None:
        """Answer requests until there are no more. Raises StreamError."""
        while (message := self._stream.read()) is not None:
            command = message.get("command") if isinstance(message, dict) else None
            self._stream.write(self._answer(command, message))
            if command == "launch" and self._launch:
                self._event("initialized")
            elif command == "configurationDone" and self._launch and self._runner is None:
                self._runner = threading.Thread(target=self._run, name="evroute dap", daemon=True)
                self._runner.start()
            elif command == "disconnect":
                return

    def close(self) -> None:
        """End all that runs."""
        if self._adapter is not None:
            self._adapter.close()
        if self._session is not None:
            self._session.close()

    def _answer(self, command: Any, message: Any) -> dict[str, Any]:
        from evroute_kernel.engine.dap.adapter import Adapter
        from evroute_kernel.engine.session.session import Session

        if self._session is None or self._adapter is None:
            self._session = Session(on_record=self._log)
            self._adapter = Adapter(self._session, self._stream.write)
        if command != "launch":
            return self._adapter.request(message)
        arguments = message.get("arguments")
        reply = {"type": "response", "seq": 0, "request_seq": message.get("seq", 0), "command": command}
        if not isinstance(arguments, dict) or not isinstance(arguments.get("program"), str):
            said = 'launch wants a "program": the path of a script'
            return {**reply, "success": False, "message": said, "body": {"error": {"id": 1, "format": said}}}
        self._launch = arguments
        return {**reply, "success": True, "body": {}}

    def _event(self, name: str, **body: Any) -> None:
        self._stream.write({"type": "event", "seq": 0, "event": name, "body": body})

    def _log(self, record: LogRecord, origin: object) -> None:
        self._event("output", category="stdout", output=f"{record.level}: {record.text.rstrip()}\n")

    # -- what is debugged ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        code = EXIT_OK
        try:
            self._raise_all()
        except (ScriptError, UsageError) as error:
            words = error.render() if isinstance(error, ScriptError) else str(error)
            self._event("output", category="stderr", output=f"{words}\n")
            code = EXIT_FINDINGS
        self._event("exited", exitCode=code)
        self._event("terminated")

    def _raise_all(self) -> None:
        from evroute_kernel.engine.events.raise_line import parse_raise, with_samples
        from evroute_kernel.library import table

        session, program, events = self._session, self._launch["program"], self._launch.get("events", [])
        if session is None:
            return
        session.load(source_of(program, read(program)))
        for text in events if isinstance(events, list) else [events]:
            request = parse_raise(str(text), Source("events", str(text)))
            params = with_samples(request, table.of(session.version))
            for _ in range(request.count):
                for error in session.raise_event(request.event, params).errors:
                    self._event("output", category="stderr", output=f"{error.message}\n")
