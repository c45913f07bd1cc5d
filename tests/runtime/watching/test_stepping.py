"""Marked statements and steps: they tell the same as the hook, which takes quite another way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby
from operator import attrgetter

import pytest

from evroute_kernel.runtime.watching.hook import Frame, Watcher
from evroute_kernel.runtime.watching.stepping import Stepper
from support.in_process import run_in_process
from support.recorded import Case, differences, read_cases

CASES = {file: list(cases) for file, cases in groupby(read_cases(), attrgetter("file"))}
#: more than any recorded program has
ROUTES, STATEMENTS = 40, 250

#: the blocks from the innermost to the outermost, with their statements
Told = tuple[tuple[int, int], ...]


def blocks(frame: Frame | None) -> Told:
    found = []
    while frame is not None:
        found.append((frame.route.slot, frame.statement))
        frame = frame.caller
    return tuple(found)


class Hooked(Watcher):
    def __init__(self) -> None:
        self.told: list[Told] = []

    def reaches(self, frame: Frame, statement: int) -> None:
        self.told.append(blocks(frame))


class Walker(Stepper):
    """Steps through all, or wants all statements, or some of them."""

    def __init__(self, wanted: Collection[int] = (), *, is_stepping: bool = False) -> None:
        self.told: list[Told] = []
        self._wanted = dict.fromkeys(range(ROUTES), frozenset(wanted)) if wanted else {}
        self._is_stepping = is_stepping

    @property
    def wanted(self) -> Mapping[int, frozenset[int]]:
        return self._wanted

    @property
    def is_stepping(self) -> bool:
        return self._is_stepping

    def steps_in(self, depth: int) -> bool:
        return self._is_stepping

    def reaches(self, frame: Frame, statement: int) -> None:
        assert frame.statement == statement == frame.context.process.at[0]
        self.told.append(blocks(frame))


def by_the_hook(case: Case) -> list[Told]:
    hooked = Hooked()
    run_in_process(case, (hooked,))
    return hooked.told


def walked(case: Case, walker: Walker) -> list[Told]:
    assert differences(case, run_in_process(case, (walker,))) == differences(case, run_in_process(case)), case.name
    return walker.told


WALKERS = {
    "steps": lambda: Walker(is_stepping=True),
    "all marked": lambda: Walker(range(STATEMENTS)),
    "some marked, steps": lambda: Walker(range(0, STATEMENTS, 2), is_stepping=True),
}


@pytest.mark.parametrize("way", WALKERS)
@pytest.mark.parametrize("file", CASES)
def test_recorded_programs_tell_the_same(file: str, way: str) -> None:
    for case in CASES[file][::12]:
        assert walked(case, WALKERS[way]()) == by_the_hook(case), case.name
