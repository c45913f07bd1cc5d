"""The clock of a session: that of the system, ahead of it by as much as somebody has asked for, or one that stands.

All processes of a session read the same one, by words of shared memory: what expires or times out does so at the same
moment for all of them, and scripts read the time that goes with that. One that stands shows the same time until it is
moved, so that a run can be repeated.
"""

from __future__ import annotations

from time import time, time_ns
from typing import Final

_SECOND: Final = 1_000_000
#: words that it takes
WORDS: Final = 2
_AHEAD, _STANDS = range(WORDS)


class Clock:
    """`words`: how many microseconds it is ahead; the microsecond of the epoch at which it stands, 0 where it goes."""

    def __init__(self, words: memoryview) -> None:
        self._words = words
        #: where one that stands does so for this process alone: the microsecond at which an event was recorded that is
        #: replayed; 0 for none
        self.moment = 0

    @property
    def ahead(self) -> float:
        """Seconds. Of one that stands it means nothing."""
        return self._words[_AHEAD] / _SECOND

    @property
    def stands(self) -> bool:
        """Whether it shows the same time until somebody moves it."""
        return self._words[_STANDS] != 0

    def microseconds(self) -> int:
        """Microseconds of the epoch."""
        words = self._words
        stands: int = words[_STANDS]
        return (self.moment or stands) if stands else time_ns() // 1000 + words[_AHEAD]

    def now(self) -> float:
        """Seconds of the epoch. Written out: each access to the cache asks for it."""
        words = self._words
        if stands := words[_STANDS]:
            return (self.moment or stands) / _SECOND
        ahead = words[_AHEAD]
        return time() + ahead / _SECOND if ahead else time()

    def second(self) -> int:
        """The second of the epoch that has begun last."""
        return int(self.now())

    def move(self, seconds: float) -> None:
        """Move it on. One process does so."""
        self._words[_STANDS if self.stands else _AHEAD] += round(seconds * _SECOND)

    def stop(self, at: float) -> None:
        """Let it stand at a moment, in seconds of the epoch above 0."""
        self._words[_STANDS] = max(1, round(at * _SECOND))

    def reset(self) -> None:
        """Show the system's time again."""
        self._words[_STANDS] = self._words[_AHEAD] = 0

    def close(self) -> None:
        self._words.release()
