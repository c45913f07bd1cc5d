"""What the server demands of the arguments of a call at its start: of each by its parameter, of all by the function."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from evroute_kernel.library.table import Function, Library, Param
from evroute_kernel.library.template import VariableSpec

#: every value given for (module, parameter), in order
Modparams = Mapping[tuple[str, str], Sequence[int | str]]
#: (parameter index, message, hint)
Problem = tuple[int, str, str | None]


def refused(
    function: Function, arguments: Sequence[Any], modparams: Modparams, modules: Collection[str], library: Library
) -> Problem | None:
    """The first demand that is not met. Arguments are as `FunctionBehaviour.check` gets them."""
    behaviour, problem = function.behaviour, None
    if behaviour is not None and behaviour.check is not None:
        more: list[Any] = [modparams] if behaviour.check_modparams else []
        more += [modules] if behaviour.check_modules else []
        more += [library] if behaviour.check_library else []
        problem = behaviour.check(arguments, *more)
    return problem or _unmet(function.params, arguments)


def _unmet(params: Sequence[Param], arguments: Sequence[Any]) -> Problem | None:
    for index, (param, argument) in enumerate(zip(params, arguments, strict=True)):
        problem = _problem(param, argument) if isinstance(argument, VariableSpec) else None
        if problem is not None:
            return index, *problem
    return None


def _problem(param: Param, spec: VariableSpec) -> tuple[str, str | None] | None:
    """What is wrong with a variable there: (message, hint)."""
    if param.literal_only:
        return f"{spec.text} is a variable, expected a literal text", None
    if param.variable_must_be == "writable" and not spec.declaration.writable:
        return f"{spec.text} is read-only, but takes a result here", "use a variable such as $var(x)"
    if param.variable_must_be == "avp" and spec.declaration.name != "avp":
        return f"{spec.text} is not an AVP", "write $avp(name)"
    if param.variable_must_be == "avp or var" and spec.declaration.name not in ("avp", "var"):
        return f"{spec.text} is neither an AVP nor a $var", "write $avp(name) or $var(name)"
    if param.variable_must_be == "json" and not spec.declaration.name.startswith("json"):
        return f"{spec.text} is not a $json variable", "write $json(name) or $json(name/path)"
    return None
