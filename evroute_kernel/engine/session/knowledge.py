"""What a Session knows and may be asked, and the limits that it sets."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from types import MappingProxyType

from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.runs import LogRecord, StubCall, Variables, WorkerInfo
from evroute_kernel.engine.session.core import Core, at_least_one
from evroute_kernel.engine.state.registry import Registry
from evroute_kernel.engine.state.settings import Limits, Settings
from evroute_kernel.engine.state.stubs import StubRule, StubValue, make_stub
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.runtime.values import encode


class Knowledge(Core):
    """Routes, settings, events, records, stubs, workers, limits."""

    @property
    def registry(self) -> Registry:
        """The routes, for looking at; `load` and `forget` change them. Names in it are byte strings."""
        return self._world.registry

    @property
    def settings(self) -> Settings:
        """The globals in force, by name; assigning changes them for all workers. Also module parameters, stub rules."""
        return self._world.settings

    def declare_event(self, declaration: EventDeclaration | str) -> EventDeclaration:
        """Make an event of one's own known to checks and samples: `session.declare_event("E_X ip port:int [why]")`.

        A declaration replaces an earlier one of that name; one of an event of OpenSIPS adds parameters to it. Raises
        ValueError for a text that declares nothing.
        """
        if not isinstance(declaration, EventDeclaration):
            declaration = EventDeclaration.parse(given.text(declaration, "a declaration"))
        self._world.declared_events[declaration.name] = declaration
        return declaration

    @property
    def declared_events(self) -> Mapping[str, EventDeclaration]:
        """Events that users declared as their own, by name."""
        return MappingProxyType(self._world.declared_events)

    @property
    def log(self) -> list[LogRecord]:
        """The records so far, oldest first: the last hundred thousand."""
        return self._world.records.log()

    @property
    def stub_calls(self) -> list[StubCall]:
        """Calls of functions that are not simulated, oldest first: the last ten thousand."""
        return self._world.records.stub_calls()

    def stub(self, name: str | StubRule, returns: int = 1, sets: Mapping[str, StubValue] | None = None) -> None:
        """Say what a function that is not simulated does: `session.stub("rest_get", 200, {"$var(body)": "{}"})`.

        `sets`: variable -> integer, None, or text, in which variables are expanded at each call. Holds from the next
        run on; a second call replaces the first. Raises ScriptError for a function that is simulated or unknown, and
        for what cannot be set.
        """
        if not isinstance(name, StubRule):
            name = make_stub(given.text(name, "the name of a function"), returns, sets)
        self.settings.stub(name)

    def unstub(self, name: str | None = None) -> list[str]:
        """Take the rule of a function back, or all rules; the names of those there were."""
        names = self.settings.stubs if name is None else [given.text(name, "the name of a function")]
        return [known for known in names if self.settings.unstub(known)]

    def forget_stub_calls(self) -> None:
        """Begin a new list of calls."""
        self._world.records.forget_stub_calls()

    def workers(self) -> list[WorkerInfo]:
        """The worker processes, lowest number first."""
        return self._supervisor.workers()

    def variables(self, process: int = 1) -> Future[Variables]:
        """`$var` and `$json` of a worker: known when the run that it may have under way has ended."""
        return self._supervisor.variables(given.whole(process, "the number of a worker", 1))

    def events(self) -> list[str]:
        """Names of the events that something handles."""
        return self._world.events()

    def forget(self, name: str) -> list[str]:
        """Drop routes by title ("event_route[E_X]") or name; the titles of those there were."""
        return self._world.forget(encode(given.text(name, "the name of a route")))

    def forget_owner(self, owner: str) -> list[str]:
        """Drop what a cell had defined, loaded and set, because the cell is gone; the titles of its routes."""
        return self._world.forget_owner(owner)

    # -- limits ---------------------------------------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        """What a raise may take; changes count for raises to come."""
        return self._world.limits

    @property
    def strict(self) -> bool:
        """Whether a route that another text defined may not be replaced."""
        return self._world.strict

    @strict.setter
    def strict(self, is_strict: bool) -> None:
        self._world.strict = is_strict

    @property
    def timeout(self) -> float:
        """Seconds that a raise may take with all it leads to."""
        return self.limits.timeout

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self.limits.timeout = given.seconds(seconds)

    @property
    def memory_limit(self) -> int | None:
        """Bytes that a worker may grow by; None: no limit. A change counts at once, for every worker."""
        return self.limits.memory

    @memory_limit.setter
    def memory_limit(self, size: int | None) -> None:
        if size is not None:
            given.whole(size, "the memory limit", 1)
        self.limits.memory = size
        self._supervisor.limit_memory(size)

    @property
    def worker_limit(self) -> int:
        """How many workers may run at once. Those beyond a lower limit end when they have nothing to do."""
        return self._supervisor.worker_limit

    @worker_limit.setter
    def worker_limit(self, number: int) -> None:
        self._supervisor.limit_workers(at_least_one(number))
