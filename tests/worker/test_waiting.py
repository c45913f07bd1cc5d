"""A run that begins to wait, while the supervisor has not answered yet."""

from __future__ import annotations

from typing import Any

from evroute_kernel.worker.messages import RouteFailed, WaitAsked, WaitGivenUp


def test_an_interrupt_before_the_answer_gives_the_wait_up(peer: Any) -> None:
    """The supervisor has begun it, or will: without a word it would wait for ever, and its run is gone."""
    peer.load('p.waiting.for_event(c, "E_X", (), 5)')
    peer.run(run=3)
    _, asked = peer.until(WaitAsked)
    peer.interrupt(3)
    before, failed = peer.until(RouteFailed)
    assert failed.cause == "interrupted"
    assert [message.request for message in before if isinstance(message, WaitGivenUp)] == [asked.request]
