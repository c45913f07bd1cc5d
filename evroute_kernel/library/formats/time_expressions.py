"""Time expressions, as check_time_rec() reads them: time recurrences joined, negated and grouped.

One recurrence is `[TZ|]dtstart|dtend|duration|freq|until|interval|byday|...`; later parts may be left out. An
expression joins recurrences with `&` or with `/` (not both at one level), negates them with `!` and groups them with
parentheses. An empty one does not match.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from evroute_kernel.library.formats.recurrence import RecurrenceError, parse_recurrence
from evroute_kernel.library.formats.recurrence_matching import contains

BLANKS: Final = " \t\r\n"


def matches(text: str, now: int, complaints: list[str] | None = None) -> bool:
    """Whether a UNIX time is inside. `complaints` collects what the server logs and goes on. Raises RecurrenceError."""
    return _Expression(text, now, [] if complaints is None else complaints).value()


class _Expression:
    """Evaluates one level of an expression from left to right; an empty one does not match."""

    def __init__(self, text: str, now: int, complaints: list[str]) -> None:
        self.text, self.now, self.complaints = text, now, complaints
        self.position = 0
        self.operator = ""

    def value(self) -> bool:
        result: bool | None = None
        while True:
            negated = self._negations()
            if self.position >= len(self.text):
                if self.operator:
                    raise RecurrenceError(f"nothing follows {self.operator!r}")
                return negated
            operand = self._operand() != negated
            result = operand if result is None else (result and operand if self.operator == "&" else result or operand)
            if not self._next_operator():
                return result

    def _skip(self, characters: str = BLANKS) -> None:
        while self.position < len(self.text) and self.text[self.position] in characters:
            self.position += 1

    def _negations(self) -> bool:
        start = self.position
        self._skip(BLANKS + "!")
        return self.text.count("!", start, self.position) % 2 == 1

    def _operand(self) -> bool:
        first = self.text[self.position]
        if first in ")&/":
            raise RecurrenceError(f"{first!r} stands where a recurrence is expected")
        return self._group() if first == "(" else self._recurrence()

    def _group(self) -> bool:
        depth = 0
        for end in range(self.position, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[end], 0)
            if depth == 0:
                inner = self.text[self.position + 1 : end].strip(BLANKS)
                self.position = end + 1
                return matches(inner, self.now, self.complaints)
        raise RecurrenceError("a parenthesis is never closed")

    def _recurrence(self) -> bool:
        start, has_parts = self.position, False
        self.position += 1
        while self.position < len(self.text):
            character = self.text[self.position]
            if character in "!()":
                raise RecurrenceError(f"unexpected {character!r} inside a recurrence")
            has_parts = has_parts or character == "|"
            # before the first `|` a slash belongs to the name of a time zone
            if character in BLANKS or character == "&" or (character == "/" and has_parts):
                break
            self.position += 1
        return _matches_one(self.text[start : self.position], self.now, self.complaints)

    def _next_operator(self) -> bool:
        self._skip()
        if self.position >= len(self.text):
            return False
        found = self.text[self.position]
        if found not in "&/":
            raise RecurrenceError(f"unexpected {found!r}, expected '&' or '/'")
        if self.operator not in ("", found):
            raise RecurrenceError("'&' and '/' cannot be mixed; use parentheses")
        self.operator = found
        self.position += 1
        return True


def _matches_one(text: str, now: int, complaints: list[str]) -> bool:
    parts = text.split("|")
    # an empty first part stands for the time zone as well
    zone = parts.pop(0) if not parts[0] or "A" <= parts[0][0] <= "Z" else None
    with _time_zone(zone or None):
        recurrence = parse_recurrence(text, parts, complaints)
        return contains(recurrence, now)


@contextmanager
def _time_zone(name: str | None) -> Iterator[None]:
    """The C library's time zone set for a while. Workers have one thread, so nobody else sees it."""
    if name is None:
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
