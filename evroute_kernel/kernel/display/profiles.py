"""What lines took: a table of those that took longest, and their source.

How much a line took is a number beside it; in a page it has a tint as well, the stronger the more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from evroute_kernel.assist.pages import PREFORMATTED
from evroute_kernel.kernel.display.formats import Table, beginning, harmless

if TYPE_CHECKING:
    from evroute_kernel.engine.results.profile import LineProfile
    from evroute_kernel.source import Source

#: share of all from which on -> a tint that lets the colours of the page through, for light and dark themes alike
TINTS: Final = {
    0.25: "background: rgba(224, 144, 0, 0.34)",
    0.05: "background: rgba(224, 144, 0, 0.20)",
    0.01: "background: rgba(224, 144, 0, 0.10)",
}
#: texts that stand open in a page
OPEN: Final = 3


def bundle(lines: Sequence[LineProfile], empty: str) -> dict[str, str]:
    """As text/plain and text/html; `empty` is said where there is nothing."""
    from evroute_kernel.engine.results.profile import HEADINGS, RANKED, SHOWN, annotated, as_text, by_source

    if not lines:
        return {"text/plain": empty, "text/html": f"<em>{escape(empty)}</em>"}
    rows = [(*line.cells(), f"{line.file}:{line.line}", line.text) for line in lines[:RANKED]]
    table = Table((*HEADINGS, "line", "statement"), rows).bundle()["text/html"]
    sections, left = [], SHOWN
    for number, (source, own) in enumerate(by_source(lines).items()):
        if left > 0:
            shown = list(annotated(source, own, left))
            left -= len(shown)
            sections.append(_section(source, own, shown, is_open=number < OPEN))
    return {
        "text/plain": harmless("\n".join(map(beginning, as_text(lines).split("\n")))),
        "text/html": table + "".join(sections),
    }


def _section(
    source: Source, lines: dict[int, LineProfile], shown: Iterable[tuple[LineProfile | None, str]], *, is_open: bool
) -> str:
    from evroute_kernel.engine.results.times import shown_time

    taken = shown_time(sum(line.seconds for line in lines.values()))
    body = "".join(_line(line, text) for line, text in shown)
    head = f"<summary>{escape(source.name)}: {taken}</summary>"
    return f'<details{" open" * is_open}>{head}<pre style="line-height: 1.3; {PREFORMATTED}">{body}</pre></details>'


def _line(line: LineProfile | None, text: str) -> str:
    share = line.share if line else 0.0
    tint = next((tint for least, tint in TINTS.items() if share >= least), "")
    return f'<span style="display: block; {tint}">{escape(harmless(beginning(text))) or " "}</span>'
