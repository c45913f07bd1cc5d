"""A recorded program run in this very process: compiler, linker and runtime, without session and workers.

Quicker than a Session, and an exception of ours arrives with its traceback. What needs the engine (subscriptions to
sockets, timers) does nothing here.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence

from evroute_kernel.engine.events.params import event_params
from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.compiler import Unit, compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.linker import link
from evroute_kernel.library.sql.database import close_databases
from evroute_kernel.library.table import in_process
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context, LinkedRoute, Params, Process, Record, Settings
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.statements import run_top_route
from evroute_kernel.runtime.values import decode, encode
from evroute_kernel.runtime.watching.hook import Hook, Watcher
from evroute_kernel.runtime.watching.stepping import Stepper, Stepping
from evroute_kernel.source import Source
from support.recorded import Case, Outcome


def run_in_process(case: Case, watchers: Sequence[Watcher] = ()) -> Outcome:
    outcome = Outcome()
    settings = Settings()
    try:
        if case.settings:
            apply(settings, compile_script(Source("globals", case.settings), Environment()))
        unit = compile_script(Source("case.cfg", case.script), Environment(modparams=settings.modparams))
    except ScriptError as error:
        outcome.refuse(error)
        return outcome
    apply(settings, unit)
    before = sys.gettrace()
    with Shared.temporary() as shared:
        world = World(unit, settings, shared, outcome, watchers)
        try:
            world.run(case)
        finally:
            sys.settrace(before)  # a stepper has not ended
        close_databases(world.process)
    return outcome


def apply(settings: Settings, unit: Unit) -> None:
    """Globals and module parameters of a text."""
    for item in unit.settings:
        if hasattr(settings, item.name):
            setattr(settings, item.name, type(getattr(settings, item.name))(item.value))
    for param in unit.modparams:
        settings.modparams.setdefault((param.module, param.name), []).append(param.value)


class World:
    """One process with the routes of a unit and a queue of events."""

    def __init__(
        self, unit: Unit, settings: Settings, shared: Shared, outcome: Outcome, watchers: Sequence[Watcher] = ()
    ) -> None:
        self.outcome = outcome
        self.queue: deque[tuple[str, Params]] = deque()
        self.process = Process(shared, settings)
        self.process.emit = self.emit
        self.process.raise_event = lambda context, event, params: self.queue.append((event, params or ()))
        library = in_process(self.process)
        self.linked = [
            link(r.kind, r.name, slot, r.code, r.pool, library, lines=r.lines, file=r.source.name, actions=r.actions)
            for slot, r in enumerate(unit.routes)
        ]
        plain, hook = self.linked, Hook(self.process)
        hook.watchers = watchers
        if hook.is_needed:
            self.linked = [hook.watch(route) for route in plain]
        if steppers := [watcher for watcher in watchers if isinstance(watcher, Stepper)]:
            stepping = Stepping(self.process)
            stepping.learn(plain)
            stepping.change(steppers)
        self.process.slots = dict(enumerate(self.linked))
        self.events = {r.name: r for r in self.linked if unit.routes[r.slot].subscribes and r.kind == "event_route"}
        self.process.has_subscribers = self.events.__contains__
        self.process.routes = {r.name: r for r in self.linked if r.kind == "route"}
        for route in self.linked:
            if route.kind == "error_route":
                self.process.error_route = route
        self.first_context: Context | None = None

    def emit(self, record: Record) -> None:
        level, text, diagnostic, _ = record
        self.outcome.record(levels.NAMES[level], decode(text), diagnostic)

    def run(self, case: Case) -> None:
        for route in self.linked:
            if route.kind == "startup_route":
                self.first_context = Context(self.process, "")
                self.run_route(route, "", ())
        self.drain()
        for event, params in case.raises:
            self.queue.append((encode(event), event_params(params)))
            self.drain()

    def drain(self) -> None:
        rounds = 0
        while self.queue and rounds < 200:  # an event that raises itself never ends
            event, params = self.queue.popleft()
            if event in self.events:
                self.run_route(self.events[event], event, params)
                self.first_context = None
            rounds += 1

    def run_route(self, route: LinkedRoute, event: str, params: Params) -> None:
        context = self.first_context
        if context is not None:
            context.event, context.params = event, params
        try:
            run_top_route(self.process, route, event, params, context)
        except ScriptCrash as crash:
            self.outcome.failures.append(f"{event}: {crash}")
