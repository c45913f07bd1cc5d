"""Script text and places in it. Imports nothing of the project."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeVar, dataclass_transform

T = TypeVar("T")

_BREAK: Final = re.compile("\n")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(kind: type[T]) -> type[T]:
    """A dataclass of which a script has hundreds of thousands. Type checkers hold it to be frozen; while a program runs
    nothing does, for that more than doubles the time to make one. Methods are made only where the class has none."""
    kind.__doc__ = kind.__doc__ or kind.__name__  # else a signature is worked out, which takes longer than all the rest
    is_compared = kind.__eq__ is not object.__eq__
    return dataclass(slots=True, eq=not is_compared, unsafe_hash=not is_compared, repr=not is_compared)(kind)


@dataclass(frozen=True, eq=False)
class Source:
    """One text that holds script: a cell, a file, or an included file.

    `name` is what people read ("In[3]", "opensips.cfg"); `path` is what Python's tools see: absolute, or `<...>`.
    """

    name: str
    text: str
    path: str = ""
    #: as long as `text`, where people are to see another one: a cell of which `text` has the script alone
    shown: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.path:
            object.__setattr__(self, "path", f"<{self.name}>")

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line."""
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def is_plain(self) -> bool:
        """Whether columns in bytes are those in characters, and a line is all that stands before its line break."""
        return self.text.isascii() and "\r" not in self.text

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (both from 1, in characters) of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line break; empty outside the text."""
        return self._line(self.text, number)

    def shown_line(self, number: int) -> str:
        """The same of what people are to see."""
        return self._line(self.shown or self.text, number)

    def _line(self, text: str, number: int) -> str:
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(text)
        return text[starts[number - 1] : end].rstrip("\r")

    def span(self, start: int, end: int) -> Span:
        return Span(self, start, end)


@record
class Span:
    """Characters `start` to `end` (exclusive) of a source. Lines and columns count from 1, columns in characters."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def end_line(self) -> int:
        return self.source.position(self.end)[0]

    @property
    def end_column(self) -> int:
        return self.source.position(self.end)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def until(self, other: Span) -> Span:
        """From the start of this span to the end of `other`; this span alone if the two lie in different texts."""
        if other.source is not self.source or other.end < self.start:
            return self
        return Span(self.source, self.start, other.end)


# -- lines as they are shown -----------------------------------------------------------------------------------------


def window(line: str, at: int, width: int) -> tuple[int, int]:
    """The part of a line around a character that has room: in characters, from and to."""
    if line.isascii() and "\t" not in line:
        left = max(0, min(at - width // 2, len(line) - width))
        return left, left + width
    first = max(0, at - 4 * width)  # of long lines only what may be shown is measured
    columns = [_COLUMNS[each] for each in blank(line[first : at + 4 * width])]
    left, room = at - first, width // 2
    while left and columns[left - 1] <= room:
        left, room = left - 1, room - columns[left - 1]
    right, room = left, width
    while right < len(columns) and columns[right] <= room:
        right, room = right + 1, room - columns[right]
    while left and columns[left - 1] <= room:
        left, room = left - 1, room - columns[left - 1]
    return first + left, first + right


#: what is as wide as a character -> the columns that it takes, a tab at most
_COLUMNS: Final = {" ": 1, "\t": 8, "\N{IDEOGRAPHIC SPACE}": 2, "\N{ZERO WIDTH SPACE}": 0}


def blank(text: str) -> str:
    """Blanks as wide as the text, one for each character, so that what stands below it is below its character.

    Tabs stay tabs, whatever their width. What terminals and browsers show in two columns, or in none, has a blank of
    that kind.
    """
    if text.isascii():
        return "".join("\t" if c == "\t" else " " for c in text)
    from unicodedata import category, east_asian_width

    def one(c: str) -> str:
        if c == "\t":
            return c
        if category(c) in ("Mn", "Me", "Cf"):
            return "\N{ZERO WIDTH SPACE}"
        return "\N{IDEOGRAPHIC SPACE}" if east_asian_width(c) in "WF" else " "

    return "".join(map(one, text))
