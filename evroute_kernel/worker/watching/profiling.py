"""Profiles runs: how often each statement was run, and how long it took, without what ran in the routes that it called.

What is told (`WatchTold.data`), at the end of each task, is a tuple of `(slot, statement, hits, nanoseconds)`.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.watching.hook import Frame, Watcher

#: hits, nanoseconds
Spent = list[int]


class Profiling(Watcher):
    def __init__(self, process: Process, tell: Callable[[Any], None], asked: tuple[()]) -> None:
        self._tell = tell
        self._spent: dict[tuple[int, int], Spent] = {}
        #: what the time goes to, since when; and what it went to around each running block
        self._now: Spent = [0, 0]
        self._since = 0
        self._around: list[Spent] = []

    def _turn(self, to: Spent) -> None:
        """From now on time goes to another one."""
        moment = perf_counter_ns()
        self._now[1] += moment - self._since
        self._now, self._since = to, moment

    def enters(self, frame: Frame) -> None:
        self._around[frame.depth :] = [self._now]
        self._turn([0, 0])  # up to the first statement it is nobody's

    def reaches(self, frame: Frame, statement: int) -> None:
        spent = self._spent.setdefault((frame.route.slot, statement), [0, 0])
        spent[0] += 1
        self._turn(spent)

    def leaves(self, frame: Frame, code: int | None) -> None:
        depth = frame.depth
        if depth < len(self._around):
            self._turn(self._around[depth])
            del self._around[depth:]

    def settles(self) -> None:
        if self._spent:
            self._tell(tuple((*key, *spent) for key, spent in self._spent.items()))
        self._spent = {}
        self._around.clear()
        self._now = [0, 0]
