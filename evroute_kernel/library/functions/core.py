"""Functions of the core that need no message: time, formats, AVPs, tracing, status."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from evroute_kernel.library.behaviour import TEXT_ALONE, function
from evroute_kernel.library.functions.parameters import Problem, literal, push_avp
from evroute_kernel.library.references import Reference, formatter
from evroute_kernel.library.table import Library, in_process
from evroute_kernel.library.template import TemplateError, parse_format
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import INT_MIN, is_int_type, printed
from evroute_kernel.runtime.watching import trace

#: the one identifier of the group `core` of the status/report interface
MAIN_IDENTIFIER: Final = "main"


@function("pv_printf")
def pv_printf(context: Context, var: Reference, format: str) -> int:
    """Expand a format string and store the text in a variable, as `=` does: an AVP gets a new value on top.

    Returns 1; -1 when the variable is read-only, which is found out only here.
    """
    return 1 if var.set(context, TEXT_ALONE, format) else -1


@function("get_timestamp")
def get_timestamp(context: Context, sec_avp: Reference, usec_avp: Reference) -> int:
    """Push the current UNIX time on two AVPs: seconds, and microseconds within the second.

    Returns 1.
    """
    seconds, micro = divmod(context.process.shared.clock.microseconds(), 10**6)
    pushed = push_avp(context, sec_avp, seconds) and push_avp(context, usec_avp, micro)
    return 1 if pushed else -1


@function("avp_print")
def avp_print(context: Context) -> int:
    """Log all AVPs of this run, newest first, at level INFO (shown when log_level is 3 or more).

    Returns 1.
    """
    context.diagnose(levels.INFO, "AVPs of this run:")
    for name, values in context.avps.items():
        for value in reversed(values):
            kind = "integer" if is_int_type(value) else "text"
            context.diagnose(levels.INFO, f"  $avp({name}) = {printed(value)} ({kind})")
    return 1


# -- tracing ----------------------------------------------------------------------------------------------------------


def _check_format(text: str, library: Library) -> tuple[str, str | None] | None:
    try:
        parse_format(text, library)
    except TemplateError as error:
        return error.message, error.hint
    return None


@function("script_trace", check=literal(1, _check_format), check_library=True)
def script_trace(context: Context, log_level: int | None, format: str | None, info: str | None) -> int:
    """Trace every statement that this run executes from here on; without parameters, stop tracing.

    Each statement is logged at `log_level` with its line, its kind, `info` and the expanded `format`. It ends with the
    top route. Returns 1; -6 when there is a level and no format, or the other way round.
    """
    if log_level is None:
        if format is None and info is None:
            trace.stop(context)
            return 1
        return -6
    if format is None:
        context.error("script_trace() with a level needs a format too")
        return -6
    try:
        expand = formatter(format, in_process(context.process))
    except TemplateError as error:
        context.error(f"script_trace(): {error.message}")
        return -1
    trace.start(context, log_level, expand, info)
    return 1


# -- status -----------------------------------------------------------------------------------------------------------


def _status_groups(modules: Iterable[str], library: Library) -> dict[str, str]:
    """The groups of the core and of modules, and whose each is."""
    return {group: name for name in ("core", *sorted(modules)) for group in library.modules[name].status_groups}


def _check_group(arguments: Sequence[Any], modules: Collection[str], library: Library) -> Problem | None:
    group, known = arguments[0], _status_groups(modules, library)
    if not isinstance(group, str) or group in known:
        return None
    message, owner = f"no status group is named {group!r}", _status_groups(library.modules, library).get(group)
    if owner is not None:
        return 0, f"{message}: that of module {owner} is there once it is loaded", f'write loadmodule "{owner}.so"'
    return 0, message, f"known here: {', '.join(sorted(known))}"


@function("sr_check_status", check=_check_group, check_modules=True, check_library=True)
def sr_check_status(context: Context, group: str, identifier: str | None) -> int:
    """The status of an identifier of a status/report group; `all` asks for the whole group.

    The group `core` is always running: 1. An identifier that does not exist gives -2147483648, a group -1.
    """
    known = _status_groups(context.process.settings.modules, in_process(context.process))
    if group not in known:
        context.error(f"no status group is named {group!r}; known here: {', '.join(sorted(known))}")
        return -1
    if known[group] != "core":
        context.warning(f"the status of module {known[group]} is not simulated: sr_check_status() returns -1")
        return -1
    found = identifier is None or identifier.lower() == "all" or identifier == MAIN_IDENTIFIER
    return 1 if found else INT_MIN
