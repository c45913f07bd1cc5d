"""Texts of scripts and of whoever sends events, where they stand in a line of something else."""

from __future__ import annotations

from typing import Final

#: control characters, which would break lines and columns, or command a terminal -> how a script writes them
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]} | {
    ord(character): repr(character)[1:-1] for character in "\n\r\t"
}


def visible(text: str) -> str:
    """Text on one line: control characters as a script writes them."""
    return text.translate(_CONTROLS)
