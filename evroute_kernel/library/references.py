"""Variables and format strings as callables: what the linker binds into compiled routes.

`reference` and `formatter` are cached by text and library: a script mentions few different variables, many times.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from evroute_kernel.library.behaviour import ALL
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import VariableSpec, parse_format, parse_variable
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import TypedNull, Value, int_of, printed

Getter = Callable[[Context], Value]
CACHE_SIZE: Final = 4096


class Reference:
    """A variable of a script, readable and (if it is writable) settable in any run."""

    __slots__ = ("get", "operand", "set", "spec", "text")

    def __init__(self, spec: VariableSpec) -> None:
        self.spec = spec
        self.text = spec.text
        #: (context) -> value
        self.get: Getter = _getter(spec)
        #: the same, but a null may have kept its type
        self.operand: Callable[[Context], Value | TypedNull] = _operand(spec) if spec.may_be_typed_null else self.get
        #: (context, "=" or ":=", value) -> False when it failed and said why
        self.set: Callable[[Context, str, Value], bool] = _setter(spec)

    def store(self, context: Context, number: int) -> bool:
        """Set it to an integer that has no text form, as functions do: what takes only text refuses it and says so."""
        return self.set(context, "=bare" if self.spec.declaration.behaviour.needs_text else "=", number)

    def __repr__(self) -> str:
        return f"Reference({self.text})"


@lru_cache(CACHE_SIZE)
def reference(text: str, library: Library) -> Reference:
    """The reference of a whole variable token, `$` included. Raises TemplateError for what is no variable."""
    return Reference(parse_variable(text, library))


@lru_cache(CACHE_SIZE)
def formatter(text: str, library: Library) -> Callable[[Context], str]:
    """A function that expands a format string. Raises TemplateError for what the server refuses at start."""
    pieces = [p if isinstance(p, str) else _getter(p) for p in parse_format(text, library)]
    if all(isinstance(p, str) for p in pieces):
        whole = "".join(p for p in pieces if isinstance(p, str))
        return lambda context: whole
    holes = [(i, p) for i, p in enumerate(pieces) if not isinstance(p, str)]

    def expand(context: Context) -> str:
        out: list[Any] = pieces.copy()
        for i, get in holes:
            value = get(context)
            out[i] = value if type(value) is str else printed(value)
        return "".join(out)

    return expand


def iterate(text: str, library: Library) -> Callable[[Context, int], Value] | None:
    """Element k of a collection written with `[*]`, for for-each; None when the variable is not written so."""
    spec = parse_variable(text, library)
    if spec.index is not ALL:
        return None
    get, name = spec.declaration.behaviour.get, spec.name
    if not isinstance(name, VariableSpec):
        return lambda context, k: get(context, name, k)
    name_of = _name(spec)
    return lambda context, k: get(context, name_of(context), k)


def _getter(spec: VariableSpec) -> Getter:
    plain = _plain_getter(spec)
    if not spec.transformations:
        return plain
    if any(t.behaviour.typed_null for t, _ in spec.transformations):
        return _without_type(_chain(plain, _steps(spec)))
    if len(spec.transformations) == 1:
        only, params = spec.transformations[0]
        return _one_step(plain, only.behaviour.apply, params)
    return _chain(plain, _steps(spec))


def _operand(spec: VariableSpec) -> Callable[[Context], Value | TypedNull]:
    """Reads what may be a null that kept its type."""
    bind = spec.declaration.behaviour.bind_operand
    plain = _plain_getter(spec) if bind is None else _bound(spec, bind)
    return _chain(plain, _steps(spec))


def _bound(spec: VariableSpec, bind: Callable[[Any, Any], Getter]) -> Getter:
    if not isinstance(spec.name, VariableSpec) and not isinstance(spec.index, VariableSpec):
        return bind(spec.name, spec.index)
    name_of, index_of = _name(spec), _index(spec.index, spec)
    return lambda context: bind(name_of(context), index_of(context))(context)


#: a transformation's function, and what gives its parameters
Step = tuple[Callable[..., Any], Callable[[Context], tuple[Any, ...]]]


def _steps(spec: VariableSpec) -> list[Step]:
    return [(t.behaviour.apply, _parameters(params)) for t, params in spec.transformations]


def _chain(plain: Callable[[Context], Any], steps: list[Step]) -> Callable[[Context], Any]:
    def chain(context: Context) -> Any:
        value = plain(context)
        for apply, parameters in steps:
            if value is None or type(value) is TypedNull:
                return value
            value = apply(context, value, *parameters(context))
        return value

    return chain


def _without_type(get: Callable[[Context], Any]) -> Getter:
    def untyped(context: Context) -> Value:
        value: Value | TypedNull = get(context)
        return None if isinstance(value, TypedNull) else value

    return untyped


def _one_step(plain: Getter, apply: Callable[..., Value], params: tuple[Any, ...]) -> Getter:
    if not _are_computed(params):

        def plainly(context: Context) -> Value:
            value = plain(context)
            return None if value is None else apply(context, value, *params)

        return plainly
    parameters = _parameters(params)

    def transformed(context: Context) -> Value:
        value = plain(context)
        return None if value is None else apply(context, value, *parameters(context))

    return transformed


def _parameters(params: tuple[Any, ...]) -> Callable[[Context], tuple[Any, ...]]:
    if not _are_computed(params):
        return lambda context: params
    getters = [_getter(p) if isinstance(p, VariableSpec) else None for p in params]
    return lambda context: tuple(p if g is None else g(context) for p, g in zip(params, getters, strict=True))


def _are_computed(params: tuple[Any, ...]) -> bool:
    return any(isinstance(p, VariableSpec) for p in params)


def _plain_getter(spec: VariableSpec) -> Getter:
    """Reads the variable itself, before its transformations."""
    if spec.context is not None:  # the message of a transaction, and there is none: null, without a word
        return lambda context: None
    behaviour, name, index = spec.declaration.behaviour, spec.name, spec.index
    if name is None and behaviour.dies_without_name:
        return _dying(spec)
    get = behaviour.get
    if not isinstance(name, VariableSpec) and not isinstance(index, VariableSpec):
        if behaviour.bind is not None:
            return behaviour.bind(name, index)
        return lambda context: get(context, name, index)
    name_of, index_of = _name(spec), _index(index, spec)

    def dynamic(context: Context) -> Value:
        found = index_of(context)
        return None if found is INVALID else get(context, name_of(context), found)

    return dynamic


def _dying(spec: VariableSpec) -> Callable[..., Any]:
    def die(context: Context, *given: Any) -> Any:
        name = spec.declaration.name
        raise ScriptCrash(f"${name} without a name kills the server's process; write ${name}(name)")

    return die


def _setter(spec: VariableSpec) -> Callable[[Context, str, Value], bool]:
    put, name, index = spec.declaration.behaviour.set, spec.name, spec.index
    if name is None and spec.declaration.behaviour.dies_without_name:
        return _dying(spec)
    if put is None:

        def refuse(context: Context, op: str, value: Value) -> bool:
            context.error(f"{spec.text} is read-only")
            return False

        return refuse
    if spec.context is not None:
        return lambda context, op, value: False
    if not isinstance(name, VariableSpec) and not isinstance(index, VariableSpec):
        return lambda context, op, value: put(context, name, index, op, value)
    name_of, index_of = _name(spec), _index(index, spec)

    def dynamic(context: Context, op: str, value: Value) -> bool:
        found = index_of(context)
        return found is not INVALID and put(context, name_of(context), found, op, value)

    return dynamic


#: an index variable that holds no integer
INVALID: Final = object()


def adder(text: str, library: Library) -> Callable[[Context, int], bool]:
    """Adds to a shared variable in one step; gives False where it cannot, and has done nothing."""
    spec = parse_variable(text, library)
    bind = spec.declaration.behaviour.bind_add
    if bind is None or not isinstance(spec.name, str):
        return lambda context, number: False
    return bind(spec.name)


def _part(part: Any) -> Callable[[Context], Any]:
    return _getter(part) if isinstance(part, VariableSpec) else lambda context: part


def _name(spec: VariableSpec) -> Callable[[Context], Any]:
    name_of = _part(spec.name)
    if not (spec.declaration.behaviour.name_in_callers_scope and isinstance(spec.name, VariableSpec)):
        return name_of

    def in_callers_scope(context: Context) -> Any:
        if len(context.scopes) < 2:
            return name_of(context)
        own = context.scopes.pop()
        try:
            return name_of(context)
        finally:
            context.scopes.append(own)

    return in_callers_scope


def _index(index: Any, spec: VariableSpec) -> Callable[[Context], Any]:
    if not isinstance(index, VariableSpec):
        return lambda context: index
    get, text = _getter(index), index.text

    def evaluate(context: Context) -> Any:
        number = int_of(get(context))
        if number is None:
            context.error(f"index {text} of {spec.text} is not an integer")
            return INVALID
        return number

    return evaluate
