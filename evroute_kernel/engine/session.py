"""The product without Jupyter: load scripts, raise events, see what the routes logged.

    with Session(workers=1) as session:
        session.load(source, name="fail2ban.cfg")
        run = session.raise_event("E_PIKE_BLOCKED", {"ip": "1.2.3.4"})
        run.ok, run.log

A Session is the shared memory, the registry, the subscriptions, the settings, and a supervisor with its workers. Its
methods may be called from any thread; those that wait say so.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events import GivenParams, UnknownEventError, event_params
from evroute_kernel.engine.interface import ROUTE, Interface
from evroute_kernel.engine.program import Program
from evroute_kernel.engine.registry import Change, Registry
from evroute_kernel.engine.runs import BatchResult as BatchResult
from evroute_kernel.engine.runs import Loaded as Loaded
from evroute_kernel.engine.runs import LogRecord as LogRecord
from evroute_kernel.engine.runs import Run as Run
from evroute_kernel.engine.runs import RunError as RunError
from evroute_kernel.engine.runs import StubCall as StubCall
from evroute_kernel.engine.runs import WorkerInfo as WorkerInfo
from evroute_kernel.engine.settings import Limits, Settings, module_name
from evroute_kernel.engine.supervisor import Supervisor
from evroute_kernel.engine.tasks import Batch, Chunk, Delivery, Raise
from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.runtime.shared import Shared, make_directory
from evroute_kernel.runtime.values import encode
from evroute_kernel.source import Source
from evroute_kernel.worker.messages import Subscriptions

if TYPE_CHECKING:
    from evroute_kernel.lang.compiler import CompiledRoute, Unit
    from evroute_kernel.lang.environment import Environment

#: workers of a Session that names no number: one for each core, but no more than these
MOST_WORKERS: Final = 4
#: records that `Session.log` keeps
LOG_KEPT: Final = 100_000
#: calls that `Session.stub_calls` keeps
STUB_CALLS_KEPT: Final = 10_000

OnRecord = Callable[[LogRecord, object], None]
_log = logging.getLogger(__name__)


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
        if workers is not None and workers < 1:
            raise ValueError(f"a session needs one worker at least, not {workers}")
        self.limits = Limits(timeout, memory_limit, log_limit)
        self.registry = Registry()
        self.settings = Settings(self._settings_changed)
        #: whether a route that another text defined may not be replaced
        self.strict = False
        #: events that users declared as their own, by name; what is declared of each is for the lints
        self.declared_events: dict[str, object] = {}
        self._on_record = on_record
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._interface = Interface()
        self._program = Program()
        self._records: deque[LogRecord] = deque(maxlen=LOG_KEPT)
        self._stub_calls: deque[StubCall] = deque(maxlen=STUB_CALLS_KEPT)
        self._directory = make_directory()
        self._shared: Shared | None = None
        self._is_closed = False
        self._supervisor = Supervisor(_World(self), self._directory, workers or default_workers())
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
            change, tops = self._define(unit, owner)
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
            change, tops = self._define(unit, owner)
        return self._loaded(unit, change, tops, origin, timeout)

    def _loaded(self, unit: Unit, change: Change, tops: list[int], origin: object, timeout: float | None) -> Loaded:
        """Run what a text runs at once, and say what became of it all."""
        run = self._run_tops(tops, unit.source.name, origin, timeout) if tops else None
        return Loaded(unit.diagnostics, change.defined, change.replaced, change.dropped, run)

    def check(self, source: str | Source, name: str = "script", *, owner: str | None = None) -> list[Diagnostic]:
        """Every finding about a text, errors too. Nothing is defined, nothing runs."""
        from evroute_kernel.lang.compiler import compile_script

        source = Source(name, source) if isinstance(source, str) else source
        try:
            return list(compile_script(source, self.environment(owner), scratch=True).diagnostics)
        except ScriptError as error:
            return error.diagnostics

    def _define(self, unit: Unit, owner: str | None) -> tuple[Change, list[int]]:
        """Make a compiled text part of the session; what it changed, and the slots to run now."""
        with self._lock:
            if self.strict:
                self._refuse_redefinition(unit.routes, owner)
            change = self.registry.define(unit.routes, owner)
            modules = {module_name(item.path) for item in unit.modules}
            self.settings.contribute(
                owner,
                [(item.name, item.value) for item in unit.settings],
                [(item.module, item.name, item.value) for item in unit.modparams],
                modules,
            )
            self._changed()
            startup = [route for route in unit.routes if route.kind == "startup_route"]
            tops = [*startup, unit.scratch] if unit.scratch else startup
            return change, [self.registry.slot(route) for route in tops]

    def _refuse_redefinition(self, routes: Sequence[CompiledRoute], owner: str | None) -> None:
        replaced = dict(self.registry.preview(routes, owner).replaced)
        if replaced:
            raise ScriptError(
                [
                    Diagnostic("error", "redefined", f"{r.title} is defined in {replaced[r.title]} already", r.header)
                    for r in routes
                    if r.title in replaced
                ]
            )

    def _run_tops(self, slots: list[int], name: str, origin: object, timeout: float | None) -> Run:
        """Run routes that no event names, in the first worker, one after the other."""
        raised = self._new_raise("", origin, timeout)
        tasks = [Delivery(raised, "", (), (slot,), number=1) for slot in slots]
        self._supervisor.submit(raised, *tasks)
        run: Run = raised.future.result()
        return run

    def environment(self, owner: str | None = None) -> Environment:
        """What a text of this owner may refer to beyond itself: all that others have defined, loaded and set."""
        from evroute_kernel.lang.environment import DEFAULT_MODULES, Environment

        with self._lock:
            others = [d for d in self.registry if owner is None or d.owner != owner]
            return Environment(
                routes={(d.route.kind, d.route.name): d.owner_name for d in others},
                modules=DEFAULT_MODULES | self.settings.modules_in_force(without=owner),
                modparams=self.settings.modparams_in_force(without=owner),
                events=frozenset(self.declared_events),
            )

    # -- raising --------------------------------------------------------------------------------------------------

    def submit(
        self, event: str, params: GivenParams = None, *, origin: object = None, timeout: float | None = None
    ) -> Future[Run]:
        """Raise an event. The future's Run covers all that the event leads to.

        `params`: a mapping, an iterable of values, or None. `origin` comes back with each record, and `interrupt` finds
        the raise by it. Raises UnknownEventError when nothing handles the event, ParameterError for a bad parameter.
        """
        given = event_params(params)
        slots = self._handlers(event)
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
        slots = self._handlers(event)
        items = lists if isinstance(lists, Sequence) else list(lists)
        batch = Batch(
            event,
            origin,
            self.limits.timeout if timeout is None else timeout,
            self.limits.log,
            source=map(event_params, items),
            slots=slots,
        )
        batch.prepare()
        first = Chunk(batch, batch.prepared)
        batch.prepared = []
        self._supervisor.submit(batch, *([first] if first.lists and slots else []))
        return batch.future

    def run_timer(self, name: str, *, origin: object = None, timeout: float | None = None) -> Run:
        """Run timer_route[name] once (each of them, if several have the name) and wait. ScriptError: there is none."""
        with self._lock:
            slots = tuple(d.slot for d in self.registry.look_up("timer_route", encode(name)))
            known = self.registry.names("timer_route")
        if not slots:
            hint = did_you_mean(name, known)
            raise ScriptError([Diagnostic("error", "unknown-route", f"there is no timer_route[{name}]", None, hint)])
        raised = self._new_raise("", origin, timeout)
        self._supervisor.submit(raised, Delivery(raised, "", (), slots, number=1))
        run: Run = raised.future.result()
        return run

    def interrupt(self, origin: object = None) -> int:
        """End what was raised with this origin (None: everything); how many raises that were. Does not wait for them:
        their futures are done within milliseconds."""
        return self._supervisor.interrupt(lambda raised: origin is None or raised.origin == origin)

    def _handlers(self, event: str) -> tuple[int, ...]:
        """The routes that an event goes to; none when only other sockets have subscribed."""
        with self._lock:
            name = encode(event)
            if not self._interface.deliveries(name):
                raise self._unknown(event)
            return self._slots_of(name)

    def _unknown(self, event: str) -> UnknownEventError:
        from evroute_kernel.library.catalogue import events

        return UnknownEventError(event, self._interface.events(), events())

    def _new_raise(self, event: str, origin: object, timeout: float | None) -> Raise:
        limits = self.limits
        return Raise(event, origin, limits.timeout if timeout is None else timeout, limits.log)

    # -- state ----------------------------------------------------------------------------------------------------

    @property
    def log(self) -> list[LogRecord]:
        """The records so far, oldest first: the last hundred thousand."""
        with self._lock:
            return list(self._records)

    @property
    def stub_calls(self) -> list[StubCall]:
        """Calls of functions that are not simulated, oldest first: the last ten thousand."""
        with self._lock:
            return list(self._stub_calls)

    @property
    def shared(self) -> Shared:
        """`$shv`, the local cache and what else workers share."""
        with self._lock:
            if self._shared is None:
                self._shared = Shared(self._directory)
            return self._shared

    @property
    def timeout(self) -> float:
        return self.limits.timeout

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self.limits.timeout = seconds

    @property
    def memory_limit(self) -> int | None:
        return self.limits.memory

    @memory_limit.setter
    def memory_limit(self, size: int | None) -> None:
        self.limits.memory = size
        self._supervisor.limit_memory(size)

    @property
    def worker_limit(self) -> int:
        """How many workers may run at once. Those beyond a lower limit finish what they run and get nothing more."""
        return self._supervisor.worker_limit

    @worker_limit.setter
    def worker_limit(self, number: int) -> None:
        if number < 1:
            raise ValueError(f"a session needs one worker at least, not {number}")
        self._supervisor.worker_limit = number

    def workers(self) -> list[WorkerInfo]:
        """The worker processes, lowest number first."""
        return self._supervisor.workers()

    def events(self) -> list[str]:
        """Names of the events that something handles."""
        with self._lock:
            return sorted(self._interface.events())

    # -- changes --------------------------------------------------------------------------------------------------

    def forget(self, name: str) -> list[str]:
        """Drop routes by title ("event_route[E_X]") or name; the titles of those there were."""
        with self._lock:
            titles = self.registry.forget(encode(name))
            self._changed()
            return titles

    def forget_owner(self, owner: str) -> list[str]:
        """Drop what a cell had defined and set, because the cell is gone; the titles of its routes."""
        with self._lock:
            titles = self.registry.forget_owner(owner)
            self.settings.forget_owner(owner)
            self._changed()
            return titles

    def reset(self) -> None:
        """Back to the beginning: no routes, default settings, new workers, empty shared memory, empty log. Waits."""
        with self._lock:
            self.registry.reset()
            self._interface.forget_all()
            self.settings.reset()
            self._changed()
        self._supervisor.restart()
        self.shared.clear()
        with self._lock:
            self._records.clear()
            self._stub_calls.clear()

    def close(self) -> None:
        """End all runs and processes. Waits for them; closing twice is harmless."""
        self._is_closed = True
        self._supervisor.close()
        with self._lock:
            if self._shared is not None:
                self._shared.close()
                self._shared = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _settings_changed(self) -> None:
        with self._lock:
            self._changed()

    def _changed(self) -> None:
        """The next task runs in a new picture of the session."""
        registry = self.registry
        names = registry.names("event_route")
        self._interface.sync_routes(names)
        error_route = registry.look_up("error_route")
        self._program = Program(
            registry.codes,
            tuple(registry.current_slots()),
            registry.callable_slots(),
            error_route[0].slot if error_route else None,
            self.settings.message(),
            Subscriptions(frozenset(self._interface.events()), frozenset(names)),
        )

    def _slots_of(self, event: str) -> tuple[int, ...]:
        found = (self.registry.event_slot(s.address) for s in self._interface.deliveries(event) if s.protocol == ROUTE)
        return tuple(slot for slot in found if slot is not None)


class _World:
    """What the supervisor sees of a session. All of it is called in the supervisor's thread."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def registry(self) -> Registry:
        return self._session.registry

    @property
    def limits(self) -> Limits:
        return self._session.limits

    def program(self) -> Program:
        return self._session._program

    def slots_of(self, event: str) -> tuple[int, ...]:
        with self._session._lock:
            return self._session._slots_of(event)

    def subscribe(self, event: str, socket: str, expire: int | None) -> None:
        session = self._session
        with session._lock:
            session._interface.subscribe(event, socket, expire)
            session._changed()

    def stub_called(self, call: StubCall) -> None:
        with self._session._lock:
            self._session._stub_calls.append(call)

    def publish(self, record: LogRecord, origin: object) -> None:
        session = self._session
        with session._lock:
            session._records.append(record)
        if session._on_record is not None:
            try:
                session._on_record(record, origin)
            except Exception:  # the caller's function: its fault must not stop everybody's runs
                _log.exception("on_record failed")


def default_workers() -> int:
    """As many workers as cores that this process may use, within reason."""
    with suppress(AttributeError):  # not on every system
        return max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0))))
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1))
