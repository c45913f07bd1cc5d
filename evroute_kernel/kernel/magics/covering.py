"""`%coverage`: which lines of cells are run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.collecting import below, collect
from evroute_kernel.kernel.magics.declaration import magic

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.engine.watching.covering import Covering
    from evroute_kernel.kernel.cell.cell import Cell


@magic("coverage", "[on|off|show]", is_head=lambda arguments: arguments.first is None)
async def coverage(cell: Cell, arguments: Arguments) -> None:
    """Mark the lines of all cells and files that this cell runs below; or, with `on`, those that all cells run.

    Texts of which something was run are shown at the end of the cell: `+` stands before a line that was run, `-` before
    one that was not, and `~` before one from which some way was never taken, with what it never did: a condition that
    was `never true` or `never false`, a case that `never matched`, a loop `never entered`.

    on    begin for the whole notebook, anew if it is on already
    show  show so far what is defined, also what was not run
    off   show it, and end

    Raises, batches, replays and all that they lead to count, on all workers; also those that were killed. In Python:
    `with session.coverage() as coverage: ...`; `evroute run|replay --coverage FILE.lcov` and `pytest --cov` know the
    same.
    """
    await collect(cell, arguments, begin, show)


def begin(session: Session, origin: Any) -> Covering:
    return session.coverage(origin=origin)


def show(cell: Cell, covering: Covering, is_all: bool) -> None:
    """Of all the texts that are in force, and bare statements; else what was run."""
    from evroute_kernel.kernel.display.coverage import bundle

    in_force = {definition.route.source.path for definition in cell.session.registry} if is_all else set[str]()
    texts = covering.texts()
    if is_all:
        texts = [text for text in texts if text.source.path in in_force or (text.executed and text.is_bare)]
    shown = [text for text in texts if is_all or text.executed]
    cell.outlet.display(bundle(shown, "nothing was run" if is_all else below("coverage", "nothing")))
