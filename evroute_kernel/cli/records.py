"""Log records as commands print them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evroute_kernel.engine.session import LogRecord


def print_as_json(record: LogRecord) -> None:
    """One JSON object on a line of its own."""
    print(json.dumps(_plain(record), ensure_ascii=False), flush=True)


def print_as_text(record: LogRecord) -> None:
    """What was logged: NOTICE and below on standard output, WARNING and worse on standard error."""
    stream = sys.stdout if record.level in ("NOTICE", "INFO", "DBG") else sys.stderr
    if record.diagnostic:
        print(f"{_place(record)}{record.level}: {record.text}", file=stream, flush=True)
    else:
        print(record.text, end="", file=stream, flush=True)


def _place(record: LogRecord) -> str:
    return f"{record.span.source.name}:{record.span.line}:{record.span.column}: " if record.span else ""


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
    if record.span:
        plain |= {"file": record.span.source.name, "line": record.span.line, "column": record.span.column}
    return plain
