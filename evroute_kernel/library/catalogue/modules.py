"""Facts about modules and global settings, as plain immutable data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class CatalogueModule:
    """A module, and what `modparam` may set with the type each takes ("int", "string", "any"); None: not known, all."""

    name: str
    params: Mapping[str, str] | None = None
    #: a session is a server that was started with it
    loaded: bool = False
    #: protocols of the event interface that it brings
    protocols: tuple[str, ...] = ()
    #: its functions and variables keep what other events find there
    keeps_state: bool = False
    #: groups of the status/report interface that are there with it
    status_groups: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, fact: dict[str, Any], params: list[dict[str, Any]] | None) -> CatalogueModule:
        types = None if params is None else {p["name"]: "any" if p["type"] == "both" else p["type"] for p in params}
        known = None if types is None else MappingProxyType(types)
        return cls(
            fact["name"],
            known,
            fact.get("loaded", False),
            tuple(fact.get("protocols", ())),
            fact.get("keeps_state", False),
            frozenset(fact.get("status_groups", ())),
        )


#: flag      a number, or one of the words yes/no, true/false, on/off, enable/disable
#: number    an unsigned number          signed    a number that may carry a sign
#: string    a text in quotes            word      a bare word
#: text      a text in quotes or a bare word
#: tos       a number or a bare word
#: workers   a number, perhaps followed by `use_auto_scaling_profile WORD`
#: socket, alias, address, blacklist, group, profile: a small grammar of their own (grammar.lark)
GlobalKind = Literal[
    "flag",
    "number",
    "signed",
    "string",
    "word",
    "text",
    "tos",
    "workers",
    "socket",
    "alias",
    "address",
    "blacklist",
    "group",
    "profile",
]


@dataclass(frozen=True, slots=True)
class ScriptGlobal:
    """A global setting, `name = value` at the top level of a script."""

    name: str
    kind: GlobalKind
    #: smallest and largest number
    range: tuple[int, int] | None = None
    #: the words it takes; none: any
    words: frozenset[str] = frozenset()
    #: letter case of words does not count
    any_case: bool = False

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> ScriptGlobal:
        low_high = tuple(fact["range"]) if "range" in fact else None
        return cls(fact["name"], fact["kind"], low_high, frozenset(fact.get("words", ())), fact.get("any_case", False))
