"""How things look: coloured diagnostics for the `error` message, log records as text, tables as HTML and text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.assist.pages import PREFORMATTED
from evroute_kernel.errors import MOST_FINDINGS, Diagnostic, excerpt, leading, more, shortened
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import LogRecord

# Front ends put errors on a background of their own, on which no colour can be read in light and dark themes alike. So
# only names of severities have one; places, carets and all else that stands out are bold, and of the text's colour.
BOLD: Final = "\x1b[1m"
RED: Final = "\x1b[1;31m"
YELLOW: Final = "\x1b[1;33m"
CYAN: Final = "\x1b[1;36m"
DIM: Final = "\x1b[2m"
PLAIN: Final = "\x1b[0m"

_COLOURS: Final = {"error": RED, "warning": YELLOW, "info": CYAN}


def coloured(text: str, colour: str) -> str:
    return f"{colour}{text}{PLAIN}"


def place(span: Span) -> str:
    """`Cell In[3], line 4, column 9`; a file as `/path/x.cfg:4:9`, which front ends turn into a link."""
    name = span.source.name
    if name.startswith("In["):
        return f"Cell {name}, line {span.line}, column {span.column}"
    return f"{name}:{span.line}:{span.column}"


def traceback(name: str, message: str, diagnostics: Sequence[Diagnostic]) -> list[str]:
    """The lines of an `error` message: name and message, then each finding with its place, excerpt and hint."""
    lines = [coloured(f"{name}: ", RED) + shortened(message)]
    for diagnostic in leading(diagnostics):
        lines += described(diagnostic, title=len(diagnostics) > 1 or diagnostic.message != message)
    if len(diagnostics) > MOST_FINDINGS:
        lines.append(more(len(diagnostics) - MOST_FINDINGS))
    return lines


def described(diagnostic: Diagnostic, title: bool = True) -> list[str]:
    """One finding, coloured: place, what is wrong, the line with carets, what to do."""
    lines = []
    if diagnostic.span is not None:
        lines.append(coloured(place(diagnostic.span), BOLD))
    if title:
        lines.append(
            coloured(f"{diagnostic.severity}: ", _COLOURS[diagnostic.severity]) + shortened(diagnostic.message)
        )
    if diagnostic.span is not None:
        part = excerpt(diagnostic.span)
        lines.append(coloured(part.gutter, DIM) + part.text)
        lines.append(coloured(part.margin, DIM) + part.indent + coloured(part.carets, BOLD))
    if diagnostic.hint:
        lines.append(coloured("  hint: ", BOLD) + shortened(diagnostic.hint))
    return lines


def shown(value: int | str | None) -> str:
    """A value as `Out[n]` shows it: text in quotes, so that "42" and 42 are told apart; null as scripts print it."""
    if value is None:
        return "<null>"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)


#: what a front end that is a terminal would obey; colours, line ends and tabs may pass
_COMMANDS: Final = re.compile("(?!\x1b\\[[0-9;]*m)[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """Text of whoever sent an event, for a stream: `jupyter console` hands it to a terminal, which would obey it.

    Control characters are shown as a script writes them, but line ends, tabs and colours.
    """
    return _COMMANDS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


# -- log records ----------------------------------------------------------------------------------------------------


def plain_record(record: LogRecord) -> str:
    """What the script printed, and nothing else; what the runtime itself says gets its level, place and a line."""
    text = harmless(record.text)
    node = f"[{record.node}] " if record.node else ""
    if not record.diagnostic:
        return node + text if text else text
    where = f"{record.span.source.name}:{record.span.line}: " if record.span else ""
    return f"{node}{record.level}: {where}{text.rstrip()}\n"


def full_record(record: LogRecord) -> str:
    """A record as a server writes it: time, process and level before the text; always a line of its own."""
    moment = datetime.fromtimestamp(record.time).strftime("%H:%M:%S.%f")[:-3]
    process = f"{record.node} {record.process}" if record.node else record.process
    return f"{moment} [{process}] {record.level}: {harmless(record.text).rstrip()}\n"


#: %log format=NAME -> how it shows a record
FORMATS: Final[Mapping[str, Callable[[LogRecord], str]]] = {"plain": plain_record, "full": full_record}


# -- tables ---------------------------------------------------------------------------------------------------------

# Text and background are those of the page, so that a table fits every theme; the line is JupyterLab's, or where there
# is no JupyterLab (an exported page) of the text's colour. What the cells inherit is said once: tables can be long.
_TABLE: Final = "border-collapse: collapse; white-space: pre-wrap"
_HEAD: Final = "border-bottom: 1px solid var(--jp-border-color2, currentColor)"
_CELL: Final = "text-align: left"

#: control characters, which would break lines and columns, or command a terminal -> how a script writes them
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]} | {
    ord(character): repr(character)[1:-1] for character in "\n\r\t"
}


#: rows that a table shows; the rest is counted
MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, at most MOST_ROWS of them. Cells are anything printable; None is shown as nothing.

    Whatever the cells hold, the result is one line of text/plain for each row, and HTML without markup of theirs.
    """

    headings: Sequence[str]
    rows: Sequence[Any]
    #: what to say when there are no rows
    empty: str = "nothing to show"
    #: how rows can be seen that are not shown
    others: str = ""
    #: makes the cells of one of `rows`, where these are something else
    cells: Callable[[Any], Sequence[Any]] = tuple

    def bundle(self) -> dict[str, str]:
        """The table as text/plain and text/html."""
        if not self.rows:
            return {"text/plain": self.empty, "text/html": f"<em>{escape(self.empty)}</em>"}
        rows = [[_shown(cell) for cell in self.cells(row)] for row in self.rows[:MOST_ROWS]]
        return {"text/plain": self._text(rows), "text/html": self._html(rows)}

    @property
    def left(self) -> str:
        """How many rows are not shown; nothing when all are."""
        left = len(self.rows) - MOST_ROWS
        return f"... and {left:,} more{self.others and f'; {self.others}'}" if left > 0 else ""

    def _text(self, shown: Sequence[Sequence[str]]) -> str:
        rows = [list(self.headings), *shown]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.headings))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:], *filter(None, [self.left])])

    def _html(self, shown: Sequence[Sequence[str]]) -> str:
        head = _row("th", map(_shown, self.headings))
        body = "".join(_row("td", row) for row in shown)
        table = f'<table style="{_TABLE}"><thead style="{_HEAD}">{head}</thead><tbody>{body}</tbody></table>'
        return table + (f"<div>{escape(self.left)}</div>" if self.left else "")


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{escape(c)}</{tag}>' for c in cells) + "</tr>"


def _shown(cell: Any) -> str:
    return "" if cell is None else visible(str(cell))


def visible(text: str) -> str:
    """Text on one line: control characters as a script writes them."""
    return text.translate(_CONTROLS)


#: grey that can be read on light and dark pages
_QUIET: Final = "margin: 0; color: var(--jp-content-font-color2, #767676)"


def text_bundle(text: str) -> dict[str, str]:
    """Preformatted text as text/plain and text/html."""
    return {"text/plain": text, "text/html": f'<pre style="{PREFORMATTED}">{escape(text)}</pre>'}


def note_bundle(lines: Iterable[str]) -> dict[str, str]:
    """What the kernel remarks without being asked: in a display of its own, so that the log stays what it is."""
    text = "\n".join(lines)
    return {"text/plain": text, "text/html": f'<pre style="{PREFORMATTED}; {_QUIET}">{escape(text)}</pre>'}
