"""Events inside of events, as OpenSIPS 4.0 runs them: what a route of an event raises runs at once, in the statement.

Observed on 4.0.1. The inner run has its own parameters and nothing else of its own: it sees the AVPs of the raiser,
which has none afterwards; both write one SIP message; extra values that the inner route returns are the raiser's
`$return`. What is raised from elsewhere (startup_route, timer_route, the route that `launch` resumes) waits, as in 3.6.

The server pays for each inner run with an entry of its stack of routes (`runtime.route_stack`), and dies when none is
left. Where E_CORE_LOG has a route it dies too of what a route logs after an inner event, and of the second thing that
it then says itself. Here the run ends with an error, and everything inside and around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from evroute_kernel.library.dummy_message import DummyMessage
from evroute_kernel.runtime.context import Context, LinkedRoute, Process, Record
from evroute_kernel.runtime.control import EndScript, ScriptCrash
from evroute_kernel.runtime.deferred import run_deferred
from evroute_kernel.runtime.event_context import EMPTY_LIST, EventContext
from evroute_kernel.runtime.route_stack import LIMIT, RouteStack
from evroute_kernel.runtime.statements import AssertionInfo
from evroute_kernel.runtime.watching import trace
from evroute_kernel.worker.blackbox import SLOT, STATEMENT, TOP, BlackBox
from evroute_kernel.worker.inline import processes, profiling
from evroute_kernel.worker.inline.processes import ProcessProfile
from evroute_kernel.worker.inline.profiling import ScriptProfile
from evroute_kernel.worker.messages import InnerRuns, Params
from evroute_kernel.worker.outbox import Outbox

#: events that run in one another; what the innermost raises then runs nowhere
NESTING_LIMIT: Final = 100
_LOG_EVENT: Final = "E_CORE_LOG"
_LOG_SETTING: Final = "log_event_enabled"

_NO_LEVEL: Final = (
    "the stack of routes is used up: a 4.0.1 dies here, as each event that has run inside this one took an entry of "
    "it. Raise at most two events that have a route, in a route that is called one more; raise the others from a "
    "timer_route, or let the second event raise the third"
)
_BROKEN: Final = (
    "a route that is called, or error_route for a failed assert(), after the events inside this one have used up the "
    "stack of routes kills a 4.0.1 when this event ends: call the route before the second raise_event()"
)
_LOG_ROUTE: Final = (
    "a text that is logged after an event has run inside this one goes to event_route[E_CORE_LOG], and a 4.0.1 dies of "
    "that: log before raise_event(), or leave event_route[E_CORE_LOG] out"
)


class Raiser(Protocol):
    """What raises events: the child."""

    def tell_others(self, event: str, params: Params) -> tuple[bool, tuple[str, ...]]:
        """Others than routes are told; whether all took it, and what to log."""

    def handlers(self, event: str) -> tuple[int, ...]:
        """The slots of the routes that it goes to."""

    def put(self, event: str, params: Params, slots: tuple[int, ...]) -> None:
        """It waits until others have been run."""

    def with_avps(self, context: Context) -> Context:
        """The context, which finds what startup_route has left if it is the first after it."""


class Inline:
    """The runs of event routes of one process."""

    def __init__(self, raiser: Raiser, process: Process, outbox: Outbox, blackbox: BlackBox) -> None:
        self._raiser = raiser
        self._process = process
        self._outbox = outbox
        self._place = blackbox.place
        #: inner runs of routes that nobody has been told of: (event, slot) -> how many
        self._ran: Counter[tuple[str, int]] = Counter()
        #: whether the message of the next run is the first one of this process, which the server only fills with zeros
        self._is_first = True
        #: what tells of routes that begin and end, where somebody wants to know
        self.profile = ScriptProfile(process, blackbox, raiser.tell_others, raiser.handlers)
        self.processes = ProcessProfile(process, blackbox, raiser.tell_others, raiser.handlers)
        #: what takes log records, while a crashing one stands there
        self._emit: Callable[[Record], None] | None = None

    # -- from outside -------------------------------------------------------------------------------------------------

    def new_context(self, event: str, params: Params) -> Context:
        """The context of a run. Those that are of no event have the ways of 3.6."""
        if not event:
            return self._raiser.with_avps(Context(self._process, event, params))
        # one that has waited in this process does not count among those that run in one another
        depth = 0 if params[:1] == EMPTY_LIST else 1
        context = EventContext(self._process, event, params, RouteStack(self._place), depth)
        if self._is_first:
            self._is_first = False
            if not any(route.kind == "startup_route" for route in self._process.slots.values()):
                context.message = DummyMessage()
                context.message.own.q = 0
        return self._raiser.with_avps(context)

    def another_context(self, before: Context) -> Context:
        """The context of the next route of the same event, which finds the message as the one before has left it."""
        if not before.event:
            return self.new_context("", ())
        params = tuple(before.params) or (EMPTY_LIST if before.has_list else ())
        context = self.new_context(before.event, params)
        context.message = before.message
        return context

    def run(self, process: Process, route: LinkedRoute, context: Context) -> int:
        """Run a top route, with all that runs inside it."""
        self.profile.forget()
        context.route_stack.append(route.title)
        place = self._place
        place[STATEMENT], place[SLOT] = 0, route.slot
        if context.event:
            self.processes.begin()
        try:
            code = self._run_block(route, context)
        finally:
            trace.end(process)
            self._hush()
        if context.event:
            self.processes.end()
        if process.deferred:
            run_deferred(process)
        return code

    def routes(self, routes: dict[str, LinkedRoute], events: Collection[str]) -> dict[str, LinkedRoute]:
        """What scripts find when they call routes, now that these events have subscribers."""
        self.profile.is_on = profiling.EVENT in events
        self.processes.is_heard = processes.EVENT in events
        return self.profile.routes(routes)

    def told(self) -> InnerRuns | None:
        """What has run inside since this was asked last; None for nothing."""
        if not self._ran:
            return None
        ran, self._ran = dict(self._ran), Counter()
        return InnerRuns(ran)

    def raise_event(self, context: Context, event: str, params: Any) -> tuple[bool, tuple[str, ...]]:
        """Raise an event: `Process.raise_event`."""
        given: Params = tuple(params or ())
        if not isinstance(context, EventContext):
            done = self._raiser.tell_others(event, given)
            for slot in self._raiser.handlers(event):
                self._raiser.put(event, EMPTY_LIST + given, (slot,))
            return done
        if context.depth >= NESTING_LIMIT:
            context.error(f"{event} is not raised: {NESTING_LIMIT} events run inside one another already")
            return True, ()
        done = self._raiser.tell_others(event, given)
        for slot in self._raiser.handlers(event):
            self._run_inside(context, event, given if params is None else EMPTY_LIST + given, slot)
        return done

    # -- one run inside another ---------------------------------------------------------------------------------------

    def _run_inside(self, raiser: EventContext, event: str, params: Params, slot: int) -> None:
        """Run one route of an event inside the statement that raises it.

        What stops it for good stops the raiser too. It leaves the place as it is, which is the one to report.
        """
        process, place, outbox, stack = self._process, self._place, self._outbox, raiser.stack
        if stack.size < 0:
            raise ScriptCrash(_NO_LEVEL)
        route, traced = process.slots[slot], process.at
        caller, top, running = (place[STATEMENT], place[SLOT]), place[TOP], outbox.speaks_of
        inner = EventContext(process, event, params, stack, raiser.depth + 1)
        inner.avps, inner.message = raiser.avps, raiser.message
        self._hush()
        outbox.running = event, running[1] if running is not None else 0  # it is of the same recorded line
        place[STATEMENT], place[SLOT], place[TOP] = 0, slot, slot
        before = stack.begin(route.name)
        if stack.is_full:
            inner.error(f"{route.kind}[{route.name}] is not run: {LIMIT} blocks are active already")
        else:
            trace.follow(inner)
            self._run_block(route, inner)
            raiser.returned, raiser.error_info = inner.returning, _kept(inner.error_info)
            self._ran[event, slot] += 1
        stack.end(before)
        trace.end(process, traced)
        place[STATEMENT], place[SLOT] = caller
        place[TOP], outbox.running = top, running
        raiser.avps, raiser.message = {}, inner.message
        self._watch_log(stack)

    def _run_block(self, route: LinkedRoute, context: Context) -> int:
        """Run the statements of a top route, and tell of that; its code."""
        self.profile.begin(context, route)
        has_ended = False
        try:
            code = route.function(context)
        except EndScript as end:
            code, has_ended = end.code, True
        self._check_stack(context)
        self.profile.end(context, route, code, has_ended)
        return code

    # -- what kills the server ----------------------------------------------------------------------------------------

    def _check_stack(self, context: Context) -> None:
        """A top route ends: what was written in front of the stack kills the server."""
        stack = context.route_stack
        if isinstance(stack, RouteStack) and stack.front is not None:
            place = self._place
            place[STATEMENT], place[SLOT] = stack.front_place
            raise ScriptCrash(_BROKEN)

    def _watch_log(self, stack: RouteStack) -> None:
        """An inner event has ended: what is logged from now on raises E_CORE_LOG, in the server's process."""
        process = self._process
        if not self._raiser.handlers(_LOG_EVENT) or not _is_on(process.settings.modparams):
            return
        emit, has_warned = process.emit, False
        self._emit = emit

        def die(record: Record) -> None:
            nonlocal has_warned
            if record[2] and not has_warned:  # of the server's own words the first costs an entry of the stack
                has_warned = True
                stack.pop()
                emit(record)
                return
            self._hush()
            emit(record)
            raise ScriptCrash(_LOG_ROUTE)

        process.emit = die

    def _hush(self) -> None:
        """An event begins, or the outermost has ended: what is logged raises nothing."""
        if self._emit is not None:
            self._process.emit, self._emit = self._emit, None


def _is_on(modparams: Mapping[tuple[str, str], Sequence[int | str]]) -> bool:
    """Whether the global log_event_enabled is set."""
    return any(value not in (0, "0") for value in modparams.get(("core", _LOG_SETTING), ())[-1:])


def _kept(error_info: Any) -> Any:
    """What `$err.*` still show of an error inside an event that has ended."""
    return None if error_info is AssertionInfo else error_info
