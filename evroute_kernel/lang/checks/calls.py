"""Calls of functions: the name, where it may be called, and each argument against its parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from evroute_kernel.errors import did_you_mean
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.demands import refused
from evroute_kernel.lang.checks.modules import check_backend
from evroute_kernel.lang.checks.routes import check_route_name
from evroute_kernel.lang.checks.scope import Scope
from evroute_kernel.library.table import Function, Param
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_variable
from evroute_kernel.runtime.patterns.posix import compile as compile_regex
from evroute_kernel.runtime.patterns.protocol import RegexError
from evroute_kernel.source import Span

#: an argument that could not be read; its own error is reported already
_BROKEN: Final = object()


def check_call(scope: Scope, node: nodes.Call, asynchronous: Literal["", "async", "launch"] = "") -> None:
    """One call; `asynchronous` names the statement that takes the function's asynchronous form."""
    function = _function(scope, node, asynchronous)
    if function is None or not _count_fits(scope, node, function):
        return
    if function.params and function.params[0].name == "backend":
        check_backend(scope, node)
    values = [_argument(scope, function, p, a) for p, a in _pairs(function, node)]
    problem = None if _BROKEN in values else refused(function, values, scope.modparams, scope.modules, scope.library)
    if problem is not None:
        index, message, hint = problem
        scope.error("argument", f"{function.name}: {message}", _place(node, index), hint)


def _function(scope: Scope, node: nodes.Call, asynchronous: str) -> Function | None:
    function = scope.library.functions.get(node.name)
    if function is None:
        _unknown(scope, node)
    elif function.async_only and not asynchronous:
        form = f"write async({node.name}(...), name_of_a_route)"
        form += _elsewhere(scope, node, lambda other: "" if other.async_only else "calls it without, too")
        scope.error("unknown-function", f"{node.name}() exists in async() and launch() alone", node.name_span, form)
    elif not function.is_in(scope.modules) and not scope.not_loaded(
        "unknown-function", f"{node.name}()", function.module, node.name_span
    ):
        return None
    elif asynchronous:
        if function.is_async:
            return function
        known = sorted(f.name for f in scope.library.functions.values() if f.is_async and f.is_in(scope.modules))
        hint = f"these have: {', '.join(known)}" if known else None
        scope.error("not-async", f"{node.name}() has no asynchronous form for {asynchronous}", node.name_span, hint)
    elif scope.kind and scope.kind not in function.routes:  # no kind: a block whose head has errors
        article = "an" if scope.word[0] in "aeiou" else "a"
        hint = "call it in a route[...] and call that with route(...): there the server does not look"
        hint += _elsewhere(scope, node, lambda other: "allows it" if scope.kind in other.routes else "")
        scope.error("not-here", f"{node.name}() cannot be called in {article} {scope.word}", node.name_span, hint)
    else:
        return function
    return None


def _elsewhere(scope: Scope, node: nodes.Call, telling: Callable[[Function], str]) -> str:
    """What a hint says at its end of a version in which the function is otherwise, as `telling` has it of that."""
    known = ((other.version, other.functions.get(node.name)) for other in scope.library.others)
    told = ((version, telling(function)) for version, function in known if function is not None)
    return next((f"; OpenSIPS {version} {text}" for version, text in told if text), "")


def _unknown(scope: Scope, node: nodes.Call) -> None:
    gone = scope.library.successor("function", node.name) or scope.library.successor("keyword", node.name)
    hint = gone or did_you_mean(node.name, scope.function_words)
    if node.name in scope.routes_here or ("route", node.name) in scope.environment.routes:
        hint = f"a route is called with route({node.name})"
    scope.error("unknown-function", f"unknown function {node.name}()", node.name_span, hint)


def _count_fits(scope: Scope, node: nodes.Call, function: Function) -> bool:
    """Enough arguments, not too many, and none left out that must be there."""
    given, params = node.arguments, function.params
    missing = _missing(node, function)
    if missing is None and len(given) <= len(params):
        return True
    usage = f"write {function.signature}{_elsewhere(scope, node, lambda other: _takes(node, other))}"
    if len(given) > len(params):
        most = f"at most {len(params)}" if params else "none"
        message = f"too many arguments for {function.name}: {len(given)} given, it takes {most}"
        scope.error("arguments", message, _place(node, len(params)), usage)
    elif missing is not None:
        message = f"{function.name} lacks its argument {missing + 1} ({params[missing].name})"
        scope.error("arguments", message, node.span, usage)
    return False


def _missing(node: nodes.Call, function: Function) -> int | None:
    """The first parameter that must be given and is not."""
    given = node.arguments
    for index, param in enumerate(function.params):
        if not param.optional and (index >= len(given) or given[index] is None):
            return index
    return None


def _takes(node: nodes.Call, function: Function) -> str:
    """What to tell of a function that takes as many arguments as the call has."""
    fits = len(node.arguments) <= len(function.params) and _missing(node, function) is None
    return f"takes {function.signature}" if fits else ""


def _pairs(function: Function, node: nodes.Call) -> list[tuple[Param, nodes.Argument | None]]:
    given = [*node.arguments, *[None] * (len(function.params) - len(node.arguments))]
    return list(zip(function.params, given, strict=True))


def _place(node: nodes.Call, index: int) -> Span:
    """The argument with an index, or the whole call when nothing is written there."""
    argument = node.arguments[index] if index < len(node.arguments) else None
    return node.span if argument is None else argument.span


def _argument(scope: Scope, function: Function, param: Param, argument: nodes.Argument | None) -> Any:
    """An argument as `Function.check` wants it, after looking whether it fits its parameter."""
    if argument is None:
        return None
    if isinstance(argument, nodes.Variable):
        try:
            return parse_variable(argument.text, scope.library)
        except TemplateError:  # reported where variables are checked
            return _BROKEN
    if isinstance(argument, nodes.Number):
        if param.type != "int":
            hint = f'write "{argument.span.text}"' if param.type != "var" else _variable_for(param)
            return _misfit(scope, function, param, argument, hint)
        return argument.value
    assert isinstance(argument, nodes.String)  # the grammar lets no NULL through
    if param.type == "var":
        return _misfit(scope, function, param, argument, _variable_for(param))
    if param.type == "int":
        digits = argument.value.lstrip("-").isdigit()
        return _misfit(scope, function, param, argument, "write the number without quotes" if digits else None)
    return _text(scope, param, argument)


def _variable_for(param: Param) -> str:
    """What to write in the place of a text or number where a variable is wanted."""
    return "write $avp(name)" if param.variable_must_be == "avp" else "write $var(x)"


def _misfit(scope: Scope, function: Function, param: Param, argument: nodes.Node, hint: str | None) -> object:
    given = "a number" if isinstance(argument, nodes.Number) else "a text"
    message = f"{function.name}: {param.name} is {_TYPES[param.type]}, not {given}"
    scope.error("argument", message, argument.span, hint)
    return _BROKEN


_TYPES: Final = {
    "int": "a number or a variable",
    "string": "a text or a variable",
    "literal": "a text or a variable",
    "regex": "a regular expression in quotes or a variable",
    "var": "a variable",
}


def _text(scope: Scope, param: Param, argument: nodes.String) -> Any:
    """A literal text: for `check` the text itself, or its first variable when only the run knows its value."""
    if param.type == "string":
        pieces = scope.format(argument)
        if pieces is None:
            return _BROKEN
        texts = [p for p in pieces if isinstance(p, str)]
        if param.is_route and len(texts) == len(pieces):
            check_route_name(scope, "".join(texts), argument.span)
        return next((p for p in pieces if isinstance(p, VariableSpec)), "".join(texts))
    if param.type == "regex":
        try:
            compile_regex(argument.value)
        except RegexError as error:
            scope.error("bad-regex", f"bad regular expression: {error}", argument.span, "the syntax is POSIX extended")
            return _BROKEN
    return argument.value
