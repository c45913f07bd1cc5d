"""`%profile`: how long each line takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.collecting import below, collect
from evroute_kernel.kernel.magics.declaration import magic

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.engine.watching.profiling import Profiling
    from evroute_kernel.kernel.cell.cell import Cell


@magic("profile", "[on|off|show]", is_head=lambda arguments: arguments.first is None)
async def profile(cell: Cell, arguments: Arguments) -> None:
    """Tell how often each line is run below, in this cell, and how long; or, with `on`, in all cells.

    The table has the lines that took longest, with their share of all; below it stands the source, each line with the
    same. The time of a line is that of its statements on all workers, waiting included, without the routes that it
    calls: those have lines of their own.

    on    begin for the whole notebook, anew if it is on already
    show  show what there is so far
    off   show it, and end

    Being watched takes time too, about the same for each statement, so short ones seem longer than they are. What a run
    took is known when its task has ended: that of a worker that was killed is lost. In Python: `with session.profile()
    as profile: ...`; `evroute run|replay --profile` prints the same.
    """
    await collect(cell, arguments, begin, show)


def begin(session: Session, origin: Any) -> Profiling:
    return session.profile(origin=origin)


def show(cell: Cell, profiling: Profiling, is_all: bool) -> None:
    from evroute_kernel.kernel.display.profiles import bundle

    cell.outlet.display(bundle(profiling.lines(), "nothing was run" if is_all else below("profile", "nothing")))
