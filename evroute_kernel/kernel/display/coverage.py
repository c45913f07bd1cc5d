"""What was run of texts: each with its lines marked, and a table of them where there are several.

A mark is a sign, so that colours are not needed: `+` run, `-` not run, `~` run, though not on all ways from there. In
a page lines have a tint as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from evroute_kernel.assist.pages import PREFORMATTED
from evroute_kernel.kernel.display.formats import Table, beginning, harmless

if TYPE_CHECKING:
    from evroute_kernel.engine.results.coverage import Covered

LEGEND: Final = "+ run; - not run; ~ run, but not on all ways from there"
#: how lines with a mark look: tints that let the colours of the page through, for light and dark themes alike
TINTS: Final = {
    "+": "background: rgba(46, 160, 67, 0.16)",
    "-": "background: rgba(218, 54, 51, 0.24)",
    "~": "background: rgba(224, 144, 0, 0.22)",
}
#: lines that are shown of all texts together, and texts that stand open in a page
SHOWN: Final = 1000
OPEN: Final = 3


def bundle(texts: Sequence[Covered], empty: str) -> dict[str, str]:
    """As text/plain and text/html; `empty` is said where there is nothing."""
    if not texts:
        return {"text/plain": empty, "text/html": f"<em>{escape(empty)}</em>"}
    table = _table(texts).bundle() if len(texts) > 1 else {}
    plain, html = [table["text/plain"] + "\n\n"] if table else [], [table["text/html"]] if table else []
    left = SHOWN
    for number, covered in enumerate(texts):
        lines = list(_lines(covered, left))
        left -= len(lines)
        if lines:
            plain.append("\n".join([_headline(covered), *lines]) + "\n")
            html.append(_section(covered, lines, is_open=number < OPEN))
    plain.append(LEGEND)
    return {"text/plain": "".join(plain), "text/html": f"{''.join(html)}<div>{LEGEND}</div>"}


def _counts(covered: Covered) -> tuple[str, str, str]:
    """Lines, ways, and the share of both."""
    ways = [(line, end) for line, ends in covered.branches.items() for end in ends]
    lines = f"{len(covered.executed)} of {len(covered.statements)}"
    return lines, f"{sum(way in covered.taken for way in ways)} of {len(ways)}", f"{int(100 * covered.share)} %"


def _table(texts: Sequence[Covered]) -> Table:
    return Table(("text", "lines", "ways", "run"), [(text.source.name, *_counts(text)) for text in texts])


def _headline(covered: Covered) -> str:
    """How much of a text was run."""
    lines, ways, share = _counts(covered)
    return f"{covered.source.name}: {lines} lines{f', {ways} ways' if covered.branches else ''} ({share})"


def _lines(covered: Covered, most: int) -> Iterator[str]:
    """A text, each line with its mark, and what it never did; of one that is longer than `most`, its beginning."""
    source, partial = covered.source, covered.partial
    count = len(source.line_starts) - (not source.line(len(source.line_starts)))
    width = len(str(count))
    for number in range(1, min(count, most) + 1):
        text = f"{_mark(covered, number)} {number:{width}}  {harmless(beginning(source.shown_line(number)))}".rstrip()
        never = ", ".join(covered.never(number, end) for end in partial.get(number, ()))
        yield f"{text}    <- {never}" if never else text
    if count > most > 0:
        yield f"... {count - most} more lines"


def _section(covered: Covered, lines: Sequence[str], *, is_open: bool) -> str:
    body = "".join(map(_html, lines))
    head = f"<summary>{escape(_headline(covered))}</summary>"
    return f'<details{" open" * is_open}>{head}<pre style="line-height: 1.3; {PREFORMATTED}">{body}</pre></details>'


def _html(line: str) -> str:
    """A line with the tint of its mark, which reaches to its end."""
    return f'<span style="display: block; {TINTS.get(line[:1], "")}">{escape(line) or " "}</span>'


def _mark(covered: Covered, line: int) -> str:
    if line not in covered.statements:
        return " "
    if line not in covered.executed:
        return "-"
    return "~" if line in covered.partial else "+"
