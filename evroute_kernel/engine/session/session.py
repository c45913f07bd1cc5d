"""The product without Jupyter: load scripts, raise events, see what the routes logged.

    with Session(workers=1) as session:
        session.load(source, name="fail2ban.cfg")
        run = session.raise_event("E_PIKE_BLOCKED", {"ip": "1.2.3.4"})
        run.ok, run.log

A Session is a facade: `World` is what it knows, `Supervisor` runs its routes. Its methods may be called from any
thread; those that wait say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from evroute_kernel.engine.delivery.socket_delivery import Fault, Report
from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.params import GivenParams, event_params
from evroute_kernel.engine.results.replays import ReplayResult as ReplayResult
from evroute_kernel.engine.results.runs import BatchResult as BatchResult
from evroute_kernel.engine.results.runs import Loaded as Loaded
from evroute_kernel.engine.results.runs import LogRecord as LogRecord
from evroute_kernel.engine.results.runs import Run as Run
from evroute_kernel.engine.results.runs import RunError as RunError
from evroute_kernel.engine.results.runs import StubCall as StubCall
from evroute_kernel.engine.results.runs import Variables as Variables
from evroute_kernel.engine.results.runs import WorkerInfo as WorkerInfo
from evroute_kernel.engine.session.recorded import RecordedEvents
from evroute_kernel.engine.session.subscriptions import Subscriptions
from evroute_kernel.engine.state.registry import Change
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.tasks import Batch, Chunk, Delivery
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.runtime.values import encode
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.lang.compiler import Unit
    from evroute_kernel.lang.environment import Environment


class Session(RecordedEvents, Subscriptions):
    """One server's worth of routes, workers and shared memory.

    `timeout`: seconds that a raise may take with all it leads to, from the start of its first route; `memory_limit`:
    bytes a worker may grow by (None: no limit); `log_limit`: records that one raise may log: more are counted, but for
    what the runtime itself says. `on_record(record, origin)` is called for each record as it arrives, in the
    supervisor's thread: it must be quick.
    """

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

        if not isinstance(source, Source):
            if not isinstance(source, str):
                raise given.GivenError(f"a script is a text, not {given.kind_of(source)}")
            if "\0" in given.text(name, "the name of a script"):
                raise given.GivenError("the name of a script holds a zero byte")
            source = Source(name, source)
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
        the raise by it. A `timeout` that is given counts from this call, also while the event waits for a worker to be
        free (but not while the session starts); that of the session counts from the start of the first route.

        Raises UnknownEventError when nothing handles the event, ParameterError for a bad parameter.
        """
        given.name(event, "the name of an event")
        taken = event_params(params)
        self._world.handlers(event)
        raised = self._new_raise(event, origin, timeout)
        report = self._reporter(raised, always=True)
        slots = self._world.raised(encode(event), taken, origin=origin, report=report)
        tasks = [Delivery(raised, encode(event), taken, slots)] if slots else []
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

        Much faster than as many calls of `submit`. The timeout holds for each event, and one that is given also for
        the wait until the first can begin; the log limit holds for the whole. What the events raise runs between the
        chunks that the batch is handed out in. A sequence is read as it is needed; any other iterable is read to its
        end first.
        """
        given.name(event, "the name of an event")
        if isinstance(lists, str | bytes | Mapping) or not isinstance(lists, Iterable):
            what = given.kind_of(lists)
            raise given.GivenError(f"a batch is a list of parameters, one item for each event, not {what}")
        slots = self._world.handlers(event)
        items = lists if isinstance(lists, Sequence) else list(lists)
        seconds, log, called = self._allowed(timeout)
        batch = Batch(encode(event), origin, seconds, log, called, source=iter(()), slots=slots)
        report = self._reporter(batch, always=False)
        batch.source = self._world.raised_many(encode(event), map(event_params, items), origin=origin, report=report)
        if not slots:
            self._supervisor.send_out(batch)
            return batch.future
        first = Chunk(batch, batch.next_lists())
        self._supervisor.submit(batch, *([first] if first.lists else []))
        return batch.future

    def _reporter(self, raised: Raise, *, always: bool) -> Report:
        """Makes what sockets fail at part of a raise's log; of many failures of a kind the first, unless `always`."""

        def report(fault: Fault) -> None:
            if always or fault.is_news:
                self._supervisor.report(raised, fault.record)

        return report

    def run_timer(self, name: str, *, origin: object = None, timeout: float | None = None) -> Run:
        """Run timer_route[name] once (each of them, if several have the name) and wait. ScriptError: there is none."""
        slots = self._world.timers(given.text(name, "the name of a timer_route"))
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
        return Raise(encode(event), origin, *self._allowed(timeout))

    def _allowed(self, timeout: float | None) -> tuple[float, int, float]:
        """The seconds that a raise may take, the records that it may log, and since when its time counts.

        The session's own limit counts from the start of the first route (inf). Raises GivenError.
        """
        limits = self.limits
        seconds = given.seconds(limits.timeout if timeout is None else timeout)
        return seconds, given.whole(limits.log, "the limit of log records"), inf if timeout is None else monotonic()
