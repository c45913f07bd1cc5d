"""Events that wait in a worker: what it does with them, and what the supervisor sees of it at any moment."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator

import pytest

from evroute_kernel.worker.blackbox import BlackBox
from evroute_kernel.worker.spool import FIRST_SIZE, Entry, Spool, pack, unpack

Pair = tuple[Spool, Spool]


@pytest.fixture
def spools() -> Iterator[Pair]:
    """Both ends of one: the worker's and the supervisor's."""
    with tempfile.TemporaryFile() as file:
        boxes = BlackBox(file.fileno()), BlackBox(file.fileno())
    yield boxes[0].spool, boxes[1].spool
    for box in boxes:
        box.close()


def entry(n: int, slots: tuple[int, ...] = (0,), size: int = 0) -> Entry:
    return "E_N", (("n", n), (None, "x" * size)), slots, 0


def numbers(spool: Spool) -> list[object]:
    return [waiting[1][0][1] for _, waiting in unpack(spool.rest())]


def run_first(spool: Spool) -> Entry:
    """As the worker does."""
    first = spool.first()
    assert first is not None
    for _ in first[2]:
        spool.head[0] += 1
        spool.head[0] += 1
    spool.remove()
    return first


def test_what_is_put_in_comes_out_in_order(spools: Pair) -> None:
    worker, supervisor = spools
    assert (supervisor.rest(), supervisor.state, supervisor.run) == (b"", 0, 0)
    worker.begin(7, pack(*entry(0)))
    for n in (1, 2):
        worker.append(*entry(n))
    assert (supervisor.run, supervisor.is_untouched, numbers(supervisor)) == (7, True, [0, 1, 2])
    assert [run_first(worker) for _ in range(3)] == [entry(0), entry(1), entry(2)]
    assert worker.first() is None
    assert (list(supervisor.ended()), numbers(supervisor)) == ([("E_N", 0)] * 3, [])


def test_what_runs_is_seen_route_by_route(spools: Pair) -> None:
    worker, supervisor = spools
    worker.begin(1, pack(*entry(0, (4, 5))) + pack(*entry(1)))
    worker.first()
    seen = []
    for _ in range(4):
        worker.head[0] += 1
        seen.append((supervisor.state, list(supervisor.ended()), supervisor.is_untouched))
    one, both = [("E_N", 4)], [("E_N", 4), ("E_N", 5)]
    assert seen == [(1, [], False), (2, one, False), (3, one, False), (4, both, False)]
    worker.remove()
    assert (supervisor.state, list(supervisor.ended()), numbers(supervisor)) == (0, both, [1])


def test_routes_that_were_run_before_are_not_counted_again(spools: Pair) -> None:
    worker, supervisor = spools
    worker.begin(1, pack(*entry(0, (4, 5, 6))), done=1)
    assert (supervisor.state, supervisor.is_untouched, list(supervisor.ended())) == (2, True, [])
    worker.head[0] += 2
    worker.begin(2, None)
    assert (supervisor.state, supervisor.is_untouched, list(supervisor.ended())) == (4, True, [])


def test_a_run_of_other_events_leaves_nothing(spools: Pair) -> None:
    worker, supervisor = spools
    worker.begin(1, pack(*entry(0)) + pack(*entry(1)))
    run_first(worker)
    worker.begin(2, b"")
    assert (supervisor.rest(), list(supervisor.ended()), supervisor.state) == (b"", [], 0)


def test_what_finds_no_room_is_counted(spools: Pair) -> None:
    worker, supervisor = spools
    worker.begin(1, b"")
    worker.drop()
    worker.drop()
    assert supervisor.dropped == 2
    worker.begin(2, None)
    assert supervisor.dropped == 0


def test_it_grows_and_is_made_small_again(spools: Pair) -> None:
    worker, supervisor = spools
    large = [entry(n, size=30_000) for n in range(300)]
    for _ in range(2):
        worker.begin(1, b"")
        for each in large:
            worker.append(*each)
        assert supervisor.rest() == b"".join(pack(*each) for each in large)
    worker.begin(2, pack(*entry(0)))
    assert worker._size == FIRST_SIZE
    assert (run_first(worker), numbers(supervisor)) == (entry(0), [])


def test_both_see_the_same_whatever_happens(spools: Pair) -> None:
    """Runs that begin anew or go on, events that are raised and run: against a list, which has no positions."""
    worker, supervisor = spools
    moves = random.Random(4)
    waiting: list[int] = []
    begun, count = 0, 0
    for run in range(1, 400):
        if moves.random() < 0.1:
            waiting = list(range(count, count + moves.randrange(3)))
            count += len(waiting)
            worker.begin(run, b"".join(pack(*entry(n)) for n in waiting))
        else:
            worker.begin(run, None)
        begun = 0
        for _ in range(moves.randrange(60)):
            if moves.random() < 0.5 and waiting:
                assert run_first(worker)[1][0][1] == waiting.pop(0)
                begun += 1
            else:
                worker.append(*entry(count, size=moves.randrange(2000)))
                waiting.append(count)
                count += 1
        assert (supervisor.run, numbers(supervisor)) == (run, waiting)
        assert len(list(supervisor.ended())) == begun


def test_what_a_worker_keeps_is_what_lies_there(spools: Pair) -> None:
    """More than it keeps, short and long; the first one again where its run was cut off, which is then read."""
    worker, supervisor = spools
    given = [entry(n, size=2000 * (n % 7 == 0)) for n in range(5000)]
    worker.begin(1, b"")
    for each in given:
        worker.append(*each)
    assert [each for _, each in unpack(supervisor.rest())] == given
    for n, each in enumerate(given):
        if n % 3 == 0:
            assert worker.first() == each
        if n % 1000 == 500:
            worker.begin(n, None)
        assert run_first(worker) == each
    assert worker.first() is None


def test_positions_do_not_grow_for_ever(spools: Pair) -> None:
    worker, supervisor = spools
    each = entry(0, size=10_000)
    worker.begin(1, pack(*each))
    for run in range(2, 1000):
        worker.append(*each)
        run_first(worker)
        worker.begin(run, None)
    assert worker._size <= 2**22
    assert len(numbers(supervisor)) == 1
