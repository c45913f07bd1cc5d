"""Many programs on both sides: batches by frame, what differs, made small."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from campaigns.shrinking import without_needless
from evroute_kernel import ScriptError
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from fidelity.installed import Installed
from fidelity.outcomes import Outcome, differences
from fidelity.programs import Frame, Program
from fidelity.running import Ours, on_server
from fidelity.undefined import reads_freed_values

#: programs that one server runs
BATCH: Final = 40
#: seconds for making one program smaller
PATIENCE: Final = 60.0
#: lines of a difference that a program which has been made smaller may have
MOST: Final = 2_000


@dataclass(slots=True)
class Difference:
    """A program whose log differs, and how."""

    program: Program
    lines: list[str]
    #: the server has written over its own memory: it says so without knowing it, or dies of it
    overwritten: bool = False


@dataclass(slots=True)
class Tally:
    """What was tried and found. `constructs`: how many programs hold each."""

    tried: int = 0
    refused: int = 0
    died: int = 0
    constructs: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    #: of whom the difference did not show again when run alone
    passing: list[Difference] = field(default_factory=list)
    #: what killed the server, as it is named here
    deaths: Counter[str] = field(default_factory=Counter)
    #: those of whom the server reads freed memory, perhaps, or writes over its own: they are left out
    undefined: list[Difference] = field(default_factory=list)


class Comparison:
    """A server and a Session, side by side."""

    def __init__(self, server: Installed, patience: float = PATIENCE, version: ServerVersion = DEFAULT_VERSION) -> None:
        self._server = server
        self._patience = patience
        self._version = version
        self._ours = Ours(version)

    def close(self) -> None:
        self._ours.close()

    def compare(self, programs: list[Program], tally: Tally | None = None) -> list[Difference]:
        """Those of a batch that differ. All are of one frame."""
        on_theirs = on_server(self._server, programs)
        on_ours = self._ours.run(programs, lambda name: on_theirs[name].died)
        found = []
        for program in programs:
            one, other = on_theirs[program.name], on_ours[program.name]
            if program.unordered:
                one, other = one.sorted(), other.sorted()
            if program.quiet and one.died and other.died:  # here what waits still runs
                other.log = other.log[: len(one.log)]
            if tally is not None:
                tally.refused += one.refused is not None
                tally.died += one.died
                if one.died and other.died:
                    tally.deaths[other.death] += 1
            lines = differences(one, other)
            if lines:
                found.append(Difference(program, lines, one.overwritten or _wrote_in_front(one, other)))
        return found

    def try_all(self, programs: Iterable[Program], tally: Tally) -> None:
        """Compare them in batches; what differs is run again alone, and shrunk."""
        told = time.monotonic()
        for batch in batches(programs):
            for program in batch:
                tally.constructs.update(program.constructs)
            tally.tried += len(batch)
            for difference in self.compare(batch, tally):
                self._look_closer(difference, tally)
            if time.monotonic() - told > 20:
                told = time.monotonic()
                print(f"  {tally.tried:,} programs, {len(tally.differences)} differ", file=sys.stderr, flush=True)

    def _look_closer(self, difference: Difference, tally: Tally) -> None:
        if difference.overwritten or self._is_undefined(difference.program):
            tally.undefined.append(difference)
            return
        again = self.compare([difference.program])
        if not again:
            tally.passing.append(difference)
            return
        tally.differences.append(self.smaller(again[0]))

    def _is_undefined(self, program: Program) -> bool:
        return self._version != "3.6" and reads_freed_values(program.script)

    def smaller(self, difference: Difference) -> Difference:
        """The same kind of difference with fewer lines and raises."""
        deadline = time.monotonic() + self._patience
        program = difference.program

        def differs(script: list[str]) -> bool:
            return self._alike(replace(program, script="\n".join(script)), difference)

        script = without_needless(program.script.split("\n"), differs, deadline)
        program = replace(program, script="\n".join(script))
        found = self.compare([program])
        return found[0] if found else difference

    def _alike(self, program: Program, difference: Difference) -> bool:
        """Whether a smaller program still differs, and not by being refused where the first was not."""
        if self._is_undefined(program):
            return False
        try:
            found = self.compare([program])
        except (TimeoutError, ScriptError):  # a timer route that is to run has lost its head
            return False
        # with the head of a route gone, an event may raise itself for ever
        return bool(found) and len(found[0].lines) < MOST and kind_of(found[0].lines) == kind_of(difference.lines)


def _wrote_in_front(server: Outcome, ours: Outcome) -> bool:
    """Whether a route was called when the stack was used up: what `$route` then shows, or dies of, is chance."""
    return server.died and ours.died and "a route that is called after" in ours.death


def kind_of(lines: list[str]) -> str:
    """Differences of one kind are refusals, deaths, or what is logged."""
    text = "\n".join(lines)
    for word in ("refuse", "dies", "records the server says", "records we say"):
        if word in text:
            return word
    return "log"


def batches(programs: Iterable[Program]) -> Iterator[list[Program]]:
    """Programs of one frame together, so many at a time."""
    waiting: dict[Frame, list[Program]] = {}
    for program in programs:
        batch = waiting.setdefault(program.frame, [])
        batch.append(program)
        if len(batch) == BATCH:
            yield waiting.pop(program.frame)
    yield from waiting.values()
