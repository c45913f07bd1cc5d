"""The events of OpenSIPS, and which of them are handled here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, Word, WordSlot, parse_arguments
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.patterns import chosen
from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import EventDeclaration, known_event
from evroute_kernel.library.catalogue.facts import Event
from evroute_kernel.runtime.values import decode, encode
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal


@magic("events", "[PATTERN]", offers=Offers(words={"PATTERN": lambda asked: asked.events()}))
async def events(cell: Cell, arguments: Arguments) -> None:
    """List the events of OpenSIPS and those that only this notebook knows, with their parameters.

    A word such as `pike` keeps those that hold it in their name, or in that of the module that raises them; a pattern
    such as `E_UL_*` those whose name or module matches. Letter case does not matter.
    """
    handled, declared = set(cell.session.events()), cell.session.declared_events
    pattern = arguments.first.text if arguments.first else None
    catalogue = table.of(cell.session.version).events
    known = [known_event(name, declared, catalogue) for name in dict.fromkeys([*catalogue, *declared])]
    rows: list[tuple[str, str, str | None, str | None]] = [
        (event.name, event.module, event.signature.removeprefix(event.name), "yes" if event.name in handled else None)
        for event in known
        if event is not None
    ]
    rows += [(name, "", None, "yes") for name in sorted(handled - catalogue.keys() - declared.keys())]
    found = chosen(rows, pattern, lambda row: row[:2])
    headings = ("event", "raised by", "parameters", "handled here")
    others = "%events PATTERN shows those that match"
    cell.outlet.display(Table(headings, found, f"no event matches {pattern}", others).bundle())


USAGE: Final = "NAME | declare NAME [PARAM] [PARAM:int] [...]"


def read_event(line: MagicLine) -> Word | EventDeclaration:
    """The event to show, or the one to declare; raises ArgumentError."""
    words = parse_arguments(line, Signature((WordSlot("NAME", repeated=True),)), f"%event {USAGE}").words
    if words[0].text == "declare":
        return declaration(words[1:], words[0].span)
    if len(words) > 1:
        raise ArgumentError(f"unexpected {words[1].text!r}", words[1].span, f"usage: %event {USAGE}")
    return words[0]


def declaration(words: Sequence[Word], span: Span) -> EventDeclaration:
    """What `%event declare` declares; an error points to the first word that does not fit."""
    texts = [word.text for word in words]
    for count, word in enumerate(words, 1):
        try:
            EventDeclaration.parse(" ".join(texts[:count]))
        except ValueError as error:
            raise ArgumentError(str(error), word.span, f"usage: %event {USAGE}") from None
    if not words:
        raise ArgumentError("the name of the event is missing", span, f"usage: %event {USAGE}")
    return EventDeclaration.parse(" ".join(texts))


def exported_event(rehearsal: Rehearsal, offset: int, asked: Word | EventDeclaration) -> None:
    """The routes below know the event."""
    if isinstance(asked, EventDeclaration):
        rehearsal.world.declared_events[asked.name] = asked


@magic(
    "event",
    USAGE,
    read=read_event,
    offers=Offers(words={"NAME": lambda asked: asked.events()}),
    on_export=exported_event,
)
async def event(cell: Cell, asked: Word | EventDeclaration) -> None:
    """Show an event: when it is raised, its parameters with types and samples, and what handles it here.

    `%event declare E_X ip port:int [reason] ...` makes an event of your own known: a name in its route that it does not
    have is then reported, and `%raise --sample` has values for it. A parameter is a string, or with `:int` an integer;
    one in brackets may be absent; `...` allows others. For an event of OpenSIPS it adds parameters.
    """
    session = cell.session
    if isinstance(asked, EventDeclaration):
        session.declare_event(asked)
        return
    library = table.of(session.version)
    catalogue = library.events
    name, known = asked.text, known_event(asked.text, session.declared_events, catalogue)
    if known is None and name not in session.events():
        near = library.successor("event", name) or did_you_mean(
            name, [*session.events(), *session.declared_events, *catalogue]
        )
        raise failure("UnknownEvent", f"no event {name!r} is known", asked.span, near or "%events lists all events")
    cell.outlet.write(f"{name}: {known.description if known else 'known to this notebook only'}\n")
    if known:
        cell.outlet.display(parameters(known).bundle())
        cell.outlet.write("".join(f"{note}\n" for note in known.notes))
    routes = [decode(definition.title) for definition in session.registry.look_up("event_route", encode(name))]
    handler = routes[0] if routes else "a subscriber" if name in session.events() else "nothing"
    cell.outlet.write(f"{handler} handles it here\n")


def parameters(known: Event) -> Table:
    rows: list[tuple[object, ...]] = [
        (index, p.name, p.type, p.sample, "may be absent" if p.optional else None, p.description)
        for index, p in enumerate(known.params, 1)
    ]
    more = known.extra_params
    if more is not None:
        rows.append(("", "...", more.type, "", f"set by {more.configured_by}", more.description))
    elif known.dynamic:
        rows.append(("", "...", "", "", "others may come", ""))
    return Table(("", "parameter", "type", "sample", "", "description"), rows, "it has no parameters")
