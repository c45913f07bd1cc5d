"""What commands print for people, in colours where a terminal shows it.

`NO_COLOR` (https://no-color.org) turns colours off and `FORCE_COLOR` turns them on, in files and pipes too. Findings
have the colours that they have in notebooks; lines of the log those of the terminal's own theme, by their level.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from evroute_kernel.cli.output import Output
from evroute_kernel.errors import MOST_FINDINGS, Diagnostic, leading, more, parts, rendered

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import LogRecord, RunError

_PLAIN: Final = "\x1b[0m"
_RED: Final = "\x1b[31m"
_YELLOW: Final = "\x1b[33m"
_DIM: Final = "\x1b[2m"
_BOLD: Final = "\x1b[1m"
#: NOTICE, which a script logs at unless it says otherwise, has the terminal's own colour
_LEVELS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ALERT", "CRITICAL", "ERROR"), _RED),
    "WARNING": _YELLOW,
    "INFO": _DIM,
    "DBG": _DIM,
}
#: the runtime says what is typed in a notebook; here it is an option
_STUB: Final = re.compile(r"%stub (\w+ returns -?\d+)")
_OPTION: Final = r"--stub '\1'"


def paint(text: str, style: str, stream: TextIO | Output) -> None:
    """Write a text, in colour if the stream has any. The text itself cannot command a terminal, whatever it holds."""
    if style and text and isinstance(stream, Output) and stream.is_coloured:
        stream.command(style)
        stream.write(text)
        stream.command(_PLAIN)
    else:
        stream.write(text)


def print_findings(found: Sequence[Diagnostic]) -> None:
    """Findings on standard error, several lines for each; of many the first."""
    if not _is_coloured(sys.stderr):
        sys.stderr.write("".join(f"{text}\n" for text in rendered(found)))
        return
    from evroute_kernel.rendering import STYLES

    for finding in leading(found):
        for line in parts(finding).lines:
            for role, text in line:
                paint(text, STYLES[role] if role else "", sys.stderr)
            sys.stderr.write("\n")
    if len(found) > MOST_FINDINGS:
        sys.stderr.write(f"{more(len(found) - MOST_FINDINGS)}\n")


def print_errors(errors: Sequence[RunError]) -> None:
    """Why runs did not come to their end, on standard error, with tracebacks where the fault is ours."""
    if not _is_coloured(sys.stderr):
        from evroute_kernel.engine.results.runs import error_texts

        sys.stderr.write("".join(f"{text}\n" for text in error_texts(errors)))
        return
    print_findings([error.diagnostic for error in errors])
    for error in errors[:MOST_FINDINGS]:
        sys.stderr.write(f"{error.detail}\n" if error.detail else "")


def _is_coloured(stream: TextIO | Output) -> bool:
    return isinstance(stream, Output) and stream.is_coloured


def print_record(record: LogRecord, stream: TextIO) -> None:
    """A line of the log, or what the runtime remarks, with its place."""
    style = _LEVELS.get(record.level, "")
    if record.diagnostic:
        span = record.span
        paint(f"{span.source.name}:{span.line}:{span.column}: " if span else "", _BOLD, stream)
        paint(f"{record.level}:", style, stream)
        stream.write(f" {_STUB.sub(_OPTION, record.text)}\n")
    else:
        # the line end stays outside: a colour would go on to the edge of some terminals
        body = record.text.rstrip("\n")
        paint(body, "" if "\x1b" in body else style, stream)
        stream.write(record.text[len(body) :])
    stream.flush()
