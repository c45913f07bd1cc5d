"""Runs events, one after the other, and then those that their routes have raised: the flow of what follows of a raise.

The events wait in the spool of this process (`worker.spool`), in the order in which they were raised, and nobody is
asked before the next one is run. Now and then the worker tells what it has done, and that some wait (`EventsWaiting`):
the supervisor then lets it go on, or something else run first. Batches and replays do the same with what their events
have raised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final, Protocol

from evroute_kernel.runtime.context import Context, LinkedRoute, Process
from evroute_kernel.runtime.limits import RAISED_LIMIT
from evroute_kernel.runtime.seed import Root
from evroute_kernel.runtime.values import Value, stored
from evroute_kernel.worker.blackbox import INDEX, NOTIFIED, STATEMENT, TOP, BlackBox
from evroute_kernel.worker.messages import (
    NOTIFIED_RUN,
    NOTIFY,
    RESUME,
    RESUMED_RUN,
    EventsWaiting,
    InnerRuns,
    Params,
    RouteFailed,
    RunEvents,
    RunFinished,
)
from evroute_kernel.worker.notifying.notifying import Notifying
from evroute_kernel.worker.outbox import Outbox
from evroute_kernel.worker.spool import Entry

#: causes of a failure after which a run of many events does not go on
ENDS_MANY: Final = ("interrupted", "out of memory")
#: seconds and events after which the supervisor is told, and may let others run
_SECONDS: Final = 0.02
_EVENTS: Final = 4096
#: seconds for which notified routes take turns with events before others are let through
_TURNS: Final = 0.5
#: events, and bytes of them, that may wait where others, who came before them, are let through at once: they have to be
#: carried over
_FEW: Final = 500
_LITTLE: Final = 2**20


class Runner(Protocol):
    """What runs routes: the child."""

    def attempt(self, run: int, route: LinkedRoute, context: Context) -> BaseException | None:
        """Run a route; what stopped it."""

    @property
    def new_context(self) -> Callable[[str, Params], Context]:
        """Makes the context of one run."""

    @property
    def another_context(self) -> Callable[[Context], Context]:
        """Makes that of the next route of the same event."""

    def keep_avps(self, context: Context) -> None:
        """A startup_route has ended: the next route finds its AVPs."""

    def failure(self, run: int, error: BaseException) -> RouteFailed:
        """The report about a route that did not end by itself."""


class Flow:
    """The events that wait in this process, and how they are run."""

    def __init__(
        self,
        runner: Runner,
        process: Process,
        outbox: Outbox,
        blackbox: BlackBox,
        tell_more: Callable[[], None],
        notifying: Notifying,
    ) -> None:
        self._runner = runner
        self._process = process
        self._outbox = outbox
        self._blackbox = blackbox
        self._tell_more = tell_more
        self._spool = blackbox.spool
        self._notifying = notifying
        self._waiting = 0
        self._dropped = 0
        #: the routes that events which wait go to, and those of the last one
        self._kinds: set[tuple[int, ...]] = set()
        self._kind: tuple[int, ...] | None = None
        #: which event of a batch the running one comes of
        self.root = 0
        notifying.root = lambda: self.root
        self._run = 0
        self._failure: RouteFailed | None = None
        self._shown: list[Value] = []
        self._ran: list[tuple[str, int]] = []
        #: of batches: seconds that what comes of each event took so far, and those whose time is over
        self._limit: float | None = None
        self._spent: dict[int, float] = {}
        #: what the events draw with, and of each from outside what is known, by its number among them
        self._chance: str | None = None
        self.roots: dict[int, Root] = {}
        self._over: set[int] = set()

    def put(self, event: str, params: Params, slots: tuple[int, ...]) -> None:
        """A route has raised an event: it waits, unless too many do."""
        waiting = self._waiting
        if waiting >= RAISED_LIMIT - 1 or not self._spool.append(event, params, slots, self.root, not waiting):
            self._spool.drop()
            self._dropped += 1
            return
        self._waiting += 1
        if slots is not self._kind:
            self._kinds.add(slots)
            self._kind = slots

    def begin(self, run: int, chance: str | None = None) -> None:
        """A run of other events begins, which draw with this name; none that a route raised waits any more."""
        self._spool.begin(run, b"")
        self._reset(0)
        self._chance, self._run, self._limit, self._ran = chance, run, None, []

    def begin_root(self, number: int, moment: int = 0) -> None:
        """One of these other events is run: the number that it draws with, and when it was recorded."""
        self.roots[self.root] = number, 0, moment
        self._begin_event()

    def _begin_event(self) -> None:
        """An event is run: it draws for itself, and at the time at which that was recorded of which it comes."""
        root = self.roots.get(self.root)
        if root is None:
            return
        number, following, moment = root
        self.roots[self.root] = number, following + 1, moment
        self._process.shared.clock.moment = moment
        if self._chance is not None:
            self._process.draw_for(self._chance, number, following)

    def drain(self, failure: RouteFailed | None) -> RouteFailed | None:
        """Run what the routes of one of many events have raised, before the next one: where there is a seed, so that it
        does not matter how many a worker is given at once. The last failure, this one if there is no other."""
        self._failure = failure
        spool, queue, place, go_on = self._spool, self._notifying.queue, self._blackbox.place, True
        while go_on and ((entry := spool.first()) is not None or queue):
            if entry is None:
                go_on = self._run_notified()
                continue
            self._waiting -= 1
            self._outbox.running = entry[0], 0
            go_on = self._run_event(entry, 0)
            place[STATEMENT] = -1
            if not go_on and spool.state >> 1 < len(entry[2]):
                self._waiting += 1
                break
            spool.remove()
        return self._failure

    def tell_drained(self) -> None:
        """A run of many events is about to end: say what was run by `drain`."""
        if self._ran:
            self._outbox.send(InnerRuns(dict(Counter(self._ran))))
            self._ran = []

    def _reset(self, count: int) -> None:
        self._waiting, self._dropped, self.root = count, 0, 0
        self._kinds.clear()
        self._kind = None
        self._spent = {}
        self.roots = {}
        self._process.shared.clock.moment = 0
        self._over.clear()

    def tell_waiting(self) -> None:
        """The run is about to end: say whether events wait, and what else is to be told by then."""
        self._tell_more()
        if self._notifying.queue:
            self._put_notified()
        if self._waiting or self._dropped:
            slots = tuple({slot: None for slots in self._kinds for slot in slots})
            self._outbox.send(EventsWaiting(self._waiting, self._dropped, slots, self._spent, self.roots))
            self._dropped = 0

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self, message: RunEvents) -> RouteFailed | None:
        """Run events, and say what came of it; the last failure."""
        self._begin(message)
        self._run_all(message.is_live)
        outbox = self._outbox
        outbox.send_late()
        self.tell_waiting()
        ran = dict(Counter(self._ran))
        if self._notifying.is_on:
            ran = {key: count for key, count in ran.items() if key[1] >= 0}
        outbox.send(RunFinished(message.run, outbox.dropped, tuple(map(stored, self._shown)), ran))
        outbox.end()
        return self._failure

    def _begin(self, message: RunEvents) -> None:
        self._spool.begin(message.run, message.data, message.done)
        if message.data is not None:
            self._reset(message.count)
            self._spent = message.spent
            self.roots = message.roots
        self._chance = message.chance
        self._limit = message.limit
        self._run, self._failure, self._shown, self._ran = message.run, None, [], []
        self._outbox.begin(message.room, collecting=not message.is_live)

    def _run_all(self, is_live: bool) -> None:
        """Run events until none waits, or it is time to let others run."""
        spool, outbox, wanted, limit = self._spool, self._outbox, self._blackbox.wanted, self._limit
        clock, place, notified = self._blackbox.clock, self._blackbox.place, self._notifying.queue
        first, remove, run_event = spool.first, spool.remove, self._run_event
        now, done = monotonic(), spool.state >> 1
        # where all is to be the same each time it must not matter how fast that goes
        is_repeated = self._process.seed is not None
        end, left = inf if is_repeated else now + _SECONDS, _EVENTS
        latest, is_turn = now + _TURNS, False
        while left:
            if (entry := first()) is None:
                if not notified or now >= latest or not self._run_notified():
                    break
                now, is_turn = monotonic(), bool(notified)
                left -= 1
                continue
            self._waiting -= 1
            clock[0] = begun = now
            if is_live:
                outbox.expect(entry[0])
            outbox.running = entry[0], 0
            go_on = (limit is not None and not self._has_time(entry)) or run_event(entry, done)
            place[STATEMENT] = -1
            if not go_on and spool.state >> 1 < len(entry[2]):  # its other routes are still to be run
                self._waiting += 1
                break
            remove()
            now = monotonic()
            if limit is not None:
                self._spent[entry[3]] = self._spent.get(entry[3], 0.0) + now - begun
            if notified and go_on:  # one of each in turn, if there was one of each
                if is_turn or (entry[2][0] == NOTIFY and self._notifying.is_due):
                    go_on = self._run_notified()
                    now = monotonic()
                is_turn = bool(notified)
            if (
                not go_on
                or now >= end
                or (wanted[0] and not is_repeated and self._waiting <= _FEW and spool.waiting <= _LITTLE)
            ) and (not go_on or not notified or now >= latest):
                break
            left -= 1
            done = 0
            if is_live:
                outbox.collect()
                is_live = False

    def _run_event(self, entry: Entry, done: int) -> bool:
        """Run the routes of one event, but for those that are done; whether to go on."""
        event, params, slots, self.root = entry
        if self.roots:
            self._begin_event()
        head, runner, routes, ran = self._spool.head, self._runner, self._process.slots, self._ran.append
        state, context = head[0], None
        for slot in slots[done:] if done else slots:
            head[0] = state + 1
            route = routes[slot]
            context = runner.new_context(event, params) if context is None else runner.another_context(context)
            if slot == RESUME or route.kind == "route":
                self._outbox.running = event, RESUMED_RUN if slot == RESUME else NOTIFIED_RUN
            error = runner.attempt(self._run, route, context)
            head[0] = state = state + 2
            ran((event, self._blackbox.place[TOP] if slot == RESUME else slot))
            if route.kind == "startup_route":
                runner.keep_avps(context)
            if context.shown:
                self._shown += context.shown
            if error is not None:
                if not self._go_on_after(error):
                    return False
                if slot == NOTIFY:  # the event would have killed the server
                    break
        return True

    def _run_notified(self) -> bool:
        """Run the route that has waited longest to be notified; whether to go on."""
        event, params, name, self.root = self._notifying.queue.popleft()
        if self.roots:
            self._begin_event()
        self._outbox.running = event, NOTIFIED_RUN if name else RESUMED_RUN
        route = self._notifying.route(event, name)
        if route is None:
            return True
        place, self._blackbox.clock[0] = self._blackbox.place, monotonic()
        place[INDEX] = NOTIFIED
        error = self._runner.attempt(self._run, route, Context(self._process, event, params))
        self._ran.append((event, place[TOP]))
        go_on = error is None or self._go_on_after(error)  # which tells where it was
        place[INDEX], place[STATEMENT] = 0, -1
        return go_on

    def _put_notified(self) -> None:
        """Others run before the routes that wait to be notified: they wait among the events."""
        queue, root = self._notifying.queue, self.root
        while queue:
            event, params, name, self.root = queue.popleft()
            self._outbox.running = event, 0
            if (route := self._notifying.route(event, name)) is not None:
                self.put(event, params, (route.slot,))
        self.root = root

    def _go_on_after(self, error: BaseException) -> bool:
        self._failure = self._runner.failure(self._run, error)
        self._outbox.send(self._failure)
        return self._failure.cause not in ENDS_MANY

    def _has_time(self, entry: Entry) -> bool:
        """Whether what comes of an event of a batch may go on; the first time that it may not, that is said."""
        _, _, slots, root = entry
        if self._limit is None or self._spent.get(root, 0.0) <= self._limit:
            return True
        if root not in self._over:
            self._over.add(root)
            self._outbox.send(RouteFailed(self._run, "timed out", "", "", slots[0], -1, slots[0]))
        return False
