"""Shell patterns as the C library's fnmatch() matches them, without any of its flags."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

#: character classes of the C locale
CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "cntrl": "\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": " \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


@lru_cache(256)
def glob_pattern(glob: str) -> re.Pattern[str]:
    """A pattern for `fullmatch`. `*` and `?` match any character, `/` and a leading dot too; a backslash quotes."""
    pieces, position = [], 0
    while position < len(glob):
        piece, position = _piece(glob, position)
        pieces.append(piece)
    return re.compile("".join(pieces), re.DOTALL)


def _piece(glob: str, position: int) -> tuple[str, int]:
    character = glob[position]
    if character == "*":
        return ".*", position + 1
    if character == "?":
        return ".", position + 1
    if character == "[":
        found = _bracket(glob, position + 1)
        if found is not None:
            return found
    if character == "\\":
        # a lone backslash at the end matches nothing
        return (re.escape(glob[position + 1]), position + 2) if position + 1 < len(glob) else ("(?!)", position + 1)
    return re.escape(character), position + 1


def _bracket(glob: str, position: int) -> tuple[str, int] | None:
    """The expression after `[`, and the position after its `]`; None where it is never closed."""
    negated = glob[position : position + 1] in ("!", "^")
    start = position = position + negated
    parts: list[str] = []
    while position < len(glob):
        if glob[position] == "]" and position > start:
            return f"[{'^' if negated else ''}{''.join(parts)}]", position + 1
        if glob.startswith("[:", position) and (end := glob.find(":]", position)) > 0:
            parts.append(CLASSES.get(glob[position + 2 : end], ""))
            position = end + 2
            continue
        low, position = _member(glob, position)
        if glob.startswith("-", position) and glob[position + 1 : position + 2] not in ("", "]"):
            high, position = _member(glob, position + 1)
            parts.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
        else:
            parts.append(re.escape(low))
    return None


def _member(glob: str, position: int) -> tuple[str, int]:
    if glob[position] == "\\" and position + 1 < len(glob):
        position += 1
    return glob[position], position + 1
