"""How things look: values, log records as text, tables as HTML and text. How findings look is in `rendering`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.assist.pages import PREFORMATTED
from evroute_kernel.engine.results.visible import visible
from evroute_kernel.records import dataclass
from evroute_kernel.rendering import QUIET

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import LogRecord


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
    where = f"{record.span.source.name}:{record.span.line}:{record.span.column}: " if record.span else ""
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

#: rows that a table shows; the rest is counted
MOST_ROWS: Final = 200
#: characters of a cell that are seen at once, as text and in a page, and when it is opened there
WIDTH: Final = 300
CLOSED: Final = 100
OPENED: Final = 10_000
#: characters of a cell that may take several lines
_LONG: Final = 80
#: a word that would make a column wider than the page, were it not broken
_LONG_WORD: Final = re.compile(r"\S{41}")
_BROKEN: Final = "; overflow-wrap: anywhere; min-width: 16em"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, at most MOST_ROWS of them. Cells are anything printable; None is shown as nothing.

    Whatever the cells hold, the result is one line of text/plain for each row, and HTML without markup of theirs. Of
    long cells the beginning is seen; in a page they can be opened.
    """

    headings: Sequence[str]
    rows: Sequence[Any]
    #: what to say when there are no rows
    empty: str = "nothing to show"
    #: how rows can be seen that are not shown
    others: str = ""
    #: makes the cells of one of `rows`, where these are something else
    cells: Callable[[Any], Sequence[Any]] = tuple
    #: number of a column that holds script -> makes HTML of it
    looks: Mapping[int, Callable[[str], str]] = field(default_factory=dict)

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
        rows = [list(self.headings), *([beginning(cell) for cell in row] for row in shown)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.headings))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:], *filter(None, [self.left])])

    def _html(self, shown: Sequence[Sequence[str]]) -> str:
        head = _row("th", map(_shown, self.headings), {})
        body = "".join(_row("td", row, self.looks) for row in shown)
        table = f'<table style="{_TABLE}"><thead style="{_HEAD}">{head}</thead><tbody>{body}</tbody></table>'
        return table + (f"<div>{escape(self.left)}</div>" if self.left else "")


def _row(tag: str, cells: Iterable[str], looks: Mapping[int, Callable[[str], str]]) -> str:
    cells = tuple(cells)
    style = f"{_CELL}; vertical-align: top" if any(len(cell) > _LONG for cell in cells) else _CELL
    looked = ((_breaking(cell), looks.get(i, _opened)(cell)) for i, cell in enumerate(cells))
    return "<tr>" + "".join(f'<{tag} style="{style}{more}">{html}</{tag}>' for more, html in looked) + "</tr>"


def _breaking(text: str) -> str:
    return _BROKEN if _LONG_WORD.search(text) else ""


def _opened(text: str) -> str:
    """A cell in a page: of a long one the beginning, and all of it when it is opened."""
    if len(text) <= WIDTH:
        return escape(text)
    head, body = beginning(text, CLOSED), beginning(text, OPENED)
    return f"<details><summary>{escape(head)}</summary>{escape(body)}</details>"


def beginning(text: str, width: int = WIDTH) -> str:
    """So many characters of a text, and how many there are."""
    return text if len(text) <= width else f"{text[:width]}... ({len(text):,} characters)"


def _shown(cell: Any) -> str:
    return "" if cell is None else visible(str(cell))


def text_bundle(text: str) -> dict[str, str]:
    """Preformatted text as text/plain and text/html."""
    return {"text/plain": text, "text/html": f'<pre style="{PREFORMATTED}">{escape(text)}</pre>'}


def note_bundle(lines: Iterable[str]) -> dict[str, str]:
    """What the kernel remarks without being asked: in a display of its own, so that the log stays what it is."""
    text = "\n".join(lines)
    return {"text/plain": text, "text/html": f'<pre style="margin: 0; {PREFORMATTED}; {QUIET}">{escape(text)}</pre>'}
