"""Runs one cell: everything in it is read and checked first, then its items take effect in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from evroute_kernel.errors import ScriptError
from evroute_kernel.kernel.cell.cell import Cell
from evroute_kernel.kernel.cell.cells import Cut, cut
from evroute_kernel.kernel.cell.failures import CellFailure, Interrupted
from evroute_kernel.kernel.cell.planning import (
    MagicStep,
    Step,
    at_the_head,
    planned,
    read_magics,
    script_taken,
    together,
)
from evroute_kernel.kernel.cell.scripts import move, take_effect, value_of
from evroute_kernel.kernel.display.formats import shown
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.rendering import traceback

#: characters up to which a cell is cut in the event loop
SHORT: Final = 20_000


async def run(cell: Cell) -> None:
    """Run a cell to its end. Raises CellFailure or Interrupted."""
    try:
        cell.check_stopped()
        cell.notebook.ran(cell.owner, cell.source)
        for step in await plan(cell):
            await take(cell, step)
        await cell.settle()
    except ScriptError as error:
        await cell.abandon()
        raise CellFailure.of(error) from error
    except CellFailure:
        await cell.abandon()
        raise
    except Interrupted:
        await cell.drain()
        raise
    finally:
        cell.end()


async def plan(cell: Cell) -> Sequence[Step]:
    """Cut, read and check the whole cell. Raises ScriptError with all that is wrong with it."""
    source = cell.source
    pieces = cut(source) if len(source.text) < SHORT else await cell.compute(lambda: cut(source), grace=0)
    heads = at_the_head(pieces)
    nodes = set(cell.notebook.cluster or ())
    for entrance, line in heads:
        await entrance.enter(cell, entrance.read(line))
    try:
        steps = await _planned(cell, script_taken(pieces))
    except BaseException:
        if heads:
            await cell.compute(lambda: cell.notebook.keep_nodes(nodes))
        raise
    if cell.owner in cell.notebook.nodes or cell.node:
        await move(cell)
    return steps


async def _planned(cell: Cell, pieces: Cut) -> Sequence[Step]:
    if pieces.has_script or cell.owner in cell.notebook.owners:  # what a cell no longer defines, it loses
        # a cell that is stopped while it is compiled ends at once, and has done nothing
        return await cell.compute(lambda: planned(pieces, cell.session.environment(cell.owner)), grace=0)
    magics, wrong = read_magics(pieces.magics, cell.session.version)
    if wrong:
        raise together(wrong)
    return magics


async def take(cell: Cell, step: Step) -> None:
    """Let a step take effect. Raises ScriptError or CellFailure."""
    if isinstance(step, MagicStep):
        await step.magic.run(cell, step.prepared)
        return
    # statements alone have no owner: they define nothing, and undo nothing
    owner = cell.owner if step.defines else None
    unit = await cell.compute(lambda: step.compiled(cell.session.environment(owner)), grace=0)
    await take_effect(cell, unit, owner)


async def evaluate(cell: Cell, text: str) -> dict[str, Any]:
    """The value of a user_expression as the protocol wants it."""
    try:
        return {"status": "ok", "data": {"text/plain": shown(await value_of(cell, text))}, "metadata": {}}
    except (ScriptError, CellFailure) as error:
        found = error if isinstance(error, CellFailure) else CellFailure.of(error)
        lines = traceback(found.name, found.message, found.diagnostics)
        return {"status": "error", "ename": found.name, "evalue": found.message, "traceback": lines}
