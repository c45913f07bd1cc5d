"""E_PROFILING_SCRIPT of OpenSIPS 4.0: which routes begin and end, told to whoever has subscribed it.

Observed on 4.0.1. A top route tells `start`, `enter`, `exit` and `end`, a called one `enter` and `exit`; a field
without a value is left out. Where nobody has subscribed the event nothing of this is in the way: routes that tell of
their runs are others than those that do not.

A route on the event runs for each of these, and so tells of itself: a 4.0.1 never ends that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from evroute_kernel.runtime.context import Context, LinkedRoute, Process
from evroute_kernel.runtime.control import EndScript, ScriptCrash
from evroute_kernel.runtime.event_context import EventContext
from evroute_kernel.runtime.route_stack import RouteStack
from evroute_kernel.runtime.values import wrap
from evroute_kernel.worker.blackbox import STATEMENT, TOP, BlackBox
from evroute_kernel.worker.messages import Params

EVENT: Final = "E_PROFILING_SCRIPT"
#: numbers of the kinds of top routes that run here
_KINDS: Final = {"startup_route": 64, "timer_route": 128, "event_route": 256}
#: and of those that `launch` resumes
_OTHER: Final = 1
#: the end of a top route: by itself, by `exit`, by `drop`
_RAN, _EXITED, _DROPPED = 0, 1, 5
#: the code with which `drop` ends the script
_DROP_CODE: Final = -5

_ENDLESS: Final = (
    "it runs whenever a route begins or ends, itself included, which never ends: a 4.0.1 hangs. "
    'Subscribe a socket instead: subscribe_event("E_PROFILING_SCRIPT", "udp:...")'
)


class ScriptProfile:
    """What one process tells. `tell` gives an event to those who have subscribed it, `handlers` its routes."""

    def __init__(
        self,
        process: Process,
        blackbox: BlackBox,
        tell: Callable[[str, Params], object],
        handlers: Callable[[str], tuple[int, ...]],
    ) -> None:
        self._process = process
        self._place = blackbox.place
        self._tell = tell
        self._handlers = handlers
        #: slots of the running blocks, outermost first
        self._slots: list[int] = []
        #: whether somebody has subscribed the event
        self.is_on = False

    def routes(self, routes: dict[str, LinkedRoute]) -> dict[str, LinkedRoute]:
        """The routes that scripts call, by name, as they are to run now."""
        return {name: self._telling(route) for name, route in routes.items()} if self.is_on else routes

    # -- top routes ---------------------------------------------------------------------------------------------------

    def begin(self, context: Context, route: LinkedRoute) -> None:
        """A top route begins; what has run around it goes on afterwards."""
        self._slots.append(route.slot)
        if self.is_on and route.kind in _KINDS:
            self._check(context)
            self._raise(context, "start", _name(route))
            self._raise(context, "enter", _name(route), route, route.lines[:1])

    def end(self, context: Context, route: LinkedRoute, code: int, has_ended: bool) -> None:
        """It has ended with this code; `has_ended`: by `exit`, `drop` or another end of the whole script."""
        del self._slots[-1:]
        if self.is_on and route.kind in _KINDS:
            status = (_DROPPED if code == _DROP_CODE else _EXITED) if has_ended or code == 0 else _RAN
            self._raise(context, "exit", _name(route), route, route.lines[:1], status)
            self._raise(context, "end", _name(route), status=status)
            self._check(context, is_over=True)

    def forget(self) -> None:
        """No route runs, however the last one has ended."""
        self._slots.clear()

    # -- called routes ------------------------------------------------------------------------------------------------

    def _telling(self, route: LinkedRoute) -> LinkedRoute:
        """The route, which tells that it begins and ends."""

        def run(context: Context) -> int:
            if len(context.route_stack) == 1 and not isinstance(context, EventContext):
                return self._resumed(context, route)
            line = self._line()
            self._slots.append(route.slot)
            self._raise(context, "enter", route.name, route, line)
            try:
                code = _run(context, route)
            except EndScript as end:
                self._left(context, route, line, end.code)
                raise
            self._left(context, route, line, code)
            return code

        return replace(route, function=run, is_empty=False)

    def _resumed(self, context: Context, route: LinkedRoute) -> int:
        """Run a route that `launch` goes on with: no other has called it, so it is a top one."""
        self._slots.append(route.slot)
        self._raise(context, "start", route.name)
        self._raise(context, "enter", route.name, route, route.lines[:1])
        try:
            code = _run(context, route)
        except EndScript as end:
            self._over(context, route, _DROPPED if end.code == _DROP_CODE else _EXITED)
            raise
        self._over(context, route, _RAN)
        return code

    def _over(self, context: Context, route: LinkedRoute, status: int) -> None:
        self._left(context, route, route.lines[:1], status)
        self._raise(context, "end", route.name, status=status)

    def _left(self, context: Context, route: LinkedRoute, line: tuple[int, ...], code: int) -> None:
        del self._slots[-1:]
        self._raise(context, "exit", route.name, route, line, code)

    def _line(self) -> tuple[int, ...]:
        """The line of the statement that calls the route which is about to begin."""
        caller = self._process.slots.get(self._slots[-1]) if self._slots else None
        statement = self._place[STATEMENT]
        return () if caller is None else caller.lines[statement : statement + 1]

    # -- the event ----------------------------------------------------------------------------------------------------

    def _raise(
        self,
        context: Context,
        verb: str,
        name: str,
        route: LinkedRoute | None = None,
        line: tuple[int, ...] = (),
        status: int | None = None,
    ) -> None:
        seconds, microseconds = divmod(self._process.shared.clock.microseconds(), 1_000_000)
        stack = context.route_stack
        fields: list[tuple[str, int | str]] = [
            ("sec", wrap(seconds)),
            ("usec", microseconds),
            ("session", 0),
            ("verb", verb),
            ("name", name),
            ("type", _KINDS.get(stack.kind if isinstance(stack, RouteStack) else stack[0][0], _OTHER)),
            ("depth", stack.depth if isinstance(stack, RouteStack) else len(stack)),
        ]
        if route is not None and line:
            fields += [("file", route.file), ("line", line[0])]
        if status is not None:
            fields.append(("status", status))
        self._tell(EVENT, tuple(fields))
        # the server raises it with a level of its own, and then forgets what $log_level was
        self._process.log_level = self._process.settings.log_level

    def _check(self, context: Context, *, is_over: bool = False) -> None:
        """A route on the event would never end: at once where it runs inside the one that tells, else after it."""
        handlers = self._handlers(EVENT)
        if handlers and (is_over or isinstance(context, EventContext)):
            self._place[STATEMENT], self._place[TOP] = -1, handlers[0]
            raise ScriptCrash(_ENDLESS)


def _name(route: LinkedRoute) -> str:
    return "<root>" if route.kind == "startup_route" else route.name


def _run(context: Context, route: LinkedRoute) -> int:
    if route.is_empty:
        context.warning(f"route[{route.name}] holds no statement")
        return 1
    return route.function(context)
