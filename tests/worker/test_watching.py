"""What watches runs in a real worker: it is told when that begins and ends, and tells in order with the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evroute_kernel.worker.messages import LoadRoutes, LogLine, RouteFailed, RunFinished, Watch, WatchTold, plain

AT = "say(names['type'](p.at).__name__)"
TRACE = Watch(((7, "trace", ()),))


def watched(peer: Any, slot: int = 0) -> list[Any]:
    """What is told and logged in one run: of steps the statement, of records the text."""
    peer.run(slot)
    told = []
    for message in peer.until(RunFinished)[0]:
        if isinstance(message, LogLine):
            told.append(message.text)
        elif isinstance(message, WatchTold) and message.data[0] == "step":
            assert message.number == 7
            told.append(message.data[4])
    return told


def test_a_run_is_watched_between_two_words_of_the_supervisor(peer: Any) -> None:
    peer.load(f"at(1)\n{AT}\nat(2)")
    assert watched(peer) == ["memoryview"]
    peer.send(TRACE)
    assert watched(peer) == [1, "Watched", 2]
    assert watched(peer) == [1, "Watched", 2]
    peer.send(Watch(()))
    assert watched(peer) == ["memoryview"]


def test_routes_that_come_while_somebody_watches_are_watched(peer: Any) -> None:
    peer.send(TRACE)
    peer.load("assert_ = call_route(c, 'r')\nat(3)")
    called = plain(peer.handmade(1, f"at(4)\n{AT}", "route", "r"))
    peer.send(LoadRoutes((called,), {"r": 1}, None))
    assert watched(peer) == [4, "Watched", 3]
    peer.send(Watch(()))
    assert watched(peer) == ["memoryview"]
    peer.send(TRACE)
    assert watched(peer) == [4, "Watched", 3]


def test_a_run_that_fails_is_told_up_to_its_end_and_the_next_begins_anew(
    peer: Any, wait: Callable[[Callable[[], bool]], None]
) -> None:
    peer.load('at(1)\nraise ScriptCrash("no")', f"at(2)\n{AT}", "at(3)\nwhile True: pass")
    peer.send(TRACE)
    assert watched(peer) == [1]
    assert watched(peer, 1) == [2, "Watched"]
    peer.run(2, run=5)
    wait(lambda: b"step" in peer.blackbox.held())  # what is told lies in the box while the route runs on
    peer.interrupt(5)
    before, failed = peer.until(RouteFailed)
    assert failed.cause == "interrupted"
    assert [message.data[4] for message in before if isinstance(message, WatchTold) and message.data[0] == "step"] == [
        3
    ]
    peer.until(RunFinished)
    assert watched(peer, 1) == [2, "Watched"]
