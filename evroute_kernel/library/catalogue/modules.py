"""Facts about modules and global settings, as plain immutable data; what a module needs of others and of its
parameters, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, Literal

from evroute_kernel.records import dataclass

#: every value given for (module, parameter), in order
Modparams = Mapping[tuple[str, str], Sequence[int | str]]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a module parameter is.

    `when`: the value given last is "given" at all, "positive", "nonzero", "zero", a "text" that is not empty, "is" the
    `text` (letter case does not count), or is "not" that; or one of the values "holds" it. `module` is another one than
    the judged.
    """

    param: str
    when: Literal["given", "positive", "nonzero", "zero", "text", "is", "not", "holds"]
    text: str = ""
    module: str = ""

    def met_by(self, value: int | str) -> bool:
        if isinstance(value, int):
            return {"given": True, "positive": value > 0, "nonzero": value != 0, "zero": value == 0}.get(
                self.when, False
            )
        texts = {"given": True, "text": bool(value), "is": value.lower() == self.text, "holds": self.text in value}
        return value not in ("", self.text) if self.when == "not" else texts.get(self.when, False)

    def holds(self, module: str, modparams: Modparams) -> bool:
        """Whether it does with these parameters, where `module` is judged."""
        given = modparams.get((self.module or module, self.param), ())
        counting = given if self.when == "holds" else given[-1:]
        return any(self.met_by(value) for value in counting)


@dataclass(frozen=True, slots=True)
class ModparamNeed(Condition):
    """What a value of a module parameter makes a module need."""

    #: a module by name, or "any KIND"
    need: str = ""
    #: the server only warns
    warns: bool = False

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> ModparamNeed:
        need = fact.get("module") or f"any {fact['kind']}"
        text, warns = fact.get("text", ""), fact.get("missing") == "warning"
        return cls(fact["param"], fact["when"], text, need=need, warns=warns)


#: what a parameter that names an SQL database may be
SQL_URL: Final = "mysql://user:password@localhost/opensips"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Parameters of which a module needs `one_of`, or it does not start. The first one may be `sample`."""

    one_of: tuple[str, ...]
    sample: int | str = SQL_URL
    #: a global setting that takes their place
    setting: str = ""
    #: it is needed where all of these hold
    when: tuple[Condition, ...] = ()
    #: and none of these
    unless: tuple[Condition, ...] = ()
    #: nor is this module loaded
    without: str = ""

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> Requirement:
        when, unless = (tuple(Condition(**c) for c in fact.get(key, ())) for key in ("when", "unless"))
        return cls(
            tuple(fact["one_of"]),
            fact.get("sample", SQL_URL),
            fact.get("setting", ""),
            when,
            unless,
            fact.get("without", ""),
        )

    def lacks(self, module: str, modparams: Modparams, loaded: Collection[str]) -> bool:
        """Whether a module needs one of them, and these parameters have none."""
        given = [*((module, param) for param in self.one_of), ("core", self.setting)]
        if self.without in loaded or any(modparams.get(name) for name in given):
            return False
        needed = all(condition.holds(module, modparams) for condition in self.when)
        return needed and not any(condition.holds(module, modparams) for condition in self.unless)


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
    #: what it needs where a parameter is not so
    needs_unless: tuple[ModparamNeed, ...] = ()
    #: parameters without which it does not start
    required: tuple[Requirement, ...] = ()
    #: protocols: it does not start without a socket of one of them
    sockets: tuple[str, ...] = ()
    #: contexts of variables that are there with it: `$(<reply>rs)`
    contexts: frozenset[str] = frozenset()
    #: a socket of its protocol may ask for PROXY headers
    proxied: bool = False
    #: group -> statistics of SIP messages that it counts
    counters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: parameters -> smallest value; below it the server takes its own, with a warning
    least: Mapping[str, int] = field(default_factory=dict)

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
            tuple(map(ModparamNeed.from_json, fact.get("needs_unless", ()))),
            tuple(map(Requirement.from_json, fact.get("required", ()))),
            tuple(fact.get("sockets", ())),
            frozenset(fact.get("contexts", ())),
            fact.get("proxied", False),
            fact.get("counters", {}),
            fact.get("least", {}),
        )


#: flag      a number, or one of the words yes/no, true/false, on/off, enable/disable
#: number    an unsigned number          signed    a number that may carry a sign
#: string    a text in quotes            word      a bare word
#: paths     texts in quotes with colons between them
#: text      a text in quotes or a bare word
#: tos       a number or a bare word
#: workers   a number, perhaps followed by `use_auto_scaling_profile WORD`
#: socket, alias, address, blacklist, group, profile: a small grammar of their own (grammar.lark)
GlobalKind = Literal[
    "flag",
    "number",
    "signed",
    "string",
    "paths",
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
