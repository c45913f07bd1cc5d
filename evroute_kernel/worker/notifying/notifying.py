"""Notified routes in a worker: what an event that is raised here reaches, and the runs of those routes.

Observed on OpenSIPS 3.6 and 4.0. A route is notified in the process that raised the event, as a job of its own after
the route that raised it; the process has a queue for these jobs beside that of event routes, and takes one of each in
turn (`worker.flow`). The notified route finds the event's parameters in AVPs, and nothing else.

Who never calls notify_on_event() pays nothing: this takes the place of the plain ways only where there is a
subscription.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from evroute_kernel.runtime.context import Context, LinkedRoute, Process
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.deferred import Launched
from evroute_kernel.runtime.values import Value, stored
from evroute_kernel.runtime.waits import RequestContext
from evroute_kernel.worker.blackbox import STATEMENT, BlackBox
from evroute_kernel.worker.messages import NOTIFY, RESUME, Notifications, Params, WaitsReached
from evroute_kernel.worker.notifying.subscriptions import Audience, Entry, Subscription
from evroute_kernel.worker.notifying.waiting import RunsThatWait, Talk

#: event, parameters, the name of the route that is notified, and which event of a batch it comes of; without a route a
#: run that goes on, whose number is the first parameter
Waiting: TypeAlias = "tuple[str, Params, str, int]"
Raise = Callable[[Context, str, Any], "tuple[bool, Sequence[str]] | None"]
Run = Callable[[Process, LinkedRoute, Context], int]

_NO_PARAMETERS: Final = (
    "an event without parameters reaches a subscription of notify_on_event() or wait_for_event(), and that kills the "
    "server: give {event} a parameter"
)
_DEPRECATED: Final = re.compile(r"[si]:")


class Notifying:
    """The subscriptions that this process knows of, and what waits to be notified."""

    def __init__(self, process: Process, blackbox: BlackBox, leave: Callable[[Context], None], talk: Talk) -> None:
        self._process = process
        self._talk = talk
        self._waiting = RunsThatWait(process, blackbox, talk)
        self._place = blackbox.place
        self._leave = leave
        #: which event of a batch the running one comes of
        self.root: Callable[[], int] = lambda: 0
        self._is_on = False
        self._audiences: dict[str, Audience] = {}
        #: the events whose subscriptions an event reaches, where these are not its own alone: `routing:NAME`
        self.routing: dict[str, tuple[str, ...]] = {}
        self.queue: deque[Waiting] = deque()
        #: whether routes waited to be notified when the last event from outside had been raised
        self.is_due = False
        #: the ways of a process without subscriptions
        self.raise_plainly: Raise = process.raise_event
        self.run_plainly: Run = lambda process, route, context: 1
        #: what stands in front of the routes of an event that reaches subscriptions and is raised from outside
        process.slots[NOTIFY] = LinkedRoute("notify_on_event", "", NOTIFY, lambda context: 1)
        #: what stands for a run that goes on
        process.slots[RESUME] = LinkedRoute("wait_for_event", "", RESUME, lambda context: 1)

    @property
    def is_on(self) -> bool:
        """Whether there has been any subscription."""
        return self._is_on

    def update(self, message: Notifications) -> None:
        """What the supervisor knows, or what it has learnt."""
        if message.are_all:
            self._audiences.clear()
        for entry in message.entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """One more subscription."""
        self._is_on = True
        audience = self._audiences.get(entry[1])
        if audience is None:
            if self.routing and entry[1] in self.routing:
                self.route_to(entry[1], entry[1])
            audience = self._audiences[entry[1]] = Audience()
        audience.add(entry)

    def route_to(self, event: str, name: str) -> None:
        """`routing:NAME` is a subscriber of an event from now on."""
        others = self.routing.get(event, (event,) if event in self._audiences else ())
        if name not in others:
            self.routing[event] = name, *others

    # -- an event is raised -------------------------------------------------------------------------------------------

    def raise_event(self, context: Context, event: str, params: Any) -> tuple[bool, Sequence[str]] | None:
        """A route raises an event: `Process.raise_event`."""
        self._notify(context, event, params)
        return self.raise_plainly(context, event, params)

    def run(self, process: Process, route: LinkedRoute, context: Context) -> int:
        """Run a top route; one that is notified, or what stands for all that an event from outside reaches, too."""
        if route.kind == "route":
            return self._run_notified(process, route, context)
        if route.slot == RESUME:
            self._leave(context)
            return self._waiting.resume(context, self.run_plainly)
        if route.slot != NOTIFY:
            return self.run_plainly(process, route, context)
        self._leave(context)
        self._place[STATEMENT] = -1
        self._notify(context, context.event, tuple(context.params) or None)
        self.is_due = bool(self.queue)
        return 1

    def _notify(self, context: Context, event: str, params: Any) -> None:
        """Queue the routes that an event reaches. `params` is None for an event without a list of parameters."""
        for name in self.routing.get(event) or (event,) if self.routing else (event,):
            self._notify_one(context, event, self._audiences.get(name), params)

    def _notify_one(self, context: Context, event: str, audience: Audience | None, params: Any) -> None:
        if audience is None or audience.is_empty(int(self._process.shared.clock.now())):
            return
        if params is None:
            self._check_harmless(event, audience)
            return
        reached = audience.reached(params)
        if reached:
            self._put(context, event, audience, reached, self._named(context, event, params))

    def _check_harmless(self, event: str, audience: Audience) -> None:
        """An event without parameters has nobody to reach, or kills the server."""
        waits = audience.waits()
        if waits is None or self._talk.ask(lambda request: WaitsReached(event, waits, None, request)).ok:
            raise ScriptCrash(_NO_PARAMETERS.format(event=event))

    def _put(
        self, context: Context, event: str, audience: Audience, reached: Sequence[Subscription], params: Params
    ) -> None:
        root, mine = self.root(), self._claim(event, audience, reached, params)
        for subscription in reached:
            if not subscription.worker:
                self.queue.append((event, params, subscription.route, root))
            elif subscription.number in mine:
                self.queue.append((event, ((None, subscription.number), *params), "", root))

    def _claim(self, event: str, audience: Audience, reached: Sequence[Subscription], params: Params) -> frozenset[int]:
        """The runs that wait and are reached go on, unless they have done so before; the numbers of those held here."""
        waits = tuple(subscription.number for subscription in reached if subscription.worker)
        if not waits:
            return frozenset()
        for number in waits:
            audience.remove(number)
        return frozenset(map(int, self._talk.ask(lambda request: WaitsReached(event, waits, params, request)).lines))

    def _named(self, context: Context, event: str, params: Params) -> Params:
        """The parameters that become AVPs."""
        named = []
        for name, value in params:
            if not name:
                context.error(f"a parameter of {event} has no name, so that no route that is notified gets it")
                continue
            if self._process.settings.version == "3.6" and _DEPRECATED.match(name):
                context.warning(f"parameter {name} of {event}: names of AVPs no longer begin with {name[:2]}")
            named.append((name, stored(value)))
        return tuple(named)

    # -- a route is notified ------------------------------------------------------------------------------------------

    def route(self, event: str, name: str) -> LinkedRoute | None:
        """The route of a name as it is now; None, with an error, where there is none any more. Without a name, what
        stands for a run that goes on."""
        if not name:
            return self._process.slots[RESUME]
        found = self._process.routes.get(name)
        if found is None:
            Context(self._process, event).error(f"notify_on_event: route[{name}] does not exist any more")
            return None
        return self._process.slots[found.slot]

    def _run_notified(self, process: Process, route: LinkedRoute, given: Context) -> int:
        """Run a notified route, which finds the parameters of the event in AVPs."""
        self._leave(given)
        context = RequestContext(process, given.event)
        context.scopes = [Launched((None,))]
        avps: dict[str, list[Value]] = context.avps
        for name, value in given.params:
            if name is not None:
                avps.setdefault(name, []).append(value)
        return self._waiting.run(process, route, context, self.run_plainly)
