"""What a compiled regular expression is to whoever searches with it, whichever engine has compiled it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

Spans = list[tuple[int, int]]


class RegexError(ValueError):
    """A pattern that the server would refuse; `message` says why, in the C library's words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Regex(Protocol):
    """A compiled pattern. Texts are byte strings (one character per byte)."""

    pattern: str
    groups: int

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""

    def spans(self, text: str, start: int = 0, notbol: bool = False, groups: int | None = None) -> Spans | None:
        """Where the whole match and the first `groups` groups lie (all groups by default), or None without a match.

        Characters before `start` do not exist for the pattern; `notbol` says that `start` is no line start. Offsets
        count from the beginning of `text`; (-1, -1) is a group that took no part.
        """

    def each(self, text: str, groups: int | None = None) -> Iterator[Spans]:
        """One match after another, each beginning its search where the last one ended; an empty match is the last.

        Where a search begins is a line start at the beginning of the text and behind a CR or LF alone.
        """
