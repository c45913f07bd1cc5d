"""The routes that are defined: list, show, forget."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.display.sources import script_bundle
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.patterns import chosen
from evroute_kernel.runtime.values import decode, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.state.registry import Definition
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.lang.environment import Environment


@magic("routes", "[PATTERN]", offers=Offers(words={"PATTERN": lambda asked: asked.routes()}))
async def routes(cell: Cell, arguments: Arguments) -> None:
    """List the routes that are defined: where each comes from and how often it has run.

    A pattern such as `E_*` or `event_route*` keeps those whose name or title matches, a word those that hold it. Calls
    of `route[NAME]` blocks are not counted.
    """
    pattern = arguments.first.text if arguments.first else None
    found = chosen(cell.session.registry, pattern, lambda d: (decode(d.title), decode(d.route.name)))
    nothing = "no route is defined" if pattern is None else f"no route matches {pattern}"
    others = "%routes PATTERN shows those that match"
    cell.outlet.display(Table(("route", "defined in", "line", "runs"), found, nothing, others, row).bundle())


def row(d: Definition) -> tuple[str, str, int, int | str]:
    return decode(d.title), d.owner_name, d.route.header.line, d.runs if d.counts_runs else "-"


@magic("route", "NAME", offers=Offers(words={"NAME": lambda asked: asked.routes()}))
async def route(cell: Cell, arguments: Arguments) -> None:
    """Show a route: its source, the cell that defines it and how often it has run.

    NAME is the name of an event or route, or a title such as `event_route[E_PIKE_BLOCKED]`.
    """
    for definition in find(cell, arguments):
        times = "once" if definition.runs == 1 else f"{definition.runs} times"
        ran = f"; has run {times}" if definition.counts_runs else ""
        place = f"# {definition.owner_name}, line {definition.route.header.line}{ran}"
        cell.outlet.display(script_bundle(f"{place}\n{definition.route.span.text}"))


def exported_forget(rehearsal: Rehearsal, offset: int, arguments: Arguments) -> None:
    """What was forgotten is left out."""
    for word in arguments.words:
        rehearsal.world.forget(encode(word.text))


@magic("forget", "NAME...", offers=Offers(words={"NAME": lambda asked: asked.routes()}), on_export=exported_forget)
async def forget(cell: Cell, arguments: Arguments) -> None:
    """Forget routes; an event whose route is forgotten is no longer handled."""
    missing = [word for word in arguments.words if not cell.session.registry.find(encode(word.text))]
    if missing:
        raise unknown(cell, missing[0])
    for word in arguments.words:
        for title in cell.session.forget(word.text):
            cell.outlet.write(f"{decode(title)} is forgotten\n")


def exported_reset(rehearsal: Rehearsal, offset: int, arguments: Arguments) -> None:
    """What stands before is left out."""
    rehearsal.reset(offset)


def around_reset(arguments: Arguments, environment: Environment) -> Environment:
    """Script below the line finds nothing of what there is now."""
    from evroute_kernel.lang.environment import Environment

    return Environment(version=environment.version)


@magic("reset", "[-f|--force]", on_export=exported_reset, prepares=around_reset)
async def reset(cell: Cell, arguments: Arguments) -> None:
    """Start afresh: no routes, variables, cache, timers, connections, doors; globals as at the start, new workers.

    What `%config`, `%workers` and `%timeout` have set stays, also a clock that stands: `%config clock=system
    seed=off` gives it back.

    Other nodes (%node) go with it; in a cell of such a node it is that one alone that starts afresh. --force (-f) is
    taken for the sake of habit: nothing is asked anyway.
    """
    from evroute_kernel.engine.mi.server import close_doors
    from evroute_kernel.kernel.cell.live import forget_live

    if cell.node:
        await cell.compute(cell.session.reset)
        cell.notebook.owners -= {owner for owner, node in cell.notebook.nodes.items() if node == cell.node}
        return
    await cell.compute(cell.notebook.drop_nodes)
    cell.notebook.timers.stop()
    await cell.compute(partial(forget_live, cell.session))
    await cell.compute(partial(close_doors, cell.session))
    await cell.compute(cell.session.reset)
    cell.notebook.owners.clear()


def find(cell: Cell, arguments: Arguments) -> list[Definition]:
    """The definitions that the first word names; raises CellFailure if there is none."""
    word = arguments.words[0]
    found = cell.session.registry.find(encode(word.text))
    if not found:
        raise unknown(cell, word)
    return found


def unknown(cell: Cell, word: Word) -> CellFailure:
    names = [decode(name) for d in cell.session.registry for name in (d.title, d.route.name)]
    hint = did_you_mean(word.text, names) or "%routes lists what is defined"
    return failure("UnknownRoute", f"no route {word.text!r} is defined", word.span, hint)
