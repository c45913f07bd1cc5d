"""Two logs side by side: a table, and for front ends without HTML columns of text.

Lines that differ are marked by a sign between the columns, and in the table by a tint that lets the colours of the page
through. Where many lines are alike only the first and last of them are shown, so that what differs is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Final, TypeAlias

from evroute_kernel.engine.comparing.alignment import Pair
from evroute_kernel.engine.results.visible import visible
from evroute_kernel.kernel.display.formats import MOST_ROWS, shown
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.engine.comparing.comparison import Comparison, Line

#: lines that are alike in a row, of which all are shown; of more the first and the last few
ALIKE: Final = 20
ENDS: Final = 3
#: characters of a column of text, at most
WIDTH: Final = 56
#: characters of a line that are shown
LONGEST: Final = 2000

_SIGNS: Final = {(True, True): "≠", (True, False): "<", (False, True): ">"}
_TABLE: Final = "border-collapse: collapse; table-layout: fixed; width: 100%; max-width: 90em"
_CELL: Final = (
    "text-align: left; vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere; padding: 0.15em 0.5em;"
    " font-family: var(--jp-code-font-family, monospace)"
)
_HEAD: Final = "text-align: left; padding: 0.15em 0.5em; border-bottom: 1px solid var(--jp-border-color2, currentColor)"
_SIGN: Final = "text-align: center; vertical-align: top; padding: 0.15em 0; font-weight: bold"
_NOTE: Final = "text-align: left; padding: 0.15em 0.5em; font-style: italic"
#: seen on white and on black, and text on it can be read in the colours of both
_TINT: Final = "background: rgba(224, 144, 0, 0.22)"


@dataclass(frozen=True, slots=True)
class Row:
    """A text of each version; None where it has none. `is_same` where nothing is to be marked."""

    old: str | None
    new: str | None
    is_same: bool

    @property
    def sign(self) -> str:
        return "" if self.is_same else _SIGNS[self.old is not None, self.new is not None]


#: what stands over both columns: how many lines are left out, a heading
Note: TypeAlias = str
Content: TypeAlias = "Row | Note"


def bundle(comparison: Comparison, here: str) -> dict[str, str]:
    """A comparison as text/plain and text/html; `here` is the version of the notebook."""
    heads = [f"{side.version} (this notebook)" if side.version == here else side.version for side in comparison.sides]
    rows, verdict = [*_rows(comparison)], comparison.verdict + _what_next(comparison)
    return {
        "text/plain": "\n".join([*_columns(heads, rows), verdict]),
        "text/html": _table(heads, rows) + f"<div>{_verdict(verdict)}</div>",
    }


def _what_next(comparison: Comparison) -> str:
    """Where the newer version alone refuses the definitions: what rewrites them for it."""
    old, new = comparison.sides
    is_old_text = bool(new.refused) and not old.refused
    return f" (%migrate --to {new.version} in a cell shows what is to be changed there)" if is_old_text else ""


def _rows(comparison: Comparison) -> Iterator[Content]:
    pairs, left = _folded(comparison.pairs), MOST_ROWS
    for content in pairs:
        if not left:
            yield f"... and more: {sum(1 for _ in pairs) + 1:,} rows"
            break
        left -= 1
        yield content
    shared = comparison.shared
    if shared:
        yield "afterwards"
    for name, (old, new) in list(shared.items())[:MOST_ROWS]:
        yield Row(f"$shv({name}) = {shown(old)}", f"$shv({name}) = {shown(new)}", is_same=False)


def _folded(pairs: Sequence[Pair[Line]]) -> Iterator[Content]:
    for is_same, group in groupby(pairs, key=lambda pair: pair.is_same):
        rows = [Row(_text(pair.old), _text(pair.new), is_same) for pair in group]
        if is_same and len(rows) > ALIKE:
            yield from rows[:ENDS]
            yield f"... {len(rows) - 2 * ENDS:,} lines are alike ..."
            yield from rows[-ENDS:]
        else:
            yield from rows


def _text(line: Line | None) -> str | None:
    """A line as it is shown; the level of a NOTICE, as xlog writes unless it is told otherwise, is not."""
    if line is None:
        return None
    level, text = line
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text):,} characters)"
    text = "\n".join(map(visible, text.split("\n")))
    return text if level in ("", "NOTICE") else f"{level}: {text}"


# -- HTML -------------------------------------------------------------------------------------------------------------


def _table(heads: Sequence[str], rows: Sequence[Content]) -> str:
    widths = '<colgroup><col><col style="width: 1.6em"><col></colgroup>'
    old, new = (f'<th style="{_HEAD}">{escape(head)}</th>' for head in heads)
    head = f'<thead><tr>{old}<th style="{_HEAD}"></th>{new}</tr></thead>'
    body = "".join(map(_html, rows)) or f'<tr><td colspan="3" style="{_NOTE}">nothing is logged</td></tr>'
    return f'<table style="{_TABLE}">{widths}{head}<tbody>{body}</tbody></table>'


def _html(content: Content) -> str:
    if isinstance(content, Note):
        return f'<tr><td colspan="3" style="{_NOTE}">{escape(content)}</td></tr>'
    old, new = (_cell(text, is_marked=not content.is_same) for text in (content.old, content.new))
    return f'<tr>{old}<td style="{_SIGN}">{escape(content.sign)}</td>{new}</tr>'


def _cell(text: str | None, *, is_marked: bool) -> str:
    tint = f"; {_TINT}" if is_marked and text is not None else ""
    return f'<td style="{_CELL}{tint}">{escape(text or "")}</td>'


def _verdict(verdict: str) -> str:
    word, colon, rest = verdict.partition(":")
    return f"<b>{escape(word)}</b>{escape(colon + rest)}"


# -- text -------------------------------------------------------------------------------------------------------------


def _columns(heads: Sequence[str], rows: Sequence[Content]) -> Iterator[str]:
    """The same as lines, in two columns."""
    left = [heads[0], *(line for row in rows if isinstance(row, Row) for line in _wrapped(row.old))]
    width = max(map(len, left))
    rule = "-" * width
    yield f"{heads[0]:<{width}}   {heads[1]}"
    yield f"{rule}   {'-' * max(len(heads[1]), width)}"
    if not rows:
        yield "nothing is logged"
    for row in rows:
        if isinstance(row, Note):
            yield row
            continue
        for number, (old, new) in enumerate(zip_longest(_wrapped(row.old), _wrapped(row.new), fillvalue="")):
            sign = row.sign if number == 0 else ""
            yield f"{old:<{width}} {sign:1} {new}".rstrip()


def _wrapped(text: str | None) -> list[str]:
    """The lines of a cell, none longer than a column."""
    return [] if text is None else [part for line in text.split("\n") for part in _parts(line)]


def _parts(line: str) -> Iterator[str]:
    """A line in parts that are no longer than a column, and end behind a blank where there is one."""
    while len(line) > WIDTH:
        end = line.rfind(" ", 0, WIDTH) + 1 or WIDTH
        yield line[:end]
        line = line[end:]
    yield line
