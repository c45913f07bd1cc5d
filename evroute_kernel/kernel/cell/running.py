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
    ScriptStep,
    Step,
    read_magics,
    script_steps,
    script_taken,
    together,
)
from evroute_kernel.kernel.cell.scripts import load, value_of
from evroute_kernel.kernel.display.formats import shown, traceback
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.source import Source

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


async def plan(cell: Cell) -> Sequence[Step]:
    """Cut, read and check the whole cell. Raises ScriptError with all that is wrong with it."""
    source = cell.source
    pieces = cut(source) if len(source.text) < SHORT else await cell.compute(lambda: cut(source), grace=0)
    pieces = script_taken(pieces)
    magics, wrong = read_magics(pieces.magics)
    if pieces.has_script and pieces.magics:
        return await cell.compute(lambda: mixed(cell, pieces, magics, wrong), grace=0)
    if wrong:
        raise together(wrong)
    if pieces.has_script or cell.owner in cell.notebook.owners:  # what a cell no longer defines, it loses
        return [ScriptStep(0, pieces.script, True), *magics]
    return magics


def mixed(cell: Cell, pieces: Cut, magics: list[MagicStep], wrong: list[ScriptError]) -> list[Step]:
    """The steps of a cell of script and magics, in order. Runs apart from the event loop."""
    scripts = script_steps(pieces)
    steps: list[Step] = sorted([*magics, *scripts], key=_offset)
    if wrong or len(scripts) > 1 or steps[0] is not scripts[0]:
        # loading would check it too late: something would have taken effect before
        check_script(cell, pieces.script, wrong)
    return steps


def check_script(cell: Cell, text: str, wrong: list[ScriptError]) -> None:
    """Raise ScriptError for the errors of a script, and for those that are known already."""
    try:
        cell.session.compile(text, cell.source.name, owner=cell.owner, scratch=True)
    except ScriptError as error:
        raise together([*wrong, error]) from error
    if wrong:
        raise together(wrong)


async def take(cell: Cell, step: Step) -> None:
    if isinstance(step, MagicStep):
        await step.magic.run(cell, step.prepared)
    else:
        # statements alone have no owner: they define nothing, and undo nothing
        await load(cell, Source(cell.source.name, step.text), cell.owner if step.defines else None)


async def evaluate(cell: Cell, text: str) -> dict[str, Any]:
    """The value of a user_expression as the protocol wants it."""
    try:
        return {"status": "ok", "data": {"text/plain": shown(await value_of(cell, text))}, "metadata": {}}
    except (ScriptError, CellFailure) as error:
        found = error if isinstance(error, CellFailure) else CellFailure.of(error)
        lines = traceback(found.name, found.message, found.diagnostics)
        return {"status": "error", "ename": found.name, "evalue": found.message, "traceback": lines}


def _offset(step: Step) -> int:
    return step.offset
