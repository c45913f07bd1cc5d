"""A route that waits for an answer: what comes meanwhile, and interrupts, disturb neither the stream nor later runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evroute_kernel.worker.messages import (
    Answer,
    AskVariables,
    BatchFinished,
    EventRaised,
    RouteFailed,
    RunBatch,
    RunFinished,
    Subscribed,
    Subscriptions,
    VariablesAnswer,
    WaitAsked,
    encode,
)

Wait = Callable[[Callable[[], bool]], None]
RAISE = 'say("%s" % (p.raise_event(c, "E_OUT", [("n", 1)]),))'
BY_SOCKET = Subscriptions(frozenset({"E_OUT"}), {}, socket_events=frozenset({"E_OUT"}))


@pytest.fixture
def raiser(peer: Any) -> Any:
    """A worker with a route that raises an event for which somebody outside waits."""
    peer.load(RAISE)
    peer.send(BY_SOCKET)
    return peer


def test_the_answer_reaches_the_route_and_the_rest_waits_for_its_end(raiser: Any) -> None:
    raiser.run()
    _, asked = raiser.until(EventRaised)
    assert (asked.event, asked.params, asked.request) == ("E_OUT", (("n", 1),), 1)
    raiser.send(AskVariables(7))
    raiser.send(Answer(1, False, ("one", "two")))
    log, _ = raiser.until(RunFinished)
    assert raiser.texts(log) == ["(False, ('one', 'two'))"]
    before, told = raiser.until(VariablesAnswer)
    assert (before, told.request) == ([], 7)


def test_without_a_socket_nobody_waits(peer: Any) -> None:
    peer.load(RAISE)
    peer.send(Subscriptions(frozenset({"E_OUT"}), {}))
    peer.run()
    log, _ = peer.until(RunFinished)
    assert peer.texts(log) == ["(True, ())"]


def test_an_interrupt_ends_the_wait_and_a_late_answer_is_not_taken_for_another(raiser: Any, wait: Wait) -> None:
    raiser.run(run=5)
    raiser.until(EventRaised)
    late = encode(Answer(1, True, ("late",)))
    raiser.stream.sendall(late[:9])  # a part of it comes before the interrupt, a part after
    wait(raiser.is_sleeping)
    raiser.interrupt(5)
    assert raiser.until(RouteFailed)[1].cause == "interrupted"
    raiser.stream.sendall(late[9:])
    raiser.run(run=6)
    assert raiser.until(EventRaised)[1].request == 2
    raiser.send(Answer(2, True, ("mine",)))
    log, _ = raiser.until(RunFinished)
    assert raiser.texts(log) == ["(True, ('mine',))"]


def test_interrupts_at_any_moment_lose_nothing(raiser: Any) -> None:
    for run in range(1, 101):
        raiser.run(run=run)
        request = raiser.until(EventRaised)[1].request
        raiser.interrupt(run)
        raiser.send(AskVariables(run))
        raiser.send(Answer(request, True, ("x" * 1000 * run,)))
        before, told = raiser.until(VariablesAnswer)
        assert told.request == run
        assert [type(m) for m in before if isinstance(m, RouteFailed | RunFinished)] in (
            [RouteFailed, RunFinished],
            [RunFinished],
        )


def test_in_a_batch_what_was_held_back_goes_first(raiser: Any) -> None:
    raiser.load('say("before")\n' + RAISE)
    raiser.send(RunBatch(3, (0,), "E_T", [(), ()], 100))
    for request in (1, 2):
        before, asked = raiser.until(EventRaised)
        assert (asked.request, raiser.texts(before)[-1]) == (request, "before")
        raiser.send(Answer(request, True, ()))
    assert raiser.until(BatchFinished)[1].done == 2


def test_a_subscription_is_answered_and_known_at_once(peer: Any) -> None:
    peer.load(
        'say("%s" % p.subscribe("E_OUT", "udp:localhost:9", 5))\n'
        'say("%s" % p.subscribe("E_OUT", "udp:127.0.0.1:9", None))\n' + RAISE
    )
    peer.run()
    assert peer.until(Subscribed)[1] == Subscribed("E_OUT", "udp:localhost:9", 5, (("localhost", "127.0.0.1"),), 1)
    peer.send(Answer(1, False, ("not today",)))
    assert peer.until(Subscribed)[1].request == 2
    peer.send(Answer(2, True, ()))
    assert peer.until(EventRaised)[1].request == 3
    peer.send(Answer(3, True, ()))
    assert peer.texts(peer.until(RunFinished)[0]) == ["(True, ())"]


def test_the_supervisor_goes_while_a_route_waits(raiser: Any) -> None:
    raiser.run()
    raiser.until(EventRaised)
    raiser.stream.shutdown(1)
    raiser.ended()


def test_two_answers_that_come_together(peer: Any) -> None:
    """A wait may be over before its process has heard that it has begun."""
    peer.load('say("%s" % p.waiting.for_event(c, "E_OUT", (), 5))')
    peer.run()
    _, asked = peer.until(WaitAsked)
    begun, over = Answer(asked.request, True, ("3", "E_OUT", "9")), Answer(-3, True, (), (("n", 1),))
    peer.stream.sendall(encode(begun) + encode(over))
    log, _ = peer.until(RunFinished)
    assert peer.texts(log) == ["1"]
