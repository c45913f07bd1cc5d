"""The clock of a session: that of the system, or ahead of it by as much as somebody has asked for.

All processes of a session read the same one, by a word of shared memory: what expires or times out does so at the same
moment for all of them. It is never behind, and goes on as the system's does.
"""

from __future__ import annotations

from time import time
from typing import Final

_SECOND: Final = 1_000_000


class Clock:
    """`word[0]`: how many microseconds it is ahead."""

    def __init__(self, word: memoryview) -> None:
        self._word = word

    @property
    def ahead(self) -> float:
        """Seconds."""
        return self._word[0] / _SECOND

    def now(self) -> float:
        """Seconds of the epoch."""
        ahead = self._word[0]
        return time() + ahead / _SECOND if ahead else time()

    def move(self, seconds: float) -> None:
        """Move it on. One process does so."""
        self._word[0] += round(seconds * _SECOND)

    def reset(self) -> None:
        """Show the system's time again."""
        self._word[0] = 0

    def close(self) -> None:
        self._word.release()
