"""`%timeline`: which process does what when, in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.engine.results.timeline_text import EMPTY
from evroute_kernel.kernel.display.formats import note_bundle
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.collecting import below, refuse_switch
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.kernel.timelines import files

if TYPE_CHECKING:
    from pathlib import Path

    from evroute_kernel.engine.results.timeline import Timeline
    from evroute_kernel.engine.watching.timing import Timing
    from evroute_kernel.kernel.cell.cell import Cell


def read_timeline(arguments: Arguments) -> Arguments:
    """Raises ArgumentError for a file that is there already, or whose name does not say how it is to be written."""
    word = refuse_switch(arguments).first
    if word is not None and not files.is_known(word.path):
        raise ArgumentError(f"{word.text} does not say how it is to be written", word.span, files.OTHERS)
    if word is not None and word.path.exists() and "force" not in arguments.flags:
        raise ArgumentError(f"{word.text} exists", word.span, "--force replaces it")
    return arguments


@magic(
    "timeline",
    "[FILE] [--recorded FILE] [--force]",
    convert=read_timeline,
    is_head=lambda arguments: "recorded" not in arguments.flags,
)
async def timeline(cell: Cell, arguments: Arguments) -> None:
    """Draw which process runs what when, of all that the cell runs below.

    Each process has a lane, each node of a cluster processes of its own. In a lane are the runs of events, the routes
    that they call, statements that are long enough to be seen, what a process waits for, and locks that it holds. Each
    tells its time as its tooltip. Arrows lead from where an event is raised, or a message sent to another node, to the
    run that it leads to, dotted ones from where async() leaves a run to where that goes on. Time in which nothing
    happens is shortened. The drawing comes at the end of the cell, also where a run has failed; it says what it leaves
    out. What is drawn takes longer than otherwise.

    FILE             also write it to a file: .json for Perfetto (https://ui.perfetto.dev) and speedscope, .svg, .html
    --recorded FILE  draw a recording of E_PROFILING_SCRIPT and E_PROFILING_PROC of an OpenSIPS 4.0 instead
    --force          replace a file that exists

    In Python: `with session.timeline() as timeline: ...`.
    """
    path = None if arguments.first is None else arguments.first.path
    recorded = arguments.flags.get("recorded")
    if recorded is not None:
        show(cell, _recorded(recorded), path)
        return
    cluster = cell.notebook.cluster
    timing = (cell.session if cluster is None else cluster).timeline(origin=cell.outlet)
    cell.at_end.append(lambda: _end(cell, timing, path))


def _recorded(word: Word) -> Timeline:
    """What a file tells. Raises ArgumentError."""
    from evroute_kernel.engine.replay.profiles import recorded_timeline

    try:
        return recorded_timeline(word.path)
    except OSError as error:
        message = f"cannot read {word.text}: {(error.strerror or str(error)).lower()}"
        raise ArgumentError(message, word.span) from None
    except ValueError as error:
        raise ArgumentError(f"cannot draw {word.text}: {error}", word.span, _HINT) from None


_HINT = (
    "have a 4.0 send both events to a socket, in JSON: event_subscribe E_PROFILING_SCRIPT udp:127.0.0.1:9000; "
    "%inbox --save writes what came"
)


def _end(cell: Cell, timing: Timing, path: Path | None) -> None:
    timing.close()
    show(cell, timing, path, below("timeline", "nothing"))


def show(cell: Cell, timeline: Timeline, path: Path | None, empty: str = EMPTY) -> None:
    """Show a timeline, and write it to a file if there is one."""
    from evroute_kernel.kernel.export.files import write_whole
    from evroute_kernel.kernel.timelines.drawing import bundle

    cell.outlet.display(bundle(timeline, empty))
    if path is None:
        return
    try:
        write_whole(path, files.content(timeline, path), force=True)  # whether it may be replaced is known already
    except OSError as error:
        cell.outlet.display(note_bundle([f"cannot write {path.name}: {(error.strerror or str(error)).lower()}"]))
