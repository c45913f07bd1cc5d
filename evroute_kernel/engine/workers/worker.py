"""One worker as the decisions see it: its state, what it runs, and when something must be done about it.

    STARTING --Booted--> IDLE --run--> RUNNING --end--> IDLE
                                          |  interrupt     ^
                                          v                | end
                                     INTERRUPTED ----------+
    any --killed, out of memory, stream closed--> ENDING --stream closed and reaped--> gone

All changes of state happen in this file. Descriptors and signals are the matter of `processes.process`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import inf
from typing import Final, Protocol

from evroute_kernel.engine.results.runs import Cause
from evroute_kernel.engine.workers.no_worker import ended
from evroute_kernel.engine.workers.raises import Many, Raise
from evroute_kernel.worker.blackbox import INDEX, NOTIFIED, SLOT, STATEMENT, TOP
from evroute_kernel.worker.messages import Message
from evroute_kernel.worker.process import EXIT_OUT_OF_MEMORY
from evroute_kernel.worker.spool import Spool

#: seconds for what should take milliseconds; only a machine in trouble needs more
START_DEADLINE: Final = 30.0
END_DEADLINE: Final = 5.0
ANSWER_DEADLINE: Final = 10.0
#: seconds after which it is looked whether a worker has said something that it has not sent
LOOK: Final = 0.05


class State(Enum):
    STARTING = "starting"
    IDLE = "idle"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    ENDING = "ending"


class Trace(Protocol):
    """What can be seen of its process from outside, also when that is dead: its black box."""

    @property
    def place(self) -> Sequence[int]:
        """The running statement, slot, event and route."""

    @property
    def clock(self) -> Sequence[float]:
        """When the running event began; 0 before any has."""

    @property
    def spool(self) -> Spool:
        """The events that wait in it."""


class Assignment(Protocol):
    """What it runs (`engine.workers.task.Task`)."""

    raised: Raise
    event: str

    @property
    def slots(self) -> tuple[int, ...]:
        """The routes that it may need."""

    @property
    def slot(self) -> int:
        """The route that runs first."""

    def message(self, run: int) -> Message:
        """What the worker is told."""


class Kept(Protocol):
    """Events that wait in it."""

    raised: Raise

    def take(self, spool: Spool) -> None:
        """Take them from it."""


class Worker:
    """One worker, from the request for a process to its last byte."""

    def __init__(self, number: int, trace: Trace, now: float) -> None:
        self.number = number
        self.trace = trace
        self.state = State.STARTING
        #: when something must be done about it, on the monotonic clock
        self.deadline = now + START_DEADLINE
        self.task: Assignment | None = None
        #: events that wait in it, which nobody has taken from it
        self.kept: Kept | None = None
        #: whether it was told that others wait for it
        self.is_wanted = False
        self.run = 0
        self.runs = 0
        #: asked and not answered yet
        self.questions = 0
        self.started = 0.0
        #: seconds that its run had left when a watcher stopped it; None while it does not stand still
        self.time_left: float | None = None
        #: when to look at what it has not sent
        self.look_at = inf
        #: why its run is being ended
        self.end_cause: Cause | None = None
        #: exit code, or minus the signal that ended it; None while nobody has said
        self.status: int | None = None
        self.has_booted = False
        self.was_killed = False
        #: what failed about it in this process: nothing that it says is believed any more
        self.fault: Exception | None = None

    # -- transitions ----------------------------------------------------------------------------------------------

    def booted(self, now: float) -> None:
        """It can run tasks."""
        self.has_booted = True
        if self.state is State.STARTING:
            self._rest(now)

    def begin(self, task: Assignment, run: int, now: float) -> Kept | None:
        """It gets a task. It is idle. What waits in it and is to be taken from it before, if that is not the task."""
        self.state, self.task, self.run, self.end_cause = State.RUNNING, task, run, None
        self.started = now
        self.look_at = now + LOOK
        self.deadline = task.raised.latest_end(now)
        kept, self.kept = self.kept, None
        is_other = task is not kept and kept is not None and kept.raised.ended is None  # type: ignore[comparison-overlap]
        return kept if is_other else None

    def finished(self, now: float, runs: int = 1) -> None:
        """Its run is over, with so many runs of routes. A worker that is ending stays so."""
        if self.time_left is not None:
            self.go_on(now)
        self.task = None
        self.runs += runs
        if self.state is not State.ENDING:
            self._rest(now)

    def stand_still(self, now: float) -> None:
        """A watcher has stopped its run: no time counts."""
        if self.task is not None and self.state is State.RUNNING and self.time_left is None:
            self.time_left, self.deadline = self.deadline - now, inf
            self.task.raised.stand_still(now)

    def go_on(self, now: float) -> None:
        """Its run does not stand still any more; perhaps it never did."""
        if self.time_left is None:
            return
        if self.state is State.RUNNING:
            self.deadline = now + self.time_left
        self.time_left = None
        if self.task is not None:
            self.task.raised.go_on(now)

    def _rest(self, now: float) -> None:
        self.state, self.deadline, self.end_cause, self.run = State.IDLE, inf, None, 0
        self.look_at = inf
        if self.questions:
            self.deadline = now + ANSWER_DEADLINE

    def asked(self, now: float) -> None:
        """It is asked something, which it answers when it has nothing to run."""
        self.questions += 1
        if self.state is State.IDLE:
            self._rest(now)

    def answered(self, now: float) -> None:
        """It has answered a question."""
        self.questions -= 1
        if self.state is State.IDLE:
            self._rest(now)

    def interrupted(self, cause: Cause, grace: float, now: float) -> bool:
        """Its run is being ended politely; it keeps its state if it answers within `grace` seconds. False: there is
        none, or this was done before."""
        if self.state is not State.RUNNING:
            return False
        self.state, self.end_cause, self.deadline = State.INTERRUPTED, cause, now + grace
        return True

    def killed(self, now: float) -> None:
        """It is being ended, whatever it does."""
        self.was_killed = True
        self.state, self.deadline = State.ENDING, now + END_DEADLINE

    def expect_end(self, now: float) -> None:
        """It is ending by itself; it gets nothing more to do."""
        if self.state is not State.ENDING:
            self.state, self.deadline = State.ENDING, now + END_DEADLINE

    # -- what is known of it --------------------------------------------------------------------------------------

    @property
    def has_begun(self) -> bool:
        """Whether its task was begun: of a chunk, any of its lists."""
        return self.trace.clock[0] != 0.0

    @property
    def place(self) -> tuple[int, int]:
        """Slot and statement that it runs, or ran when it died."""
        return self.trace.place[SLOT], self.trace.place[STATEMENT]

    @property
    def top(self) -> int:
        """Slot of the route that its event went to."""
        return self.trace.place[TOP]

    @property
    def spool(self) -> Spool:
        """The events that wait in it."""
        return self.trace.spool

    @property
    def index(self) -> int:
        """Which list of its chunk is running."""
        return self.trace.place[INDEX]

    @property
    def is_notifying(self) -> bool:
        """Whether a route is, or was when it died, notified of an event that no longer waits."""
        return self.trace.place[INDEX] == NOTIFIED

    @property
    def event_deadline(self) -> float:
        """When the running event of a chunk must have ended; its own deadline for anything else."""
        task = self.task
        if task is not None and isinstance(task.raised, Many) and self.state is State.RUNNING and self.has_begun:
            return self.trace.clock[0] + task.raised.timeout
        return self.deadline

    @property
    def ending(self) -> str:
        """How its process ended, in words."""
        return ended(self.status)

    @property
    def cause(self) -> Cause:
        """Why the run that it had, if it had one, is lost."""
        return self.end_cause or ("out of memory" if self.status == EXIT_OUT_OF_MEMORY else "worker died")
