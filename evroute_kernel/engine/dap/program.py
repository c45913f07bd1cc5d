"""A script that is run to be debugged, from its text to the end of all that a launch configuration has it do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from evroute_kernel.engine.dap.adapter import Adapter
from evroute_kernel.engine.dap.files import ClientFiles
from evroute_kernel.engine.dap.launch import Launch
from evroute_kernel.engine.dap.requests import Arguments, Refused, given
from evroute_kernel.engine.replay.summary import details, headline
from evroute_kernel.engine.results.log import LogRecord
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.session import Session
from evroute_kernel.errors import Diagnostic, ScriptError, rendered
from evroute_kernel.source import Span

#: exit codes, as those of the command `evroute run`
OK: Final = 0
FAILED: Final = 1
ENDED: Final = 130
#: levels whose records `evroute run` prints on standard output
_QUIET: Final = ("NOTICE", "INFO", "DBG")


def output(category: str, text: str, span: Span | None = None) -> dict[str, Any]:
    """The body of an output event."""
    found = {"category": category, "output": text if text.endswith("\n") else f"{text}\n"}
    if span is None:
        return found
    return {**found, "line": span.line, "column": span.column, "source": ClientFiles().source(span.source)}


def told(record: LogRecord) -> dict[str, Any]:
    """A log record as the body of an output event."""
    text = f"{record.level}: {record.text}" if record.diagnostic else record.text
    return output("stdout" if record.level in _QUIET else "stderr", text, record.span)


class Program:
    """Its session has the script's routes from the beginning, so that breakpoints find their places; `start` runs."""

    def __init__(self, launch: Launch, publish: Callable[[dict[str, Any]], None]) -> None:
        """Raises Refused where the script has errors; those are told as output, with their places, too."""
        self._launch = launch
        self._publish = publish
        self._is_ended = False
        self._files = ClientFiles()
        self._runner = threading.Thread(target=self._run, name="evroute dap", daemon=True)
        try:
            self._session = Session(on_record=self._log, **launch.session)
        except ScriptError as error:
            raise Refused(error.render()) from None
        except ValueError as error:
            raise Refused(str(error)) from None
        self._adapter = Adapter(self._session, lambda message: self._publish(message), self._files)
        try:
            self._load()
        except BaseException:
            self._session.close()
            raise

    def _load(self) -> None:
        session, launch = self._session, self._launch
        session.settings["network"] = launch.network
        for rule in launch.stubs:
            session.stub(rule)
        try:
            unit = session.compile(launch.source, whole=True)
        except ScriptError as error:
            self._tell_findings("stderr", error.diagnostics)
            raise Refused(error.render()) from None
        self._tell_findings("console", unit.diagnostics)
        self._startup = session.define(unit)
        if launch.is_debugged:
            self._adapter.handle("initialize", {})
            if launch.stops_on_entry:
                self._adapter.stop_on_entry()

    def handle(self, command: str, arguments: Arguments) -> Any:
        """What the body of a response holds. Raises Refused."""
        if command == "setBreakpoints" and not self._launch.is_debugged:
            asked = given(arguments, "breakpoints", list, [])
            return {"breakpoints": [{"verified": False, "message": "noDebug: nothing stops"} for _ in asked]}
        if command == "setExceptionBreakpoints" and not self._launch.is_debugged:
            return {}
        return self._files.handle(self._adapter.handle, command, arguments)

    def start(self) -> None:
        """Run it, all that was asked for. Once."""
        if self._runner.ident is None:
            self._runner.start()

    def terminate(self) -> None:
        """End what runs, also what stands still; it tells its end as always."""
        self._is_ended = True
        self.start()
        self._session.interrupt()

    def leave(self) -> None:
        """Nobody debugs it any more: let it run to its end, and wait for that."""
        self._say("output", output("console", "not debugged any more"))
        self._adapter.close()
        if self._runner.ident is not None:
            self._runner.join()

    def close(self) -> None:
        """End all that runs, and tell nothing."""
        self._publish = lambda message: None
        self._is_ended = True
        self._adapter.close()
        self._session.close()
        if self._runner.ident is not None:
            self._runner.join()

    # -- events -------------------------------------------------------------------------------------------------------

    def _say(self, name: str, body: dict[str, Any]) -> None:
        self._publish({"type": "event", "seq": 0, "event": name, "body": body})

    def _log(self, record: LogRecord, origin: object) -> None:
        self._say("output", told(record))

    def _tell_findings(self, category: str, findings: Sequence[Diagnostic]) -> None:
        for finding, text in zip(findings, rendered(findings), strict=False):
            self._say("output", output(category, text, finding.span))

    # -- what it does -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """In a thread of its own."""
        try:
            is_well = all(self._steps())
        except ScriptError as error:
            self._tell_findings("stderr", error.diagnostics)
            is_well = False
        except (OSError, ValueError, RuntimeError) as error:
            self._say("output", output("stderr", f"error: {error}"))
            is_well = False
        self._say("exited", {"exitCode": ENDED if self._is_ended else OK if is_well else FAILED})
        self._say("terminated", {})

    def _steps(self) -> Iterator[bool]:
        """Do one thing after the other, as long as all goes well."""
        yield not self._is_ended
        started = self._startup().run
        yield started is None or self._is_well(started)
        for each in self._launch.raises:
            for number in range(each.count):
                run = self._session.raise_event(each.event, each.params, timeout=each.timeout)
                for remark in run.remarks if number == 0 else ():
                    self._say("output", output("console", f"{each.event}: {remark}"))
                yield self._is_well(run)
        if self._launch.recording is not None:
            yield self._replayed(*self._launch.recording)

    def _is_well(self, run: Run) -> bool:
        """Whether a run came to its end; if not it is told why."""
        for error in run.errors:
            self._say("output", output("stderr", error.render(), error.span))
        return not run.errors and not self._is_ended

    def _replayed(self, file: str, options: dict[str, Any]) -> bool:
        result = self._session.replay(file, **options)
        self._say("output", output("console", f"{file}: {headline(result)}"))
        for found in details(result):
            self._say("output", output("stderr", ": ".join(filter(None, found))))
        return result.ok
