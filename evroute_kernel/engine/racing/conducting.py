"""Runs events on real workers, all at once, and lets one of them go on at a time, as somebody chooses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, Protocol

from evroute_kernel.engine.copying.copied import Copied
from evroute_kernel.engine.events.params import GivenParams
from evroute_kernel.engine.racing.steps import NOTHING, Accesses, Locks, Step
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.state.watches import Command, Told, WatchingSide
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.memory.accesses import Access

#: all steps that there are
_ALL: Final = -1
#: seconds beyond the time limit of a run after which something is wrong with us
_GRACE: Final = 30.0


class Racer(Copied, Protocol):
    """A `Session` in which events race."""

    @property
    def timeout(self) -> float: ...
    def submit(self, event: str, params: GivenParams, *, origin: object, check: bool) -> Future[Run]: ...
    def interrupt(self, origin: object = None) -> int: ...
    def check_heard(self, event: str) -> None: ...
    def attach_watcher(self, side: WatchingSide) -> Command: ...


class Choosing(Protocol):
    """Who chooses what goes on. `exploring.Exploration` is one."""

    def took(self, step: Step) -> None:
        """A process has taken a step."""

    def choose(self, able: Set[int], last: int) -> int | None:
        """Which of those that can go on does, after all that were named beforehand; None: it is not worth it."""


class InOrder:
    """One process after the other."""

    def __init__(self, order: Sequence[int]) -> None:
        self._order = order

    def took(self, step: Step) -> None:
        """It is as it is."""

    def choose(self, able: Set[int], last: int) -> int | None:
        return next(process for process in self._order if process in able)


class Stopped(Exception):
    """Somebody has asked for the end of it all."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one order. `waiting`: what the processes want that wait for a lock for ever. Of one that was not
    worth to be ended (`is_whole`) the rest means nothing."""

    steps: tuple[Step, ...]
    runs: tuple[Run, ...]
    waiting: Mapping[int, Accesses]
    is_whole: bool


class _Side:
    """The run of one event: `engine.state.watches.WatchingSide`."""

    kind: Final = "race"

    def __init__(self, number: int, news: SimpleQueue[Any]) -> None:
        self._number = number
        self._news = news
        self.asked = 0
        self.command: Command
        #: where it stands, and before which step, as far as that is known
        self.worker = 0
        self.wants: Accesses = NOTHING
        self.stands, self.has_ended = False, True
        #: it was let go on, and took no step
        self.is_stuck = False
        #: steps that it may take yet; below 0: all
        self.left = 0

    def watches(self, origin: object) -> bool:
        return origin is self

    def hear(self, told: Told) -> None:
        self._news.put((self._number, told.process, told.data))


class Conductor:
    """Lets some events race in a session, again and again. `restore` makes the session what it was."""

    def __init__(self, session: Racer, events: Sequence[tuple[str, GivenParams]], restore: Callable[[], None]) -> None:
        self._session = session
        self._events = events
        self._restore = restore
        self._news: SimpleQueue[Any] = SimpleQueue()
        self._sides = [_Side(number, self._news) for number in range(len(events))]
        for side in self._sides:
            side.command = session.attach_watcher(side)
        self._futures: list[Future[Run]] = []
        self._step: tuple[int, tuple[int, int], set[Access]] | None = None
        self._steps: list[Step] = []
        self._choosing: Choosing | None = None
        self._locks = Locks()

    def stop(self) -> None:
        """From another thread: `attempt` raises Stopped."""
        self._news.put(None)
        self._session.interrupt()

    def attempt(self, beginning: Sequence[int], choosing: Choosing) -> Attempt:
        """Run all events once: the steps of `beginning` in that order, then as `choosing` says. Raises Stopped."""
        self._begin(choosing)
        todo, last, waiting = deque(beginning), beginning[0] if beginning else 0, dict[int, Accesses]()
        is_whole = True
        while any(not side.has_ended for side in self._sides):
            able = self._able()
            if not able:
                waiting = {n: side.wants for n, side in enumerate(self._sides) if not side.has_ended}
                self._end()
                break
            if todo and todo[0] in able:
                last = todo[0]
                self._follow(last, todo)
                continue
            todo.clear()
            chosen = self._choosing.choose(able, last) if self._choosing is not None else min(able)
            if chosen is None:  # the rest is run in any order
                is_whole, self._choosing = False, None
                continue
            last = chosen
            self._let(last, _ALL)
        return Attempt(tuple(self._steps), tuple(f.result() for f in self._futures), waiting, is_whole)

    def _begin(self, choosing: Choosing) -> None:
        self._restore()
        self._choosing, self._step, self._steps, self._locks = choosing, None, [], Locks()
        self._futures = []
        for number, (side, (event, params)) in enumerate(zip(self._sides, self._events, strict=True)):
            side.asked += 1
            side.stands, side.has_ended, side.is_stuck, side.wants, side.left = False, False, False, NOTHING, 0
            future = self._session.submit(event, params, origin=side, check=False)
            future.add_done_callback(partial(self._ended, number))
            self._futures.append(future)
            self._wait_for(side)  # one after the other, so that each runs in the same worker each time

    def _ended(self, number: int, future: Future[Run]) -> None:
        self._news.put((number, 0, ("ended",)))

    def _able(self) -> set[int]:
        return {
            number
            for number, side in enumerate(self._sides)
            if not side.has_ended and not side.is_stuck and self._locks.block(number, side.wants) is None
        }

    def _follow(self, process: int, todo: deque[int]) -> None:
        """Let a process take the steps that come first in `todo`, as far as they are its own."""
        count = next((i for i, other in enumerate(todo) if other != process), len(todo))
        before = len(self._steps)
        self._let(process, count)
        for _ in range(min(count, len(self._steps) - before) or 1):
            todo.popleft()

    def _let(self, process: int, count: int) -> None:
        """Let a process take so many steps, and wait until it stands still again or has ended."""
        side, before = self._sides[process], len(self._steps)
        self._go(side, count)
        self._wait_for(side)
        side.is_stuck = len(self._steps) == before and not side.has_ended
        if len(self._steps) > before:
            for other in self._sides:
                other.is_stuck = False

    def _go(self, side: _Side, count: int) -> None:
        side.left, side.stands = count, False
        side.command(count, side.worker)

    def _end(self) -> None:
        """None of them can go on any more."""
        self._session.interrupt()
        for side in self._sides:
            self._wait_until_ended(side)

    # -- what the workers say ------------------------------------------------------------------------------------------

    def _wait_for(self, side: _Side) -> None:
        while not side.stands and not side.has_ended:
            self._hear()

    def _wait_until_ended(self, side: _Side) -> None:
        while not side.has_ended:
            self._hear()

    def _hear(self) -> None:
        news = self._news.get(timeout=self._session.timeout + _GRACE)
        if news is None:
            raise Stopped
        number, worker, (what, *rest) = news
        side = self._sides[number]
        if what == "access":
            assert self._step is not None
            self._step[2].add(Access(*rest))
            return
        self._finish_step()
        if what == "step":
            side.left -= side.left > 0
            self._step = number, (rest[0], rest[1]), set()
        elif what == "ended":
            side.has_ended = True
        elif what == "begins" and side.left:  # with an event that it has raised: the steps that are left are its own
            side.worker = worker
            self._go(side, side.left)
        else:
            side.stands, side.worker = True, worker
            side.wants = frozenset(Access(*access) for access in rest[0]) if rest else NOTHING

    def _finish_step(self) -> None:
        if self._step is None:
            return
        process, place, accesses = self._step
        self._step = None
        step = Step(process, frozenset(accesses), place)
        self._steps.append(step)
        self._locks.follow(step)
        if self._choosing is not None:
            self._choosing.took(step)
