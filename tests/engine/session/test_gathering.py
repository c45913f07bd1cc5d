"""Raises that nobody waits for: in order, none lost, and each for itself although they share blocks."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from evroute_kernel.engine.events.params import ParameterError, UnknownEventError
from evroute_kernel.engine.results.runs import BatchResult
from evroute_kernel.engine.session.gathering import Gathering
from evroute_kernel.engine.session.session import Session

Wait = Callable[[Callable[[], bool]], None]

COUNTS = 'event_route[E_X] { $shv(n) += 1; xlog("$param(n)"); }'
MANY = 3000


class Raised:
    """A gathering and what it told of its blocks."""

    def __init__(self, session: Session, origin: object = None) -> None:
        self.ended: list[BatchResult] = []
        self.gathering: Gathering = session.gather(origin, self.ended.append)

    def __call__(self, event: str, **params: Any) -> None:
        self.gathering.raise_event(event, params)
        self.gathering.hand_over()

    @property
    def is_over(self) -> bool:
        self.gathering.hand_over()
        return self.gathering.pending == 0

    @property
    def events(self) -> int:
        return sum(result.events for result in self.ended)

    @property
    def errors(self) -> list[tuple[str, str]]:
        return [(error.cause, error.event) for result in self.ended for error in result.errors]


@pytest.fixture
def raised(session: Session) -> Raised:
    return Raised(session)


def logged(session: Session) -> list[str]:
    return [record.text for record in session.log if not record.diagnostic]


def test_order_is_kept_and_nothing_is_lost(session: Session, raised: Raised, wait: Wait) -> None:
    session.load(COUNTS)
    for number in range(MANY):
        raised("E_X", n=number)
    wait(lambda: raised.is_over)
    assert logged(session) == list(map(str, range(MANY)))
    assert raised.events == session.shared.get("shv", "n") == MANY
    assert 1 < len(raised.ended) < MANY / 3  # in blocks, that is
    assert session.registry.find("E_X")[0].runs == MANY


def test_events_of_several_names_keep_their_order(session: Session, raised: Raised, wait: Wait) -> None:
    session.load('event_route[E_A] { xlog("a$param(n)"); } event_route[E_B] { xlog("b$param(n)"); }')
    names = ["E_A" if number % 7 < 4 else "E_B" for number in range(MANY)]
    for number, name in enumerate(names):
        raised(name, n=number)
    wait(lambda: raised.is_over)
    assert logged(session) == [f"{name[-1].lower()}{number}" for number, name in enumerate(names)]


def test_each_record_has_the_origin_and_is_published_once(wait: Wait) -> None:
    origins: list[object] = []
    with Session(workers=1, on_record=lambda record, origin: origins.append(origin)) as session:
        session.load(COUNTS)
        raised = Raised(session, "door")
        for number in range(100):
            raised("E_X", n=number)
        wait(lambda: raised.is_over)
        assert origins == ["door"] * 100
        assert [len(result.log) for result in raised.ended] == [0] * len(raised.ended)  # nobody would read them


def test_an_error_costs_its_event(session: Session, raised: Raised, wait: Wait) -> None:
    session.timeout = 0.3
    session.load(COUNTS + "event_route[E_Y] { $shv(n) += 1; if ($param(n) == 50) sleep(60); }")
    for number in range(100):
        raised("E_Y", n=number)
    wait(lambda: raised.is_over)
    assert raised.errors == [("timed out", "E_Y")]
    assert session.shared.get("shv", "n") == 100


def test_a_worker_that_dies_costs_its_event(session: Session, raised: Raised, wait: Wait) -> None:
    session.load("""
        event_route[E_X] {
            $shv(n) = $param(n);
            xlog("$param(n)");
            $var(left) = $param(n) % 100;
            if ($var(left) == 60) sleep(60);
        }
    """)
    killed: set[int] = set()

    def is_over() -> bool:
        """Kill the worker where it sleeps."""
        number = int(session.shared.get("shv", "n") or 0)
        for worker in session.workers():  # none for a moment, when one has ended
            if number % 100 == 60 and number not in killed and worker.running is not None and worker.pid is not None:
                assert worker.pid > 1
                killed.add(number)
                os.kill(worker.pid, signal.SIGKILL)
        return raised.is_over

    for number in range(500):
        raised("E_X", n=number)
    wait(is_over)
    assert logged(session) == list(map(str, range(500)))
    assert raised.errors == [("worker died", "E_X")] * 5
    assert raised.events == 500


def test_what_follows_of_an_event_is_ended_with_its_time(wait: Wait) -> None:
    with Session(workers=1, timeout=0.3) as session:
        session.load("event_route[E_LOOP] { $shv(n) += 1; raise_event('E_LOOP'); }".replace("'", '"'))
        raised = Raised(session)
        raised("E_LOOP")
        wait(lambda: raised.is_over)
        assert [cause for cause, _ in raised.errors] == ["timed out"]


def test_an_interrupt_ends_what_runs_and_forgets_what_waits(session: Session, raised: Raised, wait: Wait) -> None:
    session.load('event_route[E_X] { xlog("begun"); sleep(60); }')
    other = Raised(session, "another")
    for number in range(1000):
        raised("E_X", n=number)
    wait(lambda: logged(session) == ["begun"])
    other("E_X")
    assert session.interrupt("another") == 1
    assert raised.gathering.pending == 1000
    assert session.interrupt() >= 1000
    wait(lambda: raised.is_over)
    assert raised.errors == [("interrupted", "E_X")]
    assert logged(session) == ["begun"]


def test_a_reset_forgets_what_waits(session: Session, raised: Raised, wait: Wait) -> None:
    session.load('event_route[E_X] { xlog("begun"); sleep(60); }')
    for number in range(100):
        raised("E_X", n=number)
    wait(lambda: logged(session) == ["begun"])
    session.reset()
    wait(lambda: raised.is_over)
    assert logged(session) == []
    with pytest.raises(UnknownEventError):
        raised("E_X")
    session.load(COUNTS)
    raised("E_X", n=1)
    wait(lambda: logged(session) == ["1"])


def test_a_session_that_is_closed_ends_it(wait: Wait) -> None:
    with Session(workers=1) as session:
        session.load('event_route[E_X] { xlog("begun"); sleep(60); }')
        raised = Raised(session)
        for number in range(100):
            raised("E_X", n=number)
        wait(lambda: logged(session) == ["begun"])
    assert raised.is_over
    assert raised.errors == [("closed", "E_X")]


def test_what_is_refused_takes_no_effect(session: Session, raised: Raised) -> None:
    session.load(COUNTS)
    with pytest.raises(UnknownEventError):
        raised("E_NOWHERE")
    with pytest.raises(ParameterError):
        raised.gathering.raise_event("E_X", [None])
    assert raised.is_over


def test_a_route_that_waits_for_another_one_does_not_share_a_block_with_it(pair: Session, wait: Wait) -> None:
    pair.load('event_route[E_X] { if ($param(go) == 1) $shv(go) = 1; while ($shv(go) != 1) usleep(1000); xlog("x"); }')
    raised = Raised(pair)
    raised("E_X", go=0)
    raised("E_X", go=1)
    wait(lambda: raised.is_over)
    assert logged(pair) == ["x", "x"]


def test_listeners_hear_of_each_event_in_order(session: Session, raised: Raised, wait: Wait) -> None:
    session.load(COUNTS)
    heard: list[Any] = []
    end = session.tap(lambda event, params, moment: heard.append((event, params[0][1])))
    for number in range(100):
        raised("E_X", n=number)
    wait(lambda: raised.is_over)
    end()
    assert heard == [("E_X", number) for number in range(100)]


def test_an_event_goes_to_the_routes_that_were_there_when_it_was_raised(
    session: Session, raised: Raised, wait: Wait
) -> None:
    session.load('event_route[E_X] { xlog("first $param(n)"); if ($param(n) == 0) sleep(1); }', owner="cell")
    for number in range(3):
        raised("E_X", n=number)
    session.load('event_route[E_X] { xlog("second $param(n)"); }', owner="cell")
    raised("E_X", n=3)
    wait(lambda: raised.is_over)
    assert logged(session) == ["first 0", "first 1", "first 2", "second 3"]


def test_what_raises_while_a_block_ends_is_not_forgotten(pair: Session, wait: Wait) -> None:
    """Events that come just when a block has ended wait for nobody."""
    pair.load(COUNTS)
    raised = Raised(pair)
    futures: list[Future[Any]] = []
    for number in range(200):
        raised("E_X", n=number)
        futures.append(pair.submit("E_X", {"n": number}))
        if number % 10 == 0:
            futures[-1].result(30)
    wait(lambda: raised.is_over)
    assert all(future.result(30).ok for future in futures)
    assert sorted(map(int, logged(pair))) == sorted([*range(200), *range(200)])


def test_gatherings_share_one_line(session: Session, raised: Raised, wait: Wait) -> None:
    """Two doors: what is raised at the one is not overtaken by what is raised later at the other."""
    session.load('event_route[E_X] { xlog("$param(n)"); if ($param(n) == 0) sleep(1); }')
    other = Raised(session, "another")
    for number in range(200):
        (raised, other)[number % 3 == 0]("E_X", n=number)
    wait(lambda: raised.is_over and other.is_over)
    assert logged(session) == list(map(str, range(200)))
    assert (raised.events, other.events) == (133, 67)
