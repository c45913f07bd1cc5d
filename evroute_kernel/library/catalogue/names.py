"""Facts about what scripts can name, as plain immutable data: functions, variables, transformations."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Literal

from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a function, by type (those of transformations: see there; statements have types of their own):

    int      a number literal, or a variable with an integer form
    string   a literal that is a format, or a variable
    literal  a string literal taken as it is (the server's NO_EXPAND), or a variable
    regex    a literal compiled at start (POSIX extended, ignoring case), or a variable
    var      one variable token

    The other fields tell what the server demands when it starts.
    """

    name: str
    type: str
    optional: bool = False
    #: no variable may stand here
    literal_only: bool = False
    #: of a statement: a literal is a format whose variables are expanded
    format: bool = True
    #: which variable may stand here: an AVP, an AVP or `$var`, one that can be written, a `$json`
    variable_must_be: Literal["avp", "avp or var", "writable", "json"] | None = None
    #: a literal is the name of a `route[name]` that exists
    is_route: bool = False
    note: str = ""
    #: all that it can be, where that is little
    values: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> Param:
        known = {key: value for key, value in fact.items() if key != "no_expand"}
        if "values" in known:
            known["values"] = tuple(known["values"])
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
    #: known in async() and launch() alone
    async_only: bool = False
    #: other modules that bring a function of this name
    also_in: tuple[str, ...] = ()

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
            fact.get("async_only", False),
            tuple(fact.get("also_in", ())),
        )

    def is_in(self, modules: Container[str]) -> bool:
        """Whether one of these modules brings it."""
        return self.module in modules or any(module in modules for module in self.also_in)

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(map(str, self.params))})"


@dataclass(frozen=True, slots=True)
class CatalogueVariable:
    """A pseudo-variable of the core or of a module."""

    name: str
    module: str = "core"
    aliases: tuple[str, ...] = ()
    #: "string", "int", "string+int" (a text that carries an integer and counts as text), "string or int", or
    #: "untyped int" (an integer that arithmetic refuses)
    type: str = "string"
    writable: bool = False
    #: whether a name in parentheses is forbidden, possible or needed
    subname: Literal["none", "optional", "required"] = "none"
    #: a variable may stand for the name
    dynamic: bool = False
    #: "all": only `[*]` may stand there; "insert": only `[insert]` and `[insertAfter]`
    index: bool | Literal["all", "insert"] = False
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
    #: how else variables may stand in the name: "format", "parts of the path", "indexes inside the name only"
    computed: str | None = None
    #: can be written without a name only
    named_read_only: bool = False
    #: tells nothing without a name in parentheses, also where the server starts with it
    needs_name: bool = False
    #: all that it can be, where that is little
    values: tuple[int | str, ...] = ()

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
            None if fact.get("computed_name") == "one variable" else fact.get("computed_name"),
            fact.get("named_read_only", False),
            fact.get("needs_name", fact["name_in_parentheses"] == "required"),
            tuple(fact.get("values", ())),
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
