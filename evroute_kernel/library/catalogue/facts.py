"""The kinds of fact in the catalogue, as plain immutable data."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class CatalogueParam:
    """One parameter of a function or transformation. The flags tell what the server demands when it starts."""

    name: str
    type: str
    optional: bool = False
    #: a literal is a format whose variables are expanded
    format: bool = True
    #: a literal is taken as it stands
    no_expand: bool = False
    #: no variable may stand here
    literal_only: bool = False
    must_be_avp: bool = False
    must_be_writable: bool = False
    must_be_json: bool = False
    note: str = ""

    def __str__(self) -> str:
        return f"[{self.name}:{self.type}]" if self.optional else f"{self.name}:{self.type}"


@dataclass(frozen=True, slots=True)
class CatalogueFunction:
    """A function or statement of the core or of a module."""

    name: str
    module: str
    params: tuple[CatalogueParam, ...]
    description: str
    #: the return codes, in words
    returns: str
    #: kinds of route that may call it
    routes: frozenset[str]
    #: usable in async() and launch()
    is_async: bool
    kind: Literal["function", "statement"]
    #: seen running on a server; the facts of the others come from their declarations in the sources
    observed: bool

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> CatalogueFunction:
        return cls(
            fact["name"],
            fact["module"],
            tuple(CatalogueParam(**p) for p in fact["params"]),
            fact["description"],
            fact["returns"],
            frozenset(fact["routes"]),
            fact["async"],
            fact["kind"],
            fact["observed"],
        )

    @property
    def event_route(self) -> bool:
        """Whether an event_route itself may call it; a plain route may call anything."""
        return "event" in self.routes

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(map(str, self.params))})"


@dataclass(frozen=True, slots=True)
class CatalogueVariable:
    """A pseudo-variable of the core or of a module."""

    name: str
    aliases: tuple[str, ...]
    module: str
    type: str
    description: str
    writable: bool
    #: whether a name in parentheses is forbidden, possible or needed
    name_param: Literal["none", "optional", "required"]
    dynamic_name: bool
    index: bool
    #: in an event route: "value", "dummy" (of the dummy request), "null", or "not checked"
    in_event_route: str
    #: what it prints in an event route, where that is fixed
    prints: str | None
    unset: str | None
    diagnostic: tuple[str, ...]
    observed: bool

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> CatalogueVariable:
        return cls(
            fact["name"],
            tuple(fact["aliases"]),
            fact["module"],
            fact["type"],
            fact["description"],
            fact["writable"],
            fact["name_param"],
            fact["dynamic_name"],
            fact["index"],
            fact["in_event_route"],
            fact["prints"],
            fact["unset"],
            tuple(fact["diagnostic"]),
            fact["observed"],
        )


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
    """A transformation `{cls.name,parameters}`."""

    cls: str
    name: str
    module: str
    params: tuple[CatalogueParam, ...]
    result_type: str
    description: str
    examples: tuple[Example, ...]

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> CatalogueTransformation:
        return cls(
            fact["class"],
            fact["name"],
            fact["module"],
            tuple(CatalogueParam(**p) for p in fact["params"]),
            fact["result_type"],
            fact["description"],
            tuple(Example(**{**e, "diagnostic": tuple(e.get("diagnostic", ()))}) for e in fact["examples"]),
        )

    @property
    def full_name(self) -> str:
        return f"{self.cls}.{self.name}"
