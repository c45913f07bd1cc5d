"""Event-based routing: routes that run for the events that a filter lets through, and runs that wait for one."""

from __future__ import annotations

from typing import Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.functions.parameters import avp_values
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.waits import RequestContext

#: the timeout is taken as a number without sign
_UNSIGNED: Final = 2**32
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
    process that raised the event, after the route that did. With a negative timeout it lasts for ever, as on a
    server that has just been started; on one that has run for so many seconds it is over at once. Returns 1; -1 for an
    event or route that does not exist.
    """
    if route not in context.process.routes:
        context.error(f"notify_on_event: there is no route[{route}]")
        return -1
    filters = _filters(context, filter)
    # the server looks for the event before it dies of a filter: what has expired already does nothing but that
    last = -1 if filters is None else int(context.process.shared.clock.now()) + timeout % _UNSIGNED
    problem = context.process.notify(event, filters or (), route, last)
    if problem is None and filters is None:
        raise ScriptCrash(_INTEGER)
    if problem is not None:
        context.error(f"notify_on_event: {problem}")
        return -1
    has_transaction = isinstance(context, RequestContext) and context.has_transaction
    if "tm" in context.process.settings.modules and not has_transaction:
        context.error("notify_on_event: there is no transaction here (tm says so at each call, and it does not matter)")
    return 1


@function("wait_for_event", waits=True)
def wait_for_event(context: Context, event: str, filter: Reference, timeout: int) -> int:
    """Wait for the first event that the filter lets through, or until `timeout` seconds have passed (up to one less).

    `async(wait_for_event("E_X", $avp(f), 5), route)` ends the script, and goes on in the route when the event comes,
    whose parameters are then in front of the AVPs that were there. When none comes the route runs too, and `$rc` is 1
    as well: clear the AVP before, and test it. Works where the server has a SIP request: here that is a route of
    notify_on_event(), and what goes on after it. Only one of these can wait at a time, and for some 5 seconds after it
    has ended another async() ends its route without a word, for all have one message. In other routes, and in launch(),
    the server dies of the event that comes. The timeout never comes if no call names the event as a constant.

    In 4.0 it is a function too, in which the process waits and does nothing else: 1 for the event, -2 when none came
    (a server returns 1 then now and again), -1 if there is no such event. The filter is that of notify_on_event().
    """
    filters = _filters(context, filter)
    if filters is None:
        raise ScriptCrash(_INTEGER)
    waiting = context.process.waiting
    found: int = -2 if waiting is None else waiting.for_event(context, event, filters, timeout)  # nobody raises events
    return found


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
            context.error(f"the filter {str(value)!r} {what}: left out, so that more gets through")
    return tuple(filters)
