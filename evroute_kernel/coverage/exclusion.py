"""Lines that comments leave out of reports, as coverage.py knows them of Python: `# pragma: no cover`, or `no cover`
alone, for a line, and at the head of a block (route, `if`, loop, `switch`, `case`) for all of that; `no branch` where
only one way is ever taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from re import IGNORECASE, Pattern, compile
from typing import Any, Final

from evroute_kernel.lang.flow.statements import Flow

_NO_COVER: Final = compile(r"\bno cover\b", IGNORECASE)
_NO_BRANCH: Final = compile(r"\bno branch\b", IGNORECASE)


def excluded(tokens: Iterable[tuple[Any, str]], flows: Iterable[Flow]) -> set[int]:
    """The lines that are left out."""
    marked = set(_commented(tokens, _NO_COVER))
    found = set(marked)
    for flow in flows:
        last = max((span.end_line for span in flow.places), default=flow.header.line)
        blocks = [(flow.header.line, last), *((span.line, span.end_line) for span in flow.places)]
        found.update(line for first, end in blocks if first in marked for line in range(first, end + 1))
    return found


def excused(tokens: Iterable[tuple[Any, str]]) -> set[int]:
    """The lines of which it does not matter where they lead to."""
    return set(_commented(tokens, _NO_BRANCH))


def _commented(tokens: Iterable[tuple[Any, str]], pattern: Pattern[str]) -> Iterator[int]:
    """The lines on which a comment says so."""
    line = 1
    for token, text in tokens:
        if "Comment" in tuple(token):
            yield from (line + text.count("\n", 0, found.start()) for found in pattern.finditer(text))
        line += text.count("\n")
