"""Log records as commands print them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.cli.colours import print_record

if TYPE_CHECKING:
    from evroute_kernel.engine.results.races import Outcome, RaceResult, RaceStep
    from evroute_kernel.engine.results.trace import Trace
    from evroute_kernel.engine.session.session import LogRecord
    from evroute_kernel.source import Span


#: control characters that JSON may hold as they are, and a terminal may not
_ESCAPED: Final = {code: f"\\u{code:04x}" for code in range(127, 160)}
#: and those that a line of text does not hold as they are
SHOWN: Final = {code: f"\\x{code:02x}" for code in [*range(10), *range(11, 32), *range(127, 160)]}


class Printer:
    """Prints records as they come, in the thread that brings them; a failure is kept for who asks with `check`."""

    def __init__(self, show: Callable[[LogRecord], None], failed: Event) -> None:
        """`failed` is set when a record cannot be printed; nothing is printed from then on."""
        self._show = show
        self._failed = failed
        self._fault: OSError | None = None

    def __call__(self, record: LogRecord, origin: object) -> None:
        if self._fault is None:
            try:
                self._show(record)
            except OSError as error:
                self._fault = error
                self._failed.set()

    @property
    def is_broken(self) -> bool:
        """Whether a record could not be printed."""
        return self._fault is not None

    def check(self) -> None:
        """Raise the OSError that printing has failed with, if it has."""
        if self._fault is not None:
            raise self._fault


def print_as_json(record: LogRecord) -> None:
    """One JSON object on a line of its own."""
    print(json.dumps(_plain(record), ensure_ascii=False).translate(_ESCAPED), flush=True)


def print_as_text(record: LogRecord) -> None:
    """What was logged: NOTICE and below on standard output, WARNING and worse on standard error."""
    print_record(record, sys.stdout if record.level in ("NOTICE", "INFO", "DBG") else sys.stderr)


def print_trace(trace: Trace, *, as_json: bool) -> None:
    """Each statement on a line: for people, or as JSON."""
    if as_json:
        print(trace.json_lines().translate(_ESCAPED), end="", flush=True)
    else:
        print(trace.text().translate(SHOWN), flush=True)


def print_race(result: RaceResult, *, as_json: bool) -> None:
    """What events come to that run at once: for people, or as one JSON object on a line of its own."""
    if as_json:
        print(json.dumps(_race(result), ensure_ascii=False).translate(_ESCAPED), flush=True)
    else:
        print(result.text().translate(SHOWN), flush=True)


def _race(result: RaceResult) -> dict[str, Any]:
    return {
        "race": result.events,
        "ok": result.ok,
        "verdict": result.verdict,
        "failures": result.failures,
        "orders": result.schedules,
        "steps": result.steps,
        "stopped": result.stopped,
        "strays": result.strays,
        "outcomes": [_outcome(outcome) for outcome in result.outcomes],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "is_race": outcome.is_race,
        "orders": outcome.schedules,
        "serial": outcome.serial,
        "failed": outcome.failed,
        "waits": outcome.waits,
        "logs": [[{"level": level, "text": text} for level, text in lines] for lines in outcome.logs],
        "state": dict(outcome.state),
        "steps": [_step(step) for step in outcome.steps],
    }


def _step(step: RaceStep) -> dict[str, Any]:
    plain: dict[str, Any] = {"event": step.event, "does": step.does, "text": step.text}
    return plain | (_place(step.span) if step.span else {})


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.source.name, "line": span.line, "column": span.column}


def _plain(record: LogRecord) -> dict[str, Any]:
    """A log record as JSON has it; `file`, `line` and `column` only where the record has a place."""
    plain = {
        "level": record.level,
        "text": record.text,
        "diagnostic": record.diagnostic,
        "event": record.event,
        "route": record.route,
        "process": record.process,
        "time": record.time,
    }
    if record.manner:
        plain["manner"] = record.manner
    if record.span:
        plain |= _place(record.span)
    return plain
