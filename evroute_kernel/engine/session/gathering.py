"""Raises that nobody waits for, one by one: gathered, and handed over in blocks.

Whoever raises many events and asks for no `Run` of each (a door of the management interface) would otherwise pay for
one future, one message each way and some turns of the supervisor for each of them. Here an event is a few fields in a
line until a worker is free; then as many as that worker can run in BLOCK_TIME go to it at once. While events are rare
a block has one event, which begins at once. What events share a block for is their order and nothing else: the error,
the time limit and the death of a worker cost one event, as ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from math import inf
from threading import RLock
from time import monotonic
from typing import Final

from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.params import GivenParams, Params, event_params, for_routes
from evroute_kernel.engine.results.runs import BatchResult
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.workers.blocks import Block
from evroute_kernel.runtime.values import encode

#: seconds that a block should take: others wait for its end, though another worker may be free
BLOCK_TIME: Final = 0.01
#: seconds from one block to the next, unless that is full before: as long as many events share what a block costs
LINGER: Final = 0.002
#: events of a block, at most, and how many times as many as the one before
BLOCK_LIMIT: Final = 512
GROWTH: Final = 4


class Gathering:
    """The raises of one origin. `ended` is told what became of each block, in the supervisor's thread.

    Any thread may raise. Events are begun in the order in which they were raised, whoever raised them.
    """

    def __init__(self, line: Line, origin: object, ended: Callable[[BatchResult], object]) -> None:
        self.origin = origin
        self.ended = ended
        #: events that have not ended; changed by the line
        self.pending = 0
        self._line = line

    def raise_event(self, event: str, params: GivenParams) -> None:
        """Raise an event, which begins with the next `hand_over`.

        Raises UnknownEventError, ParameterError, GivenError.
        """
        name = encode(given.name(event, "the name of an event"))
        taken = event_params(params)
        world = self._line.world
        if world.member is not None:
            world.member.check_up()
        slots = world.handlers(event)
        if world.has_listeners:
            slots = world.raised(name, taken, origin=self.origin)
        if slots:  # else sockets alone have subscribed it
            self._line.put(self, name, slots, for_routes(params, taken, world.settings.version))

    def hand_over(self) -> float | None:
        """Give the supervisor what waits, unless that was done a moment ago, or enough blocks are under way.

        Returns the seconds after which it is to be called again; None where it need not be: nothing waits, or what
        waits goes when a block ends.
        """
        return self._line.hand_over()

    def hand_over_all(self) -> None:
        """The same where nobody would call again."""
        self._line.hand_over_all()


#: an event that waits: whose it is, its name, the routes it goes to, its parameters
Waiting = tuple[Gathering, str, tuple[int, ...], Params]


class Line:
    """The events of all gatherings of a session that wait to be handed over."""

    def __init__(self, backend: Backend) -> None:
        self.world = backend.world
        self._backend = backend
        # a garbage collection inside may end a block, and so come back here
        self._lock = RLock()
        self._waiting: deque[Waiting] = deque()
        #: blocks that have been handed over
        self._blocks = 0
        #: events of the next block, at most
        self._size = 1
        #: when the last one was handed over
        self._last = -inf
        #: whether the next one is to follow as soon as one has ended
        self._is_due = False

    def put(self, gathering: Gathering, name: str, slots: tuple[int, ...], params: Params) -> None:
        """One more event waits."""
        with self._lock:
            gathering.pending += 1
            self._waiting.append((gathering, name, slots, params))

    def drop(self, origin: object = None) -> int:
        """Forget the events of an origin (None: all) that wait; how many there were."""
        with self._lock:
            kept: deque[Waiting] = deque()
            for each in self._waiting:
                if origin is None or each[0].origin == origin:
                    each[0].pending -= 1
                else:
                    kept.append(each)
            count, self._waiting = len(self._waiting) - len(kept), kept
            return count

    def hand_over(self) -> float | None:
        """As `Gathering.hand_over`."""
        if not self._waiting:
            return None
        with self._lock:
            self._is_due = self._blocks >= self._backend.supervisor.worker_limit
            if self._is_due:
                return None
            left = self._last + LINGER - monotonic()
            if left > 0 and len(self._waiting) < self._size:
                return left
        self._begin_block()
        return None  # what is left goes with the end of this block

    def hand_over_all(self) -> None:
        """As `Gathering.hand_over_all`."""
        self._is_due = True
        self._begin_block()

    def _begin_block(self) -> None:
        supervisor = self._backend.supervisor
        with self._lock:
            if not self._waiting or self._blocks >= supervisor.worker_limit:
                return
            gathering, block, lists = self._next()
            self._last, self._is_due = monotonic(), bool(self._waiting)
            self._blocks += 1
            # with the lock, or another block could overtake this one
            supervisor.submit(block, block.task(lists))
        block.future.add_done_callback(lambda done: self._block_ended(gathering, len(lists), done))

    def _next(self) -> tuple[Gathering, Block, list[Params]]:
        """The events of one name and one gathering that have waited longest."""
        waiting, limits = self._waiting, self.world.limits
        gathering, name, slots, params = waiting.popleft()
        lists = [params]
        while waiting and len(lists) < self._size and waiting[0][:3] == (gathering, name, slots):
            lists.append(waiting.popleft()[3])
        log = limits.log * len(lists)
        block = Block(name, gathering.origin, limits.timeout, log, source=iter(()), slots=slots, events=len(lists))
        block.chance = self.world.settings.chance(name, len(lists))
        return gathering, block, lists

    def _block_ended(self, gathering: Gathering, count: int, done: Future[BatchResult]) -> None:
        result = None if done.exception() else done.result()
        with self._lock:
            self._blocks -= 1
            gathering.pending -= count
            if result is None or any(error.cause == "closed" for error in result.errors):
                self.drop()  # there is nobody any more to run them
            else:
                affordable = int(BLOCK_TIME * count / max(result.duration, 1e-6))
                self._size = max(1, min(affordable, GROWTH * self._size, BLOCK_LIMIT))
            is_due = self._is_due or len(self._waiting) >= self._size
        if result is not None:
            gathering.ended(result)
        if is_due:
            self._begin_block()
