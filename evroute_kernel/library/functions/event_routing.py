"""notify_on_event: routes that run for the events that a filter lets through."""

from __future__ import annotations

from time import time
from typing import Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.functions.parameters import avp_values
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash

#: numbers that a timeout can be: it has 32 bits with a sign
_NUMBERS: Final = 2**32
_INTEGER: Final = (
    'an integer among the filters kills the server: write the filter as text, $avp(f) = "key=5", and clear the AVP '
    "before ($avp(f) = NULL)"
)


@function("notify_on_event")
def notify_on_event(context: Context, event: str, filter: Reference, route: str, timeout: int) -> int:
    """Run `route[name]` for each event that the filter lets through, until `timeout` seconds have passed.

    Each value of the AVP `filter` is `key=pattern`, and all must match; a key that the event does not have is ignored,
    so a misspelt one lets everything through. The pattern is that of a shell (`*`, `?`, `[a-z]`). The AVP keeps its
    values: clear it before the next call. The route finds the parameters of the event as `$avp(name)`. It runs in the
    process that raised the event, after the route that did. A negative timeout is over at once (on a server that has
    not run for so many seconds yet it never is). Returns 1; -1 for an event or route that does not exist.
    """
    if route not in context.process.routes:
        context.error(f"notify_on_event: there is no route[{route}]")
        return -1
    filters = _filters(context, filter)
    # the server looks for the event before it dies of a filter: what has expired already does nothing but that
    last = -1 if filters is None else int(time()) + (timeout + _NUMBERS // 2) % _NUMBERS - _NUMBERS // 2
    problem = context.process.notify(event, filters or (), route, last)
    if problem is None and filters is None:
        raise ScriptCrash(_INTEGER)
    if problem is not None:
        context.error(f"notify_on_event: {problem}")
        return -1
    if "tm" in context.process.settings.modules:
        context.error("notify_on_event: there is no transaction here (tm says so at each call, and it does not matter)")
    return 1


def _filters(context: Context, avp: Reference) -> tuple[tuple[str, str], ...] | None:
    """Keys and patterns; None where an integer is among them."""
    filters = []
    for value in avp_values(context, avp):
        if isinstance(value, int):
            return None
        key, separator, pattern = str(value).partition("=")
        if separator and pattern:
            filters.append((key, pattern))
        else:
            what = "holds no '='" if not separator else "has nothing after its '='"
            context.error(f"notify_on_event: the filter {str(value)!r} {what}: left out, so that more gets through")
    return tuple(filters)
