"""Timer routes that run by themselves, and how they end."""

from __future__ import annotations

from collections.abc import Callable

from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.session import Session
from evroute_kernel.engine.session.timers import Timer, Timers, stop_timers

Wait = Callable[[Callable[[], bool]], None]
TICK = 'timer_route[t, 1] { xlog("tick\n"); }'


class Watcher:
    def __init__(self) -> None:
        self.reasons: list[str] = []

    def failed(self, run: Run) -> None:
        raise AssertionError(run.errors)

    def stopped(self, title: str, why: str) -> None:
        self.reasons.append(f"{title}: {why}")


def test_they_are_closed_with_their_session(wait: Wait) -> None:
    with Session(workers=1) as session:
        session.load(TICK)
        timers = Timers.of(session)
        assert Timers.of(session) is timers
        timer = Timer(session, "t", Watcher(), 0.01)
        timers.start(timer)
        wait(lambda: timer.turns > 1)
    assert not timer.is_running
    assert timers.running() == []


def test_stopping_those_of_a_session_says_why(wait: Wait) -> None:
    watcher = Watcher()
    with Session(workers=1) as session:
        stop_timers(session, "there is none")
        assert session.attached(Timers) is None
        session.load(TICK)
        timer = Timer(session, "t", watcher, 0.01)
        Timers.of(session).start(timer)
        wait(lambda: timer.turns > 0)
        stop_timers(session, "interrupted")
        assert not timer.is_running
    assert watcher.reasons == ["timer_route[t]: interrupted"]
