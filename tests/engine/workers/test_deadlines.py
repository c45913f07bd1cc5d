"""A timeout that is given counts from the call, also while the event waits for a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf

import pytest

from evroute_kernel.engine.results.runs import RunError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.engine.workers.deadlines import Deadlines
from evroute_kernel.engine.workers.processes import launcher
from evroute_kernel.engine.workers.raises import Raise

DEADLINE = 30.0
ROUTES = """max_while_loops = 2000000000
event_route[E_SPIN] { while (1) { $var(i) = 1; } }
event_route[E_X] { $shv(ran) += 1; xlog("ran\\n"); }
event_route[E_TWO] { raise_event("E_SPIN"); }
"""
WAITED = "was not run: it waited 0.2 s for a worker, which is all the time it had"


@pytest.fixture
def busy(wait: Callable[[Callable[[], bool]], None]) -> Iterator[Session]:
    """A session whose only worker runs a route that does not end."""
    with Session(workers=1, timeout=DEADLINE) as session:
        session.load(ROUTES)
        session.submit("E_SPIN", origin="spin")
        wait(lambda: any(worker.running for worker in session.workers()))
        yield session


def the_error(errors: tuple[RunError, ...]) -> RunError:
    [error] = errors
    assert error.cause == "timed out"
    return error


def test_a_raise_that_waits_ends_in_time_and_never_runs(busy: Session) -> None:
    run = busy.raise_event("E_X", timeout=0.2)
    error = the_error(run.errors)
    assert error.message == f"the event E_X {WAITED}"
    assert error.hint is not None
    assert error.hint.startswith("worker 1 runs event_route[E_SPIN]: ")
    assert (run.routes, run.log, run.duration) == (0, (), 0.0)
    assert [w.running for w in busy.workers()] == ["event_route[E_SPIN]"]  # who held it up is left alone
    busy.interrupt()
    busy.raise_event("E_X")
    assert busy.shared.get("shv", "ran") == 1


def test_each_ends_at_its_own_time(busy: Session) -> None:
    futures = [busy.submit("E_X", timeout=seconds) for seconds in (0.6, 0.2, 0.4)]
    done: list[int] = []
    for number, future in enumerate(futures):
        future.add_done_callback(lambda _, number=number: done.append(number))
    assert [the_error(future.result(DEADLINE).errors).cause for future in futures] == ["timed out"] * 3
    assert done == [1, 2, 0]


def test_a_batch_that_cannot_begin_in_time_ends(busy: Session) -> None:
    result = busy.submit_batch("E_X", [{}] * 10, timeout=0.2).result(DEADLINE)
    assert the_error(result.errors).message == f"the event E_X {WAITED}"
    assert (result.events, result.failed, result.ok) == (0, 0, False)


def test_a_batch_that_has_begun_has_its_time_for_each_event(busy: Session) -> None:
    busy.interrupt()
    busy.load("event_route[E_SLOW] { usleep(300000); }")
    assert busy.submit_batch("E_SLOW", [{}] * 5, timeout=1.2).result(DEADLINE).ok


def test_statements_and_timers_too(busy: Session) -> None:
    run = busy.load('xlog("now\\n");', scratch=True, timeout=0.2).run
    assert run is not None
    assert the_error(run.errors).message == f"the script {WAITED}"
    busy.load("timer_route[tick, 60] { exit; }")
    assert the_error(busy.run_timer("tick", timeout=0.2).errors).message == f"the script {WAITED}"


def test_what_was_raised_meanwhile_ends_with_it(busy: Session) -> None:
    """It has run, and what it raised waits for the worker that it must run in."""
    busy.interrupt()
    run = busy.raise_event("E_TWO", timeout=1.0)
    assert the_error(run.errors).message.startswith("event_route[E_SPIN]")


def test_the_limit_of_the_session_counts_from_the_start_of_the_first_route() -> None:
    with Session(workers=1, timeout=1.2) as session:
        session.load("event_route[E_SLOW] { usleep(300000); }")
        futures = [session.submit("E_SLOW") for _ in range(5)]
        assert all(future.result(DEADLINE).ok for future in futures)


def test_the_start_of_the_first_worker_takes_nobodys_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "_PROGRAM", f"import time; time.sleep(1.2)\n{launcher._PROGRAM}")
    with Session(workers=1) as session:
        session.load('event_route[E_X] { xlog("ran"); }')
        run = session.raise_event("E_X", timeout=1.0)
        assert (run.ok, [r.text for r in run.log]) == (True, ["ran"])


# -- the list of those that wait ----------------------------------------------------------------------------------


def raised(timeout: float, called: float = 100.0) -> Raise:
    return Raise("E_X", None, timeout, 10, called)


def test_those_that_are_due_are_told_once_in_their_order() -> None:
    deadlines, raises = Deadlines(), [raised(3), raised(1), raised(2)]
    for one in raises:
        deadlines.add(one)
    assert deadlines.patience(100.0) == 1.0
    assert deadlines.passed(102.0) == [raises[1], raises[2]]
    assert deadlines.passed(102.0) == []
    assert deadlines.patience(102.0) == 1.0


def test_what_has_ended_or_has_no_limit_is_nobodys_concern() -> None:
    deadlines, ended, endless = Deadlines(), raised(1), raised(1, called=inf)
    deadlines.add(ended)
    deadlines.add(endless)
    ended.ended = "interrupted"
    assert deadlines.patience(100.0) == inf


def test_the_list_does_not_grow_nor_keep_what_has_ended() -> None:
    deadlines = Deadlines()
    for _ in range(10_000):
        one = raised(30)
        deadlines.add(one)
        one.ended = "closed"
    assert len(deadlines._heap) < 200
