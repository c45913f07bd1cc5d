"""What became of names that a version does not have: those of other versions, and events of Kamailio."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from evroute_kernel.library.catalogue import Catalogue, Renamed, of
from evroute_kernel.runtime.versions import DEFAULT_VERSION, VERSIONS, ServerVersion

#: how a successor of each kind is written
_WRITTEN: Final = {"variable": "${}", "function": "{}()"}
_KINDS: Final = {"modparam": "the parameter ", "function": "the function ", "variable": "the variable "}


def fate(version: ServerVersion, kind: str, name: str, module: str | None = None) -> str | None:
    """A hint about a name that this version does not have: what took the place of one of an earlier version, or which
    version has it. None for a name that was never one.

    `kind` is "module", "function", "variable", "transformation" (by its full name), "global", "modparam", "event",
    "keyword" or "mi". A parameter is looked up with its `module`.
    """
    found = of(version).renamed.get((kind, name), ())
    fitting = [entry for entry in found if module is None or entry.module == module]
    if fitting:
        return _hint(fitting[0])
    return _elsewhere(version, lambda facts: _has(facts, kind, name, module))


def _elsewhere(version: ServerVersion, has: Callable[[Catalogue], bool]) -> str | None:
    """`it is new in 4.0`, `gone since 4.0`."""
    place = VERSIONS.index(version)
    later = next((other for other in VERSIONS[place + 1 :] if has(of(other))), None)
    if later is not None:
        return f"it is new in {later}"
    last = next((number for number in reversed(range(place)) if has(of(VERSIONS[number]))), None)
    return None if last is None else f"gone since {VERSIONS[last + 1]}"


def _has(facts: Catalogue, kind: str, name: str, module: str | None) -> bool:
    if kind == "modparam":
        known = facts.modules.get(module or "")
        return known is not None and name in known.params
    names: dict[str, Callable[[], Container[str]]] = {
        "module": lambda: facts.modules,
        "function": lambda: facts.functions,
        "variable": lambda: facts.variables,
        "transformation": lambda: facts.transformations,
        "global": lambda: facts.globals,
        "event": lambda: facts.events,
    }
    return kind in names and name in names[kind]()


def _hint(gone: Renamed) -> str:
    """`it is sql_query() of module sqlops now`; the note of one without a successor."""
    last = _until(gone.versions[1])
    note = f"; {gone.note}" if gone.note else ""
    return (f"{last}: it is {_successor(gone)} now" if gone.successor else last) + note


def _until(last: str) -> str:
    """How long there was something, whose last version is this."""
    for version, following in pairwise(VERSIONS):
        if last == version:
            return f"gone since {following}"
    return f"known up to {last}"


def _successor(gone: Renamed) -> str:
    kind = gone.successor_kind or gone.kind
    module = gone.successor_module or gone.module
    written = _WRITTEN.get(kind, "{}").format(gone.successor)
    other = _KINDS.get(kind, "") if kind != gone.kind else ""
    elsewhere = kind in ("function", "variable", "modparam") and module not in (None, "core")
    is_same_place = kind == gone.kind == "modparam" and module == gone.module
    return f"{other}{written}" + (f" of module {module}" if elsewhere and not is_same_place else "")


# -- Kamailio ---------------------------------------------------------------------------------------------------------


@cache
def _kamailio() -> dict[str, str]:
    return dict(of(DEFAULT_VERSION).kamailio_events)


def kamailio_event(name: str) -> tuple[str, str] | None:
    """Message and hint for the name of an event route of Kamailio, such as `dispatcher:dst-down`; None for another.

    `tm:branch-failure:again` and its kin end in a name of the script's own.
    """
    for known in _prefixes(name.lower()):
        if known in _kamailio():
            return f"{name!r} is an event of Kamailio, not of OpenSIPS", _kamailio()[known]
    return None


def _prefixes(name: str) -> Iterator[str]:
    yield name
    while name.count(":") > 1:
        name = name.rpartition(":")[0]
        yield name
