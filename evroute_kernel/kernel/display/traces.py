"""A trace as a table: each statement with its line, moved to the right by the depth of its block, and its effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.display.sources import in_colour

if TYPE_CHECKING:
    from evroute_kernel.engine.results.trace import Trace

#: statements that are shown; of more the middle is left out
SHOWN: Final = 100

Row = tuple[object, ...]


def bundle(trace: Trace, empty: str) -> dict[str, str]:
    """A trace as text/plain and text/html; `empty` is said where there is nothing."""
    several = len({step.process for step in trace}) > 1
    headings = [*(["worker"] if several else []), "line", "statement", "what came of it"]
    looks = {headings.index("statement"): _statement}
    return Table(headings, list(_rows(trace, several)), empty, looks=looks).bundle()


def _statement(text: str) -> str:
    """In a page. Its indent is a margin: front ends, and nbconvert, make one blank of several."""
    depth = len(text) - len(text.lstrip())
    return f'<div style="margin-left: {depth}ch">{in_colour(text.lstrip())}</div>'


def _rows(trace: Trace, several: bool) -> Iterator[Row]:
    from evroute_kernel.engine.results.trace import headed, left_out_words, shown_line, shown_statement

    steps, gap = trace.shortened(SHOWN)
    files = trace.files
    before = len(steps) - len(steps) // 2
    for i, (step, head) in enumerate(zip(steps, headed(steps), strict=True)):
        if gap and i == before:
            yield *([None] * several), None, left_out_words(gap), None
        if head:
            yield *([None] * several), None, head, None
        row = shown_line(step, files), "  " + shown_statement(step), "; ".join(step.effects)
        yield (step.process, *row) if several else row
