"""What was run of texts: each with its lines marked.

A mark is a sign, so that colours are not needed: `+` run, `-` not run, `~` run, though not on all ways from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from evroute_kernel.kernel.display.formats import harmless

if TYPE_CHECKING:
    from evroute_kernel.engine.results.coverage import Covered

NOTHING: Final = "nothing was run\n"
#: lines of a text that are shown
SHOWN: Final = 1000


def bundle(texts: Sequence[Covered]) -> dict[str, str]:
    """As text/plain and text/html."""
    plain = "\n".join(map(_plain, texts)) or NOTHING
    return {"text/plain": plain, "text/html": f"<pre>{escape(plain)}</pre>"}


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
