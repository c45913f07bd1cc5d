"""`%compare`: one event under two versions of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import ScriptError
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import CellFailure, Interrupted
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.kernel.magics.raising import (
    PARAMS_OFFERED,
    Raise,
    described_param,
    located,
    read_raise,
    sampled,
    tell_remarks,
)

if TYPE_CHECKING:
    from evroute_kernel.engine.comparing.comparing import Comparing
    from evroute_kernel.kernel.cell.cell import Cell

USAGE: Final = "EVENT [name=value ... | value ... | {json}] [--sample] [--count N] [--timeout SECONDS]"
#: options of %raise that make sense for what happens elsewhere, twice
OPTIONS: Final = frozenset({"sample", "count", "timeout"})


def read_compare(line: MagicLine) -> Raise:
    """Read `%compare` or `%%compare`; raises ArgumentError."""
    given = read_raise(line, USAGE)
    if given.is_question:
        raise ArgumentError("%compare has no form", line.span, f"%raise {given.request.event} ? shows one")
    if others := sorted(given.request.options.keys() - OPTIONS):
        hint = f"%compare takes {', '.join(f'--{option}' for option in sorted(OPTIONS))}"
        raise ArgumentError(f"--{others[0]} is for %raise", line.span, hint)
    return given


@magic(
    "compare",
    USAGE,
    read=read_compare,
    body="json",
    offers=PARAMS_OFFERED,
    describes=described_param,
    names_params=True,
)
async def compare(cell: Cell, given: Raise) -> None:
    """Raise an event under OpenSIPS 3.6 and under 4.0, and show both logs side by side.

    The event and its parameters are written as for %raise; `%%compare EVENT` reads JSON from the lines below. The
    notebook itself is left alone: both versions, its own too, run in sessions that are made for it and go away again.

    Both begin alike: with the script of all cells that is in force (startup routes run, bare statements do not), with
    stubs, settings, declared events and subscribed routes, and with the `$shv` and the cache that the notebook has
    now. `$var` and `$json` are empty, there is one worker, and nothing goes out: sockets get nothing, also those that
    the script subscribes, SQL works on a copy of the database, and `network` is off.

    Lines that differ are marked: ≠ where both have one, < and > where one version alone has it. What a version refuses,
    or why it fails, stands in its column. Shared variables that end up different are shown too. The last line says
    whether it is the same.

    --sample     fill in the parameters that are not given, as %raise does
    --count N    raise it N times, one after the other
    --timeout S  end it after S seconds in either version
    """
    given = sampled(cell, given)
    tell_remarks(cell, given)
    await cell.settle()
    comparing = _comparing(cell, given)
    try:
        comparison = await cell.compute(comparing.run)
    except Interrupted:
        comparing.stop()
        raise
    except UnknownEventError as error:
        raise CellFailure("UnknownEvent", located(error, given.event_span)) from error
    except ScriptError as error:
        raise CellFailure("MagicError", located(error, given.line.span)) from error
    from evroute_kernel.kernel.display.comparison import bundle

    cell.outlet.display(bundle(comparison, cell.session.version))


def _comparing(cell: Cell, given: Raise) -> Comparing:
    from evroute_kernel.engine.comparing import comparing

    request = given.request
    wanted = comparing.Raise(request.event, given.params, request.count, request.timeout)
    return comparing.Comparing(cell.session, wanted)
