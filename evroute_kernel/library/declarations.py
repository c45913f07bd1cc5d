"""The one table: every function, variable and transformation of the script language is declared here by decorator.

Checker, code generator, completion and inspection read these tables and nothing else. A declaration holds the name,
the signature, the documentation (the docstring) and the behaviour (the decorated function).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any, Final, Literal

ROUTE_KINDS: Final = ("request", "failure", "onreply", "branch", "error", "local", "startup", "timer", "event")
ANY_ROUTE: Final = frozenset(ROUTE_KINDS)

#: Types of the parameters of functions (those of transformations: see `Transformation`).
#: int      a number literal, or a variable with an integer form
#: string   a literal that is a format, or a variable
#: literal  a string literal taken as it is (the server's NO_EXPAND), or a variable
#: regex    a literal compiled at start (POSIX extended, ignoring case), or a variable
#: var      one variable token
#: char     one character as it stands, whatever it is (transformations only)
ParamType = Literal["int", "string", "literal", "regex", "var", "char"]


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a function or transformation."""

    name: str
    type: ParamType
    optional: bool = False

    def __str__(self) -> str:
        return f"[{self.name}:{self.type}]" if self.optional else f"{self.name}:{self.type}"


_PARAM = re.compile(r"\[?\s*(?P<name>\w+)\s*:\s*(?P<type>int|string|literal|regex|var|char)\s*\]?\s*$")


def parse_signature(text: str) -> tuple[Param, ...]:
    """`"backend:string, key:string, [timeout:int]"` -> parameters; raises ValueError on anything else."""
    params = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        found = _PARAM.match(part)
        if found is None:
            raise ValueError(f"bad parameter {part!r} in signature {text!r}")
        params.append(Param(found["name"], found["type"], part.startswith("[")))  # type: ignore[arg-type]
    return tuple(params)


# -- functions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    """A function a script can call.

    `call(context, *arguments) -> int` gives the return code (> 0 true, < 0 false, 0 ends the script). Arguments arrive
    evaluated: int -> int, string/literal -> str (byte string), regex -> a compiled `runtime.regex.Regex`, var -> a
    `library.references.Reference`; a parameter left out arrives as None. `check(arguments) -> problem | None` looks at
    the literals when the script is loaded: it gets one item a parameter (str, int, a variable's text as
    `library.template.VariableSpec`, or None when left out) and returns (parameter index, message, hint) for what the
    server refuses at start.
    """

    name: str
    module: str
    params: tuple[Param, ...]
    call: Callable[..., int]
    doc: str
    returns: str = "1"
    routes: frozenset[str] = ANY_ROUTE
    check: Callable[..., tuple[int, str, str | None] | None] | None = None
    #: async form: usable in async() and launch()
    is_async: bool = False
    #: `check` is called with a second argument: module parameters, (module, parameter) -> values in order
    check_modparams: bool = False
    #: a call is only recorded; see `library.stubs`
    stub: bool = False
    #: for a function that is a stub at times: what makes it do its work, as the user writes it
    simulated_when: str = ""

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(map(str, self.params))})"

    @property
    def takes_rules(self) -> bool:
        """Whether `%stub` can say what a call does."""
        return self.stub or bool(self.simulated_when)


FUNCTIONS: Final[dict[str, Function]] = {}


def function(
    signature: str,
    *,
    module: str,
    returns: str = "1",
    routes: frozenset[str] = ANY_ROUTE,
    check: Callable[..., tuple[int, str, str | None] | None] | None = None,
    is_async: bool = False,
    check_modparams: bool = False,
    stub: bool = False,
    simulated_when: str = "",
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Declare a function: `@function("cache_add(backend:string, key:string, by:int, [out:var])", module="core")`."""
    name, _, rest = signature.partition("(")
    params = parse_signature(rest.rstrip().removesuffix(")"))

    def declare(call: Callable[..., int]) -> Callable[..., int]:
        if name in FUNCTIONS:
            raise ValueError(f"function {name} is declared twice")
        doc = cleandoc(call.__doc__ or "")
        FUNCTIONS[name] = Function(
            name, module, params, call, doc, returns, routes, check, is_async, check_modparams, stub, simulated_when
        )
        return call

    return declare


# -- variables ----------------------------------------------------------------------------------------------------

NamePart = Literal["none", "required", "optional"]


@dataclass(slots=True)
class Variable:
    """A pseudo-variable.

    `get(context, name, index) -> Value` reads, `set(context, name, index, op, value) -> bool` writes (False: it failed
    and has said why). `name` is what `parse_name` made of the text in parentheses, or the value of the variable that
    stands there (`dynamic`), None where there is none. `index` is an int, None, or one of the marks ALL and APPEND.
    `op` is "=" or ":=". A getter that fails says why through the context and returns None.
    `bind(name, index) -> getter(context)` may give a faster getter for a fixed name and index.
    """

    name: str
    module: str
    get: Callable[[Any, Any, Any], Any]
    doc: str
    aliases: tuple[str, ...] = ()
    subname: NamePart = "none"
    dynamic: bool = False
    #: "all": only `[*]` may stand there
    index: bool | Literal["all"] = False
    append: bool = False
    type: str = "string"
    #: needs the SIP message: reading or writing it may record a parse error (error_route) and gives dummy values
    message: bool = False
    set: Callable[[Any, Any, Any, str, Any], bool] | None = None
    bind: Callable[[Any, Any], Callable[[Any], Any]] | None = None
    #: text in parentheses -> name object (a VariableSpec for a computed name); raises ValueError(message) for what the
    #: server refuses at start, or a TemplateError with offsets into that text
    parse_name: Callable[[str], Any] | None = None
    #: kinds of for-each iterator: "var", "avp", "json" may stand there, others not
    iterator: bool = False
    #: `:=` hands over text to be interpreted; op is ":=bare" for an integer that has no text form
    interprets: bool = False
    #: takes text: op is "=bare" or ":=bare" for an integer that has no text form (a literal, a computed one)
    needs_text: bool = False
    #: of a module that is not simulated; see `library.stubs`
    stub: bool = False
    #: other processes write it too, so `+=` and its kin keep them out meanwhile
    shared: bool = False
    #: `[ ]` only after a name in parentheses: $(branch(uri)[1]), but not $(branch[1])
    index_needs_name: bool = False
    #: a variable that gives the name is read as the caller of the running block reads it: $param($param(1))
    name_in_callers_scope: bool = False

    def setter(self, function: Callable[[Any, Any, Any, str, Any], bool]) -> Callable[[Any, Any, Any, str, Any], bool]:
        self.set = function
        return function

    def binder(
        self, function: Callable[[Any, Any], Callable[[Any], Any]]
    ) -> Callable[[Any, Any], Callable[[Any], Any]]:
        self.bind = function
        return function

    @property
    def writable(self) -> bool:
        return self.set is not None


VARIABLES: Final[dict[str, Variable]] = {}


class Mark:
    """A named constant that is no value."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ALL: Final = Mark("[*]")
APPEND: Final = Mark("[append]")


def variable(name: str, *aliases: str, module: str = "core", **traits: Any) -> Callable[[Callable[..., Any]], Variable]:
    """Declare a variable; the decorated function is its getter and the result takes `.setter` and `.binder`."""

    def declare(get: Callable[..., Any]) -> Variable:
        declared = Variable(name, module, get, cleandoc(get.__doc__ or ""), aliases, **traits)
        for key in (name, *aliases):
            if key in VARIABLES:
                raise ValueError(f"variable ${key} is declared twice")
            VARIABLES[key] = declared
        return declared

    return declare


# -- transformations ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transformation:
    """`{cls.name,param,...}`: `apply(context, value, *params) -> Value`, called with a value that is not null.

    Parameters arrive as plain values: literal text as str, a number parameter as int, a variable's value evaluated
    (None when null). Optional parameters that are not written are not passed. `library.template` reads them by type:

    int      a number with an optional sign, or a variable
    string   text up to a blank, `,` or `}`; or a variable. Blanks before it are skipped
    literal  text up to `,` or `}`, inner and trailing blanks kept; or a variable. Blanks before it are skipped
    char     the one character after the comma, `,` and `}` included; never a variable

    A backslash before `,` or `}` keeps that character in a text; both stay. `prepare(params) -> params` may check and
    convert literals when the script is loaded: it gets a tuple of what is written, int or str for a literal and None
    in place of a variable, returns as many items, and raises ValueError(message) for what the server refuses.
    """

    cls: str
    name: str
    params: tuple[Param, ...]
    apply: Callable[..., Any]
    doc: str
    module: str = "core"
    result: str = "string"
    example: tuple[str, str, str] | None = None
    prepare: Callable[..., Any] | None = None
    #: what else the server takes for this name: `fnmatch` patterns in lower case, such as "triml*" or "match??"
    spellings: tuple[str, ...] = ()
    #: names are compared without regard to letter case; a few are not
    any_case: bool = True
    #: text after the last parameter is "ignored" or "refused"; "anywhere": it may even replace an optional parameter
    tail: Literal["ignored", "refused", "anywhere"] = "ignored"
    #: `{nameaddr.2.uri}`: a number or variable may stand before the name; it is passed first, 0 when not written.
    #: The signature does not mention it.
    indexed: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.cls}.{self.name}"


TRANSFORMATIONS: Final[dict[str, Transformation]] = {}


def transformation(
    full_name: str,
    signature: str = "",
    *,
    result: str = "string",
    example: tuple[str, str, str] | None = None,
    module: str = "core",
    prepare: Callable[..., Any] | None = None,
    **traits: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a transformation: `@transformation("s.substr", "start:int, length:int", result="string")`.

    Traits: `spellings`, `any_case`, `tail`, `indexed` of `Transformation`.
    """
    cls, _, name = full_name.partition(".")
    params = parse_signature(signature)

    def declare(apply: Callable[..., Any]) -> Callable[..., Any]:
        if full_name in TRANSFORMATIONS:
            raise ValueError(f"transformation {full_name} is declared twice")
        doc = cleandoc(apply.__doc__ or "")
        TRANSFORMATIONS[full_name] = Transformation(
            cls, name, params, apply, doc, module, result, example, prepare, **traits
        )
        return apply

    return declare


@dataclass(frozen=True, slots=True)
class Module:
    """A module that `loadmodule` accepts: its parameters with the type each takes ("int", "string" or "any").

    `check(parameter, value) -> problem | None` looks at one value when the script is loaded, for what the server
    refuses at start.
    """

    name: str
    params: dict[str, str] = field(default_factory=dict)
    check: Callable[[str, int | str], str | None] | None = None


MODULES: Final[dict[str, Module]] = {}


def declare_module(
    name: str, *, check: Callable[[str, int | str], str | None] | None = None, **params: Literal["int", "string", "any"]
) -> Module:
    """Declare a module whose parameters are known: `declare_module("mqueue", db_url="string", mqueue="string")`."""
    if name in MODULES:
        raise ValueError(f"module {name} is declared twice")
    MODULES[name] = Module(name, dict(params), check)
    return MODULES[name]
