"""What the word PATTERN on the line of a magic chooses, everywhere alike. Letter case does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final, TypeVar

T = TypeVar("T")

#: characters that make a pattern of a word
_WILD: Final = frozenset("*?[")


def is_wild(word: str) -> bool:
    """Whether a word is a pattern, and not the name of something or a part of it."""
    return not _WILD.isdisjoint(word)


def chosen(things: Iterable[T], pattern: str | None, names: Callable[[T], Sequence[str]]) -> list[T]:
    """The things of a name that the pattern means; None means all.

    `*`, `?` and `[...]` stand for other characters. Without them it is the name of something, or where nothing is
    called like that a part of names.
    """
    known = list(things)
    if pattern is None:
        return known
    word = pattern.casefold()
    folded = [[name.casefold() for name in names(thing)] for thing in known]
    named = [thing for thing, own in zip(known, folded, strict=True) if word in own]
    if named:
        return named
    fits = fnmatchcase if is_wild(word) else str.__contains__
    return [thing for thing, own in zip(known, folded, strict=True) if any(fits(name, word) for name in own)]
