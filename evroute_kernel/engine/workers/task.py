"""What one worker does for a raise: a `Task` says itself what follows when it is begun, heard of, or lost.

Tasks decide; `Desk` is what they decide with. Nothing in here touches a process, a descriptor or a clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from evroute_kernel.engine.results.runs import Cause, RunError
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.failures import describe
from evroute_kernel.engine.workers.instructions import Instruction
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.worker.messages import InnerRuns, Message, PortionFinished, RouteFailed

#: times a task is handed out again when its worker died before beginning it
TRIES: Final = 3


class Portions(Protocol):
    """Who hands out the portions of replays (`engine.workers.portion_schedule`)."""

    def began(self, portion: Any) -> None:
        """A worker takes it."""

    def ended(self, worker: Worker, portion: Any, message: PortionFinished) -> None:
        """A worker has done it, or some of it."""

    def lost(self, worker: Worker, portion: Any, cause: Cause) -> None:
        """A worker died in the middle of it."""


class Desk(Protocol):
    """The decisions, as tasks see them."""

    #: the moment of what is being dealt with, on the monotonic clock
    now: float
    world: World

    @property
    def portions(self) -> Portions:
        """Who hands out portions."""

    def put(self, task: Task) -> None:
        """Queue a task."""

    def put_rest(self, task: Task, order: int) -> None:
        """Queue what remains of a task, with the place that it had unless others wait."""

    def put_back(self, task: Task) -> None:
        """Queue a task again, before all others."""

    def complete(self, raised: Raise) -> None:
        """One of its tasks has ended."""

    def fail(self, raised: Raise, error: BaseException) -> None:
        """End a raise with an exception, which whoever waits for it gets."""

    def instruct(self, instruction: Instruction) -> None:
        """Let something be done."""


class Task:
    """`number` is the worker that must run it, None for any; `order` its place in the queue; `tries` counts workers
    that died before they began; `slots` are the routes that it may need, and `slot` is the one that runs first, of the
    event that the worker speaks of. That event may be recorded on a `line`."""

    raised: Raise
    event: str
    number: int | None
    order: int
    #: what the run is that the worker speaks of (`LogRecord.manner`)
    manner = ""
    tries: int

    if TYPE_CHECKING:  # a field in some and a property in others; at run time it would be taken for a default

        @property
        def slots(self) -> tuple[int, ...]: ...

    @property
    def slot(self) -> int:
        """The route that runs first."""
        return self.slots[0]

    @property
    def draws_as(self) -> str | None:
        """The name that its events draw with, and what follows of them, if chance has a seed."""
        return None if self.raised.chance is None else self.raised.chance[0]

    def message(self, run: int) -> Message:
        """What the worker is told."""
        raise NotImplementedError

    def runs_event(self, event: str, line: int) -> None:
        """The worker speaks of this event from now on."""

    def started(self, desk: Desk, worker: Worker) -> None:
        """A worker is about to take it."""
        self.raised.start(desk.now)

    def given(self, desk: Desk) -> None:
        """A worker has it."""

    def heard(self, desk: Desk, worker: Worker, message: Message) -> None:
        """The worker says that a route has failed, or how the task has ended."""
        raise NotImplementedError

    def lost(self, desk: Desk, worker: Worker) -> None:
        """The worker is gone."""
        raise NotImplementedError

    def dropped(self, desk: Desk) -> None:
        """Its raise has ended before it was begun."""

    # -- what several have in common ----------------------------------------------------------------------------------

    def is_for_another(self, worker: Worker) -> bool:
        """Whether it was not begun when its worker died, and is to be tried again."""
        return not worker.has_begun and worker.end_cause is None and self.tries < TRIES

    def replaced(self, desk: Desk, rest: Task | None) -> None:
        """Its worker is gone: what is still to be run takes its place in the queue, unless the raise has ended."""
        if rest is not None and self.raised.ended is None:
            rest.order = self.order
            desk.put_back(rest)
        else:
            desk.complete(self.raised)

    def route_failed(self, desk: Desk, worker: Worker, message: RouteFailed, line: int = 0) -> None:
        """A route did not come to its end; `line`: where its event is recorded."""
        cause: Any = message.cause
        if cause == "interrupted" and worker.end_cause is not None:
            cause = worker.end_cause
        place = message.slot, message.statement
        error = self.error(desk, cause, message.message, self.event, message.top, place, message.detail)
        self.raised.fail(error, line)
        if cause == "out of memory":
            worker.expect_end(desk.now)

    def error(
        self, desk: Desk, cause: Cause, words: str, event: str, top: int, place: tuple[int, int], detail: str = ""
    ) -> RunError:
        """What is said about a route (in slot `top`) that did not come to its end."""
        world = desk.world
        return describe(cause, words, self.raised, event, top, place, world.registry, world.limits, detail)

    def count_inner(self, desk: Desk, message: InnerRuns) -> None:
        """Routes were run inside of others."""
        for (event, slot), count in message.ran.items():
            self.count_runs(desk, event, slot, count)
            self.raised.routes += count

    def count_runs(self, desk: Desk, event: str, slot: int, count: int) -> None:
        """A route was run for an event."""
        if slot < 0:
            return
        registry = desk.world.registry
        registry.count_runs(slot, count)
        self.raised.ran[event, registry.header(slot)[0]] += count
