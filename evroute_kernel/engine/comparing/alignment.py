"""Puts the lines of two logs side by side, those that are alike in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, Generic, TypeVar

from evroute_kernel.records import dataclass

T = TypeVar("T")

#: product of the numbers of lines up to which likeness is looked for; the worst case takes some seconds
_MOST: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """A row: a line of the one, a line of the other, or of one alone (None: there is none)."""

    old: T | None
    new: T | None

    @property
    def is_same(self) -> bool:
        return self.old == self.new


def aligned(old: Sequence[T], new: Sequence[T]) -> list[Pair[T]]:
    """All lines in order, with as many as possible side by side with their like."""
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    ends = len(old) - tail, len(new) - tail
    middle = _matched(old[head : ends[0]], new[head : ends[1]])
    same = [*old[:head]], [*old[ends[0] :]]
    return [*(Pair(x, x) for x in same[0]), *middle, *(Pair(x, x) for x in same[1])]


def _alike(old: Sequence[T], new: Sequence[T]) -> int:
    """How many lines are alike from the start on."""
    for number, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return number
    return min(len(old), len(new))


def _matched(old: Sequence[T], new: Sequence[T]) -> Iterator[Pair[T]]:
    if len(old) * len(new) > _MOST:  # too long to look for what is alike
        yield from (Pair(one, other) for one, other in zip_longest(old, new))
        return
    for kind, i, j, k, l in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():  # noqa: E741
        if kind == "insert":
            yield from (Pair(None, line) for line in new[k:l])
        else:
            yield from (Pair(one, other) for one, other in zip_longest(old[i:j], new[k:l]))
