"""What scripts have stored: variables of a worker, shared variables, the local cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.display.formats import Table, shown
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.patterns import chosen, is_wild
from evroute_kernel.library.functions.cache import DEFAULT_COLLECTION, MODULE, collections, entries, table_of
from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.values import Value, decode, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Variables
    from evroute_kernel.kernel.cell.cell import Cell

#: of the names of the tables that hold collections
PREFIX: Final = table_of("")


def read_vars(arguments: Arguments) -> tuple[int, str | None]:
    """The number of a worker, and a pattern of names."""
    return arguments.first.whole(1, "the number of a worker") if arguments.first else 1, pattern_of(arguments, 1)


def pattern_of(arguments: Arguments, index: int) -> str | None:
    """The word that is a pattern; None where there is none."""
    return arguments.words[index].text if index < len(arguments.words) else None


@magic("vars", "[WORKER] [PATTERN]", convert=read_vars)
async def vars_(cell: Cell, asked: tuple[int, str | None]) -> None:
    """Show what a worker keeps from event to event: `$var` that are not null, and the documents of `$json`.

    Without a number it is the first worker, which also runs the statements of cells. Shown is what holds when the run
    that the worker may have under way has ended. A pattern such as `call_*` keeps the variables whose name matches, a
    word those that hold it.
    """
    number, pattern = asked
    await cell.settle()
    found = await cell.wait(cell.session.variables(number))
    rows = chosen(variables(found), pattern, lambda row: row[:1])
    nothing = f"worker {number} keeps no variable" + (f" that matches {pattern}" if pattern else "")
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

    A pattern such as `call_*` keeps those whose name matches, a word those that hold it.
    """
    await cell.settle()
    pattern = pattern_of(arguments, 0)
    found = chosen(cell.session.shared.items(SHARED_TABLE), pattern, lambda item: (decode(item[0]),))
    nothing = "no $shv has been set" if pattern is None else f"no $shv matches {pattern}"
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

    A pattern such as `call_*` keeps the keys that match, a word those that hold it; alone it does so in all
    collections. What scripts store in `local` is in the collection default, what they store in `local:users` in users;
    both names are taken here too.
    """
    await cell.settle()
    known, word = collections_of(cell), arguments.first
    name, pattern = collection_and_pattern(arguments, known)
    names = known if name is None else [name]
    every = ((name, *entry) for name in names for entry in entries(cell.session.shared, encode(name)))
    found = chosen(every, pattern, lambda entry: (decode(entry[1]),))
    if word is not None and name is None and not found and not is_wild(word.text):
        raise unknown_collection(word, known)
    nothing = "the cache is empty" if pattern is None else f"no key matches {pattern}"
    others = "%cache PATTERN shows the keys that match"
    cell.outlet.display(Table(("collection", "key", "value", "expires"), found, nothing, others, cache_row).bundle())


def collection_and_pattern(arguments: Arguments, known: Sequence[str]) -> tuple[str | None, str | None]:
    """The collection that is meant (None: all), and the pattern of keys. One word that is no collection is a pattern.

    Raises CellFailure.
    """
    word = arguments.first
    if word is None:
        return None, None
    name = collection_of(word.text, known)
    if name in known:
        return name, pattern_of(arguments, 1)
    if len(arguments.words) > 1:
        raise unknown_collection(word, known)
    return None, word.text


def unknown_collection(word: Word, known: Sequence[str]) -> CellFailure:
    hint = did_you_mean(word.text, known) or f"collections are {', '.join(known)}"
    return failure("UnknownCollection", f"the cache has no collection {word.text!r}", word.span, hint)


def collection_of(word: str, known: Sequence[str]) -> str:
    """The collection that a word means, which may be written as scripts write it: `local`, `local:users`."""
    backend, _, collection = word.partition(":")
    return word if word in known or backend != "local" else collection or DEFAULT_COLLECTION


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
