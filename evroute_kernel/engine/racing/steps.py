"""Steps that processes take in what they share, and when the order of two of them matters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.memory.accesses import LOCKS, Access

#: what a step accesses
Accesses = frozenset[Access]

NOTHING: Final[Accesses] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken: by which process (from 0), what it accessed, and where: (slot, statement)."""

    process: int
    accesses: Accesses
    place: tuple[int, int] = (-1, -1)


def depend(first: Accesses, second: Accesses) -> bool:
    """Whether it makes a difference which of two comes first: both touch the same, and one of them changes it."""
    return any(_clash(a, b) for a in first for b in second)


def _clash(a: Access, b: Access) -> bool:
    if a.table != b.table or (a.verb == "read" and b.verb == "read"):
        return False
    return a.key is None or b.key is None or a.key == b.key


def taken_lock(accesses: Iterable[Access]) -> str | None:
    """The lock that a step takes."""
    return next((access.key for access in accesses if access.verb == "take"), None)


class Locks:
    """Who holds which lock, after some steps."""

    def __init__(self) -> None:
        self.holders: dict[str, int] = {}

    def follow(self, step: Step) -> None:
        for access in step.accesses:
            if access.table != LOCKS or access.key is None:
                continue
            # one that a process holds already ends it, and is free then
            if access.verb == "take" and access.key not in self.holders:
                self.holders[access.key] = step.process
            else:
                self.holders.pop(access.key, None)

    def block(self, process: int, accesses: Iterable[Access]) -> str | None:
        """The lock of another process that a step has to wait for."""
        lock = taken_lock(accesses)
        return lock if lock is not None and self.holders.get(lock, process) != process else None


def switches(schedule: Sequence[Step]) -> int:
    """How often another process goes on."""
    return sum(a.process != b.process for a, b in itertools.pairwise(schedule))
