"""What takes the place of names that this version does not have: those of earlier versions, and events of Kamailio."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from evroute_kernel.library.catalogue import Renamed, of
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion

#: how a successor of each kind is written
_WRITTEN: Final = {"variable": "${}", "function": "{}()"}
_KINDS: Final = {"modparam": "the parameter ", "function": "the function ", "variable": "the variable "}


def fate(version: ServerVersion, kind: str, name: str, module: str | None = None) -> str | None:
    """A hint naming what took the place of a name of an earlier version; None for a name that was never one.

    `kind` is "module", "function", "variable", "global", "modparam", "keyword" or "mi". A parameter is looked up with
    its `module`.
    """
    found = of(version).renamed.get((kind, name), ())
    fitting = [entry for entry in found if module is None or entry.module == module]
    return _hint(fitting[0]) if fitting else None


def _hint(gone: Renamed) -> str:
    """`it is sql_query() of module sqlops now`; the note of one without a successor."""
    last = f"known up to {gone.versions[1]}"
    note = f"; {gone.note}" if gone.note else ""
    return (f"{last}: it is {_successor(gone)} now" if gone.successor else last) + note


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
