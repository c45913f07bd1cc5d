"""The processes that run routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell


@magic("ps")
async def ps(cell: Cell, arguments: Arguments) -> None:
    """List the workers: number, process id, state, what each runs, how much memory it takes."""
    rows = [
        (w.number, w.pid, w.state, w.running, w.runs, f"{w.memory / 2**20:.1f} MiB" if w.memory else None)
        for w in cell.session.workers()
    ]
    headings = ("worker", "pid", "state", "running", "runs", "memory")
    cell.outlet.display(Table(headings, rows, "no worker has been started yet").bundle())
