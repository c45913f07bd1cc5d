"""Made-up programs of a few steps, run in every order, or in those that an `Exploration` asks for: no process, no
script, so that thousands of them can be tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from evroute_kernel.engine.racing.exploring import Exploration
from evroute_kernel.engine.racing.steps import Accesses, Locks, Step
from evroute_kernel.runtime.memory.accesses import LOCKS, Access

#: what a process does next: its name, and what it works on
Operation = tuple[str, str]

READS = ("read", "test")


@dataclass
class Machine:
    """Some processes in the midst of their programs. Each has one register."""

    programs: Sequence[Sequence[Operation]]
    memory: dict[str, int] = field(default_factory=dict)
    locks: Locks = field(default_factory=Locks)

    def __post_init__(self) -> None:
        self.at = [0] * len(self.programs)
        self.registers = [0] * len(self.programs)
        self.logs: list[list[int]] = [[] for _ in self.programs]

    def next(self, process: int) -> Accesses | None:
        if self.at[process] >= len(self.programs[process]):
            return None
        return accesses(self.programs[process][self.at[process]])

    def ready(self) -> set[int]:
        return {
            p
            for p in range(len(self.programs))
            if (wanted := self.next(p)) is not None and self.locks.block(p, wanted) is None
        }

    def step(self, process: int) -> Step:
        verb, name = self.programs[process][self.at[process]]
        step = Step(process, accesses((verb, name)))
        self.at[process] += 1
        value = self.memory.get(name, 0)
        if verb == "read":
            self.registers[process] = value
        elif verb == "write":
            self.memory[name] = self.registers[process] + process + 1
        elif verb == "add":
            self.memory[name] = value + 1
        elif verb == "log":
            self.logs[process].append(value)
        elif verb == "test" and value:  # it ends here
            self.at[process] = len(self.programs[process])
        if verb == "take" and self.locks.holders.get(name) == process:
            self.at[process] = len(self.programs[process])
        self.locks.follow(step)
        return step

    def outcome(self) -> Any:
        waiting = tuple(p for p in range(len(self.programs)) if self.next(p) is not None)
        return (
            tuple(sorted(self.memory.items())),
            tuple(map(tuple, self.logs)),
            tuple(sorted(self.locks.holders.items())),
            waiting,
        )


def accesses(operation: Operation) -> Accesses:
    verb, name = operation
    if verb in ("take", "release"):
        return frozenset({Access(LOCKS, name, verb)})  # type: ignore[arg-type]
    return frozenset({Access("shv", name, "read" if verb in (*READS, "log") else "write")})


def explored(programs: Sequence[Sequence[Operation]], *, reduces: bool) -> tuple[set[Any], int]:
    """The outcomes that are found, and in how many runs."""
    exploration = Exploration(len(programs), reduces=reduces)
    outcomes, runs = set(), 0
    while (prefix := exploration.begin()) is not None:
        machine, runs = Machine(programs), runs + 1
        process, is_whole = 0, True
        todo = list(prefix)
        while ready := machine.ready():
            if todo:
                process = todo.pop(0)
            else:
                chosen = exploration.choose(ready, process)
                if chosen is None:
                    is_whole = False
                    break
                process = chosen
            exploration.took(machine.step(process))
        waiting = {p: wanted for p in range(len(programs)) if (wanted := machine.next(p)) is not None}
        exploration.end(waiting if is_whole else {})
        if is_whole:
            outcomes.add(machine.outcome())
    assert not exploration.has_strayed
    return outcomes, runs


def every(programs: Sequence[Sequence[Operation]]) -> set[Any]:
    """The outcomes of all orders, by plain search without any of the code that is tested."""
    outcomes: set[Any] = set()

    def go(order: tuple[int, ...]) -> None:
        machine = Machine(programs)
        for process in order:
            machine.step(process)
        ready = machine.ready()
        if not ready:
            outcomes.add(machine.outcome())
        for process in ready:
            go((*order, process))

    go(())
    return outcomes


def random_programs(random: Random, processes: int, steps: int) -> list[list[Operation]]:
    return [[_operation(random) for _ in range(random.randint(1, steps))] for _ in range(processes)]


def _operation(random: Random) -> Operation:
    choose: Callable[[Sequence[str]], str] = random.choice
    verb = choose(["read", "write", "write", "add", "log", "test", "take", "release"])
    return verb, choose("ab") if verb in ("take", "release") else choose("xyz")
