"""A session as it stands, to be made once more: to run one event under several versions, or many times.

Taken over are the definitions (texts of cells, in the order in which they took effect), settings, stubs, declared
events, the subscriptions of routes (also by notify_on_event()), limits, and what lies in shared memory: `$shv`, the
cache, queues. Not taken over are `$var` and `$json` of workers, the log, runs that wait, and all that reaches beyond
the session: sockets that have subscribed, recordings, connections; `network` is off. What a script itself does beyond
its session stays inside: sockets that it subscribes get nothing, and SQL works on a copy of the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from evroute_kernel.engine.copying.copied import Copied, Open, S
from evroute_kernel.engine.delivery.interface import ROUTE, ROUTING, SocketError
from evroute_kernel.engine.delivery.notifications import NotificationInfo
from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.results.runs import RunError
from evroute_kernel.engine.state.stubs import StubRule
from evroute_kernel.engine.state.world import Text
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.lang.compiler import Unit, compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.reach import Reach
from evroute_kernel.runtime.values import decode
from evroute_kernel.runtime.versions import ServerVersion

#: settings that no copy takes over: what an event does elsewhere, it would do twice over
_LEFT_OUT: Final = frozenset({"network"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of giving a session the definitions: why texts were refused, and how startup routes failed."""

    refused: tuple[Diagnostic, ...] = ()
    errors: tuple[RunError, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session as it stands; later changes of it change nothing here."""

    #: each with what there was around it
    texts: Sequence[tuple[Text, Environment]]
    #: those that texts have loaded
    modules: frozenset[str]
    titles: frozenset[str]
    settings: Mapping[str, Any]
    stubs: Sequence[StubRule]
    declared: Sequence[EventDeclaration]
    #: (event, socket), the oldest first
    subscriptions: Sequence[tuple[str, str]]
    #: routes that notify_on_event() has subscribed, the oldest first
    notifications: Sequence[NotificationInfo]
    #: those of the constructor: timeout, memory_limit, log_limit
    limits: Mapping[str, Any]
    #: the tables of the shared memory
    shared: Mapping[str, Sequence[tuple[str, Any]]]

    @classmethod
    def of(cls, session: Copied) -> Snapshot:
        limits, shared = session.limits, session.shared
        return cls(
            [(text, session.environment(text.owner)) for text in session.texts],
            session.settings.modules_in_force(),
            frozenset(definition.title for definition in session.registry),
            {name: value for name, value in session.settings.outside().items() if name not in _LEFT_OUT},
            list(session.settings.stubs.values()),
            list(session.declared_events.values()),
            [(s.event, s.socket) for s in session.subscriptions() if s.protocol in (ROUTE, ROUTING)],
            [info for info in reversed(session.notifications()) if not info.waits_in],
            {"timeout": limits.timeout, "memory_limit": limits.memory, "log_limit": limits.log}
            | {"clock": session.clock, "seed": session.seed},
            {table: shared.items(table) for table in shared.tables()},
        )

    @contextmanager
    def opened(
        self,
        make: Open[S],
        version: ServerVersion,
        began: Callable[[S], object] = lambda session: None,
        *,
        reach: Reach = "inside",
        **options: Any,
    ) -> Iterator[tuple[S, Prepared]]:
        """A session of a version with all of it, which is closed at the end. It has one worker, if the `options` of
        Session say nothing else: what runs when is then the same each time. `began` gets it before anything runs."""
        with make(**{"workers": 1, "version": version, **self.limits, **options}) as session:
            began(session)
            session.settings.keep_inside(reach)
            session.settings.update(self.settings)
            for rule in self.stubs:
                session.stub(rule)
            for declaration in self.declared:
                session.declare_event(declaration)
            prepared = self._define(session)
            self._subscribe(session)
            self._fill(session)
            yield session, prepared

    def _define(self, session: Copied) -> Prepared:
        """Give a session the definitions, and then run the startup routes; bare statements do not run."""
        units: list[Unit] = []
        refused: list[Diagnostic] = []
        for text, around in self.texts:
            try:
                unit = self._compiled(session, text, around)
            except ScriptError as error:
                refused += [found for found in error.diagnostics if found.severity == "error"]
                continue
            session.install(_without_start(unit), owner=text.owner)
            units.append(unit)
        starts = [run for unit in units if (run := session.install(_start(unit)).run)]
        for title in {definition.title for definition in session.registry} - self.titles:
            session.forget(decode(title))
        return Prepared(tuple(refused), tuple(error for run in starts for error in run.errors))

    def _compiled(self, session: Copied, text: Text, around: Environment) -> Unit:
        """A text among all others: a cell that was run again may rest on what stands in a later one. Raises
        ScriptError."""
        modules = session.environment().modules | self.modules
        environment = replace(around, version=session.version, modules=modules)
        return compile_script(text.source, environment, scratch=True)

    def _subscribe(self, session: Copied) -> None:
        """Subscribe routes to what they had subscribed; startup routes have done so for themselves."""
        begun = Counter((info.event, info.route, info.filters) for info in session.notifications())
        for info in self.notifications:
            if begun[what := (info.event, info.route, info.filters)]:
                begun[what] -= 1
                continue
            with suppress(UnknownEventError):  # as with the others
                session.take_notification(info)
        there = Counter((s.event, s.socket) for s in session.subscriptions())
        for wanted in self.subscriptions:
            if there[wanted]:
                there[wanted] -= 1
                continue
            with suppress(SocketError):  # the route was refused, which is told
                session.subscribe(*wanted)

    def _fill(self, session: Copied) -> None:
        """Make the shared memory what it was, whatever startup routes have put there."""
        shared = session.shared
        shared.clear()
        for table, items in self.shared.items():
            for key, value in items:
                shared.put_object(table, key, value)


def _without_start(unit: Unit) -> Unit:
    """The definitions of a text, without what it does at once."""
    return replace(unit, routes=tuple(r for r in unit.routes if r.kind != "startup_route"), scratch=None)


def _start(unit: Unit) -> Unit:
    """The startup routes of a text, without what else it holds."""
    routes = tuple(route for route in unit.routes if route.kind == "startup_route")
    return replace(unit, script=replace(unit.script, items=(), scratch=()), routes=routes, scratch=None)
