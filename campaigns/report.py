"""What a campaign found, on one screen: outcomes by kind, and of each kind of fault the smallest input."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: kinds of faults that are shown with an input, and of each input and explanation so many characters
SHOWN: Final = 5
EXCERPT: Final = 700
#: seconds between two words about how far it is
PROGRESS: Final = 30.0


class FaultError(Exception):
    """An invariant does not hold. `kind` is the same for faults that are one; the detail says more."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Fault:
    """A case that failed: which, its input, and what was seen."""

    number: int
    what: str
    given: str
    detail: str


@dataclass(slots=True)
class Report:
    """One part of a campaign. Any thread may add to it."""

    title: str
    seed: int
    wanted: int
    #: (kind of case, how it ended) -> how many
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    #: what else is worth a line, such as the largest memory seen
    notes: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)

    def add(self, what: str, outcome: str, count: int = 1) -> None:
        """Cases of this kind ended so."""
        with self._lock:
            self.outcomes[what, outcome] += count
            now = time.monotonic()
            if now - self._told > PROGRESS:
                self._told = now
                done = self.outcomes.total()
                print(f"  {self.title}: {done:,} of {self.wanted:,}", file=sys.stderr, flush=True)

    def fail(self, kind: str, fault: Fault) -> None:
        """A case did not end as it must."""
        with self._lock:
            self.faults.setdefault(kind, []).append(fault)
        self.add(fault.what, "FAULT")

    def note(self, words: str) -> None:
        with self._lock:
            self.notes.append(words)

    @property
    def ok(self) -> bool:
        return not self.faults

    def keep(self, folder: Path) -> None:
        """Write the smallest input of each kind of fault, whole, into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, (kind, faults) in enumerate(sorted(self.faults.items())):
            smallest = min(faults, key=lambda fault: len(fault.given))
            text = f"{kind}\n{'-' * 80}\n{smallest.given}\n{'-' * 80}\n{smallest.detail}\n"
            (folder / f"{self.title}-{number}.txt").write_text(text, "utf-8", "surrogatepass")

    def show(self) -> None:
        """The summary, on standard output."""
        seconds = time.monotonic() - self._started
        print(f"{self.title}: {self.outcomes.total():,} of {self.wanted:,}, seed {self.seed}, {seconds:.0f} s")
        for what in dict.fromkeys(what for what, _ in sorted(self.outcomes)):
            ends = sorted(((end, n) for (kind, end), n in self.outcomes.items() if kind == what), key=lambda e: -e[1])
            print(f"  {what:34} " + ", ".join(f"{n:,} {end}" for end, n in ends))
        for words in self.notes:
            print(f"  {words}")
        for kind, faults in sorted(self.faults.items(), key=lambda item: -len(item[1]))[:SHOWN]:
            smallest = min(faults, key=lambda fault: len(fault.given))
            print(f"  FAULT, {len(faults)} times: {kind}")
            print(f"    case {smallest.number} ({smallest.what}), {len(smallest.given):,} characters:")
            print(indented(smallest.given))
            print(indented(smallest.detail))
        for kind, faults in sorted(self.faults.items(), key=lambda item: -len(item[1]))[SHOWN:]:
            print(f"  FAULT, {len(faults)} times: {kind}")
        print(f"  {'ok' if self.ok else 'FAILED'}", flush=True)


def indented(text: str) -> str:
    """A text of any size as a few lines: its end is what explains."""
    cut = text if len(text) <= EXCERPT else f"{text[: EXCERPT // 2]}\n[...]\n{text[-EXCERPT // 2 :]}"
    return "\n".join(f"      {ascii(line)[1:-1]}" for line in cut.split("\n"))
