"""cache_store and its family, with the one backend that needs no other server: `local` (module cachedb_local).

A collection is a table of the shared memory, so all workers see it. An entry is its text, or (text, deadline) when it
expires. Time counts in whole seconds, as in the server: what is stored with a life of 1 second is gone between one and
two seconds later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import TEXT_ALONE, check_modparams, function
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.library.functions.glob import glob_pattern
from evroute_kernel.library.functions.locks import core_hash
from evroute_kernel.library.functions.parameters import literal
from evroute_kernel.library.references import Reference
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError, parse_variable
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.memory.clock import Clock
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import wrap

MODULE: Final = "cachedb_local"
DEFAULT_COLLECTION: Final = "default"
#: places of a collection's table, unless a script says otherwise
TABLE_SIZE: Final = 512
#: scheme[:group]://[host][/collection][?options]
_URL: Final = re.compile(r"[^:]*:(?:(?P<group>[^:/]*):)?//(?P<host>[^/?]*)(?:/(?P<collection>[^?]*))?(?:\?.*)?\Z", re.S)

Entry = str | tuple[str, int]


# -- collections ------------------------------------------------------------------------------------------------------


def table_of(collection: str) -> str:
    """The table of the shared memory that holds a collection."""
    return f"cache:{collection}"


def entries(shared: Shared, collection: str = DEFAULT_COLLECTION) -> Iterator[tuple[str, str, int | None]]:
    """Key, text and seconds left (None: for ever) of all that a collection holds and has not expired."""
    now = shared.clock.second()
    for key, entry in shared.items(table_of(collection)):
        if isinstance(entry, str):
            yield key, entry, None
        elif entry[1] >= now:
            yield key, entry[0], entry[1] - now


def collections(declared: modparams.Values) -> list[str]:
    """The collections that `cache_collections` names, and the default one, which comes first unless it is declared."""
    found: list[str] = []
    for text in declared:
        names = (part.partition("=")[0].strip() for part in str(text).split(";"))
        found += [name.removesuffix("/r") for name in names if name]
    return found if any(n.startswith(DEFAULT_COLLECTION) for n in found) else [DEFAULT_COLLECTION, *found]


def backends(urls: modparams.Values, declared: modparams.Values) -> dict[str, str]:
    """Every `local[:group]` that a script can name -> table.

    A URL without a collection means the first collection. Of two URLs of one group the later wins, of two without a
    group the first; URLs that stop after `//` all mean the last of them.
    """
    known = collections(declared)
    if not urls:
        return {"local": table_of(known[0])}
    found: dict[str, str] = {}
    bare: tuple[str, str] | None = None
    for url in reversed([str(u) for u in urls]):
        parts = _URL.match(url)
        if parts is None:
            continue
        group = parts["group"] or ""
        wanted = parts["collection"] or ""
        table = table_of(next((name for name in known if name.startswith(wanted)), wanted))
        if not parts["host"] and parts["collection"] is None:
            bare = bare or (group, table)
            group, table = bare
        name = f"local:{group}" if group else "local"
        found[name] = found.get(name, table) if group else table
    return found


def _check_modparam(parameter: str, value: int | str) -> str | None:
    if parameter == "cachedb_url" and _URL.match(str(value)) is None:
        return f"{value!r} is no URL: expected local[:group]://[/collection]"
    if parameter == "cache_clean_period" and int(value) <= 0:
        return "the period must be at least 1 second"
    if parameter == "cache_collections":
        sizes = [part.partition("=")[2].strip() for part in str(value).split(";") if "=" in part]
        wrong = next((size for size in sizes if not size.isdecimal()), None)
        return None if wrong is None else f"{wrong!r} is no hash size: expected a number of bits"
    return None


check_modparams(MODULE, _check_modparam)


def _table(context: Context, backend: str, key: str) -> str | None:
    """The table that a backend means; None, with the reason logged, when key or backend are unusable."""
    if not key:
        context.error("the cache key is empty")
        return None
    return _backend_table(context, backend)


def _backend_table(context: Context, backend: str) -> str | None:
    known = modparams.derived(context.process, MODULE, ("cachedb_url", "cache_collections"), backends)
    engine, _, group = backend.partition(":")
    found = known.get(f"local:{group}" if group else "local") if engine == "local" else None
    if found is None:
        context.error(_no_backend(engine, group))
    return found


def _no_backend(engine: str, group: str) -> str:
    if engine != "local":
        return f"no cache backend is named {engine!r}; this one is: local"
    wanted = f"local:{group}://" if group else "local://"
    return f'the cache backend local has no group {group!r}; add modparam("{MODULE}", "cachedb_url", "{wanted}")'


# -- entries ----------------------------------------------------------------------------------------------------------


class NotACounter(ValueError):
    """The text of a counter key is no integer."""


def live(entry: Entry | None, clock: Clock) -> str | None:
    """The text of an entry, None when there is none or it has expired."""
    if entry is None or isinstance(entry, str):
        return entry
    return entry[0] if clock.second() <= entry[1] else None


def entry_of(value: str, life: int, clock: Clock) -> Entry:
    """A text that is kept for so many seconds, 0: for ever."""
    return (value, clock.second() + life) if life else value


def _read(context: Context, table: str, key: str) -> str | None:
    shared = context.process.shared
    return live(shared.get_object(table, key), shared.clock)


def _add(context: Context, backend: str, key: str, by: int, life: int, result: Reference | None) -> int:
    table = _table(context, backend, key)
    if table is None:
        return -1
    total, clock = by, context.process.shared.clock

    def change(entry: Any) -> Entry:
        nonlocal total
        old = live(entry, clock)
        if old is None:
            return entry_of(str(by), life, clock)
        number = str2sint(old)
        if number is None:
            raise NotACounter(old)
        total = wrap(number + by)
        return str(total) if isinstance(entry, str) else (str(total), entry[1])

    try:
        context.process.shared.update(table, key, change)
    except NotACounter as error:
        context.error(f"cache key {key!r} holds {str(error)!r}, which is no integer")
        return -1
    return 1 if result is None or result.store(context, total) else -1


# -- functions --------------------------------------------------------------------------------------------------------


@function("cache_store")
def cache_store(context: Context, backend: str, key: str, value: str, timeout: int | None) -> int:
    """Store a text under a key, for `timeout` seconds (0 or left out: for ever).

    Returns 1; -1 for an empty key, an unknown backend or group.
    """
    table = _table(context, backend, key)
    if table is None:
        return -1
    shared = context.process.shared
    shared.put_object(table, key, entry_of(value, timeout or 0, shared.clock))
    return 1


@function("cache_fetch")
def cache_fetch(context: Context, backend: str, key: str, result: Reference) -> int:
    """Read a key into a variable, as a text; a missing key leaves the variable alone.

    Returns 1 when found, -2 when the key is missing or has expired, -1 for a failure.
    """
    table = _table(context, backend, key)
    if table is None:
        return -1
    value = _read(context, table, key)
    if value is None:
        return -2
    return 1 if result.set(context, TEXT_ALONE, value) else -1


@function("cache_counter_fetch")
def cache_counter_fetch(context: Context, backend: str, key: str, result: Reference) -> int:
    """Read a key into a variable, as an integer.

    Returns 1 when found, -2 when missing, -3 when the text is no integer, -1 for a failure.
    """
    table = _table(context, backend, key)
    if table is None:
        return -1
    value = _read(context, table, key)
    if value is None:
        return -2
    number = str2sint(value)
    if number is None:
        context.error(f"cache key {key!r} holds {value!r}, which is no integer")
        return -3
    return 1 if result.store(context, number) else -1


@function("cache_remove")
def cache_remove(context: Context, backend: str, key: str) -> int:
    """Delete a key. Deleting a key that is not there succeeds too.

    Returns 1; -1 for an empty key or an unknown backend.
    """
    table = _table(context, backend, key)
    if table is None:
        return -1
    context.process.shared.delete(table, key)
    return 1


@function("cache_add")
def cache_add(context: Context, backend: str, key: str, increment: int, expire: int, new_val: Reference | None) -> int:
    """Add to a counter, creating it; `expire` (seconds, 0: never) counts only when the key is created.

    The counter wraps at 32 bits. Returns 1; -1 when the stored text is no integer.
    """
    return _add(context, backend, key, increment, expire, new_val)


@function("cache_sub")
def cache_sub(context: Context, backend: str, key: str, decrement: int, expire: int, new_val: Reference | None) -> int:
    """Subtract from a counter, creating it as the negated value; otherwise as cache_add.

    Returns 1; -1 when the stored text is no integer.
    """
    return _add(context, backend, key, wrap(-decrement), expire, new_val)


def _check_avp_list(text: str, library: Library) -> tuple[str, str | None] | None:
    for part in text.split(";"):
        try:
            spec = parse_variable(part.strip(), library)
        except TemplateError as error:
            return f"{part.strip()!r} is no AVP: {error.message}", "write $avp(a);$avp(b)"
        if spec.declaration.name != "avp":
            return f"{part.strip()} is not an AVP", "write $avp(a);$avp(b)"
    return None


@function("cache_raw_query", check=literal(2, _check_avp_list), check_library=True)
def cache_raw_query(context: Context, backend: str, query: str, result_avps: str | None) -> int:
    """Send a query in the backend's own language; the backend `local` has none.

    Returns -1.
    """
    if not query:
        context.error("the raw query is empty")
    elif _backend_table(context, backend) is not None:
        context.error("the cache backend local has no raw queries")
    return -1


@function("cache_remove_chunk")
def cache_remove_chunk(context: Context, collection: str | None, glob: str) -> int:
    """Delete every key of a collection (left out: the default one) that matches a shell pattern such as `ip_*`.

    Returns 1; -1 for an unknown collection.
    """
    known = collections(modparams.values(context.process, MODULE, "cache_collections"))
    name = known[0] if collection is None else collection
    if name not in known:
        context.error(f"no collection is named {name!r}; these are: {', '.join(known)}")
        return -1
    remove_matching(context.process.shared, name, glob)
    return 1


def remove_matching(shared: Shared, collection: str, glob: str) -> None:
    """Delete every key of a collection that matches a shell pattern."""
    pattern, table = glob_pattern(glob), table_of(collection)
    for key, _ in shared.items(table):
        if pattern.fullmatch(key):
            shared.delete(table, key)  # each for itself: together they would need as much room again


def matching(shared: Shared, collection: str, glob: str) -> dict[str, str]:
    """Keys of a collection that match a shell pattern, and their texts, in the order of a server's table of its usual
    size. Those that have expired are there until a server looks for them, every ten minutes; here they are not."""
    pattern = glob_pattern(glob)
    found = {key: text for key, text, _ in entries(shared, collection) if pattern.fullmatch(key)}
    return dict(sorted(found.items(), key=lambda item: (core_hash(item[0], TABLE_SIZE), item[0])))
