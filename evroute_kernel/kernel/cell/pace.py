"""How many messages one cell may send: some at once, then so many a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

#: messages that a cell may send at once
BURST: Final = 30
#: messages that it may send in a second from then on
RATE: Final = 20.0


class Pace:
    """What a cell may still send. A client that takes a message in a millisecond is never behind, and no queue of a
    socket (a thousand messages, beyond which ZeroMQ drops) is ever filled."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._since = clock()

    @property
    def room(self) -> int:
        """Messages that may be sent now."""
        now = self._clock()
        self._left = min(float(BURST), self._left + (now - self._since) * RATE)
        self._since = now
        return int(self._left)

    def spend(self, count: int) -> None:
        """So many have been sent, even if there was no room for them."""
        self._left = max(0.0, self._left - count)

    def wait(self, count: int) -> float:
        """Seconds until there is room for so many."""
        return max(0.0, count - self._left) / RATE
