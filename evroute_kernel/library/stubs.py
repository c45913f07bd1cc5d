"""Functions and variables of modules that need a SIP stack: known, callable, recorded, without effect of their own.

Every function of the catalogue that no module declares becomes a stub. A call is reported to the worker, which passes
it on; its return code, and the variables it sets, are what a stub rule says (`Settings.stubs`). Without a rule a stub
warns once in its process and returns -1. Variables of such modules are null until they are written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from evroute_kernel.library.catalogue import CatalogueFunction, CatalogueVariable, functions, variables
from evroute_kernel.library.declarations import FUNCTIONS, VARIABLES, Function, Param, ParamType, Variable
from evroute_kernel.library.references import Reference, formatter, reference
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, printed, stored

#: key of what stubs keep in `Process.state`
STATE: Final = "stubs"
_TYPES: Final[dict[str, ParamType]] = {"int": "int", "regex": "regex", "var": "var"}


def declare_stubs() -> None:
    """Fill the tables with everything of the catalogue that nothing else has declared."""
    for name, fact in functions().items():
        if fact.kind == "function" and name not in FUNCTIONS:
            FUNCTIONS[name] = _function(fact)
    for variable in {id(v): v for v in variables().values()}.values():
        if variable.name not in VARIABLES:
            declared = _variable(variable)
            VARIABLES.update(dict.fromkeys((variable.name, *variable.aliases), declared))


def _function(fact: CatalogueFunction) -> Function:
    params = tuple(
        Param(p.name, "literal" if p.no_expand else _TYPES.get(p.type, "string"), p.optional) for p in fact.params
    )
    call = partial(call_stub, name=fact.name, module=fact.module)
    return Function(
        fact.name,
        fact.module,
        params,
        call,
        fact.description,
        fact.returns,
        fact.routes,
        None,
        fact.is_async,
        stub=True,
    )


def call_stub(context: Context, *arguments: Any, name: str, module: str) -> int:
    """Report the call, do what the rule says, return its code."""
    process = context.process
    process.stub_called(name, tuple(_shown(context, a) for a in arguments))
    rule = process.settings.stubs.get(name)
    if rule is None:
        _warn_once(context, name, module)
        return -1
    code, assignments = rule
    for target, value in assignments:
        reference(target).set(context, "=", formatter(value)(context) if isinstance(value, str) else value)
    return code


def _shown(context: Context, argument: Any) -> str | None:
    """An argument as it is recorded; None where it was left out."""
    if isinstance(argument, Reference):
        return f"{argument.text}={printed(argument.get(context))}"
    if argument is None or isinstance(argument, int | str):
        return None if argument is None else printed(argument)
    pattern: str = argument.pattern  # the one other kind: a regular expression
    return pattern


def _warn_once(context: Context, name: str, module: str) -> None:
    warned: set[str] = context.process.state.setdefault(STATE, set())
    if name not in warned:
        warned.add(name)
        context.warning(
            f"{name}() of module {module} is not simulated: the call is recorded and returns -1;"
            f" say what it returns with: %stub {name} returns 1"
        )


def _variable(fact: CatalogueVariable) -> Variable:
    def get(context: Context, name: Any, index: Any) -> Value:
        return _values(context).get((fact.name, name, index))

    def put(context: Context, name: Any, index: Any, op: str, value: Value) -> bool:
        _values(context)[fact.name, name, index] = stored(value)
        return True

    setter: Callable[[Any, Any, Any, str, Any], bool] | None = put if fact.writable else None
    return Variable(
        fact.name,
        fact.module,
        get,
        fact.description,
        fact.aliases,
        fact.name_param,
        fact.dynamic_name,
        fact.index,
        type=fact.type,
        set=setter,
        stub=True,
    )


def _values(context: Context) -> dict[tuple[str, Any, Any], Value]:
    found: dict[tuple[str, Any, Any], Value] = context.process.state.setdefault(f"{STATE} values", {})
    return found
