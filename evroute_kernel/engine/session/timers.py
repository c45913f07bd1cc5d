"""Timer routes that run by themselves, as on a server: each has a thread that waits for its next turn."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event, Lock, Thread, current_thread
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from evroute_kernel.errors import ScriptError
from evroute_kernel.runtime.values import encode

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import Run
    from evroute_kernel.engine.session.session import Session

#: seconds between the runs of a route of which no interval is known
_USUAL: Final = 1.0
#: seconds that the last turn of a stopped timer gets to end
_GRACE: Final = 2.0


class Watcher(Protocol):
    """Who is told of a timer, in its thread. Also the origin of its runs: what they log goes there."""

    def failed(self, run: Run) -> None:
        """A turn has failed; the timer goes on."""

    def stopped(self, title: str, why: str) -> None:
        """There will be no more turns."""


class Timer:
    """One timer route that runs every `every` seconds (None: at the interval that the route has at each turn)."""

    def __init__(self, session: Session, name: str, watcher: Watcher, every: float | None = None) -> None:
        self.session = session
        self.name = name
        self.every = every
        self.turns = 0
        self.failed = 0
        self._watcher = watcher
        self._stopped = Event()
        self._thread = Thread(target=self._run, name=f"evroute timer {name}", daemon=True)

    @property
    def title(self) -> str:
        return f"timer_route[{self.name}]"

    @property
    def is_running(self) -> bool:
        return not self._stopped.is_set()

    @property
    def interval(self) -> float:
        """Seconds from one turn to the next. Of several routes of one name the shortest interval counts for all."""
        if self.every is not None:
            return self.every
        found = self.session.registry.look_up("timer_route", encode(self.name))
        return min((d.route.interval for d in found if d.route.interval), default=_USUAL)

    def start(self) -> None:
        self._thread.start()

    def stop(self, why: str = "") -> None:
        """No further turn, and an end to the one under way. Does not wait for it; safe from any thread."""
        if self.is_running:
            self._stopped.set()
            if why:
                self._watcher.stopped(self.title, why)
            self.session.interrupt(self._watcher)

    def join(self) -> None:
        """Wait for the last turn to end, but not for ever: nothing may keep a program from ending."""
        if self._thread.ident is not None and self._thread is not current_thread():
            self._thread.join(_GRACE)

    def _run(self) -> None:
        due = monotonic() + self.interval
        try:
            while not self._stopped.wait(max(0.0, due - monotonic())):
                self._turn()
                # a route that takes longer than its interval misses turns, as on a server
                due = max(due + self.interval, monotonic())
        finally:
            self._stopped.set()  # whatever ended it, it no longer counts as running

    def _turn(self) -> None:
        try:
            run = self.session.run_timer(self.name, origin=self._watcher)
        except ScriptError:
            self.stop("the route is gone")
            return
        self.turns += 1
        if self.is_running and run.errors:
            self.failed += 1
            self._watcher.failed(run)


class Timers:
    """The timers of a session, by the name of their route. Safe from any thread."""

    def __init__(self) -> None:
        self._timers: dict[str, Timer] = {}
        self._lock = Lock()

    @classmethod
    def of(cls, session: Session) -> Timers:
        """Those of a session, made when they are asked for first, and closed with it."""
        return session.companion(cls, cls)

    def running(self) -> list[Timer]:
        with self._lock:
            return [timer for timer in self._timers.values() if timer.is_running]

    def start(self, timer: Timer) -> None:
        """Start a timer, in the place of an earlier one of the same route."""
        with self._lock:
            before = self._timers.get(timer.name)
            self._timers[timer.name] = timer
        if before is not None:
            before.stop()
            before.join()
        timer.start()

    def stop(self, why: str = "", names: Iterable[str] | None = None) -> list[Timer]:
        """Stop the timers of these routes (None: all); those that ran. Does not wait for turns under way."""
        chosen = None if names is None else set(names)
        found = [timer for timer in self.running() if chosen is None or timer.name in chosen]
        for timer in found:
            timer.stop(why)
        return found

    def close(self) -> None:
        """Stop all, and wait until the last turns have ended, but not for ever."""
        self.stop()
        with self._lock:
            timers, self._timers = list(self._timers.values()), {}
        for timer in timers:
            timer.join()


def stop_timers(session: Session, why: str) -> None:
    """Stop the timers of a session, if it has any. Does not wait."""
    timers = session.attached(Timers)
    if timers is not None:
        timers.stop(why)
