"""Covers runs: tells each pair of statements that came one after the other in a block, the first time that they do.

What is told (`WatchTold.data`) is `(slot, before, statement)`, indexes of statements: `before` is -1 where the block
begins; `statement` is -1 where it has come to its end or returned, after `before`, and -2 where the script has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.runtime.context import Context, LinkedRoute, Process
from evroute_kernel.runtime.watching.hook import Frame, Function, Running, Watcher

#: before the first statement of a block, and after its last
EDGE: Final = -1
#: the script has ended in the block, or in one that it called
ENDED: Final = -2


class Step(dict[int, "Step"]):
    """Where a block can be: at a statement, or at its beginning. It knows what has come next, and tells what is new."""

    __slots__ = ("again", "place", "steps", "tell")

    def __init__(self, place: tuple[int, int], steps: dict[int, Step], tell: Callable[[Any], None]) -> None:
        """`place`: slot and statement; `steps`: all of the block, by statement."""
        super().__init__()
        self.place, self.steps, self.tell = place, steps, tell
        #: at the head of a loop, which stores its index once more at its beginning
        self.again: Step | None = None

    def __missing__(self, statement: int) -> Step:
        self.tell((*self.place, statement))
        step = self[statement] = self._step(statement)
        return step

    def _step(self, statement: int) -> Step:
        step = self.steps.get(statement)
        if step is None:
            step = self.steps[statement] = Step((self.place[0], statement), self.steps, self.tell)
        return step

    def repeated(self) -> Step:
        """It, where it is stored once more and that is no news."""
        if self.again is None:
            self.again = Step(self.place, self.steps, self.tell)
            self.again[self.place[1]] = self
        return self.again


class Covering(Watcher):
    """Costs little once all has been told: a pair that is known is looked up, no more."""

    def __init__(self, process: Process, tell: Callable[[Any], None], asked: tuple[()]) -> None:
        self._tell = tell
        #: slot -> where its block begins
        self._known: dict[int, Step] = {}
        #: where the innermost block is, and those around it
        self._at: Step = Step((0, EDGE), {}, tell)
        self._around: list[Step] = []

    def beginning(self, slot: int) -> Step:
        """Where the block of a slot begins."""
        found = self._known.get(slot)
        if found is None:
            found = self._known[slot] = Step((slot, EDGE), {}, self._tell)
        return found

    def alone(self, array: Any) -> Running:
        return Covered(array, self)

    def enters(self, frame: Frame) -> None:
        self._around[frame.depth :] = [self._at]
        self._at = self.beginning(frame.route.slot)

    def reaches(self, frame: Frame, statement: int) -> None:
        self._at = self._at[statement]

    def leaves(self, frame: Frame, code: int | None) -> None:
        depth = frame.depth
        if depth < len(self._around):
            self._at[ENDED if code is None else EDGE]
            self._at = self._around[depth]
            del self._around[depth:]


class Covered(Running):
    """Stands in for `process.at` while nobody but a Covering watches: one look into a dictionary for each statement."""

    __slots__ = ("_covering", "array", "step")

    def __init__(self, array: Any, covering: Covering) -> None:
        self.array, self._covering = array, covering
        #: where the innermost block is
        self.step: Step = covering.beginning(EDGE)

    @property
    def bare(self) -> Any:
        return self.array

    def untraced(self) -> Any:
        self.step = self.step.repeated()
        return self

    def forget(self) -> None:
        self.step = self._covering.beginning(EDGE)

    def running(self, process: Process, route: LinkedRoute, function: Function) -> Function:
        begins, array = self._covering.beginning(route.slot), self.array

        def run(context: Context) -> int:
            around, is_outermost = self.step, process.at is array
            code = None
            try:
                self.step = begins
                if is_outermost:
                    process.at = self
                code = function(context)
            finally:
                self.step[ENDED if code is None else EDGE]
                self.step = around
                if is_outermost:
                    process.at = array
            return code

        return run

    def __getitem__(self, index: int) -> int:
        return int(self.array[index])

    def __setitem__(self, index: int, value: int) -> None:
        self.array[index] = value
        if not index:
            self.step = self.step[value]
