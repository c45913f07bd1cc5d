"""The kinds of fact in the catalogue, as plain immutable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from evroute_kernel.errors import near_misses


@dataclass(frozen=True, slots=True)
class EventParam:
    """One parameter of an event. `sample` is a value the server could send; `values` lists all, where there are few."""

    name: str
    type: Literal["int", "string"]
    description: str
    sample: int | str
    optional: bool = False
    values: tuple[int | str, ...] = ()
    #: may hold what an earlier event of the same process left
    stale: bool = False


@dataclass(frozen=True, slots=True)
class ExtraParams:
    """Parameters that a server's configuration adds to an event, between the two named ones (None: at the end)."""

    after: str | None
    before: str | None
    type: str
    configured_by: str
    description: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the core or of a module, with its parameters in the order they are sent."""

    name: str
    module: str
    description: str
    params: tuple[EventParam, ...]
    versions: tuple[str, ...]
    #: whether configuration can add parameters or change their order
    dynamic: bool = False
    extra_params: ExtraParams | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> Event:
        params = tuple(EventParam(**{**p, "values": tuple(p.get("values", ()))}) for p in fact["params"])
        extra = fact.get("extra_params")
        return cls(
            fact["name"],
            fact["module"],
            fact["description"],
            params,
            tuple(fact["versions"]),
            fact["dynamic"],
            ExtraParams(**extra) if extra else None,
            tuple(fact.get("notes", ())),
        )

    def param(self, name: str) -> EventParam | None:
        """The parameter of exactly this name; letter case counts, as it does in `$param(name)`."""
        return next((p for p in self.params if p.name == name), None)

    def near_params(self, name: str, count: int = 3) -> list[str]:
        """Names of parameters that `name` may have been meant for, best first: `ip` for `src_ip` too."""
        known = [p.name for p in self.params]
        found = near_misses(name, known, count)
        words = set(name.lower().split("_"))
        found += [k for k in known if k not in found and words & set(k.lower().split("_"))]
        return found[:count]

    @property
    def signature(self) -> str:
        """`E_X(ip, port:int, [reason])`: strings carry no type."""
        parts = (p.name if p.type == "string" else f"{p.name}:int" for p in self.params)
        shown = (f"[{part}]" if p.optional else part for p, part in zip(self.params, parts, strict=True))
        return f"{self.name}({', '.join(shown)})"


#: Types of the parameters of functions (those of transformations: see `CatalogueTransformation`; statements have more).
#: int      a number literal, or a variable with an integer form
#: string   a literal that is a format, or a variable
#: literal  a string literal taken as it is (the server's NO_EXPAND), or a variable
#: regex    a literal compiled at start (POSIX extended, ignoring case), or a variable
#: var      one variable token
#: char     one character as it stands, whatever it is (transformations only)
ParamType = Literal["int", "string", "literal", "regex", "var", "char"]


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a function or transformation. The flags tell what the server demands when it starts."""

    name: str
    type: str
    optional: bool = False
    #: no variable may stand here
    literal_only: bool = False
    #: of a statement: a literal is a format whose variables are expanded
    format: bool = True
    #: which variable may stand here: an AVP, one that can be written, a `$json`
    variable_must_be: Literal["avp", "writable", "json"] | None = None
    note: str = ""

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> Param:
        known = {key: value for key, value in fact.items() if key != "no_expand"}
        return cls(**{**known, "type": "literal"} if fact.get("no_expand") else known)

    def __str__(self) -> str:
        return f"[{self.name}:{self.type}]" if self.optional else f"{self.name}:{self.type}"


def _params(fact: dict[str, Any]) -> tuple[Param, ...]:
    return tuple(map(Param.from_json, fact["params"]))


@dataclass(frozen=True, slots=True)
class CatalogueFunction:
    """A function or statement of the core or of a module."""

    name: str
    module: str
    params: tuple[Param, ...]
    #: kinds of route that may call it; the server looks at the route itself alone, not at what that calls
    routes: frozenset[str]
    #: usable in async() and launch()
    is_async: bool = False
    #: the return codes, in words
    returns: str = "1"
    description: str = ""
    kind: Literal["function", "statement"] = "function"
    #: seen running on a server; the facts of the others come from their declarations in the sources
    observed: bool = False

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> CatalogueFunction:
        return cls(
            fact["name"],
            fact["module"],
            _params(fact),
            frozenset(fact["routes"]),
            fact.get("async", False),
            fact["returns"],
            fact["description"],
            fact.get("kind", "function"),
            fact.get("observed", False),
        )

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(map(str, self.params))})"


@dataclass(frozen=True, slots=True)
class CatalogueVariable:
    """A pseudo-variable of the core or of a module."""

    name: str
    module: str = "core"
    aliases: tuple[str, ...] = ()
    type: str = "string"
    writable: bool = False
    #: whether a name in parentheses is forbidden, possible or needed
    subname: Literal["none", "optional", "required"] = "none"
    #: a variable may stand for the name
    dynamic: bool = False
    #: "all": only `[*]` may stand there
    index: bool | Literal["all"] = False
    #: `[append]` may stand there too
    append: bool = False
    #: `[ ]` only after a name in parentheses: $(branch(uri)[1]), but not $(branch[1])
    index_needs_name: bool = False
    #: may stand in for-each as what is assigned
    iterator: bool = False
    #: in an event route: "value", "dummy" (of the dummy request), "null", or "not checked"
    in_event_route: str = "not checked"
    #: what it prints in an event route, where that is fixed
    prints: str | None = None
    unset: str | None = None
    diagnostic: tuple[str, ...] = ()
    description: str = ""
    observed: bool = False

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> CatalogueVariable:
        return cls(
            fact["name"],
            fact["module"],
            tuple(fact.get("aliases", ())),
            fact["type"],
            fact.get("writable", False),
            fact["name_in_parentheses"],
            fact.get("computed_name") == "one variable",
            fact.get("index", False),
            fact.get("index_append", False),
            fact.get("index_needs_name", False),
            fact.get("iterator", False),
            fact["in_event_route"],
            fact.get("prints"),
            fact.get("unset"),
            tuple(fact.get("diagnostic", ())),
            fact["description"],
            fact.get("observed", False),
        )

    @property
    def message(self) -> bool:
        """Needs the SIP message: in an event route it is made up, or there is none."""
        return self.in_event_route in ("dummy", "null")


@dataclass(frozen=True, slots=True)
class Example:
    """What a transformation makes of an input: the printed text (None for null), its integer if it has one.

    `diagnostic` holds what a server says about it.
    """

    input: str
    transformation: str
    output: str | None
    type: str = "string"
    int_value: int | None = None
    diagnostic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueTransformation:
    """A transformation `{cls.name,parameters}`. Its parameters are read by type:

    int      a number with an optional sign, or a variable
    string   text up to a blank, `,` or `}`; or a variable. Blanks before it are skipped
    literal  text up to `,` or `}`, inner and trailing blanks kept; or a variable. Blanks before it are skipped
    char     the one character after the comma, `,` and `}` included; never a variable

    A backslash before `,` or `}` keeps that character in a text; both stay.
    """

    cls: str
    name: str
    module: str = "core"
    params: tuple[Param, ...] = ()
    result: str = "string"
    #: what else the server takes for this name: `fnmatch` patterns in lower case, such as "triml*" or "match??"
    spellings: tuple[str, ...] = ()
    #: names are compared without regard to letter case; a few are not
    any_case: bool = True
    #: text after the last parameter is "ignored" or "refused"; "anywhere": it may even replace an optional parameter
    tail: Literal["ignored", "refused", "anywhere"] = "ignored"
    #: `{nameaddr.2.uri}`: a number or variable may stand before the name; it is passed first, 0 when not written.
    #: The parameters do not mention it.
    indexed: bool = False
    description: str = ""
    examples: tuple[Example, ...] = ()

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> CatalogueTransformation:
        return cls(
            fact["class"],
            fact["name"],
            fact["module"],
            _params(fact),
            fact["result"],
            tuple(fact.get("spellings", ())),
            fact.get("any_case", True),
            fact.get("tail", "ignored"),
            fact.get("indexed", False),
            fact["description"],
            tuple(Example(**{**e, "diagnostic": tuple(e.get("diagnostic", ()))}) for e in fact["examples"]),
        )

    @property
    def full_name(self) -> str:
        return f"{self.cls}.{self.name}"


@dataclass(frozen=True, slots=True)
class CatalogueModule:
    """A module, and what `modparam` may set with the type each takes ("int", "string", "any"); None: not known, all."""

    name: str
    params: Mapping[str, str] | None = None
    #: a session is a server that was started with it
    loaded: bool = False
    #: protocols of the event interface that it brings
    protocols: tuple[str, ...] = ()
    #: groups of the status/report interface that are there with it
    status_groups: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, fact: dict[str, Any], params: list[dict[str, Any]] | None) -> CatalogueModule:
        types = None if params is None else {p["name"]: "any" if p["type"] == "both" else p["type"] for p in params}
        known = None if types is None else MappingProxyType(types)
        groups = frozenset(fact.get("status_groups", ()))
        return cls(fact["name"], known, fact.get("loaded", False), tuple(fact.get("protocols", ())), groups)


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
