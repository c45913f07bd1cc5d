"""How a session raises events and runs timer routes: what is given is looked at, then the supervisor has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from math import inf
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.delivery.socket_delivery import Fault, Report
from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.filtering import filter_remarks
from evroute_kernel.engine.events.params import GivenParams, Params, event_params, for_routes
from evroute_kernel.engine.events.remarks import remarks
from evroute_kernel.engine.results.checking import Checking
from evroute_kernel.engine.results.runs import BatchResult, Run, RunError, joined
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.gathering import Gathering, Line
from evroute_kernel.engine.workers.batches import Batch, Chunk
from evroute_kernel.engine.workers.flows import Delivery
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.runtime.values import encode

if TYPE_CHECKING:
    from evroute_kernel.engine.cluster.peer import Parcel

#: seconds that are left to what another node sends too late, so that it ends as all that does
_LEAST: Final = 0.001
#: seconds that a clock is moved by at once, at most: ten years
CLOCK_STEP: Final = 315_360_000


#: seconds between two looks whether a process waits
_LOOK: Final = 0.01


class Raising:
    """The raises of one session."""

    def __init__(self, backend: Backend, checking: Checking) -> None:
        self._backend = backend
        self._checking = checking
        self._world = backend.world
        self._line = Line(backend)
        #: the clock is moved by one at a time
        self._moving = Lock()

    def submit(
        self, event: str, params: GivenParams, origin: object, timeout: float | None, check: bool | None = None
    ) -> Future[Run]:
        """As `Session.submit`."""
        given.name(event, "the name of an event")
        taken = event_params(params)
        member = self._world.member
        if member is not None:
            member.check_up()
        self._world.handlers(event)
        raised = self._new_raise(event, origin, timeout)
        raised.remarks = remarks(event, params, self._world.declared_events, self._world.library.events)
        slots = self._sent(raised, encode(event), taken)
        taken = for_routes(params, taken, self._world.settings.version)
        tasks = [Delivery(raised, encode(event), taken, slots)] if slots else []
        future = raised.future if member is None else self._whole(raised)
        self._backend.supervisor.submit(raised, *tasks)
        return self._checking.future(future, check)

    def _check_up(self) -> None:
        """Raise NodeDownError where the session is a node that has been stopped."""
        if self._world.member is not None:
            self._world.member.check_up()

    def _whole(self, raised: Raise) -> Future[Run]:
        """What gives the run of a raise that is about to begin: in a cluster, with all that it leads to elsewhere."""
        member = self._world.member
        if member is None:
            return raised.future
        raised.exchange = member.exchange(raised.timeout)
        return raised.exchange.follow(raised.future)

    def deliver(self, parcel: Parcel) -> Future[Run] | None:
        """Another node sends an event; None where nobody hears it. It shares the time of what it comes of."""
        event, params, exchange = encode(parcel.event), parcel.params, parcel.exchange
        if not self._world.is_heard(event):
            return None
        limits = self._world.limits
        left = inf if exchange is None else exchange.left
        seconds, called = (limits.timeout, inf) if left == inf else (max(_LEAST, left), monotonic())
        raised = Raise(event, parcel.origin, seconds, limits.log, called)
        raised.exchange, raised.chance = exchange, self._world.settings.chance(event)
        slots = self._sent(raised, event, params)
        self._backend.supervisor.submit(raised, *([Delivery(raised, event, params, slots)] if slots else []))
        return raised.future

    def _sent(self, raised: Raise, event: str, params: Params) -> tuple[int, ...]:
        """Send an event to its subscribers; the slots of the routes that it runs. The raise learns what filters did."""
        if entries := self._world.notified(event):
            raised.remarks += filter_remarks(event, params, entries)
        report = self._reporter(raised, always=True)
        return self._world.raised(event, params, origin=raised.origin, report=report)

    def submit_batch(
        self,
        event: str,
        lists: Iterable[GivenParams],
        origin: object,
        timeout: float | None,
        check: bool | None = None,
    ) -> Future[BatchResult]:
        """As `Session.submit_batch`."""
        given.name(event, "the name of an event")
        if isinstance(lists, str | bytes | Mapping) or not isinstance(lists, Iterable):
            what = given.kind_of(lists)
            raise given.GivenError(f"a batch is a list of parameters, one item for each event, not {what}")
        self._check_up()
        slots = self._world.handlers(event)
        items = lists if isinstance(lists, Sequence) else list(lists)
        seconds, log, called = self._allowed(timeout)
        batch = Batch(encode(event), origin, seconds, log, called, source=iter(()), slots=slots)
        batch.chance = self._world.settings.chance(encode(event), len(items))
        report = self._reporter(batch, always=False)
        batch.source = self._world.raised_many(encode(event), map(event_params, items), origin=origin, report=report)
        if not slots:
            self._backend.supervisor.send_out(batch)
            return self._checking.future(batch.future, check)
        first = Chunk(batch, batch.next_lists())
        self._backend.supervisor.submit(batch, *([first] if first.lists else []))
        return self._checking.future(batch.future, check)

    def check_submitted(self) -> None:
        """As `Session.check_submitted`."""
        self._checking.check_submitted()

    def run_timer(self, name: str, origin: object, timeout: float | None, check: bool | None = None) -> Run:
        """As `Session.run_timer`."""
        self._check_up()
        slots = self._world.timers(given.text(name, "the name of a timer_route"))
        raised = self._new_raise("", origin, timeout, f"timer_route[{name}]")
        return self._wait_for(raised, Delivery(raised, "", (), slots, number=1), check)

    def tick(self, seconds: float, origin: object, timeout: float | None) -> Run:
        """As `Session.tick`."""
        self._check_up()
        seconds = given.seconds(seconds, "what the clock is moved by", CLOCK_STEP)
        with self._moving:
            try:
                moved = self._move_clock(seconds, origin, timeout)
            finally:
                self._backend.supervisor.release_clock()
            return self._checking.passed(joined([whole.result() for _, whole in moved]))

    def _move_clock(self, seconds: float, origin: object, timeout: float | None) -> list[tuple[Raise, Future[Run]]]:
        """From one moment at which something is due to the next, as long as all goes well; what that has raised."""
        clock, supervisor = self._backend.shared.clock, self._backend.supervisor
        end, latest = clock.now() + seconds, monotonic() + self._allowed(timeout)[0]
        done: list[tuple[Raise, Future[Run]]] = []
        waiting: list[tuple[Raise, Future[Run]]] = []
        while not done or (clock.now() < end and not done[-1][0].errors):
            raised = self._new_raise("", origin, timeout, "tick")
            due = self._world.waits.next_due if done else 0.0  # at first only what is due already
            if monotonic() > latest:
                moved = seconds - end + clock.now()
                words = f"the clock was moved by {moved:g} s of {seconds:g} s: what goes on by it has no end"
                raised.errors.append(RunError("timed out", words, "", ""))
                due = 0.0
            done.append((raised, self._whole(raised)))
            supervisor.move_clock(partial(clock.move, max(0.0, min(due, end) - clock.now())), raised)
            waiting = [each for each in (*waiting, done[-1]) if not each[1].done()]
            for each in (*waiting, *((alone, alone.future) for alone in supervisor.going_on())):
                self._wait_until_quiet(*each)
        return done

    def _wait_until_quiet(self, raised: Raise, whole: Future[Run]) -> None:
        """Wait until a raise has ended, or a process that runs it waits for the clock itself."""
        while not self._world.waits.blocks(raised):
            with suppress(TimeoutError):
                whole.result(_LOOK)
                return

    def run_slots(self, slots: list[int], origin: object, timeout: float | None, check: bool | None = None) -> Run:
        """Run routes that no event names, in the first worker, one after the other. Waits."""
        raised = self._new_raise("", origin, timeout)
        return self._wait_for(raised, Delivery(raised, "", (), tuple(slots), number=1), check)

    def _wait_for(self, raised: Raise, task: Delivery, check: bool | None) -> Run:
        future = self._whole(raised)
        self._backend.supervisor.submit(raised, *([task] if task.slots else []))
        return self._checking.passed(future.result(), check)

    def gather(self, origin: object, ended: Callable[[BatchResult], object]) -> Gathering:
        """As `Session.gather`."""
        return Gathering(self._line, origin, ended)

    def interrupt(self, origin: object) -> int:
        """As `Session.interrupt`."""
        dropped = self.drop(origin)
        if self._world.member is not None:
            dropped += self._world.member.interrupt(origin)
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

    def _new_raise(self, event: str, origin: object, timeout: float | None, drawn: str = "") -> Raise:
        """`drawn`: the name that it draws with, where that is not the event's."""
        name = encode(event)
        raised = Raise(name, origin, *self._allowed(timeout))
        raised.chance = self._world.settings.chance(drawn or name)
        return raised

    def _allowed(self, timeout: float | None) -> tuple[float, int, float]:
        """The seconds that a raise may take, the records that it may log, and since when its time counts.

        The session's own limit counts from the start of the first route (inf). Raises GivenError.
        """
        limits = self._world.limits
        seconds = given.seconds(limits.timeout if timeout is None else timeout)
        return seconds, given.whole(limits.log, "the limit of log records"), inf if timeout is None else monotonic()
