"""Runs a portion of a replay: parses recorded lines where that is to be done here, runs the routes, counts.

The engine hands out blocks of raw lines, because reading JSON for every event in its one thread would cost more than
running most routes. Everything that must not get lost when this process dies is in the black box: which event of the
portion was running (INDEX, the number of events begun before it), and whether one was (STATEMENT, -1 between two).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import repeat
from time import monotonic
from typing import Any, Final

from evroute_kernel.runtime.context import LinkedRoute, Process
from evroute_kernel.worker.blackbox import INDEX, STATEMENT, BlackBox
from evroute_kernel.worker.flow import ENDS_MANY, Flow, Runner
from evroute_kernel.worker.messages import NOTIFY, Params, PortionFinished, RouteFailed, RunPortion
from evroute_kernel.worker.outbox import Outbox
from evroute_kernel.worker.recorded import seconds_of, stretches_in, timed_events_in
from evroute_kernel.worker.recorded_texts import events_written

#: broken lines of one portion that are told one by one
BROKEN_KEPT: Final = 100
#: units of time in a second
RESOLUTION: Final = 1e7
_MICROSECONDS: Final = 1e6

Events = Iterable["tuple[int, str, Params]"]


class Portion:
    """One portion under way."""

    def __init__(
        self, message: RunPortion, runner: Runner, flow: Flow, process: Process, outbox: Outbox, blackbox: BlackBox
    ) -> None:
        self._message = message
        self._runner = runner
        self._flow = flow
        self._process = process
        self._outbox = outbox
        self._blackbox = blackbox
        self._routes = {event: [process.slots[slot] for slot in slots] for event, slots in message.handlers.items()}
        #: whether events are run at the times at which they were recorded, and that of the one that is read
        self._is_timed = process.shared.clock.stands
        self._moment = 0
        #: events seen to: in this go, and in all
        self._index, self._done = 0, message.skip
        self._line = 0
        self._is_whole = True
        self._skip_broken = message.skip_broken
        self._ran: Counter[str] = Counter()
        self._unhandled: Counter[str] = Counter()
        self._seconds: list[float] = []
        self._broken: list[tuple[int, str]] = []
        self._broken_count = 0
        self._failure: RouteFailed | None = None

    def run(self) -> RouteFailed | None:
        """Run it and report; the last failure, if there was one."""
        message, process = self._message, self._process
        self._outbox.begin(message.room, collecting=True)
        self._flow.begin(message.run, message.chance)
        emit = process.emit
        if message.level_limit is not None:
            limit = message.level_limit
            process.emit = lambda record: emit(record) if record[0] <= limit else self._leave_out()
        try:
            self._run_all()
        finally:
            process.emit = emit
        self._blackbox.place[STATEMENT] = -1
        self._outbox.send_late()
        self._flow.tell_drained()
        self._flow.tell_waiting()
        self._outbox.send(self._report())
        self._outbox.end()
        return self._failure

    def _leave_out(self) -> None:
        self._outbox.dropped += 1

    def _stretches(self) -> Iterable[tuple[Events, bool]]:
        message = self._message
        if self._is_timed and message.written is None:
            return [(self._timed_events(), False)]
        if message.entries is not None:
            return [(message.entries, True)]
        if message.written is not None:
            events = events_written(message.data, message.first_line, message.written, self._add_broken)
            return [(events, False)]
        return stretches_in(message.data, message.first_line, self._add_broken)

    def _timed_events(self) -> Events:
        """Each event, whose moment is that of the clock while it is run."""
        message = self._message
        timed: Iterable[tuple[int, str, Params, Any]]
        if message.entries is None:
            timed = timed_events_in(message.data, message.first_line, self._add_broken)
        else:
            times = message.times or repeat(None)
            timed = ((*entry, time) for entry, time in zip(message.entries, times, strict=False))
        for line, event, params, time in timed:
            seconds = seconds_of(time)
            self._moment = 0 if seconds is None else max(0, round(seconds * _MICROSECONDS))
            yield line, event, params

    def _add_broken(self, line: int, why: str) -> None:
        if self._skip_broken:
            self._skip_broken -= 1
            return
        self._broken_count += 1
        if len(self._broken) < BROKEN_KEPT:
            self._broken.append((line, why))

    def _run_all(self) -> None:
        for events, is_read in self._stretches():
            if not self._run_stretch(events, is_read):
                self._is_whole = False
                break
        self._outbox.running = None
        self._done = max(self._index, self._message.skip)

    def _run_stretch(self, events: Events, is_read: bool) -> bool:
        """Run the routes of some events, up to the one behind which the portion is to end; whether there is none."""
        place, clock, routes = self._blackbox.place, self._blackbox.clock, self._routes
        counts, add_seconds, run_event = self._ran, self._seconds.append, self._run_event
        skip, only, outbox, flow = self._message.skip, self._message.only, self._outbox, self._flow
        index, line, go_on = self._index, self._line, True
        is_drained = self._message.chance is not None
        is_repeated = self._is_timed or is_drained
        begun = monotonic()
        for line, event, params in events:
            if index < skip:
                index += 1
                continue
            if (handlers := routes.get(event)) is None or (only is not None and event not in only):
                index += 1
                if only is None or event in only:
                    self._unhandled[event] += 1
                if self._is_to_end():
                    go_on = False
                    break
                continue
            if not is_read:
                begun = monotonic()
            # in this order: a process killed in between is taken to have run the event before, not to run this one
            place[STATEMENT] = 0
            place[INDEX] = flow.root = index
            if is_repeated:
                flow.begin_root(line, self._moment)
            clock[0] = begun
            outbox.running = event, line
            go_on = run_event(event, params, handlers)
            if go_on and is_drained:
                self._failure = flow.drain(self._failure)
                go_on = self._failure is None or self._failure.cause not in ENDS_MANY
            ended = monotonic()
            add_seconds(ended - begun)
            begun = ended  # of the next event: there is nothing to do before
            place[STATEMENT] = -1
            index += 1
            counts[event] += 1
            if not go_on:
                break
        self._index, self._line = index, line
        return go_on

    def _is_to_end(self) -> bool:
        """An interrupt strikes inside of routes alone; where none is run it must be looked for."""
        return self._blackbox.interrupt == self._message.run

    def _run_event(self, event: str, params: Params, routes: list[LinkedRoute]) -> bool:
        """Run all routes of one event; whether the portion goes on."""
        runner, run, context = self._runner, self._message.run, None
        for route in routes:
            context = runner.new_context(event, params) if context is None else runner.another_context(context)
            error = runner.attempt(run, route, context)
            if error is not None:
                self._failure = runner.failure(run, error)
                self._outbox.send(self._failure)
                if self._failure.cause in ENDS_MANY:
                    return False
                if route.slot == NOTIFY:  # the event would have killed the server
                    break
        return True

    def _report(self) -> PortionFinished:
        message = self._message
        return PortionFinished(
            message.run,
            self._done,
            self._line,
            self._is_whole,
            self._outbox.dropped,
            dict(self._ran),
            dict(self._unhandled),
            self._broken_count,
            tuple(self._broken),
            latencies(self._seconds),
        )


def latencies(seconds: Iterable[float]) -> dict[int, int]:
    """How often each time came up, in units of 100 ns, the larger ones with three digits."""
    counts: Counter[int] = Counter(map(int, map(RESOLUTION.__mul__, seconds)))
    rounded: Counter[int] = Counter()
    for units, count in counts.items():
        rounded[_rounded(units)] += count
    return dict(rounded)


def _rounded(units: int) -> int:
    step = 1
    while units >= 1000 * step:
        step *= 10
    return units - units % step
