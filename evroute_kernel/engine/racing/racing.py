"""Searches for races: `session.race([("E_A", {"ip": "192.0.2.1"}), ("E_B", None)])`.

The events run in a session of their own, a copy of the one that asks (`engine.copying.snapshot`), with a worker for
each of them. Before each attempt that is as it was at first: what workers share, copies of databases, `$var` and the
like in each worker, chance; and its clock stands.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from time import monotonic, time
from typing import Any, Final, Generic, TypeVar

from evroute_kernel.engine.copying.copied import Open
from evroute_kernel.engine.copying.snapshot import Snapshot
from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.params import GivenParams, event_params
from evroute_kernel.engine.racing import words
from evroute_kernel.engine.racing.conducting import Attempt, Conductor, InOrder, Racer, Stopped
from evroute_kernel.engine.racing.exploring import Exploration
from evroute_kernel.engine.racing.steps import Step, switches, taken_lock
from evroute_kernel.engine.results.races import FAILED, Line, Outcome, RaceResult, RaceStep, orders
from evroute_kernel.engine.results.runs import Run, RunError
from evroute_kernel.library.functions import cfgutils
from evroute_kernel.library.sql import copies
from evroute_kernel.library.sql.settings import MODULE, SQLITE, parse_url
from evroute_kernel.runtime.memory.accesses import LOCKS

R = TypeVar("R", bound=Racer)

#: how many events can run at once
FEWEST: Final = 2
MOST: Final = 3
#: orders that are tried, and seconds that this takes, unless somebody says otherwise
SCHEDULES: Final = 1_000
SECONDS: Final = 30.0

Event = tuple[str, GivenParams]
#: what makes two outcomes the same
_Key = tuple[Any, ...]


def prepare(
    session: R,
    events: Sequence[str | Event],
    *,
    limit: int = SCHEDULES,
    seconds: float = SECONDS,
    reduce: bool = True,
) -> Racing[R]:
    """As `Session.race`, but it only looks at what is given: `run` waits, and another thread can `stop` that."""
    return Racing(type(session), session, given_events(session, events), limit, seconds, reduces=reduce)


def given_events(session: Racer, events: Iterable[str | Event]) -> list[Event]:
    """The events that somebody has given, with their parameters. Raises as `Session.race`."""
    if isinstance(events, str | bytes) or not isinstance(events, Iterable):
        raise given.GivenError(f"what is to race is a list of events, not {given.kind_of(events)}")
    found: list[Event] = []
    for each in events:
        event, params = (each, None) if isinstance(each, str) else _pair(each)
        found.append(given_event(session, event, params))
    if not FEWEST <= len(found) <= MOST:
        raise given.GivenError(f"two or three events can race, not {len(found)}")
    return found


def given_event(session: Racer, event: str, params: GivenParams) -> Event:
    """One of them."""
    given.name(event, "the name of an event")
    if isinstance(params, Iterator):  # it is needed more than once
        params = list(params)
    event_params(params)
    session.check_heard(event)
    return event, params


def _pair(each: object) -> Event:
    if not isinstance(each, tuple | list) or len(each) != 2:
        hint = '("E_X", {"ip": "192.0.2.1"}), or its name alone'
        raise given.GivenError(f"an event that is to race is a pair of its name and parameters, not {each!r}", hint)
    return each[0], each[1]


class _TimeIsOver(Exception):
    """The search has taken as long as it may."""


class _Found:
    """An outcome that was found, and the orders that come to it."""

    def __init__(self) -> None:
        self.serial: list[tuple[int, ...]] = []
        self.schedules: set[tuple[int, ...]] = set()
        self.shortest: tuple[Step, ...] | None = None

    def add(self, attempt: Attempt) -> None:
        self.schedules.add(tuple(step.process for step in attempt.steps))
        if self.shortest is None or _length(attempt.steps) < _length(self.shortest):
            self.shortest = attempt.steps


class Racing(Generic[R]):
    """A search that another thread can stop. Raises GivenError.

    `limit`: orders that are tried at most (but all those one after the other), `seconds`: how long at most (an attempt
    that has begun is ended first).
    `reduces`: without it orders are tried that come to the same as others, too.
    """

    def __init__(
        self,
        make: Open[R],
        session: R,
        events: Sequence[Event],
        limit: int = SCHEDULES,
        seconds: float = SECONDS,
        *,
        reduces: bool = True,
    ) -> None:
        self._make, self._snapshot, self._version = make, Snapshot.of(session), session.version
        self._events = events
        self._limit = given.whole(limit, "the limit of orders", 1)
        self._seconds = given.seconds(seconds, "the limit of time")
        self._reduces = reduces
        self._found: dict[_Key, _Found] = {}
        self._tried: set[tuple[int, ...]] = set()
        self._steps = 0
        self._conductor: Conductor | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End what runs; no more is begun."""
        with self._lock:
            self._is_stopped = True
            conductor = self._conductor
        if conductor is not None:
            conductor.stop()

    def run(self) -> RaceResult:
        """Try the orders. After `stop` it is as if the time were over."""
        limits = self._snapshot.limits
        options: dict[str, Any] = {
            "workers": len(self._events),
            "clock": time() if limits["clock"] is None else limits["clock"],
            "seed": 1 if limits["seed"] is None else limits["seed"],
        }
        with self._snapshot.opened(self._make, self._version, reach="together", **options) as (session, _):
            begun = monotonic()
            conductor = Conductor(session, self._events, lambda: self._restore(session))
            with self._lock:
                self._conductor = None if self._is_stopped else conductor
            try:
                stopped, strays = self._try_all(session, conductor, begun)
            except Stopped:
                stopped, strays = "it was stopped", False
            return self._result(session, monotonic() - begun, stopped, strays)

    def _try_all(self, session: R, conductor: Conductor, begun: float) -> tuple[str | None, bool]:
        """Why not all were tried, and whether the same order did something else."""
        for order in permutations(range(len(self._events))):
            if self._is_stopped:
                raise Stopped
            self._note(session, conductor.attempt((), InOrder(order)), order)
        exploration = Exploration(len(self._events), reduces=self._reduces, check=lambda: self._check(begun))
        try:
            return self._explore(session, conductor, exploration), exploration.has_strayed
        except _TimeIsOver:
            return f"that is the limit of {self._seconds:g} s", exploration.has_strayed

    def _explore(self, session: R, conductor: Conductor, exploration: Exploration) -> str | None:
        while (beginning := exploration.begin()) is not None:
            if len(self._tried) >= self._limit:
                return self._limited()
            exploration.check()
            attempt = conductor.attempt(beginning, exploration)
            if attempt.is_whole:
                self._note(session, attempt)
            exploration.end(attempt.waiting)
        return None

    def _check(self, begun: float) -> None:
        if self._is_stopped:
            raise Stopped
        if monotonic() - begun >= self._seconds:
            raise _TimeIsOver

    def _limited(self) -> str:
        said = f"that is the limit of {orders(self._limit)}"
        is_beyond = len(self._tried) > self._limit
        return f"{said}, though those one after the other are always tried" if is_beyond else said

    def _restore(self, session: R) -> None:
        """Make what workers share what it was; no lock is held, and chance begins anew."""
        session.settings.seed = session.seed
        shared = session.shared
        copies.drop(shared.path)
        with shared.transaction():
            shared.clear()
            for table, items in self._snapshot.shared.items():
                for key, value in items if table != LOCKS else ():
                    shared.put_object(table, key, value)
            # workers do so once, at their start, and that of the session may not have begun to work yet
            for text in session.settings.modparams_in_force().get((cfgutils.MODULE, "shvset"), ()):
                cfgutils.preset_shared(shared, *cfgutils.preset(str(text)))

    # -- what came of it -----------------------------------------------------------------------------------------------

    def _note(self, session: R, attempt: Attempt, order: tuple[int, ...] | None = None) -> None:
        self._tried.add(tuple(step.process for step in attempt.steps))
        self._steps = max(self._steps, len(attempt.steps))
        found = self._found.setdefault(self._key(session, attempt), _Found())
        found.add(attempt)
        if order is not None:
            found.serial.append(order)

    def _key(self, session: R, attempt: Attempt) -> _Key:
        waits = tuple(
            words.named(LOCKS, taken_lock(attempt.waiting[i])) if i in attempt.waiting else None
            for i in range(len(self._events))
        )
        logs = tuple(_lines(run, waits=lock is not None) for run, lock in zip(attempt.runs, waits, strict=True))
        shared, urls = session.shared, _databases(session)
        tables = {table: shared.items(table) for table in shared.tables()}
        held = {url: statements for url in urls if (statements := copies.held(shared.path, url))}
        return logs, tuple(words.state(tables, held)), waits

    def _result(self, session: R, seconds: float, stopped: str | None, strays: bool) -> RaceResult:
        outcomes = [self._outcome(session, key, found) for key, found in self._found.items()]
        outcomes.sort(key=lambda outcome: outcome.is_race)
        return RaceResult(
            _labels([event for event, _ in self._events]),
            tuple(outcomes),
            len(self._tried),
            self._steps,
            seconds,
            stopped,
            strays,
        )

    def _outcome(self, session: R, key: _Key, found: _Found) -> Outcome:
        logs, state, waits = key
        place = session.registry.place
        steps = tuple(RaceStep(s.process, place(*s.place)[1], words.does(s.accesses)) for s in found.shortest or ())
        return Outcome(logs, dict(state), waits, tuple(found.serial), len(found.schedules), steps)


def _length(steps: Sequence[Step]) -> tuple[int, int]:
    return switches(steps), len(steps)


def _lines(run: Run, *, waits: bool) -> tuple[Line, ...]:
    logged = [(record.level, record.text.rstrip("\n")) for record in run.log]
    return (*logged, *((FAILED, _reason(error)) for error in run.errors if not waits))


def _reason(error: RunError) -> str:
    place = f", in line {error.span.line}" if error.span is not None else ""
    return f"{error.cause}: {error.message}{place}"


def _labels(events: Sequence[str]) -> tuple[str, ...]:
    """Names that differ: those of the same event are numbered."""
    counts, seen, found = Counter(events), Counter[str](), []
    for event in events:
        seen[event] += 1
        found.append(event if counts[event] == 1 else f"{event} ({seen[event]})")
    return tuple(found)


def _databases(session: Racer) -> list[str]:
    declared = session.settings.modparams_in_force().get((MODULE, "db_url"), [])
    urls = (parse_url(str(url))[1] for url in declared)
    return [url for url in urls if url.startswith(SQLITE)]
