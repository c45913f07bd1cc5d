"""What scripts have stored: variables of a worker, shared variables, the local cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.display.formats import Table, shown
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.library.functions.cache import MODULE, collections, entries, table_of
from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.values import Value, decode, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Variables
    from evroute_kernel.kernel.cell.cell import Cell

#: of the names of the tables that hold collections
PREFIX: Final = table_of("")
#: characters that make a pattern of a word
_WILD: Final = frozenset("*?[")


def read_vars(arguments: Arguments) -> tuple[int, str]:
    """The number of a worker, and a pattern of names."""
    return arguments.first.whole(1, "the number of a worker") if arguments.first else 1, pattern_of(arguments, 1)


def pattern_of(arguments: Arguments, index: int) -> str:
    """The word that is a pattern; all names fit where there is none."""
    return arguments.words[index].text if index < len(arguments.words) else "*"


@magic("vars", "[WORKER] [PATTERN]", convert=read_vars)
async def vars_(cell: Cell, asked: tuple[int, str]) -> None:
    """Show what a worker keeps from event to event: `$var` that are not null, and the documents of `$json`.

    Without a number it is the first worker, which also runs the statements of cells. Shown is what holds when the run
    that the worker may have under way has ended. A pattern such as `call_*` keeps the variables whose name matches.
    """
    number, pattern = asked
    await cell.settle()
    found = await cell.wait(cell.session.variables(number))
    rows = [row for row in variables(found) if fnmatchcase(row[0], pattern)]
    nothing = f"worker {number} keeps no variable" + (f" that matches {pattern}" if pattern != "*" else "")
    others = f"%vars {number} PATTERN shows those whose name matches"
    cell.outlet.display(Table(("variable", "type", "value"), rows, nothing, others, variable_row).bundle())


def variables(found: Variables) -> Iterator[tuple[str, str, Value]]:
    """Name, what it is a name of, and value, of the variables of a worker."""
    yield from ((name, "var", value) for name, value in found.var.items())
    yield from ((name, "json", text) for name, text in found.json.items())


def variable_row(found: tuple[str, str, Value]) -> tuple[str, str, str]:
    name, of, value = found
    if of == "var":
        return f"$var({name})", kind(value), shown(value)
    return f"$json({name})", "document", "it contains itself" if value is None else str(value)


@magic("shv", "[PATTERN]")
async def shv(cell: Cell, arguments: Arguments) -> None:
    """Show the shared variables `$shv`, which all workers see.

    A pattern such as `call_*` keeps those whose name matches.
    """
    await cell.settle()
    pattern = pattern_of(arguments, 0)
    found = [item for item in cell.session.shared.items(SHARED_TABLE) if fnmatchcase(decode(item[0]), pattern)]
    nothing = "no $shv has been set" if pattern == "*" else f"no $shv matches {pattern}"
    others = "%shv PATTERN shows those whose name matches"
    cell.outlet.display(Table(("variable", "type", "value"), found, nothing, others, shared_row).bundle())


def shared_row(item: tuple[str, Value]) -> tuple[str, str, str]:
    name, value = item
    return f"$shv({decode(name)})", kind(value), readable(value)


@magic(
    "cache",
    "[COLLECTION] [PATTERN]",
    offers=Offers(words={"COLLECTION": lambda asked: asked.values(asked.defined.collections)}),
)
async def cache(cell: Cell, arguments: Arguments) -> None:
    """Show what the local cache holds: all its collections, or one. What has expired is not shown.

    A pattern such as `call_*` keeps the keys that match; alone it does so in all collections. What scripts store in
    `local` is in the collection default, what they store in `local:users` in users.
    """
    await cell.settle()
    known, word, pattern = collections_of(cell), arguments.first, pattern_of(arguments, 1)
    if word is None or word.text in known:
        chosen = known if word is None else [word.text]
    elif len(arguments.words) == 1 and set(word.text) & _WILD:
        chosen, pattern = known, word.text
    else:
        hint = meant_by(word.text, known)
        raise failure("UnknownCollection", f"the cache has no collection {word.text!r}", word.span, hint)
    found = [
        (name, *entry)
        for name in chosen
        for entry in entries(cell.session.shared, encode(name))
        if fnmatchcase(decode(entry[0]), pattern)
    ]
    nothing = "the cache is empty" if pattern == "*" else f"no key matches {pattern}"
    others = "%cache PATTERN shows the keys that match"
    cell.outlet.display(Table(("collection", "key", "value", "expires"), found, nothing, others, cache_row).bundle())


def meant_by(name: str, known: Sequence[str]) -> str:
    """What to write in place of a name that no collection of the cache has."""
    backend, _, collection = name.partition(":")
    if backend == "local":  # as cache_store("local:users", ...) calls it
        without_name = "its collection without a name is called default"
        return f"local is the backend: {f'%cache {collection} shows its collection' if collection else without_name}"
    return did_you_mean(name, known) or f"collections are {', '.join(known)}"


def cache_row(entry: tuple[str, str, str, int | None]) -> tuple[str, str, str, str | None]:
    name, key, text, left = entry
    return name, decode(key), readable(text), None if left is None else f"in {left} s"


def collections_of(cell: Cell) -> list[str]:
    """The collections that scripts have declared, and those that hold something."""
    declared = collections(cell.session.settings.modparams_in_force().get((MODULE, "cache_collections"), []))
    tables = [table.removeprefix(PREFIX) for table in cell.session.shared.tables() if table.startswith(PREFIX)]
    return [decode(name) for name in dict.fromkeys([*declared, *tables])]


def readable(value: Value) -> str:
    """A value of a script as `Out[n]` would show it."""
    return shown(decode(value) if isinstance(value, str) else value)


def kind(value: Value) -> str:
    return "integer" if isinstance(value, int) else "string"
