"""Frames: what is put in comes out, in whatever pieces it travels."""

from __future__ import annotations

import pytest

from evroute_kernel.worker import messages
from evroute_kernel.worker.messages import (
    ApplySettings,
    BatchFinished,
    Booted,
    Decoder,
    EventRaised,
    EventsWaiting,
    LimitMemory,
    LogLine,
    Message,
    RouteFailed,
    RunBatch,
    RunEvents,
    RunFinished,
    Subscriptions,
    encode,
)

ALL: list[Message] = [
    Booted(7),
    LimitMemory(None),
    LogLine(-1, "Zo\xc3\xab\n", True, 3, 7, 1.5),
    RunEvents(1, b"data", 3, 0, 100, True, 1.5, {7: 0.25}),
    RunFinished(1, 0, ("x", None), {("E_X", 2): 3}),
    EventsWaiting(2, 1, (0, 4), {}),
    RunBatch(1, (2, 3), "E_X", [(), (("n", -1),)], 0),
    EventRaised("E_Y", ((None, "x"),), 1.5),
    RouteFailed(1, "crashed", "why", "", 0, -1, 2),
    BatchFinished(1, 2, 3),
    ApplySettings({"log_level": 2}, {("m", "p"): [1, "x"]}, frozenset({"m"}), {"f": (1, (("$var(x)", "y"),))}),
    Subscriptions(frozenset({"E_X"}), {"E_X": 3}, handlers={"E_X": (3,)}),
]


@pytest.mark.parametrize("message", ALL, ids=lambda message: type(message).__name__)
def test_a_message_comes_back(message: Message) -> None:
    assert Decoder().feed(encode(message)) == [message]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 1000])
def test_pieces_of_any_size(size: int) -> None:
    stream = b"".join(map(encode, ALL))
    decoder, heard = Decoder(), []
    for start in range(0, len(stream), size):
        heard += decoder.feed(stream[start : start + size])
    assert heard == ALL


def test_a_torn_end_is_no_message() -> None:
    assert Decoder().feed(encode(Booted(7)) + encode(ALL[2])[:-1]) == [Booted(7)]


def test_every_class_has_a_number() -> None:
    declared = {
        value
        for value in vars(messages).values()
        if isinstance(value, type) and hasattr(value, "__dataclass_fields__") and value is not messages.RouteCode
    }
    assert set(messages.TAGS) == declared
