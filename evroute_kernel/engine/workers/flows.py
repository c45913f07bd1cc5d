"""Events that are run one after the other in one worker: a `Delivery` is one event on its way to its routes, with all
that they raise; `RaisedEvents` are those of them that were not run in one go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace
from typing import Final

from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.state.registry import NO_SLOT
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.task import TRIES, Desk, Task
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.seed import Root
from evroute_kernel.worker.messages import (
    NOTIFIED_RUN,
    RESUME,
    RESUMED_RUN,
    EventsWaiting,
    InnerRuns,
    Message,
    RouteFailed,
    RunEvents,
    RunFinished,
)
from evroute_kernel.worker.spool import Entry, Spool, pack, unpack

#: what stands in the place of a line -> what the run is
_MANNERS: Final = {NOTIFIED_RUN: "notified", RESUMED_RUN: "resumed"}


class Flow(Task):
    """What both have in common."""

    def packed(self) -> RaisedEvents:
        """The same as it lies in a spool."""
        raise NotImplementedError

    def runs_event(self, event: str, line: int) -> None:
        self.event, self.manner = event, _MANNERS.get(line, "")

    def dropped(self, desk: Desk) -> None:
        """A run that was to go on never does: its transaction is over."""
        if RESUME in self.slots and self.number is not None:
            desk.world.waits.end_transaction(self.number, desk.world.now())

    def heard(self, desk: Desk, worker: Worker, message: Message) -> None:
        if isinstance(message, RouteFailed):
            self.route_failed(desk, worker, message)
        elif isinstance(message, EventsWaiting):
            wait_in_worker(desk, worker, self, message)
        elif isinstance(message, InnerRuns):
            self.count_inner(desk, message)
        elif isinstance(message, RunFinished):
            self._ended(desk, worker, message)

    def _ended(self, desk: Desk, worker: Worker, message: RunFinished) -> None:
        """The worker has run events, as many as it was to in one go."""
        raised = self.raised
        raised.finish(message)
        for (event, slot), count in message.ran.items():
            self.count_runs(desk, event, slot, count)
        runs = sum(message.ran.values())
        raised.routes += runs
        worker.finished(desk.now, runs)
        desk.complete(raised)

    def lost(self, desk: Desk, worker: Worker) -> None:
        self.replaced(desk, self._after_loss(desk, worker))

    def _after_loss(self, desk: Desk, worker: Worker) -> Task | None:
        """What is still to be run: events that the worker has run are counted, the one that it was running has failed,
        if only with the route that was running."""
        spool, raised = worker.spool, self.raised
        if spool.run != worker.run:  # it had not even looked at them
            return self._not_begun(desk, worker)
        raised.dropped_events += spool.dropped
        self._count_ended(desk, spool.ended())
        if worker.is_notifying:
            raised.routes += 1
            raised.fail(self.error(desk, worker.cause, worker.ending, self.event, worker.top, worker.place))
        rest = rest_of(spool, raised, worker.number) if worker.kept is None else None  # else they wait already
        if rest is None:
            return None
        if spool.is_untouched:
            rest.tries = self.tries
            return rest._not_begun(desk, worker)
        if spool.state % 2 == 0:
            return rest
        return rest.without_route(desk, worker, worker.place)

    def _count_ended(self, desk: Desk, ended: Iterator[tuple[str, int]]) -> None:
        """Count the runs of routes that a worker has not told of."""
        for event, slot in ended:
            self.count_runs(desk, event, slot, 1)
            self.raised.routes += 1

    def _not_begun(self, desk: Desk, worker: Worker) -> Task | None:
        """None of the events was begun: they are for another worker, unless that is the end of several already."""
        if worker.end_cause is None and self.tries < TRIES:
            self.tries += 1
            return self
        return self.packed().without_route(desk, worker, None)


@dataclass(slots=True, eq=False)
class Delivery(Flow):
    """One event on its way to the routes that handle it, one after the other in one worker, and what they raise."""

    raised: Raise
    event: str
    params: Params
    slots: tuple[int, ...]
    number: int | None = None
    order: int = 0
    tries: int = 0

    def message(self, run: int) -> Message:
        data, raised, (name, roots) = pack(self.event, self.params, self.slots), self.raised, self._draws()
        return RunEvents(run, data, 1, 0, raised.room, True, raised.event_limit, {}, name, roots)

    @property
    def draws_as(self) -> str | None:
        return self._draws()[0]

    def _draws(self) -> tuple[str | None, dict[int, Root]]:
        """What it draws with, if chance has a seed: a run that goes on with the number of its wait."""
        chance = self.raised.chance
        if chance is None:
            return None, {}
        if RESUME in self.slots:
            return f"{self.event} goes on", {0: (int(self.params[0][1] or 0), 0, 0)}
        return chance[0], {0: (chance[1], 0, 0)}

    def packed(self) -> RaisedEvents:
        data, (name, roots) = pack(self.event, self.params, self.slots), self._draws()
        return RaisedEvents(
            self.raised, self.number or 0, 1, self.slots, data=data, event=self.event, chance=name, roots=roots
        )


@dataclass(slots=True, eq=False)
class RaisedEvents(Flow):
    """Events that routes of a raise have raised and that are not run yet: in worker `number`, as long as it runs
    nothing else (`data` is None), or taken from it.

    `slots`: all that they may need. `done` routes of the first one have been run. `spent`: seconds that what comes of
    each event of a batch took so far.
    """

    raised: Raise
    number: int | None
    count: int
    slots: tuple[int, ...]
    spent: dict[int, float] = field(default_factory=dict)
    data: bytes | None = None
    done: int = 0
    event: str = ""
    order: int = 0
    tries: int = 0
    #: what they draw with, as `RunEvents` has it
    chance: str | None = None
    roots: dict[int, Root] = field(default_factory=dict)

    @property
    def slot(self) -> int:
        """The route that runs first, as far as this is known."""
        return self.slots[0] if len(self.slots) == 1 else NO_SLOT

    @property
    def draws_as(self) -> str | None:
        return self.chance

    @property
    def first(self) -> Entry:
        """The event that runs first, when they have been taken."""
        return next(unpack(self.data or b""))[1]

    def packed(self) -> RaisedEvents:
        return self

    def _not_begun(self, desk: Desk, worker: Worker) -> Task | None:
        self.take(worker.spool)
        return Flow._not_begun(self, desk, worker)

    def without_route(self, desk: Desk, worker: Worker, place: tuple[int, int] | None) -> RaisedEvents | None:
        """What remains when the next route of the first event has died at this place, or is given up (None)."""
        event, _, slots, _ = self.first
        top = slots[self.done]
        self.raised.routes += 1
        self.raised.fail(self.error(desk, worker.cause, worker.ending, event, top, place or (top, -1)))
        return self.after(self.done + 1)

    def after(self, done: int) -> RaisedEvents | None:
        """What remains when so many routes of the first event have been run, or given up."""
        data = self.data or b""
        end, (_, _, slots, _) = next(unpack(data))
        if done < len(slots):
            return replace(self, done=done)
        if end == len(data):
            return None
        rest = replace(self, data=data[end:], count=self.count - 1, done=0)
        rest.event = rest.first[0]
        return rest

    def take(self, spool: Spool) -> None:
        """Take them from their worker: it is gone, or gets something else to do."""
        if self.data is None:
            self.data, self.done = spool.rest(), spool.state >> 1

    def message(self, run: int) -> Message:
        raised = self.raised
        limits = raised.room, False, raised.event_limit, self.spent
        return RunEvents(run, self.data, self.count, self.done, *limits, self.chance, self.roots)


def wait_in_worker(desk: Desk, worker: Worker, task: Task, message: EventsWaiting) -> None:
    """A run is about to end and leaves events in its worker, where they go on at once if nobody else waits."""
    raised = task.raised
    raised.dropped_events += message.dropped
    if not message.count or raised.ended is not None:
        return
    rest = RaisedEvents(raised, worker.number, message.count, message.slots, message.spent)
    rest.chance, rest.roots = task.draws_as, message.roots
    worker.kept = rest
    if isinstance(task, RaisedEvents):
        desk.put_rest(rest, task.order)
    else:
        desk.put(rest)


def put_events_left(desk: Desk, worker: Worker, task: Task) -> None:
    """A batch or replay has lost its worker: what its events had raised is still to be run."""
    spool, raised = worker.spool, task.raised
    if worker.kept is not None or spool.run != worker.run or raised.ended is not None:
        return
    raised.dropped_events += spool.dropped
    rest = rest_of(spool, raised, worker.number)
    if rest is not None and spool.state % 2:  # it was one of these that ran
        rest = rest.after(rest.done + 1)
    if rest is not None:
        desk.put(rest)


def rest_of(spool: Spool, raised: Raise, number: int) -> RaisedEvents | None:
    """The events that wait in a worker which is gone, the one included that it was running."""
    data, done = spool.rest(), spool.state // 2
    entries = [entry for _, entry in unpack(data)]
    slots = tuple({slot: None for entry in entries for slot in entry[2]})
    if not entries:
        return None
    rest = RaisedEvents(raised, number, len(entries), slots, data=data, done=done, event=entries[0][0])
    return rest.after(done)  # its routes may all have ended just when it died
