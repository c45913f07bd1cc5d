"""Tasks that wait for a worker: first come, first served, but a task bound to a worker waits for that one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

from evroute_kernel.engine.workers.flows import RaisedEvents
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.task import Task

#: tasks of a line that are looked at, to see who waits
_LOOKED_AT: Final = 16


class Queue:
    """One line for tasks that any worker may run, one for each worker that has tasks of its own."""

    def __init__(self) -> None:
        self._common: deque[Task] = deque()
        self._bound: dict[int, deque[Task]] = {}
        self._count = 0

    def put(self, task: Task) -> None:
        """To the end of its line."""
        self._count += 1
        task.order = self._count
        self._line(task).append(task)

    def put_back(self, task: Task) -> None:
        """To the front, with the place it had."""
        self._line(task).appendleft(task)

    def take(self, number: int, common: bool = True) -> Task | None:
        """The oldest task that worker `number` may run; without `common`, only one bound to it."""
        lines = [line for line in (self._common if common else None, self._bound.get(number)) if line]
        if not lines:
            return None
        return min(lines, key=lambda line: line[0].order).popleft()

    def is_wanted(self, number: int, raised: Raise) -> bool:
        """Whether worker `number`, which runs something of a raise, is waited for by another one that has not begun."""
        lines = [line for line in (self._common, self._bound.get(number)) if line]
        if not lines:
            return False
        first = (task for line in lines for task in islice(line, _LOOKED_AT))
        return any(task.raised is not raised and not isinstance(task, RaisedEvents) for task in first)

    def is_alone(self, number: int, raised: Raise) -> bool:
        """Whether no other raise waits for worker `number`."""
        lines = [line for line in (self._common, self._bound.get(number)) if line]
        return all(task.raised is raised for line in lines for task in islice(line, _LOOKED_AT))

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._common and not any(self._bound.values())

    def bound(self) -> list[int]:
        """Numbers of workers that have tasks of their own."""
        return [number for number, line in self._bound.items() if line]

    def common(self) -> int:
        """How many tasks any worker may run."""
        return len(self._common)

    def remove(self, belongs: Callable[[Task], bool]) -> list[Task]:
        """Take out tasks, from whatever line."""
        removed: list[Task] = []
        for line in (self._common, *self._bound.values()):
            taken = [task for task in line if belongs(task)]
            if taken:
                removed += taken
                kept = [task for task in line if not belongs(task)]
                line.clear()
                line.extend(kept)
        return removed

    def _line(self, task: Task) -> deque[Task]:
        return self._common if task.number is None else self._bound.setdefault(task.number, deque())
