"""Text of a configuration, piece by piece: code as it is, everything else on comment lines of its own."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import Final

#: columns that prose is wrapped at
WIDTH: Final = 120

#: what neither a server nor a terminal should find in a comment
_CONTROL: Final = re.compile(r"[\x00-\x08\n-\x1f\x7f]")
_FENCE: Final = re.compile(r"\s*(```|~~~)")
#: what the further lines of a list item are indented by
_INDENT: Final = re.compile(r"\s*(?:[-*+]\s+|\d+[.)]\s+|>\s*)?")


class Page:
    """A text that grows."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        #: the line that has begun
        self._line = ""
        self._after_comment = False

    def __str__(self) -> str:
        return "".join(self._pieces).strip("\n")

    def code(self, text: str) -> None:
        """Add text as it is. What is left of a line whose beginning went into a comment is dropped if it is blank."""
        if self._after_comment and text:
            text = re.sub(r"\A[ \t]*\r?\n", "", text)
            self._after_comment = False
        self._add(text)

    def comment(self, text: str) -> None:
        """Add comment lines."""
        if blanks := len(self._line) - len(self._line.rstrip(" \t")):
            self._pieces[-1] = self._pieces[-1][:-blanks]
        if self._line.strip():
            self._add("\n")
        self._add("".join(f"{commented(line)}\n" for line in text.split("\n")))
        self._after_comment = True

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        _, newline, last = text.rpartition("\n")
        self._line = last if newline else self._line + last


def commented(line: str) -> str:
    """A line as a comment."""
    return f"# {_CONTROL.sub(' ', line.rstrip())}".rstrip()


def prose(text: str) -> str:
    """Markdown as comment lines; what is longer than a line, and is neither code nor a table, is wrapped."""
    lines: list[str] = []
    is_code = False
    for line in text.strip("\n").split("\n"):
        is_code ^= _FENCE.match(line) is not None
        if is_code or len(line) <= WIDTH or line.lstrip().startswith("|"):
            lines.append(line)
        else:
            lines += _wrapped(line)
    return "\n".join(map(commented, lines))


def _wrapped(line: str) -> list[str]:
    found = _INDENT.match(line)
    indent = " " * len(found[0]) if found else ""
    # links and the like stay whole
    return wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
