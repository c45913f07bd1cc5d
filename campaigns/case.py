"""What a campaign tries: one case, about which everything is drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from campaigns.shrinking import shrunk


@dataclass(frozen=True, slots=True)
class Case:
    """`what` is its kind, for the summary; `given` its input, as it is shown; `seed` draws all else."""

    number: int
    what: str
    given: str
    seed: str


def smaller(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The same with as little input as still fails."""
    return replace(case, given=shrunk(case.given, lambda text: fails(replace(case, given=text))))
