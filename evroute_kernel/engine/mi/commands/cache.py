"""The cache that scripts use with cache_store() and its family: the backend `local`."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.engine.mi.arguments import Arguments, bad_type, invalid_params
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError, ScriptText
from evroute_kernel.library.functions import cache
from evroute_kernel.runtime.values import encode

#: parameter -> what is said when it is empty
_EMPTY: Final = {"system": "Empty memory cache id", "attr": "Empty attribute name", "value": "Empty value"}


def _read(given: Arguments, *names: str) -> list[str]:
    """Texts that must not be empty, as byte strings of a script."""
    found = []
    for name in names:
        text = given.text(name)
        if not text:
            raise invalid_params(_EMPTY[name])
        found.append(encode(text))
    return found


def _table(management: Management, system: str) -> str | None:
    """The table of the shared memory that a backend keeps its keys in; None for a backend that there is not."""
    set_by_scripts = management.session.settings.modparams_in_force()
    urls, collections = (set_by_scripts.get((cache.MODULE, name), []) for name in ("cachedb_url", "cache_collections"))
    return cache.backends(urls, collections).get(system.removesuffix(":"))


@command("cache_store", "cache:store", "system attr value", "system attr value expire")
def cache_store(management: Management, given: Arguments) -> str:
    """Store a text under a key, for `expire` seconds (0 or left out: for ever).

    `system` is the backend: `local`, or `local:group` where scripts have set such a one.
    """
    life = given.integer("expire") if "expire" in given else 0
    if life < 0:
        raise invalid_params("Negative expire value")
    system, key, value = _read(given, "system", "attr", "value")
    table = _table(management, system)
    if table is None:
        raise CommandError(500, "Cache store command failed")
    shared = management.session.shared
    shared.put_object(table, key, cache.entry_of(value, life, shared.clock))
    return "OK"


@command("cache_fetch", "cache:fetch", "system attr")
def cache_fetch(management: Management, given: Arguments) -> dict[str, str]:
    """Read the text that is stored under a key."""
    system, key = _read(given, "system", "attr")
    table = _table(management, system)
    if table is None:
        raise CommandError(500, "Cache fetch command failed")
    shared = management.session.shared
    entry = cache.live(shared.get_object(table, key), shared.clock)
    if not entry:
        raise CommandError(400, "Value not found")
    return {"key": ScriptText(key), "value": ScriptText(entry)}


@command("cache_remove", "cache:remove", "system attr")
def cache_remove(management: Management, given: Arguments) -> str:
    """Remove a key; one that is not there as well."""
    system, key = _read(given, "system", "attr")
    table = _table(management, system)
    if table is None:
        raise CommandError(500, "Cache remove command failed")
    management.session.shared.delete(table, key)
    return "OK"


@command(
    "cache_remove_chunk",
    "cachedb_local:remove_chunk",
    "glob",
    "glob collection",
    exporter="cachedb_local",
)
def cache_remove_chunk(management: Management, given: Arguments) -> str:
    """Remove all keys that match a shell pattern such as `ip_*`, of the default collection or of another one."""
    glob, collection = _chunk(management, given)
    if collection is None:
        raise CommandError(500, "Internal error")
    cache.remove_matching(management.session.shared, collection, glob)
    return "OK"


@command(
    "cache_fetch_chunk",
    "cachedb_local:fetch_chunk",
    "glob",
    "glob collection",
    exporter="cachedb_local",
)
def cache_fetch_chunk(management: Management, given: Arguments) -> dict[str, Any]:
    """Read all keys that match a shell pattern such as `ip_*`, of the default collection or of another one."""
    glob, collection = _chunk(management, given)
    if collection is None:  # as a server puts it that has refused a parameter before
        raise bad_type("glob")
    found = cache.matching(management.session.shared, collection, glob)
    return {"keys": [{"name": ScriptText(key), "value": ScriptText(text)} for key, text in found.items()]}


def _chunk(management: Management, given: Arguments) -> tuple[str, str | None]:
    """The pattern, and the collection that is meant: None for one that there is not."""
    declared = management.process().settings.modparams.get((cache.MODULE, "cache_collections"), [])
    known = cache.collections(declared)
    name = encode(given.text("collection")) if "collection" in given else known[0]
    return encode(given.text("glob")), name if name in known else None
