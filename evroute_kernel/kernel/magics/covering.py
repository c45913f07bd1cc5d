"""`%coverage`: which lines a cell runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic

if TYPE_CHECKING:
    from evroute_kernel.engine.watching.covering import Covering
    from evroute_kernel.kernel.cell.cell import Cell


@magic("coverage")
async def coverage(cell: Cell, arguments: Arguments) -> None:
    """Mark the lines of all cells and files that this cell runs below.

    Texts of which something was run are shown at the end of the cell: `+` stands before a line that was run, `-` before
    one that was not, and `~` before one from which some way was never taken, such as the else of an `if`, a case of a
    `switch`, or the way out of a loop.

    Raises, batches, replays and all that they lead to count, on all workers. In Python: `with session.coverage() as
    coverage: ...`; `evroute run|replay --coverage FILE.lcov` and `pytest --cov` know the same.
    """
    covering = cell.session.coverage(origin=cell.outlet)
    cell.at_end.append(lambda: show(cell, covering))


def show(cell: Cell, covering: Covering) -> None:
    """End what is collected, and show it."""
    from evroute_kernel.kernel.display.coverage import bundle

    covering.close()
    cell.outlet.display(bundle([text for text in covering.texts() if text.executed]))
