"""`%timeline`: which process does what when, in a cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.display.formats import note_bundle
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic

if TYPE_CHECKING:
    from evroute_kernel.engine.watching.timing import Timing
    from evroute_kernel.kernel.cell.cell import Cell


def read_timeline(arguments: Arguments) -> Arguments:
    """Raises ArgumentError for a file that is there already."""
    word = arguments.first
    if word is not None and word.path.exists() and "force" not in arguments.flags:
        raise ArgumentError(f"{word.text} exists", word.span, "--force replaces it")
    return arguments


@magic("timeline", "[FILE] [--force]", convert=read_timeline)
async def timeline(cell: Cell, arguments: Arguments) -> None:
    """Draw which process runs what when, of all that the cell runs below.

    Each process has a lane; in it are the runs of events, the routes that they call, and their statements, with the
    time that each has taken as its tooltip. Arrows lead from where an event is raised to the run that it leads to. The
    drawing comes at the end of the cell, also where a run has failed. What is drawn takes longer than otherwise.

    FILE     write the same as trace events to this file, which Perfetto and speedscope open (https://ui.perfetto.dev)
    --force  replace a file that exists

    In Python: `with session.timeline() as timeline: ...`.
    """
    timing = cell.session.timeline(origin=cell.outlet)
    path = None if arguments.first is None else arguments.first.path
    cell.at_end.append(lambda: show(cell, timing, path))


def show(cell: Cell, timing: Timing, path: Path | None) -> None:
    """End a timeline, show it, and write it to a file if there is one."""
    from evroute_kernel.kernel.display.timelines import bundle
    from evroute_kernel.kernel.export.files import write_whole

    timing.close()
    cell.outlet.display(bundle(timing))
    if path is None:
        return
    try:
        write_whole(path, json.dumps(timing.chrome()), force=True)  # whether it may be replaced is known already
    except OSError as error:
        cell.outlet.display(note_bundle([f"cannot write {path.name}: {(error.strerror or str(error)).lower()}"]))
