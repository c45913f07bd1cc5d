"""The decisions about replays: hands portions out, and keeps account when they end or cost their worker.

At most `workers` portions of a replay are in the queue or with workers; the others wait in the replay, so that the
events that routes raise are run before the next portion, and so that memory does not grow.
"""

from __future__ import annotations

from evroute_kernel.engine.results.runs import Cause
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.failures import describe
from evroute_kernel.engine.workers.instructions import Announce, LetFeed, StopFeeding
from evroute_kernel.engine.workers.portions import Portion, Replay
from evroute_kernel.engine.workers.task import Desk
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.worker.messages import PortionFinished


class Replays:
    """A part of the decisions."""

    def __init__(self, world: World, desk: Desk) -> None:
        self._world = world
        self._desk = desk

    def feed(self, replay: Replay, portion: Portion) -> None:
        """One more portion."""
        if replay.ended is None:
            replay.ready.append(portion)
            self._pump(replay)

    def fed(self, replay: Replay, error: BaseException | None) -> None:
        """There are no more portions: all have been fed, the replay has ended early, or reading them failed."""
        if replay.is_fed:
            return
        if error is not None:
            self._desk.fail(replay, error)  # which stops it, and so comes back here without an error
            return
        replay.is_fed = True
        self._pump(replay)
        if not replay.ready:
            self._desk.complete(replay)

    def stop(self, replay: Replay) -> None:
        """It ends early: nothing more is handed out. Whoever feeds it may be waiting for room, or for its source."""
        self._desk.instruct(StopFeeding(replay))
        replay.ready.clear()
        self.fed(replay, None)

    def _pump(self, replay: Replay) -> None:
        while replay.ready and len(replay.handed_out) < replay.workers:
            self._put(replay.ready.popleft())
            self._desk.instruct(LetFeed(replay))
            if replay.is_fed and not replay.ready:
                self._desk.complete(replay)

    def _put(self, portion: Portion) -> None:
        portion.raised.handed_out.add(portion)
        if not portion.is_announced:
            portion.is_announced = True
            self._desk.instruct(Announce(portion))
        self._desk.put(portion)

    def began(self, portion: Portion) -> None:
        """A worker takes it now: these are the routes of its events."""
        portion.handlers = self._world.handlers_by_event()

    def ended(self, worker: Worker, portion: Portion, message: PortionFinished) -> None:
        """A worker has done a portion, or, if an event was interrupted, some of it."""
        replay = portion.raised
        replay.finish_portion(portion, message, self._desk.now - worker.started)
        self._count_runs(portion, message)
        worker.finished(self._desk.now)
        self._go_on(portion, message)

    def lost(self, worker: Worker, portion: Portion, cause: Cause) -> None:
        """A worker died in the middle of a portion. The event that it was running is reported, the rest goes on."""
        world, replay = self._world, portion.raised
        # one that died again and again before it began: what it was to begin with is given up
        done = worker.index + 1 if worker.has_begun else portion.skip + (cause == "worker died")
        message, event = portion.seen_to(done)
        if worker.place[1] >= 0 or (done > portion.skip and not worker.has_begun):  # else it died between two events
            portion.event, portion.line = event, message.line
            error = describe(
                cause, worker.ending, replay, event, portion.slot, worker.place, world.registry, world.limits
            )
            replay.fail(error, message.line)
        replay.finish_portion(portion, message, self._desk.now - worker.started)
        self._count_runs(portion, message)
        self._go_on(portion, message)

    def _go_on(self, portion: Portion, message: PortionFinished) -> None:
        """Hand out what remains of it, and what comes next."""
        replay = portion.raised
        replay.handed_out.discard(portion)
        if message.is_whole:
            replay.portion_done(portion)
        elif replay.ended is None:
            self._put(portion.after(message))
        else:
            replay.handed_out.add(portion.after(message))  # it tells how far the replay came
        self._pump(replay)
        self._desk.complete(replay)

    def _count_runs(self, portion: Portion, message: PortionFinished) -> None:
        for event, count in message.ran.items():
            for slot in portion.handlers.get(event, ()):
                portion.count_runs(self._desk, event, slot, count)
