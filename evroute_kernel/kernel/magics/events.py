"""The events of OpenSIPS, and which of them are handled here."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.display import Table
from evroute_kernel.kernel.failures import failure
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.library.catalogue import events as catalogue
from evroute_kernel.runtime.values import decode

if TYPE_CHECKING:
    from evroute_kernel.kernel.execution import CellRun


@magic("events", "[PATTERN]")
async def events(cell: CellRun, arguments: Arguments) -> None:
    """List the events of OpenSIPS and those that only this notebook knows, with their parameters.

    A pattern such as `E_UL_*` keeps those whose name, or the module that raises them, matches.
    """
    handled = {decode(name) for name in cell.session.events()}
    pattern = arguments.first.text if arguments.first else "*"
    rows: list[tuple[str, str, str | None, str | None]] = [
        (event.name, event.module, event.signature.removeprefix(event.name), "yes" if event.name in handled else None)
        for event in catalogue().values()
    ]
    rows += [(name, "", None, "yes") for name in sorted(handled - catalogue().keys())]
    found = [row for row in rows if fnmatchcase(row[0], pattern) or fnmatchcase(row[1], pattern)]
    headings = ("event", "raised by", "parameters", "handled here")
    cell.outlet.display(Table(headings, found, f"no event matches {pattern}").bundle())


@magic("event", "NAME")
async def event(cell: CellRun, arguments: Arguments) -> None:
    """Show an event: when it is raised, its parameters with types and samples, and what handles it here."""
    word = arguments.words[0]
    known = catalogue().get(word.text)
    handled = [decode(name) for name in cell.session.events()]
    if known is None and word.text not in handled:
        hint = did_you_mean(word.text, [*handled, *catalogue()]) or "%events lists all events"
        raise failure("UnknownEvent", f"no event {word.text!r} is known", word.span, hint)
    cell.outlet.write(f"{word.text}: {known.description if known else 'known to this notebook only'}\n")
    if known:
        rows = [
            (index, p.name, p.type, p.sample, "may be absent" if p.optional else None, p.description)
            for index, p in enumerate(known.params, 1)
        ]
        headings = ("", "parameter", "type", "sample", "", "description")
        cell.outlet.display(Table(headings, rows, "it has no parameters").bundle())
    if known and known.notes:
        cell.outlet.write("".join(f"{note}\n" for note in known.notes))
    cell.outlet.write("an event_route handles it here\n" if word.text in handled else "nothing handles it here\n")
