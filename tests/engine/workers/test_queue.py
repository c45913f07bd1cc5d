"""The waiting line: in order, but for tasks that are bound to a worker."""

from __future__ import annotations

from evroute_kernel.engine.workers.flows import Delivery
from evroute_kernel.engine.workers.queue import Queue
from evroute_kernel.engine.workers.raises import Raise


def task(event: str, number: int | None = None) -> Delivery:
    return Delivery(Raise(event, None, 1.0, 10), event, (), (0,), number)


def take_all(queue: Queue, number: int) -> list[str]:
    events = []
    while (taken := queue.take(number)) is not None:
        events.append(taken.event)
    return events


def test_the_oldest_first_whichever_line_it_stands_in() -> None:
    queue = Queue()
    for event, number in (("a", None), ("b", 1), ("c", 2), ("d", None), ("e", 1)):
        queue.put(task(event, number))
    assert take_all(queue, 1) == ["a", "b", "d", "e"]
    assert list(queue.bound()) == [2]
    assert take_all(queue, 3) == []
    assert take_all(queue, 2) == ["c"]


def test_a_task_put_back_has_its_old_place() -> None:
    queue = Queue()
    queue.put(task("a"))
    queue.put(task("b", 1))
    first = queue.take(1)
    assert first is not None
    first.number = 1
    queue.put_back(first)
    assert take_all(queue, 1) == ["a", "b"]


def test_tasks_can_be_taken_out() -> None:
    queue = Queue()
    for event, number in (("a", None), ("b", 1), ("c", None)):
        queue.put(task(event, number))
    assert [t.event for t in queue.remove(lambda t: t.event in "ab")] == ["a", "b"]
    assert queue.common() == 1
    assert take_all(queue, 1) == ["c"]
