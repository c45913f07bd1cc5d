"""What a killed worker leaves behind: a small file that worker and supervisor both map into memory.

It says which statement of which route was running, which event of a batch, and since when; and it holds the messages
of a batch that were not sent yet, so that nothing logged before a crash is lost. The supervisor writes one field: the
run that a signal is meant to end, so that a signal that comes late cannot end the next run.

Every field has one writer. The worker's position in its stream is kept so that the supervisor knows which of the
unsent bytes it has received already: the stream goes on in the box.
"""

from __future__ import annotations

import mmap
import os
from typing import Final

from evroute_kernel.runtime.memory.room import allocate

_PLACE: Final = slice(0, 16)
_CLOCK: Final = slice(16, 24)
_NUMBERS: Final = slice(24, 48)
_UNSENT: Final = 64
#: bytes of messages that a batch collects before they are sent
UNSENT_LIMIT: Final = 2**16
SIZE: Final = _UNSENT + UNSENT_LIMIT

STATEMENT, SLOT, INDEX = 0, 1, 2
_INTERRUPT, _SENT, _UNSENT_SIZE = 0, 1, 2


class BlackBox:
    """One worker's box, in either process.

    `place[STATEMENT]`, `place[SLOT]`: the running statement, written by the compiled route before each statement (-1
    where none runs); `place[INDEX]`: index of the running event in its batch. `clock[0]`: when the event began, on the
    system's monotonic clock.
    """

    def __init__(self, descriptor: int) -> None:
        """Map the file; the descriptor may be closed afterwards."""
        if os.fstat(descriptor).st_size < SIZE:
            allocate(descriptor, SIZE)
        self._map = mmap.mmap(descriptor, SIZE)
        view = memoryview(self._map)
        self.place = view[_PLACE].cast("i")
        self.clock = view[_CLOCK].cast("d")
        self._numbers = view[_NUMBERS].cast("q")

    @property
    def interrupt(self) -> int:
        """The run that the supervisor wants to end; 0 for none."""
        return self._numbers[_INTERRUPT]

    @interrupt.setter
    def interrupt(self, run: int) -> None:
        self._numbers[_INTERRUPT] = run

    # -- unsent messages ------------------------------------------------------------------------------------------

    def hold(self, frame: bytes) -> bool:
        """Keep a frame; False when there is no room for it. The size is written last, so a torn frame never counts."""
        size = self._numbers[_UNSENT_SIZE]
        if size + len(frame) > UNSENT_LIMIT:
            return False
        start = _UNSENT + size
        self._map[start : start + len(frame)] = frame
        self._numbers[_UNSENT_SIZE] = size + len(frame)
        return True

    def held(self) -> bytes:
        """The frames kept and not sent."""
        return self._map[_UNSENT : _UNSENT + self._numbers[_UNSENT_SIZE]]

    def sent(self, count: int) -> None:
        """`count` bytes went into the stream, and with them all that was held."""
        self._numbers[_UNSENT_SIZE] = 0
        self._numbers[_SENT] += count

    def after(self, received: int) -> bytes:
        """The rest of a dead worker's stream, given how many bytes of it were received."""
        return self.held()[max(0, received - self._numbers[_SENT]) :]

    def close(self) -> None:
        for view in (self.place, self.clock, self._numbers):
            view.release()
        self._map.close()
