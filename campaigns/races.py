"""Small random pairs of events: a search that leaves orders out finds what one finds that tries every order."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from pathlib import Path
from random import Random
from typing import Final

from campaigns.report import Fault, Report
from evroute_kernel import Session
from evroute_kernel.engine.results.races import RaceResult

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.random_races import random_pair

EVENTS: Final = ("E_A", "E_B")
#: orders and seconds of a search that tries every order
MOST: Final = 5_000
SECONDS: Final = 300.0


def campaign(seed: int, count: int, jobs: int) -> Report:
    report = Report("races", seed, count)
    tried = every = 0
    with Session(workers=1) as session:
        for number in range(count):
            script = random_pair(Random(f"{seed} {number}"))
            session.reset()
            session.load(script, name="pair")
            reduced = session.race(EVENTS, limit=MOST, seconds=SECONDS)
            whole = session.race(EVENTS, limit=MOST, seconds=SECONDS, reduce=False)
            tried, every = tried + reduced.schedules, every + whole.schedules
            if wrong := _difference(reduced, whole):
                report.fail(wrong, Fault(number, "pair", script, f"reduced:\n{reduced}\n\nevery order:\n{whole}"))
            else:
                report.add("pair", "with a race" if whole.races else "without a race")
    report.note(f"{tried:,} orders tried in place of {every:,}")
    return report


def _difference(reduced: RaceResult, whole: RaceResult) -> str | None:
    """What is wrong, if anything is."""
    if reduced.strays or whole.strays:
        return "the same order did something else"
    if reduced.stopped or whole.stopped:
        return "the search did not come to its end"
    return None if _outcomes(reduced) == _outcomes(whole) else "other outcomes"


def _outcomes(result: RaceResult) -> set[Hashable]:
    return {(o.logs, tuple(sorted(o.state.items())), o.waits, o.serial) for o in result.outcomes}
