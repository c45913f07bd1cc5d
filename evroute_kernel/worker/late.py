"""What is still told when the limit on log records is reached: what the runtime itself says, which explains a failure.

It is bounded all the same. Of one statement some different messages are told at once; of those that follow the last is
told when all is over, with their number.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

#: different messages of one statement that are told at once
SENT_AT_ONCE: Final = 10

T = TypeVar("T")


class Late(Generic[T]):
    """What came when there was no room any more. `place`: the statement that it is about, in whatever form."""

    def __init__(self) -> None:
        self._sent: dict[Hashable, set[str]] = {}
        self._held: dict[Hashable, tuple[T, int]] = {}

    def is_to_be_sent(self, place: Hashable, text: str, message: T) -> bool:
        """Whether a message is to be told at once; else it is counted."""
        sent = self._sent.setdefault(place, set())
        if text in sent or len(sent) >= SENT_AT_ONCE:
            self.hold(place, message, 1)
            return False
        sent.add(text)
        return True

    def hold(self, place: Hashable, message: T, count: int) -> None:
        """Count messages, of which this is the last."""
        _, before = self._held.get(place, (message, 0))
        self._held[place] = message, before + count

    def release(self) -> list[tuple[T, int]]:
        """The last of those that were counted, of each place, with their number."""
        held, self._held = self._held, {}
        return list(held.values())
