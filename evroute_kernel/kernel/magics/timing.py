"""How long a line, or a cell, takes."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.engine.results.times import shown_time
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.magics.declaration import magic

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell


def read_time(line: MagicLine) -> bool:
    """Whether it is the end of what is timed; raises ArgumentError when there is nothing to be."""
    if not line.closes and not line.text.strip():
        raise ArgumentError("%time needs a statement", line.name_span, "write %time STATEMENT, or %%time above a cell")
    if not line.closes and line.span.end > line.name_span.end:  # nobody has opened it
        raise ArgumentError("%time stands in %time too often", line.name_span)
    return line.closes


@magic("time", "STATEMENT", read=read_time, body="script", is_around=True)
async def time(cell: Cell, is_end: bool) -> None:
    """Tell how long a line took, a statement or another magic such as `%time %raise EVENT`; `%%time` times a cell.

    It is the time that passes until all that was raised has ended, with the way to the worker and back: for the time of
    an event alone, `%raise EVENT --count 1000 --stats`.
    """
    if not is_end:
        cell.begun.append(perf_counter())
        return
    await cell.settle()
    cell.outlet.write(f"wall time: {shown_time(perf_counter() - cell.begun.pop())}\n")
