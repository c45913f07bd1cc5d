"""`%trace`: what each statement does that a cell runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from evroute_kernel.errors import near_misses
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.collecting import below, refuse_switch
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.runtime.values import decode, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.state.registry import Registry
    from evroute_kernel.engine.watching.tracing import Tracing
    from evroute_kernel.kernel.cell.cell import Cell


@magic(
    "trace",
    "[NAME...]",
    convert=refuse_switch,
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
    cell.at_end.append(lambda: _end(cell, tracing, arguments.words))


def _end(cell: Cell, tracing: Tracing, names: Sequence[Word]) -> None:
    """What was traced of what has these names, and which of them nothing has."""
    unknown = list(_unknown(cell, names))
    nothing = f"no statement of {', '.join(word.text for word in names)}" if names else "no statement"
    show(cell, tracing, "no statement was run" if unknown else below("trace", nothing))
    cell.note(unknown)


def show(cell: Cell, tracing: Tracing, empty: str = "no statement was run") -> None:
    """End a trace, and show it."""
    from evroute_kernel.kernel.display.traces import bundle

    tracing.close()
    cell.outlet.display(bundle(tracing, empty))


def _unknown(cell: Cell, names: Sequence[Word]) -> Iterator[str]:
    """Of each name that nothing has as it is now (routes may stand below the line), what it may have been meant for."""
    registry = cell.session.registry
    for word in names:
        if not registry.find(encode(word.text)):
            near = _near(word.text, registry)
            yield f"no route is called {word.text}" + (f": did you mean {near!r}?" if near else "")


def _near(name: str, registry: Registry) -> str | None:
    """What is called nearly so: a name for a name, and for one with its kind (`route[limt]`) one of that kind."""
    kind, bracket, own = name.partition("[")
    if not bracket:
        known = {decode(found.route.name or found.title) for found in registry}
        return next(iter(near_misses(name, known, 1)), None)
    near = near_misses(own.removesuffix("]"), map(decode, registry.names(kind)), 1)
    return f"{kind}[{near[0]}]" if near else None
