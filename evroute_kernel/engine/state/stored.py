"""What scripts have stored, as mappings to read and to set: `$shv`, and the collections of the local cache."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Final

from evroute_kernel.engine.events import given
from evroute_kernel.engine.state.registry import Registry
from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.functions.cache import DEFAULT_COLLECTION, entries, entry_of, live, table_of
from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, Value, decode, encode

#: names that the message of a KeyError lists
_MOST: Final = 8
#: how bindings begin whose text is taken as it is
_UNPARSED: Final = (("value",), ("regex",))
_NAMED: Final = re.compile(r"\$\(?shv\([ \t\r\n]*+([^$()\s][^()]*)\)")


class NotStoredError(KeyError):
    """Nothing is stored under this name."""

    def __init__(self, what: str, name: str, known: list[str]) -> None:
        there = ", ".join(known[:_MOST]) + (", ..." if len(known) > _MOST else "") or "none"
        super().__init__(f"{what} is not set; {did_you_mean(name, known) or f'there are: {there}'}")

    def __str__(self) -> str:
        return str(self.args[0])


# -- shared variables -------------------------------------------------------------------------------------------------


def shared_values(shared: Shared, registry: Registry) -> dict[str, Value]:
    """All shared variables: those that scripts name start as 0, those with a computed name exist once they are set."""
    return dict.fromkeys(_named(registry), 0) | dict(shared.items(SHARED_TABLE))


def _named(registry: Registry) -> Iterator[str]:
    """The variables that the routes name."""
    for definition in registry:
        for binding in definition.route.pool:
            for text in _parsed_texts(binding[1:]):
                yield from (name.rstrip(" \t\r\n") for name in _NAMED.findall(text))


def _parsed_texts(part: Any) -> Iterator[str]:
    """The texts of a binding in which variables are looked for: all but those of constants and patterns."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple) and part[:1] not in _UNPARSED:
        for inner in part:
            yield from _parsed_texts(inner)


class SharedVariables(MutableMapping[str, int | str]):
    """`session.shv["n"]` is `$shv(n)`, an integer or a text.

    There are those that a loaded script names, 0 until they are set, and those that have been set.
    """

    def __init__(self, shared: Callable[[], Shared], registry: Registry) -> None:
        self._shared = shared
        self._registry = registry

    def _all(self) -> dict[str, int | str]:
        found = shared_values(self._shared(), self._registry)
        return {decode(name): _plain(value) for name, value in found.items()}

    def __getitem__(self, name: str) -> int | str:
        value = self._shared().get(SHARED_TABLE, _key(name))
        if value is not None:
            return _plain(value)
        if name in (known := self._all()):
            return 0
        raise NotStoredError(f"$shv({name})", name, list(known))

    def __setitem__(self, name: str, value: int | str) -> None:
        if isinstance(value, str):
            self._shared().put(SHARED_TABLE, _key(name), encode(given.text(value, f"$shv({name})")))
            return
        if not INT_MIN <= given.integer(value, f"$shv({name})") <= INT_MAX:
            raise given.GivenError(f"$shv({name}) holds integers of 32 bits, and {value} is none")
        self._shared().put(SHARED_TABLE, _key(name), value)

    def __delitem__(self, name: str) -> None:
        """It is 0 again where a script names it, and not there where none does."""
        self[name]
        self._shared().delete(SHARED_TABLE, _key(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


def _plain(value: Value) -> int | str:
    return decode(value) if isinstance(value, str) else value or 0


# -- the local cache --------------------------------------------------------------------------------------------------


class LocalCache(MutableMapping[str, str]):
    """`session.cache["k"]` is what cache_fetch("local", "k", ...) reads; values are texts, as in a server.

    It is the collection `default`, where scripts store what they give to `local`; `collection("users")` is another
    one. What has expired is not there.
    """

    def __init__(self, shared: Callable[[], Shared], name: str = DEFAULT_COLLECTION) -> None:
        self._shared = shared
        self._table = table_of(_key(name, "the name of a collection"))
        #: the collection
        self.name: Final = name

    def collection(self, name: str) -> LocalCache:
        """Another collection, such as `users`, whether or not a script has declared it."""
        return LocalCache(self._shared, name)

    def store(self, key: str, value: int | str, expires: int = 0) -> None:
        """Set a key for so many seconds (0: for ever), as cache_store() does. An integer becomes its text."""
        text = given.text(str(value) if type(value) is int else value, f"the cache key {key!r}")
        life = given.whole(expires, "the time that a key is kept")
        shared = self._shared()
        shared.put_object(self._table, _key(key), entry_of(encode(text), life, shared.clock))

    def __getitem__(self, key: str) -> str:
        shared = self._shared()
        text = live(shared.get_object(self._table, _key(key)), shared.clock)
        if text is None:
            raise NotStoredError(f"the cache key {key!r}", key, list(self))
        return decode(text)

    def __setitem__(self, key: str, value: int | str) -> None:
        self.store(key, value)

    def __delitem__(self, key: str) -> None:
        if key not in self or not self._shared().delete(self._table, _key(key)):
            raise NotStoredError(f"the cache key {key!r}", key, list(self))

    def __iter__(self) -> Iterator[str]:
        return (decode(key) for key, _, _ in entries(self._shared(), encode(self.name)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


def _key(name: object, what: str = "a name in shared memory") -> str:
    return encode(given.name(name, what))
