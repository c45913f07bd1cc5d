"""Makes an input smaller as long as it fails in the same way: lines first, then characters."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

#: seconds for one input
PATIENCE: Final = 30.0


def shrunk(text: str, fails: Callable[[str], bool], patience: float = PATIENCE) -> str:
    """The smallest text found within the time that still fails. `text` does."""
    deadline = time.monotonic() + patience
    for split in (lambda given: given.splitlines(keepends=True), list):
        text = "".join(without_needless(split(text), lambda parts: fails("".join(parts)), deadline))
    return text


def without_needless(parts: list[str], fails: Callable[[list[str]], bool], deadline: float) -> list[str]:
    """Leave out halves, quarters, ... of what is left, until single parts have been tried."""
    size = max(1, len(parts) // 2)
    while parts:
        start, is_smaller = 0, False
        while start < len(parts):
            if time.monotonic() > deadline:
                return parts
            fewer = parts[:start] + parts[start + size :]
            if fails(fewer):
                parts, is_smaller = fewer, True
            else:
                start += size
        if size == 1 and not is_smaller:
            break
        size = max(1, size // 2)
    return parts
