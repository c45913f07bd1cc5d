"""What of the texts of a session was run: lines, and the ways between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from evroute_kernel.records import dataclass
from evroute_kernel.source import Source

#: from one line to the next that runs; below 0 is the edge of the block whose header is on that line
LineArc = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a text: its title, the lines of its header and of its statements."""

    title: str
    line: int
    lines: frozenset[int]


@dataclass(slots=True)
class Covered:
    """How far one text was run.

    `statements`, `executed`: lines (from 1) on which statements begin, and those of them that were run; a `case` is one
    too. `arcs`, `taken`: the ways between them; `names`: what one says of some if they are never taken ("never true").
    """

    source: Source = field(repr=False)
    blocks: list[Block] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    executed: set[int] = field(default_factory=set)
    arcs: set[LineArc] = field(default_factory=set)
    taken: set[LineArc] = field(default_factory=set)
    names: dict[LineArc, str] = field(default_factory=dict, repr=False)

    def never(self, start: int, end: int) -> str:
        """What to say of a way that was not taken: "never false", or "never to line 7"."""
        return self.names.get((start, end)) or f"never to {f'line {end}' if end > 0 else 'the end'}"

    @property
    def is_bare(self) -> bool:
        """Whether it defines nothing, and has statements alone."""
        return all(block.title == "scratch" for block in self.blocks)

    @property
    def missing(self) -> list[int]:
        """Lines that were not run."""
        return sorted(self.statements - self.executed)

    @property
    def branches(self) -> dict[int, list[int]]:
        """Line -> where one may go from there, if there are several ways."""
        ways: dict[int, list[int]] = {}
        for start, end in sorted(self.arcs):
            if start > 0:
                ways.setdefault(start, []).append(end)
        return {line: ends for line, ends in ways.items() if len(ends) > 1}

    @property
    def partial(self) -> dict[int, list[int]]:
        """Lines that were run -> the ways from there that were not taken."""
        left = {n: [e for e in ends if (n, e) not in self.taken] for n, ends in self.branches.items()}
        return {line: ends for line, ends in left.items() if ends and line in self.executed}

    @property
    def share(self) -> float:
        """How much was run, from 0 to 1: statements and ways counted alike; 1 where there is nothing to run."""
        ways = [(line, end) for line, ends in self.branches.items() for end in ends]
        total = len(self.statements) + len(ways)
        return (len(self.executed) + sum(way in self.taken for way in ways)) / total if total else 1.0


def lcov(texts: Iterable[Covered]) -> str:
    """An LCOV tracefile (man geninfo). A line was run once or not at all: how often is not counted."""
    return "".join(f"{line}\n" for covered in texts for line in _records(covered))


def _records(covered: Covered) -> Iterator[str]:
    yield "TN:"
    yield f"SF:{covered.source.path}"
    yield from _functions(covered)
    yield from _branches(covered)
    for line in sorted(covered.statements):
        yield f"DA:{line},{int(line in covered.executed)}"
    yield f"LF:{len(covered.statements)}"
    yield f"LH:{len(covered.executed)}"
    yield "end_of_record"


def _functions(covered: Covered) -> Iterator[str]:
    run = {block: bool(block.lines & covered.executed) for block in covered.blocks}
    for block in run:
        yield f"FN:{block.line},{block.title}"
    for block, was_run in run.items():
        yield f"FNDA:{int(was_run)},{block.title}"
    yield f"FNF:{len(run)}"
    yield f"FNH:{sum(run.values())}"


def _branches(covered: Covered) -> Iterator[str]:
    """`-` where the line itself was not run."""
    count = taken = 0
    for line, ends in covered.branches.items():
        for number, end in enumerate(ends):
            was_taken = (line, end) in covered.taken
            count, taken = count + 1, taken + was_taken
            yield f"BRDA:{line},0,{number},{int(was_taken) if line in covered.executed else '-'}"
    yield f"BRF:{count}"
    yield f"BRH:{taken}"
