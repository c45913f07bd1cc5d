"""What completion offers: candidates, and how those are chosen that fit what has been typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from evroute_kernel.records import dataclass

#: candidates that are offered at once
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that can stand at the cursor; `kind` chooses the icon, `signature` is shown beside it."""

    text: str
    kind: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Candidates, and what has been typed of them. `near` finds what was meant when nothing begins like that."""

    word: str = ""
    candidates: Iterable[Candidate] = ()
    near: Callable[[str], Iterable[str]] | None = None

    def fitting(self) -> list[Candidate]:
        """The candidates that begin like the word; else those that hold it; else those it may be a mistake for."""
        known: dict[str, Candidate] = {}
        for candidate in self.candidates:
            # half characters cannot be sent, and line breaks not be shown
            if candidate.text.isprintable():
                known.setdefault(candidate.text, candidate)
        folded = self.word.casefold()
        found = [c for c in known.values() if c.text.casefold().startswith(folded)]
        if not found and len(folded) > 1 and self.near is not None:
            found = [c for c in known.values() if folded in c.text.casefold()]
            found = found or [known[name] for name in self.near(self.word) if name in known]
        return found

    def at(self, cursor: int) -> Completion:
        """What is offered at a cursor that stands behind the word."""
        return Completion(cursor - len(self.word), cursor, tuple(self.fitting()[:MOST]))


@dataclass(frozen=True, slots=True)
class Completion:
    """The candidates that take the place of characters `start` to `end`."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]
