"""What the server demands of parameters when it starts, for `check=` of functions, and AVPs as parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evroute_kernel.library.references import Reference, reference
from evroute_kernel.library.table import in_process
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, text_of

#: (parameter index, message, hint)
Problem = tuple[int, str, str | None]
#: of the arguments, and of what else the declaration asks for (`check_modparams` and its kin)
Check = Callable[..., Problem | None]


def all_of(*checks: Check) -> Check:
    """The first problem that any of the checks finds."""

    def check(arguments: Sequence[Any], *more: Any) -> Problem | None:
        return next((problem for c in checks if (problem := c(arguments, *more)) is not None), None)

    return check


def literal(index: int, problem_of: Callable[..., tuple[str, str | None] | None]) -> Check:
    """Look at a parameter when it is a literal text; `problem_of` gives (message, hint) for one that is refused."""

    def check(arguments: Sequence[Any], *more: Any) -> Problem | None:
        if not isinstance(arguments[index], str):
            return None
        problem = problem_of(arguments[index], *more)
        return None if problem is None else (index, *problem)

    return check


# -- AVPs as parameters -----------------------------------------------------------------------------------------------


def avp_name(context: Context, avp: Reference) -> str | None:
    """The name of an AVP parameter, computed when the script writes it so; None for a null name, which is reported."""
    name = avp.spec.name
    if isinstance(name, VariableSpec):
        name = text_of(reference(name.text, in_process(context.process)).get(context))
    found: str | None = name
    if found is None:
        context.error(f"the name of {avp.text} is null")
    return found


def avp_values(context: Context, avp: Reference) -> list[Value]:
    """The values of an AVP parameter, newest first."""
    name = avp.spec.name
    if type(name) is not str:
        name = avp_name(context, avp)
    values = context.avps.get(name) if name is not None else None
    return values[::-1] if values else []


def push_avp(context: Context, avp: Reference, value: Value) -> bool:
    """Add a value on top, whatever index the script wrote."""
    name = avp_name(context, avp)
    if name is None:
        return False
    context.avps.setdefault(name, []).append(value)
    return True
