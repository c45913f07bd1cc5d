"""What scripts have stored: variables of a worker, shared variables, the local cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.display import Table, shown
from evroute_kernel.kernel.failures import failure
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.library.functions.cache import MODULE, collections, entries, table_of
from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.values import Value, decode, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.session import Variables
    from evroute_kernel.kernel.execution import CellRun

#: characters of a value that a table shows
WIDTH: Final = 300
#: of the names of the tables that hold collections
PREFIX: Final = table_of("")


def worker_number(arguments: Arguments) -> int:
    return arguments.first.whole(1, "the number of a worker") if arguments.first else 1


@magic("vars", "[WORKER]", convert=worker_number)
async def vars_(cell: CellRun, number: int) -> None:
    """Show what a worker keeps from event to event: `$var` that are not null, and the documents of `$json`.

    Without a number it is the first worker, which also runs the statements of cells. Shown is what holds when the run
    that the worker may have under way has ended.
    """
    await cell.settle()
    found = await cell.wait(cell.session.variables(number))
    nothing = f"worker {number} keeps no variable"
    cell.outlet.display(Table(("variable", "type", "value"), list(variables(found)), nothing).bundle())


def variables(found: Variables) -> Iterator[tuple[str, str, str]]:
    """Rows for the variables of a worker."""
    for name, value in found.var.items():
        yield f"$var({name})", kind(value), cut(shown(value))
    for name, text in found.json.items():
        yield f"$json({name})", "document", "it contains itself" if text is None else cut(text)


@magic("shv")
async def shv(cell: CellRun, arguments: Arguments) -> None:
    """Show the shared variables `$shv`, which all workers see."""
    await cell.settle()
    found = cell.session.shared.items(SHARED_TABLE)
    rows = [(f"$shv({decode(name)})", kind(value), cut(readable(value))) for name, value in found]
    cell.outlet.display(Table(("variable", "type", "value"), rows, "no $shv has been set").bundle())


@magic("cache", "[COLLECTION]")
async def cache(cell: CellRun, arguments: Arguments) -> None:
    """Show what the local cache holds: all its collections, or one. What has expired is not shown."""
    await cell.settle()
    known, word = collections_of(cell), arguments.first
    if word is not None and word.text not in known:
        hint = did_you_mean(word.text, known) or f"collections are {', '.join(known)}"
        raise failure("UnknownCollection", f"the cache has no collection {word.text!r}", word.span, hint)
    rows = [
        (name, decode(key), cut(readable(text)), None if left is None else f"in {left} s")
        for name in (known if word is None else [word.text])
        for key, text, left in entries(cell.session.shared, encode(name))
    ]
    headings = ("collection", "key", "value", "expires")
    cell.outlet.display(Table(headings, rows, "the cache is empty").bundle())


def collections_of(cell: CellRun) -> list[str]:
    """The collections that scripts have declared, and those that hold something."""
    declared = collections(cell.session.settings.modparams_in_force().get((MODULE, "cache_collections"), []))
    tables = [table.removeprefix(PREFIX) for table in cell.session.shared.tables() if table.startswith(PREFIX)]
    return [decode(name) for name in dict.fromkeys([*declared, *tables])]


def readable(value: Value) -> str:
    """A value of a script as `Out[n]` would show it."""
    return shown(decode(value) if isinstance(value, str) else value)


def kind(value: Value) -> str:
    return "integer" if isinstance(value, int) else "string"


def cut(text: str) -> str:
    """The beginning of a text that is too long for a table."""
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}... ({len(text)} characters)"
