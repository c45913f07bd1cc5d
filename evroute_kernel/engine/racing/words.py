"""What processes share, in the words of scripts, and what it holds as far as a script can tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from evroute_kernel.engine.results.races import HELD, LOCK
from evroute_kernel.runtime.memory.accesses import DATABASE, LOCKS, Access
from evroute_kernel.runtime.values import decode

_VERBS: Final = {"read": "reads", "write": "writes", "take": "takes", "release": "gives back"}
#: tables that belong to other ones, and which scripts do not see
_INNER: Final = frozenset({"stat", "dialog callid", "dialog did", "dialog count"})
#: characters of a value that are told
_LONGEST: Final = 200

Tables = Mapping[str, Iterable[tuple[str, Any]]]


def named(table: str, key: str | None) -> str:
    """What a key of a table is called."""
    kind, _, rest = table.partition(":")
    name = decode(key or "")
    if table == "shv":
        return f"$shv({name})" if key is not None else "all $shv"
    if table == LOCKS:
        kind, _, rest = name.partition(":")
        return f"{LOCK}{rest!r}" if kind == "static" else f"{LOCK}{rest} of the pool"
    if table == DATABASE:
        return f"database {name}"
    if kind == "cache":
        what = "the cache" if rest == "default" else f"the cache {decode(rest)}"
        return f"key {name!r} of {what}" if key is not None else f"all of {what}"
    if kind == "mqueue":
        return f"queue {decode(rest)}"
    if kind == "stat":
        return f"$stat({decode(rest)}:{name})" if key is not None else f"all statistics of {decode(rest)}"
    return f"{decode(table)} {name}".strip()


def does(accesses: Iterable[Access]) -> tuple[str, ...]:
    """What a step did; that it also read what it changed goes without saying."""
    found: dict[str, str] = {}
    for access in sorted(accesses, key=lambda a: (a.table in _INNER, a.table, a.key or "", a.verb)):
        name = named(access.table, access.key)
        if access.table not in _INNER and found.get(name) != _VERBS["write"]:
            found[name] = _VERBS[access.verb]
    return tuple(f"{verb} {name}" for name, verb in found.items())


def state(tables: Tables, databases: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """What is shared, by name. The numbers of pairs in a queue, or of who holds a lock, tell nothing."""
    for table, items in tables.items():
        if table in _INNER:
            continue
        if table.startswith("mqueue:"):
            pairs = [value for key, value in items if key]
            if pairs:
                yield named(table, None), ", ".join(f"{_shown(k)}: {_shown(v)}" for k, v in pairs)
            continue
        for key, value in items:
            yield named(table, key), _value(table, value)
    for url, statements in databases.items():
        yield named(DATABASE, url), "; ".join(statements)


def _value(table: str, value: Any) -> str:
    if table == LOCKS:
        return HELD
    if table.startswith("stat:"):
        return _shown(value[1])
    if table.startswith("cache:") and isinstance(value, tuple | list):
        return f"{_shown(value[0])} until {value[1]}"
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(decode(value), ensure_ascii=False)
    return str(value)


def shortened(text: str) -> str:
    """A value as it is told where there is little room."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters)"
