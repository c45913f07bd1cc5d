"""Which orders of steps are tried, so that each outcome is found: two orders that differ only in how independent steps
lie between each other come to the same, and one of them is enough.

Dynamic partial-order reduction with source sets and sleep sets (Abdulla, Aronis, Jonsson, Sagonas: "Source Sets", 2017;
Flanagan and Godefroid, 2005): after each run the steps are looked at that depend on each other and were taken in an
order that nothing compelled; each such pair asks for a run in which the second one comes first. Nothing has to be known
of a program beforehand, only what its steps accessed when they were taken.

What is decided here runs nothing, so it is tried with thousands of made-up programs (`tests/engine/racing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import field
from typing import Final

from evroute_kernel.engine.racing.steps import Accesses, Locks, Step, depend, taken_lock
from evroute_kernel.records import dataclass

#: the last step of each process that a step comes after
Clock = dict[int, int]


@dataclass(slots=True)
class _Node:
    """A state that was reached: what went on from there, what is to be tried yet, what need not be."""

    step: Step
    #: processes of which another order has shown already what comes of them, and what their next step accesses
    asleep: dict[int, Accesses]
    wanted: set[int]
    done: dict[int, Accesses] = field(default_factory=dict)


class Exploration:
    """The orders of the steps of some processes. `begin` each run, tell each step to `took`, and `end` it.

    `reduces`: without it each order is tried, one by one. `check` is called now and then while a run is thought about,
    which takes long after one of thousands of steps: what it raises ends that, and nothing may be asked afterwards.
    """

    def __init__(self, processes: int, *, reduces: bool = True, check: Callable[[], None] = lambda: None) -> None:
        self._all = set(range(processes))
        self._reduces = reduces
        self.check: Final = check
        self._nodes: list[_Node] = []
        #: how many nodes are as in the run before
        self._kept = 0
        self._steps = 0
        self._asleep: dict[int, Accesses] = {}
        self._is_first = True
        #: who held which lock before each step of the run
        self._held: list[dict[str, int]] = []
        #: whether a step was not the one that it had been before
        self.has_strayed = False

    # -- a run ---------------------------------------------------------------------------------------------------------

    def begin(self) -> list[int] | None:
        """The processes that are to take the first steps of the next run, in order; None when nothing is left."""
        self._steps, self._asleep = 0, {}
        if self._is_first:
            self._is_first = False
            return []
        while self._nodes:
            node = self._nodes[-1]
            if left := sorted(node.wanted - node.done.keys() - node.asleep.keys()):
                self._kept = len(self._nodes) - 1
                return [*(n.step.process for n in self._nodes[:-1]), left[0]]
            self._nodes.pop()
        return None

    def took(self, step: Step) -> None:
        """A process has taken a step, the next of this run."""
        index = self._steps
        self._steps += 1
        if index < len(self._nodes):
            node = self._nodes[index]
            if index < self._kept and (step.process, step.accesses) != (node.step.process, node.step.accesses):
                self.has_strayed = True
            node.step = step
        else:
            node = _Node(step, self._asleep, {step.process})
            self._nodes.append(node)
        others = {**node.asleep, **node.done}
        others.pop(step.process, None)
        self._asleep = {p: a for p, a in others.items() if not depend(a, step.accesses)} if self._reduces else {}
        if index >= self._kept:
            node.done[step.process] = step.accesses

    def choose(self, able: Set[int], last: int) -> int | None:
        """Which of the processes that can go on does, beyond those that `begin` named: the `last` one, if it may. None:
        what would come of each is known already."""
        may = able - self._asleep.keys()
        return last if last in may else min(may, default=None)

    def end(self, waiting: Mapping[int, Accesses]) -> None:
        """The run has ended, or was not worth to be ended. `waiting`: the processes that wait for a lock for ever, and
        what they want."""
        del self._nodes[self._steps :]
        steps = [node.step for node in self._nodes]
        if self._reduces:
            self._ask(steps, waiting)
        else:
            for node, can_go in zip(self._nodes, _ready(steps, self._all, waiting), strict=True):
                node.wanted |= can_go

    # -- what is to be tried yet ---------------------------------------------------------------------------------------

    def _ask(self, steps: Sequence[Step], waiting: Mapping[int, Accesses]) -> None:
        """Each pair of steps whose order nothing compelled asks for the other order."""
        self._held = _held(steps)
        clocks: list[Clock] = []
        latest: dict[int, int] = {}
        for index, step in enumerate(steps):
            self.check()
            clock = self._clock(steps, clocks, latest, step)
            if index >= self._kept:
                self._look(steps, clocks, latest, step, index)
            clock[step.process] = index
            clocks.append(clock)
            latest[step.process] = index
        for process, accesses in waiting.items():
            self._look(steps, clocks, latest, Step(process, accesses), len(steps))

    def _clock(self, steps: Sequence[Step], clocks: Sequence[Clock], latest: Mapping[int, int], step: Step) -> Clock:
        before = latest.get(step.process)
        clock = {} if before is None else dict(clocks[before])
        for other, seen in zip(steps, clocks, strict=False):
            if depend(other.accesses, step.accesses):
                for process, last in seen.items():
                    clock[process] = max(last, clock.get(process, -1))
        return clock

    def _look(
        self, steps: Sequence[Step], clocks: Sequence[Clock], latest: Mapping[int, int], step: Step, index: int
    ) -> None:
        """What a step could have come before."""
        before = latest.get(step.process)
        known = {} if before is None else clocks[before]
        able = [
            i
            for i, other in enumerate(steps[:index])
            if other.process != step.process
            and known.get(other.process, -1) < i
            and depend(other.accesses, step.accesses)
            and self._could_go(i, step)
        ]
        for i in able:
            process = steps[i].process
            if not any(k > i and clocks[k].get(process, -1) >= i for k in able):
                self._want(i, [*_beside(steps, clocks, i, index), step])

    def _could_go(self, index: int, step: Step) -> bool:
        """Whether a step could have been taken before that one: not where it needs a lock that another held then."""
        lock = taken_lock(step.accesses)
        return lock is None or self._held[index].get(lock, step.process) == step.process

    def _want(self, index: int, sequence: Sequence[Step]) -> None:
        """Try the steps of `sequence` from the state before a step, unless one that can begin it is tried there."""
        node = self._nodes[index]
        able = _beginners(sequence)
        if not able & node.wanted:
            last = sequence[-1].process
            node.wanted.add(last if last in able else min(able))


def _held(steps: Sequence[Step]) -> list[dict[str, int]]:
    locks, found = Locks(), []
    for step in steps:
        found.append(dict(locks.holders))
        locks.follow(step)
    return found


def _beside(steps: Sequence[Step], clocks: Sequence[Clock], index: int, end: int) -> list[Step]:
    """The steps between two that do not come after the first of them."""
    process = steps[index].process
    return [steps[k] for k in range(index + 1, end) if clocks[k].get(process, -1) < index]


def _beginners(sequence: Sequence[Step]) -> set[int]:
    """The processes whose first step in a sequence could be the first of all."""
    found: set[int] = set()
    seen: set[int] = set()
    for i, step in enumerate(sequence):
        if step.process not in seen:
            seen.add(step.process)
            if not any(depend(other.accesses, step.accesses) for other in sequence[:i]):
                found.add(step.process)
    return found


def _ready(steps: Sequence[Step], processes: set[int], waiting: Mapping[int, Accesses]) -> Iterator[set[int]]:
    """Before each step of a run: the processes that could have taken one."""
    following: list[dict[int, Accesses]] = []
    ahead = dict(waiting)
    for step in reversed(steps):
        ahead = {**ahead, step.process: step.accesses}
        following.append(ahead)
    locks = Locks()
    for step, ahead in zip(steps, reversed(following), strict=True):
        yield {p for p in processes if p in ahead and locks.block(p, ahead[p]) is None}
        locks.follow(step)
