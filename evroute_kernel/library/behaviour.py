"""What runs here: functions, variables, transformations and modules get their behaviour by decorator.

    @function("cache_remove")
    def cache_remove(context: Context, backend: str, key: str) -> int:
        '''What completion and inspection show.'''

A name is one that the catalogue knows. Module, parameters, routes, whether a variable can be written, all that the
checker needs is a fact and stands there; here stands what the catalogue cannot know. `library.table` joins the two.
Linking a route in a worker needs behaviour alone: the big table of functions is not read for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, stored


class Mark:
    """A named constant that is no value."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ALL: Final = Mark("[*]")
APPEND: Final = Mark("[append]")

#: `op` of a text that a function stores without an integer beside it: what the server finds there is left to chance
TEXT_ALONE: Final = "=text"

# -- functions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FunctionBehaviour:
    """What a function does.

    `call(context, *arguments) -> int` gives the return code (> 0 true, < 0 false, 0 ends the script). Arguments arrive
    evaluated: int -> int, string/literal -> str (byte string), regex -> a compiled pattern, var -> a
    `library.references.Reference`; a parameter left out arrives as None. `check(arguments) -> problem | None` looks at
    the literals when the script is loaded: it gets one item a parameter (str, int, a variable's text as
    `library.template.VariableSpec`, or None when left out) and returns (parameter index, message, hint) for what the
    server refuses at start, beyond what follows from the facts.
    """

    call: Callable[..., int]
    #: as it stands in the code, here and below: `library.entries` takes the indentation away for who reads it
    doc: str
    check: Callable[..., tuple[int, str, str | None] | None] | None = None
    #: `check` is called with a second argument: module parameters, (module, parameter) -> values in order
    check_modparams: bool = False
    #: `check` is called with a second argument: the modules that are loaded
    check_modules: bool = False
    #: `check` is called with a last argument: the `library.table.Library` in which it may read variables
    check_library: bool = False
    #: `call` only records the call; see `library.stubs`
    stub: bool = False
    #: for a function that is a stub at times: what makes it do its work, as the user writes it
    simulated_when: str = ""
    #: waits for what comes later: launch() begins it at once
    waits: bool = False


FUNCTION_BEHAVIOURS: Final[dict[str, FunctionBehaviour]] = {}


def function(
    name: str,
    *,
    check: Callable[..., tuple[int, str, str | None] | None] | None = None,
    check_modparams: bool = False,
    check_modules: bool = False,
    check_library: bool = False,
    stub: bool = False,
    simulated_when: str = "",
    waits: bool = False,
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Say what a function does: `@function("cache_add")`. Raises ValueError for a name that has its behaviour."""

    def register(call: Callable[..., int]) -> Callable[..., int]:
        behaviour = FunctionBehaviour(
            call, call.__doc__ or "", check, check_modparams, check_modules, check_library, stub, simulated_when, waits
        )
        _register(FUNCTION_BEHAVIOURS, name, behaviour)
        return call

    return register


# -- variables --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class VariableBehaviour:
    """How a pseudo-variable is read and written.

    `get(context, name, index) -> Value` reads, `set(context, name, index, op, value) -> bool` writes (False: it failed
    and has said why). `name` is what `parse_name` made of the text in parentheses, or the value of the variable that
    stands there (`dynamic`), None where there is none. `index` is an int, None, or one of the marks ALL and APPEND.
    `op` is "=" or ":=". A getter that fails says why through the context and returns None.
    `bind(name, index) -> getter(context)` may give a faster getter for a fixed name and index. `bind_add(name) ->
    add(context, number) -> bool`, of a shared variable, is `+=` in one step; False where it cannot: nothing is done.
    """

    get: Callable[[Any, Any, Any], Any]
    doc: str = ""
    set: Callable[[Any, Any, Any, str, Any], bool] | None = None
    bind: Callable[[Any, Any], Callable[[Any], Any]] | None = None
    bind_add: Callable[[str], Callable[[Any, int], bool]] | None = None
    #: text in parentheses -> name object (a VariableSpec for a computed name); raises ValueError(message) for what the
    #: server refuses at start, or a TemplateError with offsets into that text
    parse_name: Callable[..., Any] | None = None
    #: `parse_name` is called with a second argument: the `library.table.Library` in which it may read variables
    name_library: bool = False
    #: `:=` hands over text to be interpreted; op is ":=bare" for an integer that has no text form
    interprets: bool = False
    #: takes text: op is "=bare" or ":=bare" for an integer that has no text form (a literal, a computed one)
    needs_text: bool = False
    #: other processes write it too, so `+=` and its kin keep them out meanwhile
    shared: bool = False
    #: a variable that gives the name is read as the caller of the running block reads it: $param($param(1))
    name_in_callers_scope: bool = False
    #: reading or writing it without a name kills the server's process
    dies_without_name: bool = False
    #: `bind_operand(name, index) -> getter(context)` for a variable that hands on a `TypedNull` it was given
    bind_operand: Callable[[Any, Any], Callable[[Any], Any]] | None = None

    def setter(self, function: Callable[[Any, Any, Any, str, Any], bool]) -> Callable[[Any, Any, Any, str, Any], bool]:
        self.set = function
        return function

    def binder(
        self, function: Callable[[Any, Any], Callable[[Any], Any]]
    ) -> Callable[[Any, Any], Callable[[Any], Any]]:
        self.bind = function
        return function

    def adder(
        self, function: Callable[[str], Callable[[Any, int], bool]]
    ) -> Callable[[str], Callable[[Any, int], bool]]:
        self.bind_add = function
        return function

    def operand_binder(
        self, function: Callable[[Any, Any], Callable[[Any], Any]]
    ) -> Callable[[Any, Any], Callable[[Any], Any]]:
        self.bind_operand = function
        return function


VARIABLE_BEHAVIOURS: Final[dict[str, VariableBehaviour]] = {}


def variable(name: str, **traits: Any) -> Callable[[Callable[..., Any]], VariableBehaviour]:
    """Say how a variable is read; the decorated function is its getter, the result has `.setter`, `.binder`, `.adder`.

    Traits: `parse_name`, `name_library`, `interprets`, `needs_text`, `shared`, `name_in_callers_scope`,
    `dies_without_name` of `VariableBehaviour`. A variable with aliases has one behaviour, under its name. Raises
    ValueError for a name that has its behaviour.
    """

    def register(get: Callable[..., Any]) -> VariableBehaviour:
        behaviour = VariableBehaviour(get, get.__doc__ or "", **traits)
        _register(VARIABLE_BEHAVIOURS, name, behaviour)
        return behaviour

    return register


#: key of the values of variables without behaviour in `Process.state`
_KEPT: Final = "values of variables that are not simulated"


def kept(variable: str, writable: bool) -> VariableBehaviour:
    """Of a variable that nobody has given behaviour: null until it is written in the same process."""

    def get(context: Context, name: Any, index: Any) -> Value:
        found: Value = context.process.state.get(_KEPT, {}).get((variable, name, index))
        return found

    def put(context: Context, name: Any, index: Any, op: str, value: Value) -> bool:
        context.process.state.setdefault(_KEPT, {})[variable, name, index] = stored(value)
        return True

    return VariableBehaviour(get, set=put if writable else None)


# -- transformations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TransformationBehaviour:
    """What a transformation makes of a value.

    `apply(context, value, *params) -> Value` is called with a value that is not null. Parameters arrive as plain
    values: literal text as str, a number parameter as int, a variable's value evaluated (None when null). Optional
    parameters that are not written are not passed. `prepare(params) -> params` may check and convert literals when the
    script is loaded: it gets a tuple of what is written, int or str for a literal and None in place of a variable,
    returns as many items, and raises ValueError(message) for what the server refuses. `typed_null`: the result may be a
    `TypedNull` (or `NOWHERE`); who needs a value without a type gets None for it. `prepare_library`: `prepare` is
    called with a second argument, the `library.table.Library` in which it may read variables.
    """

    apply: Callable[..., Any]
    doc: str
    prepare: Callable[..., Any] | None = None
    typed_null: bool = False
    prepare_library: bool = False


TRANSFORMATION_BEHAVIOURS: Final[dict[str, TransformationBehaviour]] = {}


def transformation(
    full_name: str,
    *,
    prepare: Callable[..., Any] | None = None,
    typed_null: bool = False,
    prepare_library: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say what a transformation does: `@transformation("s.substr")`. Raises ValueError for one that has behaviour."""

    def register(apply: Callable[..., Any]) -> Callable[..., Any]:
        behaviour = TransformationBehaviour(apply, apply.__doc__ or "", prepare, typed_null, prepare_library)
        _register(TRANSFORMATION_BEHAVIOURS, full_name, behaviour)
        return apply

    return register


# -- modules ----------------------------------------------------------------------------------------------------------

#: `check(parameter, value) -> problem | None` looks at one value when the script is loaded, for what the server
#: refuses at start
ModparamCheck = Callable[[str, int | str], str | None]

MODPARAM_CHECKS: Final[dict[str, ModparamCheck]] = {}


def check_modparams(module: str, check: ModparamCheck) -> None:
    """Look at the values of a module's parameters beyond their type."""
    _register(MODPARAM_CHECKS, module, check)


def _register(table: dict[str, Any], name: str, behaviour: Any) -> None:
    if name in table:
        raise ValueError(f"{name} has its behaviour already")
    table[name] = behaviour
