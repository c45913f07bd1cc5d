"""The product without Jupyter: load scripts, raise events, see what the routes logged.

    with Session(workers=1) as session:
        session.load(source, name="fail2ban.cfg")
        run = session.raise_event("E_PIKE_BLOCKED", {"ip": "1.2.3.4"})
        run.ok, run.log

A Session is a facade: `World` is what it knows, `Supervisor` runs its routes. Its methods may be called from any
thread; those that wait say so.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from evroute_kernel.engine.events import GivenParams, event_params
from evroute_kernel.engine.registry import Change, Registry
from evroute_kernel.engine.runs import BatchResult as BatchResult
from evroute_kernel.engine.runs import Loaded as Loaded
from evroute_kernel.engine.runs import LogRecord as LogRecord
from evroute_kernel.engine.runs import Run as Run
from evroute_kernel.engine.runs import RunError as RunError
from evroute_kernel.engine.runs import StubCall as StubCall
from evroute_kernel.engine.runs import Variables as Variables
from evroute_kernel.engine.runs import WorkerInfo as WorkerInfo
from evroute_kernel.engine.settings import Limits, Settings
from evroute_kernel.engine.stubs import StubRule, StubValue, make_stub
from evroute_kernel.engine.supervisor import Supervisor
from evroute_kernel.engine.tasks import Batch, Chunk, Delivery, Raise
from evroute_kernel.engine.world import OnRecord, Tap, World
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.runtime.shared import Shared, make_directory
from evroute_kernel.runtime.values import encode
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.lang.compiler import Unit
    from evroute_kernel.lang.environment import Environment

#: workers of a Session that names no number: one for each core, but no more than these
MOST_WORKERS: Final = 4


class Closeable(Protocol):
    def close(self) -> None: ...


class Session:
    """One server's worth of routes, workers and shared memory.

    `timeout`: seconds that a raise may take with all it leads to; `memory_limit`: bytes a worker may grow by (None:
    no limit); `log_limit`: records that one raise may log, more are counted. `on_record(record, origin)` is called for
    each record as it arrives, in the supervisor's thread: it must be quick.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        timeout: float = 30.0,
        memory_limit: int | None = 512 * 2**20,
        log_limit: int = 10_000,
        on_record: OnRecord | None = None,
    ) -> None:
        workers = default_workers() if workers is None else _at_least_one(workers)
        self._world = World(Limits(timeout, memory_limit, log_limit), on_record)
        self._loading = threading.Lock()
        self._opening = threading.Lock()
        self._directory = make_directory()
        self._shared: Shared | None = None
        self._attached: list[Closeable] = []
        self._supervisor = Supervisor(self._world, self._directory, workers)
        self._supervisor.start()

    # -- loading --------------------------------------------------------------------------------------------------

    def load(
        self,
        source: str | Source,
        name: str = "script",
        *,
        owner: str | None = None,
        origin: object = None,
        scratch: bool = False,
        timeout: float | None = None,
    ) -> Loaded:
        """Define the routes of a text, then run its startup_route and, with `scratch`, its bare statements.

        Waits for that run. `owner` is the cell: its earlier routes that are not in the text are dropped. Raises
        ScriptError, with nothing changed, when the text has errors or, in a strict session, redefines a route.
        """
        with self._loading:
            unit = self.compile(source, name, owner=owner, scratch=scratch)
            change, tops = self._world.define(unit, owner)
        return self._loaded(unit, change, tops, origin, timeout)

    def compile(
        self, source: str | Source, name: str = "script", *, owner: str | None = None, scratch: bool = False
    ) -> Unit:
        """The first half of `load`: parse, check and compile a text. Nothing takes effect. Raises ScriptError."""
        from evroute_kernel.lang.compiler import compile_script

        source = Source(name, source) if isinstance(source, str) else source
        return compile_script(source, self.environment(owner), scratch=scratch)

    def install(
        self, unit: Unit, *, owner: str | None = None, origin: object = None, timeout: float | None = None
    ) -> Loaded:
        """The second half of `load`: what was compiled takes effect. For callers that may change their mind between."""
        with self._loading:
            change, tops = self._world.define(unit, owner)
        return self._loaded(unit, change, tops, origin, timeout)

    def _loaded(self, unit: Unit, change: Change, tops: list[int], origin: object, timeout: float | None) -> Loaded:
        """Run what a text runs at once, and say what became of it all."""
        run = self._run_tops(tops, origin, timeout) if tops else None
        return Loaded(unit.diagnostics, change.defined, change.replaced, change.dropped, run)

    def check(self, source: str | Source, name: str = "script", *, owner: str | None = None) -> list[Diagnostic]:
        """Every finding about a text, errors too. Nothing is defined, nothing runs."""
        try:
            return list(self.compile(source, name, owner=owner, scratch=True).diagnostics)
        except ScriptError as error:
            return error.diagnostics

    def environment(self, owner: str | None = None) -> Environment:
        """What a text of this owner may refer to beyond itself: all that others have defined, loaded and set."""
        return self._world.environment(owner)

    # -- raising --------------------------------------------------------------------------------------------------

    def submit(
        self, event: str, params: GivenParams = None, *, origin: object = None, timeout: float | None = None
    ) -> Future[Run]:
        """Raise an event. The future's Run covers all that the event leads to.

        `params`: a mapping, an iterable of values, or None. `origin` comes back with each record, and `interrupt` finds
        the raise by it. Raises UnknownEventError when nothing handles the event, ParameterError for a bad parameter.
        """
        given = event_params(params)
        self._world.handlers(event)
        slots = self._world.raised(encode(event), given)
        raised = self._new_raise(event, origin, timeout)
        tasks = [Delivery(raised, encode(event), given, slots)] if slots else []
        self._supervisor.submit(raised, *tasks)
        return raised.future

    def raise_event(
        self, event: str, params: GivenParams = None, *, origin: object = None, timeout: float | None = None
    ) -> Run:
        """Raise an event and wait for all that it leads to. As `submit`."""
        return self.submit(event, params, origin=origin, timeout=timeout).result()

    def submit_batch(
        self,
        event: str,
        lists: Iterable[GivenParams],
        *,
        origin: object = None,
        timeout: float | None = None,
    ) -> Future[BatchResult]:
        """Raise an event many times, once for each item of `lists`, in order, on one worker.

        Much faster than as many calls of `submit`. The timeout holds for each event, the log limit for the whole. What
        the events raise runs between the chunks that the batch is handed out in. A sequence is read as it is needed;
        any other iterable is read to its end first.
        """
        slots = self._world.handlers(event)
        items = lists if isinstance(lists, Sequence) else list(lists)
        limits = self.limits
        seconds = limits.timeout if timeout is None else timeout
        source = self._world.raised_many(encode(event), map(event_params, items))
        batch = Batch(encode(event), origin, seconds, limits.log, source=source, slots=slots)
        first = Chunk(batch, batch.next_lists())
        self._supervisor.submit(batch, *([first] if first.lists and slots else []))
        return batch.future

    def run_timer(self, name: str, *, origin: object = None, timeout: float | None = None) -> Run:
        """Run timer_route[name] once (each of them, if several have the name) and wait. ScriptError: there is none."""
        slots = self._world.timers(name)
        raised = self._new_raise("", origin, timeout)
        self._supervisor.submit(raised, Delivery(raised, "", (), slots, number=1))
        run: Run = raised.future.result()
        return run

    def interrupt(self, origin: object = None) -> int:
        """End what was raised with this origin (None: everything); how many raises that were.

        Does not wait for them: their futures are done within milliseconds.
        """
        return self._supervisor.interrupt(lambda raised: origin is None or raised.origin == origin)

    def _run_tops(self, slots: list[int], origin: object, timeout: float | None) -> Run:
        """Run routes that no event names, in the first worker, one after the other."""
        raised = self._new_raise("", origin, timeout)
        tasks = [Delivery(raised, "", (), (slot,), number=1) for slot in slots]
        self._supervisor.submit(raised, *tasks)
        run: Run = raised.future.result()
        return run

    def _new_raise(self, event: str, origin: object, timeout: float | None) -> Raise:
        limits = self.limits
        return Raise(encode(event), origin, limits.timeout if timeout is None else timeout, limits.log)

    # -- what is known --------------------------------------------------------------------------------------------

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
        if isinstance(declaration, str):
            declaration = EventDeclaration.parse(declaration)
        self._world.declared_events[declaration.name] = declaration
        return declaration

    @property
    def declared_events(self) -> Mapping[str, EventDeclaration]:
        """Events that users declared as their own, by name."""
        return MappingProxyType(self._world.declared_events)

    @property
    def log(self) -> list[LogRecord]:
        """The records so far, oldest first: the last hundred thousand."""
        return self._world.records()

    @property
    def stub_calls(self) -> list[StubCall]:
        """Calls of functions that are not simulated, oldest first: the last ten thousand."""
        return self._world.stub_calls()

    def stub(self, name: str | StubRule, returns: int = 1, sets: Mapping[str, StubValue] | None = None) -> None:
        """Say what a function that is not simulated does: `session.stub("rest_get", 200, {"$var(body)": "{}"})`.

        `sets`: variable -> integer, None, or text, in which variables are expanded at each call. Holds from the next
        run on; a second call replaces the first. Raises ScriptError for a function that is simulated or unknown, and
        for what cannot be set.
        """
        self.settings.stub(make_stub(name, returns, sets) if isinstance(name, str) else name)

    def unstub(self, name: str | None = None) -> list[str]:
        """Take the rule of a function back, or all rules; the names of those there were."""
        names = self.settings.stubs if name is None else [name]
        return [known for known in names if self.settings.unstub(known)]

    def forget_stub_calls(self) -> None:
        """Begin a new list of calls."""
        self._world.forget_stub_calls()

    @property
    def shared(self) -> Shared:
        """`$shv`, the local cache and what else workers share."""
        with self._opening:
            if self._shared is None:
                self._shared = Shared(self._directory)
            return self._shared

    def workers(self) -> list[WorkerInfo]:
        """The worker processes, lowest number first."""
        return self._supervisor.workers()

    def variables(self, process: int = 1) -> Future[Variables]:
        """`$var` and `$json` of a worker: known when the run that it may have under way has ended."""
        return self._supervisor.variables(process)

    def events(self) -> list[str]:
        """Names of the events that something handles."""
        return self._world.events()

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
        self.limits.timeout = seconds

    @property
    def memory_limit(self) -> int | None:
        """Bytes that a worker may grow by; None: no limit. A change counts at once, for every worker."""
        return self.limits.memory

    @memory_limit.setter
    def memory_limit(self, size: int | None) -> None:
        self.limits.memory = size
        self._supervisor.limit_memory(size)

    @property
    def worker_limit(self) -> int:
        """How many workers may run at once. Those beyond a lower limit end when they have nothing to do."""
        return self._supervisor.worker_limit

    @worker_limit.setter
    def worker_limit(self, number: int) -> None:
        self._supervisor.limit_workers(_at_least_one(number))

    # -- what goes with it ------------------------------------------------------------------------------------------

    def attach(self, resource: Closeable) -> None:
        """Close a resource (a server, a recording, ...) when the session is closed, the last one attached first."""
        with self._opening:
            self._attached.append(resource)

    def detach(self, resource: Closeable) -> None:
        """The resource has been closed by somebody else."""
        with self._opening:
            self._attached = [known for known in self._attached if known is not resource]

    def tap(self, listener: Tap) -> Callable[[], None]:
        """Tell a listener of every event that is raised: name, parameters (byte strings), seconds of the epoch.

        It is called in the thread that raises the event, and must be quick. Calling what is returned ends it.
        """
        return self._world.tap(listener)

    # -- changes --------------------------------------------------------------------------------------------------

    def forget(self, name: str) -> list[str]:
        """Drop routes by title ("event_route[E_X]") or name; the titles of those there were."""
        return self._world.forget(encode(name))

    def forget_owner(self, owner: str) -> list[str]:
        """Drop what a cell had defined, loaded and set, because the cell is gone; the titles of its routes."""
        return self._world.forget_owner(owner)

    def reset(self) -> None:
        """Back to the beginning: no routes, default settings, new workers, empty shared memory, empty log. Waits."""
        self._world.forget_all()
        self._supervisor.restart()
        self.shared.clear()
        self._world.forget_records()

    def close(self) -> None:
        """End all runs and processes. Waits for them; closing twice is harmless."""
        with self._opening:
            attached, self._attached = self._attached, []
        for resource in reversed(attached):
            resource.close()
        self._supervisor.close()
        with self._opening:
            if self._shared is not None:
                self._shared.close()
                self._shared = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def default_workers() -> int:
    """As many workers as cores that this process may use, within reason."""
    with suppress(AttributeError):  # not on every system
        return max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0))))
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1))


def _at_least_one(workers: int) -> int:
    if workers < 1:
        raise ValueError(f"a session needs one worker at least, not {workers}")
    return workers
