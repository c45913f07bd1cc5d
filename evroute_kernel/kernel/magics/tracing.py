"""`%trace`: what each statement does that a cell runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.runtime.values import encode

if TYPE_CHECKING:
    from evroute_kernel.engine.watching.tracing import Tracing
    from evroute_kernel.kernel.cell.cell import Cell


@magic(
    "trace",
    "[NAME...]",
    offers=Offers(
        words={"NAME": lambda asked: chain(asked.events(), asked.routes("route"))},
    ),
    is_head=lambda _: True,
)
async def trace(cell: Cell, arguments: Arguments) -> None:
    """Trace what the cell runs below, statement by statement.

    Each stands there with its line, the values that it changed, and what it logged, raised and called. NAME is an event
    (`E_X`) or a route (`limit`, `route[limit]`): that alone is traced, with all that it calls.

    The table comes at the end of the cell, also where a run has failed; of many statements it shows the first and the
    last ones. Heads of loops stand there once for each round, a route that is called is moved to the right.

    `%raise EVENT --trace` traces one event. In Python: `with session.trace() as trace: ...`. What is traced takes
    many times as long; all else is as fast as ever.
    """
    tracing = cell.session.trace(*(word.text for word in arguments.words), origin=cell.outlet)
    cell.at_end.append(lambda: show(cell, tracing, arguments.words))


def show(cell: Cell, tracing: Tracing, names: Sequence[Word] = ()) -> None:
    """End a trace of what has these names, and show it."""
    from evroute_kernel.kernel.display.traces import bundle

    tracing.close()
    cell.outlet.display(bundle(tracing))
    if not len(tracing):
        registry = cell.session.registry  # as it is now: routes may stand below the line
        cell.note([f"no route is called {word.text}" for word in names if not registry.find(encode(word.text))])
