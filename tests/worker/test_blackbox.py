"""The black box: what one process writes the other reads, and the stream that goes on in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest

from evroute_kernel.worker.blackbox import INDEX, SLOT, STATEMENT, UNSENT_LIMIT, BlackBox

Pair = tuple[BlackBox, BlackBox]


@pytest.fixture
def boxes() -> Iterator[Pair]:
    """Both ends of one box: the worker's and the supervisor's."""
    with tempfile.TemporaryFile() as file:
        pair = BlackBox(file.fileno()), BlackBox(file.fileno())
    yield pair
    for box in pair:
        box.close()


def test_fields_are_seen_by_the_other_end(boxes: Pair) -> None:
    worker, supervisor = boxes
    worker.place[STATEMENT], worker.place[SLOT], worker.place[INDEX] = -1, 7, 2**31 - 1
    worker.clock[0] = 1234.5
    supervisor.interrupt = 2**40
    assert list(supervisor.place)[:3] == [-1, 7, 2**31 - 1]
    assert supervisor.clock[0] == 1234.5
    assert worker.interrupt == 2**40


def test_held_frames_go_when_they_are_sent(boxes: Pair) -> None:
    worker, supervisor = boxes
    assert worker.hold(b"one")
    assert worker.hold(b"two")
    assert supervisor.held() == b"onetwo"
    worker.sent(6)
    assert supervisor.held() == b""


def test_there_is_a_limit(boxes: Pair) -> None:
    worker, _ = boxes
    assert worker.hold(b"x" * UNSENT_LIMIT)
    assert not worker.hold(b"x")
    assert len(worker.held()) == UNSENT_LIMIT


@pytest.mark.parametrize(("received", "rest"), [(10, b"abcdef"), (13, b"def"), (16, b"")])
def test_the_stream_goes_on_in_the_box(boxes: Pair, received: int, rest: bytes) -> None:
    """Ten bytes were sent before; of the six that were held, the worker died while it sent them."""
    worker, supervisor = boxes
    worker.sent(10)
    worker.hold(b"abcdef")
    assert supervisor.after(received) == rest


def test_what_is_held_can_be_read_while_the_worker_goes_on(boxes: Pair) -> None:
    worker, supervisor = boxes
    worker.hold(b"one")
    assert supervisor.seen_so_far() == (0, b"one")
    worker.sent(3)
    worker.hold(b"two")
    assert supervisor.seen_so_far() == (3, b"two")
