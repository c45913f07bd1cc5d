"""What was run of texts: each with its lines marked.

A mark is a sign, so that colours are not needed: `+` run, `-` not run, `~` run, though not on all ways from there. In
a page lines have a tint as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from evroute_kernel.assist.pages import PREFORMATTED
from evroute_kernel.kernel.display.formats import harmless

if TYPE_CHECKING:
    from evroute_kernel.engine.results.coverage import Covered

NOTHING: Final = "nothing was run\n"
#: how lines with a mark look: tints that let the colours of the page through, for light and dark themes alike
_TINTS: Final = {
    "+": "background: rgba(46, 160, 67, 0.16)",
    "-": "background: rgba(218, 54, 51, 0.24)",
    "~": "background: rgba(224, 144, 0, 0.22)",
}
#: lines of a text that are shown
SHOWN: Final = 1000


def bundle(texts: Sequence[Covered]) -> dict[str, str]:
    """As text/plain and text/html."""
    plain = "\n".join(map(_plain, texts)) or NOTHING
    lines = "".join(map(_html, plain.rstrip("\n").split("\n")))
    return {"text/plain": plain, "text/html": f'<pre style="line-height: 1.3; {PREFORMATTED}">{lines}</pre>'}


def headline(covered: Covered) -> str:
    """How much of a text was run."""
    ways = [(line, end) for line, ends in covered.branches.items() for end in ends]
    parts = f"{len(covered.executed)} of {len(covered.statements)} lines"
    if ways:
        parts += f", {sum(way in covered.taken for way in ways)} of {len(ways)} ways"
    return f"{covered.source.name}: {parts} ({int(100 * covered.share)} %)"


def _plain(covered: Covered) -> str:
    source, partial = covered.source, covered.partial
    count = len(source.line_starts) - (not source.line(len(source.line_starts)))
    width = len(str(count))
    lines = [headline(covered)]
    for number in range(1, min(count, SHOWN) + 1):
        text = f"{_mark(covered, number)} {number:{width}}  {harmless(source.shown_line(number))}".rstrip()
        lines.append(text + _never(partial.get(number, ())))
    if count > SHOWN:
        lines.append(f"... {count - SHOWN} more lines")
    return "\n".join(lines) + "\n"


def _html(line: str) -> str:
    """A line with the tint of its mark, which reaches to its end."""
    return f'<span style="display: block; {_TINTS.get(line[:1], "")}">{escape(line) or " "}</span>'


def _mark(covered: Covered, line: int) -> str:
    if line not in covered.statements:
        return " "
    if line not in covered.executed:
        return "-"
    return "~" if line in covered.partial else "+"


def _never(ends: Sequence[int]) -> str:
    """Where a line never went on to."""
    if not ends:
        return ""
    return "    <- never to " + ", ".join(f"line {end}" if end > 0 else "the end" for end in ends)
