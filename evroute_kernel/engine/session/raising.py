"""How a session raises events and runs timer routes: what is given is looked at, then the supervisor has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from math import inf
from time import monotonic
from typing import Final

from evroute_kernel.engine.delivery.socket_delivery import Fault, Report
from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.filtering import filter_remarks
from evroute_kernel.engine.events.params import GivenParams, event_params, for_routes
from evroute_kernel.engine.events.remarks import remarks
from evroute_kernel.engine.results.runs import BatchResult, Run, RunError, joined
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.gathering import Gathering, Line
from evroute_kernel.engine.workers.batches import Batch, Chunk
from evroute_kernel.engine.workers.flows import Delivery
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.runtime.values import encode

#: seconds that a clock is moved by at once, at most: ten years
CLOCK_STEP: Final = 315_360_000


class Raising:
    """The raises of one session."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._world = backend.world
        self._line = Line(backend)

    def submit(self, event: str, params: GivenParams, origin: object, timeout: float | None) -> Future[Run]:
        """As `Session.submit`."""
        given.name(event, "the name of an event")
        taken = event_params(params)
        self._world.handlers(event)
        raised = self._new_raise(event, origin, timeout)
        raised.remarks = remarks(event, params, self._world.declared_events, self._world.library.events)
        if entries := self._world.notified(encode(event)):
            raised.remarks += filter_remarks(encode(event), taken, entries)
        report = self._reporter(raised, always=True)
        slots = self._world.raised(encode(event), taken, origin=origin, report=report)
        taken = for_routes(params, taken, self._world.settings.version)
        tasks = [Delivery(raised, encode(event), taken, slots)] if slots else []
        self._backend.supervisor.submit(raised, *tasks)
        return raised.future

    def submit_batch(
        self, event: str, lists: Iterable[GivenParams], origin: object, timeout: float | None
    ) -> Future[BatchResult]:
        """As `Session.submit_batch`."""
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
            self._backend.supervisor.send_out(batch)
            return batch.future
        first = Chunk(batch, batch.next_lists())
        self._backend.supervisor.submit(batch, *([first] if first.lists else []))
        return batch.future

    def run_timer(self, name: str, origin: object, timeout: float | None) -> Run:
        """As `Session.run_timer`."""
        slots = self._world.timers(given.text(name, "the name of a timer_route"))
        raised = self._new_raise("", origin, timeout)
        return self._wait_for(raised, Delivery(raised, "", (), slots, number=1))

    def tick(self, seconds: float, origin: object, timeout: float | None) -> Run:
        """As `Session.tick`."""
        clock, left = self._backend.shared.clock, given.seconds(seconds, "what the clock is moved by", CLOCK_STEP)
        end, runs = clock.now() + left, list[Run]()
        latest = monotonic() + self._allowed(timeout)[0]
        while not runs or (clock.now() < end and runs[-1].ok):  # one moment at which something is due after the other
            if monotonic() > latest:
                moved = left - end + clock.now()
                words = f"the clock was moved by {moved:g} s of {left:g} s: what goes on by it has no end"
                return replace(joined(runs), errors=(RunError("timed out", words, "", ""),))
            step = max(0.0, min(self._world.waits.next_due, end) - clock.now())
            raised = self._new_raise("", origin, timeout)
            self._backend.supervisor.move_clock(partial(clock.move, step), raised)
            runs.append(raised.future.result())
        return joined(runs)

    def run_slots(self, slots: list[int], origin: object, timeout: float | None) -> Run:
        """Run routes that no event names, in the first worker, one after the other. Waits."""
        raised = self._new_raise("", origin, timeout)
        return self._wait_for(raised, Delivery(raised, "", (), tuple(slots), number=1))

    def _wait_for(self, raised: Raise, task: Delivery) -> Run:
        self._backend.supervisor.submit(raised, *([task] if task.slots else []))
        run: Run = raised.future.result()
        return run

    def gather(self, origin: object, ended: Callable[[BatchResult], object]) -> Gathering:
        """As `Session.gather`."""
        return Gathering(self._line, origin, ended)

    def interrupt(self, origin: object) -> int:
        """As `Session.interrupt`."""
        dropped = self.drop(origin)
        return dropped + self._backend.supervisor.interrupt(lambda raised: origin is None or raised.origin == origin)

    def drop(self, origin: object = None) -> int:
        """Forget the gathered events of an origin (None: all) that have not been handed over; how many there were."""
        return self._line.drop(origin)

    def _reporter(self, raised: Raise, *, always: bool) -> Report:
        """Makes what sockets fail at part of a raise's log; of many failures of a kind the first, unless `always`."""

        def report(fault: Fault) -> None:
            if always or fault.is_news:
                self._backend.supervisor.report(raised, fault.record)

        return report

    def _new_raise(self, event: str, origin: object, timeout: float | None) -> Raise:
        return Raise(encode(event), origin, *self._allowed(timeout))

    def _allowed(self, timeout: float | None) -> tuple[float, int, float]:
        """The seconds that a raise may take, the records that it may log, and since when its time counts.

        The session's own limit counts from the start of the first route (inf). Raises GivenError.
        """
        limits = self._world.limits
        seconds = given.seconds(limits.timeout if timeout is None else timeout)
        return seconds, given.whole(limits.log, "the limit of log records"), inf if timeout is None else monotonic()
