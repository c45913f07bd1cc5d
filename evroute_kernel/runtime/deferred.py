"""`async` and `launch`: functions whose end resumes in a route of its own, after the route that started them.

The server needs module tm for both (language manual 3.11). With it, `async` outside a SIP transaction waits for its
function where it stands, and runs the route at once, in the same event; what `launch` started runs here one after
another, each followed by its route, as soon as the running route has ended. A route of notify_on_event() counts as one
of a SIP request: there `async` lets the process go, and another event or the clock takes the run up again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from evroute_kernel.runtime.codes import E_BUG
from evroute_kernel.runtime.context import ROUTE_DEPTH_LIMIT, Context, Process
from evroute_kernel.runtime.control import EndScript
from evroute_kernel.runtime.route_stack import RouteStack
from evroute_kernel.runtime.values import Value
from evroute_kernel.runtime.waits import RequestContext


class Prepare(Protocol):
    """Evaluates the arguments now; the result makes the call, or is None when an argument has no usable value."""

    #: whether the function waits for what comes later, so that launch() has to begin at once
    waits: bool

    def __call__(self, context: Context) -> Callable[[], int] | None: ...


def start_async(context: Context, prepare: Prepare, name: str) -> int:
    """`async(call, route)`: the script ends here, and goes on in the route once the call is done.

    -1, and the script goes on here, when an argument has no usable value.
    """
    process = context.process
    if "tm" not in process.settings.modules:
        context.alert("async() needs the module tm: the script ends here")
    else:
        call = prepare(context)
        if call is None:
            return -1
        if isinstance(context, RequestContext):
            goes_on = process.waiting.suspend(context, call, name)
        else:
            context.warning(f"async() outside a SIP transaction: the script waits, then route[{name}] goes on")
            process.rc = call() if process.waiting is None else process.waiting.outside(context, call)
            goes_on = True
        if goes_on:
            _go_on(context, name)
    process.rc = 0
    raise EndScript


def _go_on(context: Context, name: str) -> None:
    """The route is the top one from here on; event, arguments and AVPs stay."""
    route = context.process.routes.get(name)
    if route is None:
        context.error(f"route[{name}], which was to run next, does not exist")
        return
    stack = context.route_stack
    if len(stack) + len(context.suspended) >= ROUTE_DEPTH_LIMIT:  # the server has left none of them
        said = f"{ROUTE_DEPTH_LIMIT} blocks are active already"
        context.error(f"route[{name}], which was to run next, is not run: {said}")
        return
    context.error_info = None
    if isinstance(stack, RouteStack):
        stack.begin(name)
    else:
        context.suspended += [left for _, left in stack]
        stack[:] = [(stack[0][0], name)]
    context.process.at[1] = route.slot
    with suppress(EndScript):
        route.function(context)


class Launched(tuple[Value, ...]):
    """The text that launch() hands to its route: only `$param(1)` reads it, and every other `$param` is null."""

    __slots__ = ()


def start_launch(context: Context, prepare: Prepare, route: str | None, text: Callable[[Context], str] | None) -> int:
    """`launch(call, route, "text")`: the script goes on; the route runs later with the text as `$param(1)`."""
    if "tm" not in context.process.settings.modules:
        context.alert("launch() needs the module tm: nothing is started")
        return E_BUG
    call = prepare(context)
    if call is None:
        return -1
    if route is not None and route not in context.process.routes:
        context.error(f"route[{route}], which was to run next, does not exist")
        route = None
    if prepare.waits and context.process.waiting is not None:
        context.process.waiting.outside(context, call)
        return 1
    arguments = Launched((text(context),)) if text else ()
    context.process.deferred.append((call, context.event, route, arguments))
    return 1


def run_deferred(process: Process) -> None:
    """Runs what the last top route started, and what that starts in turn."""
    while process.deferred:
        call, event, name, arguments = process.deferred.popleft()
        call()
        if name is not None:
            _resume(process, event, name, arguments)


def _resume(process: Process, event: str, name: str, arguments: tuple[Value, ...]) -> None:
    context = Context(process, event)
    route = process.routes.get(name)
    if route is None:
        context.error(f"route[{name}], which was to run next, does not exist")
        return
    context.scopes = [arguments]
    context.route_stack = [route.title]
    process.at[1] = route.slot
    with suppress(EndScript):
        route.function(context)
