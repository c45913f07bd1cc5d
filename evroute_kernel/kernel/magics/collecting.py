"""What a magic collects: for the cell that it stands in, or for the whole notebook from `on` to `off`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.magics.arguments import Arguments

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.kernel.cell.cell import Cell


#: what switches a magic that collects for the whole notebook; to scripts they are numbers, so no route has such a name
SWITCHES: Final = ("on", "off")


class Closing(Protocol):
    """What can be ended."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closing)


async def collect(
    cell: Cell,
    arguments: Arguments,
    begin: Callable[[Session, Any], T],
    show: Callable[[Cell, T, bool], None],
) -> None:
    """Do what the line says, on the node of the cell.

    `begin` gets the session, and an origin, None for all; `show` is told whether it is all. Raises CellFailure.
    """
    word, collecting = arguments.first, cell.notebook.collecting
    name = arguments.line.name, cell.node
    if word is None:
        own = begin(cell.session, cell.outlet)
        cell.at_end.append(lambda: _ended(cell, own, show))
    elif word.text == "on":
        if (before := collecting.pop(name, None)) is not None:
            before.close()
        collecting[name] = begin(cell.session, None)
    elif (found := collecting.get(name)) is None:
        raise failure("NothingCollected", f"%{name[0]} is not on", word.span, f"%{name[0]} on begins")
    else:
        await cell.settle()
        if word.text == "off":
            collecting.pop(name).close()
        show(cell, found, True)


def below(name: str, nothing: str) -> str:
    """What to say where a magic has found nothing, perhaps because what it was meant for stands above it."""
    return f"{nothing} was run below %{name}: put it above what it is to tell of, in the same cell"


def refuse_switch(arguments: Arguments) -> Arguments:
    """For a magic that knows nothing beyond its cell. Raises ArgumentError."""
    name = arguments.line.name
    for word in arguments.words:
        if word.text in SWITCHES:
            message = f"%{name} has no {word.text!r}: it tells of the cell in which it stands"
            hint = f"put %{name} at the head of each cell; %coverage and %profile know {word.text!r}"
            raise ArgumentError(message, word.span, hint)
    return arguments


def _ended(cell: Cell, own: T, show: Callable[[Cell, T, bool], None]) -> None:
    own.close()
    show(cell, own, False)
