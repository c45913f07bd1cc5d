"""Functions of modules that need a SIP stack: known, callable, recorded, without effect of their own.

Every function of the catalogue that nobody has given behaviour is a stub. A call is reported to the worker, which
passes it on; its return code, and the variables it sets, are what a stub rule says (`Settings.stubs`). Without a rule
a stub warns once in its process and returns -1. (Variables without behaviour: `behaviour.kept`.)
"""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.library.references import Reference, formatter, reference
from evroute_kernel.library.table import in_process
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import printed

#: key of what stubs keep in `Process.state`
STATE: Final = "stubs"


def call_stub(context: Context, *arguments: Any, name: str) -> int:
    """Report the call, do what the rule says, return its code."""
    process = context.process
    process.stub_called(name, tuple(_shown(context, a) for a in arguments))
    rule = process.settings.stubs.get(name)
    if rule is None:
        _warn_once(context, name)
        return -1
    code, assignments = rule
    library = in_process(process)
    for target, value in assignments:
        given = formatter(value, library)(context) if isinstance(value, str) else value
        reference(target, library).set(context, "=", given)
    return code


def _shown(context: Context, argument: Any) -> str | None:
    """An argument as it is recorded; None where it was left out."""
    if isinstance(argument, Reference):
        return f"{argument.text}={printed(argument.get(context))}"
    if argument is None or isinstance(argument, int | str):
        return None if argument is None else printed(argument)
    pattern: str = argument.pattern  # the one other kind: a regular expression
    return pattern


def _warn_once(context: Context, name: str) -> None:
    warned: set[str] = context.process.state.setdefault(STATE, set())
    if name not in warned:
        warned.add(name)
        declared = in_process(context.process).functions[name]
        when = declared.simulated_when
        context.warning(
            f"{name}() of module {declared.module} is {f'simulated only with {when}' if when else 'not simulated'}: the"
            f" call is recorded and returns -1; {'or ' if when else ''}say what it returns with: %stub {name} returns 1"
        )
