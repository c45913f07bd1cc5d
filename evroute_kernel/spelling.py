"""Which known word a word may have been meant for. Imports nothing of the project.

The measure is difflib's; what is here keeps it from being taken too often. Bounds that cost next to nothing rule most
words out. Of very many known words those are looked at that share the rarest pieces with the word, found in an index:
a script with thousands of names, each of them wrong, is answered about in the time that its length takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cached_property
from typing import Final

#: how alike two words are at the least, of 1
CUTOFF: Final = 0.6
#: known words up to which all of them are looked at
ALL: Final = 750
#: of more, so many that share pieces with the word
CHOSEN: Final = 64
#: entries of the index that are read for one word
READ: Final = 2000
#: characters beyond which a word is no word
LONGEST: Final = 128
#: answers that are kept
KEPT: Final = 1000

Word = tuple[str, int]


class Words:
    """Known words. Letter case is forgiven; of words that differ in it alone the first is offered."""

    def __init__(self, known: Iterable[str]) -> None:
        self._by_folded: dict[str, str] = {}
        for name in known:
            self._by_folded.setdefault(name.lower(), name)
        self._found: dict[tuple[str, int], list[str]] = {}
        #: how often two words were held against each other: what a question costs
        self.compared = 0

    def near(self, word: str, count: int = 3) -> list[str]:
        """Those that `word` may have been meant for, at most so many, best first."""
        key = word, count
        if key not in self._found:
            if len(self._found) >= KEPT:
                self._found.clear()
            self._found[key] = self._near(word.lower(), count) if len(word) <= LONGEST else []
        return list(self._found[key])

    def candidates(self, word: str) -> list[str]:
        """The known words, in lower case, that may be near: all, or of very many those that share rare pieces."""
        return list(self._by_folded) if len(self._by_folded) <= ALL else self._sharing(word)

    def _near(self, word: str, count: int) -> list[str]:
        asked = masked(word)
        bounds = alike_enough(asked, self._masked(word))
        matcher = SequenceMatcher(b=word)
        best: list[tuple[float, str]] = []
        for bound, known in sorted(bounds, reverse=True):
            if len(best) == count and bound < best[-1][0]:
                break
            self.compared += 1
            matcher.set_seq1(known[0])
            if matcher.quick_ratio() >= CUTOFF and (ratio := matcher.ratio()) >= CUTOFF:
                best = sorted([*best, (ratio, known[0])], reverse=True)[:count]
        return [self._by_folded[known] for _, known in best]

    def _masked(self, word: str) -> list[Word]:
        return self._masks if len(self._by_folded) <= ALL else list(map(masked, self._sharing(word)))

    @cached_property
    def _masks(self) -> list[Word]:
        return list(map(masked, self._by_folded))

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        """Piece of three characters -> the words that it stands in."""
        found: dict[str, list[str]] = {}
        for name in self._by_folded:
            for piece in _pieces(name):
                found.setdefault(piece, []).append(name)
        return found

    def _sharing(self, word: str) -> list[str]:
        """The words that share the rarest pieces with one, most pieces first."""
        lists = sorted((self._index[piece] for piece in _pieces(word) if piece in self._index), key=len)
        counts: Counter[str] = Counter()
        left = READ
        for names in lists:
            counts.update(names[:left])
            left -= len(names)
            if left <= 0:
                break
        return [name for name, _ in counts.most_common(CHOSEN)]


def masked(word: str) -> Word:
    """A word and its characters as bits; characters that share a bit only make the bound less tight."""
    mask = 0
    for character in word:
        mask |= 1 << ord(character) % 61
    return word, mask


def most_alike(word: Word, known: Word) -> float:
    """What the likeness of two words cannot exceed, as difflib measures it: a character that only one of them has can
    match nothing."""
    (one, mask), (other, known_mask) = word, known
    matching = min(len(one) - (mask & ~known_mask).bit_count(), len(other) - (known_mask & ~mask).bit_count())
    return 2 * matching / max(1, len(one) + len(other))


def alike_enough(word: Word, known: Iterable[Word]) -> list[tuple[float, Word]]:
    """The words that may be as alike as `CUTOFF` asks, with what `most_alike` says of them: in line, for a wrong name
    is held against all names of functions, and a text may have thousands of wrong names."""
    (one, mask), found = word, list[tuple[float, Word]]()
    length = len(one)
    for candidate in known:
        other, other_mask = candidate
        other_length = len(other)
        both = length + other_length or 1
        matching = length - (mask & ~other_mask).bit_count()
        if 2 * matching / both < CUTOFF:
            continue
        bound = 2 * min(matching, other_length - (other_mask & ~mask).bit_count()) / both
        if bound >= CUTOFF:
            found.append((bound, candidate))
    return found


def _pieces(word: str) -> set[str]:
    padded = f"\0{word}\0"
    return {padded[i : i + 3] for i in range(len(padded) - 2)}
