"""Facts about modules and global settings, as plain immutable data; what a module needs of others, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class ModparamNeed:
    """What a value of a module parameter makes a module need.

    `when`: the value given last is "given" at all, "positive", "nonzero", "zero", a "text" that is not empty, "is" the
    `text` (letter case does not count), is "not" that, or "holds" it.
    """

    param: str
    when: Literal["given", "positive", "nonzero", "zero", "text", "is", "not", "holds"]
    #: a module by name, or "any KIND"
    need: str
    text: str = ""
    #: the server only warns
    warns: bool = False

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> ModparamNeed:
        need = fact.get("module") or f"any {fact['kind']}"
        return cls(fact["param"], fact["when"], need, fact.get("text", ""), fact.get("missing") == "warning")

    def met_by(self, value: int | str) -> bool:
        """Whether a value makes the module need it."""
        if isinstance(value, int):
            return {"given": True, "positive": value > 0, "nonzero": value != 0, "zero": value == 0}.get(
                self.when, False
            )
        texts = {"given": True, "text": bool(value), "is": value.lower() == self.text, "holds": self.text in value}
        return value not in ("", self.text) if self.when == "not" else texts.get(self.when, False)


@dataclass(frozen=True, slots=True)
class CatalogueModule:
    """A module, and what `modparam` may set with the type each takes ("int", "string", "any")."""

    name: str
    params: Mapping[str, str]
    #: a session is a server that was started with it
    loaded: bool = False
    #: protocols of the event interface that it brings
    protocols: tuple[str, ...] = ()
    #: its functions and variables keep what other events find there
    keeps_state: bool = False
    #: groups of the status/report interface that are there with it
    status_groups: frozenset[str] = frozenset()
    #: "sqldb", "cachedb", "aaa": modules of a kind stand for each other
    kind: str = "default"
    #: part of the server; `loadmodule` only switches it on
    linked: bool = False
    #: modules without which the server does not start: by name, "any KIND", or "ONE or OTHER"
    needs: tuple[str, ...] = ()
    #: those without which it warns
    wants: tuple[str, ...] = ()
    needs_when: tuple[ModparamNeed, ...] = ()
    #: contexts of variables that are there with it: `$(<reply>rs)`
    contexts: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, fact: dict[str, Any], params: Mapping[str, str]) -> CatalogueModule:
        return cls(
            fact["name"],
            params,
            fact.get("loaded", False),
            tuple(fact.get("protocols", ())),
            fact.get("keeps_state", False),
            frozenset(fact.get("status_groups", ())),
            fact.get("kind", "default"),
            fact.get("linked", False),
            tuple(fact.get("needs", ())),
            tuple(fact.get("wants", ())),
            tuple(map(ModparamNeed.from_json, fact.get("needs_when", ()))),
            frozenset(fact.get("contexts", ())),
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
