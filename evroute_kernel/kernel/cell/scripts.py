"""Script of a cell taking effect: its definitions enter the session, its statements run, what is found is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import first_of
from evroute_kernel.kernel.cell.cell import Cell
from evroute_kernel.kernel.display.sources import value_bundle
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import Loaded, Run
    from evroute_kernel.lang.compiler import Unit


#: a variable that is a document, or a part of one, as written: no transformation makes something else of it
_JSON: Final = re.compile(r"\$\(?json(?:_compact|_pretty|_compact_noescape)?\([^{}]*\Z")


async def load(cell: Cell, source: Source, owner: str | None) -> None:
    """Compile a script and let it take effect.

    Raises ScriptError before anything has happened, CellFailure when a statement's run fails.
    """
    session = cell.session
    # a cell that is stopped while it is compiled ends at once, and has done nothing
    unit = await cell.compute(lambda: session.compile(source, owner=owner, scratch=True), grace=0)
    await take_effect(cell, unit, owner)


async def take_effect(cell: Cell, unit: Unit, owner: str | None) -> None:
    """Definitions are registered, then statements run. Raises CellFailure when their run fails."""
    session, owners = cell.session, cell.notebook.owners
    if owner is not None:
        (owners.add if unit.script.items else owners.discard)(owner)
    cell.tell(unit.diagnostics)  # before anything of it runs
    loaded = await cell.compute(lambda: session.install(unit, owner=owner, origin=cell.outlet))
    cell.note(first_of([*changed(cell, loaded), *kept(unit)], str, "route"))
    if loaded.run is not None:
        cell.check_run(loaded.run)
        show(cell, loaded.run, is_document=of_json(unit))


async def drop_cells(cell: Cell, deleted: Sequence[str]) -> None:
    """Forget what deleted cells had defined."""
    notebook = cell.notebook
    for owner in deleted:
        notebook.texts.pop(owner, None)
        node = notebook.nodes.pop(owner, "")
        if owner in notebook.owners:
            notebook.owners.discard(owner)
            if notebook.has_node(node):
                await cell.compute(partial(notebook.session_of(node).forget_owner, owner))


async def move(cell: Cell) -> None:
    """The cell is run on a node: what it has defined on another one goes."""
    notebook, owner = cell.notebook, cell.owner
    before = notebook.nodes.get(owner, "")
    if before == cell.node:
        return
    if owner in notebook.owners and notebook.has_node(before):
        await cell.compute(partial(notebook.session_of(before).forget_owner, owner))
        notebook.owners.discard(owner)
    if cell.node:
        notebook.nodes[owner] = cell.node
    else:
        del notebook.nodes[owner]


async def value_of(cell: Cell, text: str) -> int | str | None:
    """The value of an expression, in the first worker. Raises ScriptError, or CellFailure when its run fails."""
    session = cell.session
    loaded = await cell.compute(lambda: session.load(text, cell.source.name, scratch=True))
    if loaded.run is None:
        return None
    cell.check_run(loaded.run)
    return loaded.run.shown[-1] if loaded.run.shown else None


# -- what is shown ----------------------------------------------------------------------------------------------------


def changed(cell: Cell, loaded: Loaded) -> Iterator[str]:
    """What became of definitions that there were before."""
    if cell.notebook.tells_replaced:
        yield from (f"{decode(title)} replaces the one of {other}" for title, other in loaded.replaced)
    yield from (f"{decode(title)} is gone: this cell no longer defines it" for title in loaded.dropped)


def kept(unit: Unit) -> Iterator[str]:
    """Which routes are only checked and kept, because no SIP message ever comes here."""
    from evroute_kernel.lang.compiler import RUNNABLE

    for route in unit.routes:
        if route.kind not in RUNNABLE:
            yield f"{decode(route.title)} is checked and kept; it needs SIP traffic, so it never runs here"


def of_json(unit: Unit) -> bool:
    """Whether the value of a text is that of `$json(...)`, `$json_compact(...)` and the like."""
    from evroute_kernel.lang import nodes

    last = unit.script.scratch[-1] if unit.script.scratch else None
    shown = last.expression if isinstance(last, nodes.Display) else None
    return isinstance(shown, nodes.Variable) and _JSON.match(shown.text) is not None


def show(cell: Cell, run: Run, *, is_document: bool = False) -> None:
    """Show the value of a bare expression as the cell's result."""
    for value in run.shown[-1:]:
        cell.outlet.result(value_bundle(value, is_document=is_document), cell.count)
