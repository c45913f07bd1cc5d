"""Covers runs: tells each pair of statements that came one after the other in a block, the first time that they do.

What is told (`WatchTold.data`) is `(slot, before, statement)`, indexes of statements: `before` is -1 where the block
begins; `statement` is -1 where it has come to its end or returned, after `before`, and -2 where the script has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.watching.hook import Frame, Watcher

#: before the first statement of a block, and after its last
EDGE: Final = -1
#: the script has ended in the block, or in one that it called
ENDED: Final = -2


class Covering(Watcher):
    """Costs little once all has been told: a pair that is known is looked up, no more."""

    def __init__(self, process: Process, tell: Callable[[Any], None], asked: tuple[()]) -> None:
        self._tell = tell
        self._known: dict[int, set[tuple[int, int]]] = {}
        #: of the innermost block: the statement that it is at, and what is known of its route
        self._at = EDGE
        self._pairs: set[tuple[int, int]] = set()
        #: the same of what is around each running block
        self._around: list[tuple[int, set[tuple[int, int]]]] = []

    def enters(self, frame: Frame) -> None:
        self._around[frame.depth :] = [(self._at, self._pairs)]
        self._at, self._pairs = EDGE, self._known.setdefault(frame.route.slot, set())

    def reaches(self, frame: Frame, statement: int) -> None:
        pair = self._at, statement
        self._at = statement
        if pair not in self._pairs:
            self._learn(frame, pair)

    def leaves(self, frame: Frame, code: int | None) -> None:
        depth = frame.depth
        if depth < len(self._around):
            pair = self._at, ENDED if code is None else EDGE
            if pair not in self._pairs:
                self._learn(frame, pair)
            self._at, self._pairs = self._around[depth]
            del self._around[depth:]

    def _learn(self, frame: Frame, pair: tuple[int, int]) -> None:
        self._pairs.add(pair)
        self._tell((frame.route.slot, *pair))
