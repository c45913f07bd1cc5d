"""What a killed worker leaves behind: a small file that worker and supervisor both map into memory.

It says which statement of which route was running, which event of a batch, and since when; and it holds the messages
that were not sent yet, so that nothing logged before a crash is lost. The supervisor writes three fields: the run that
a signal is meant to end, so that a signal that comes late cannot end the next run; whether somebody else waits for the
worker; and how many commands for watchers it has sent, for a run that looks whether there is one.

Every field has one writer. The worker's position in its stream is kept so that the supervisor knows which of the
unsent bytes it has received already: the stream goes on in the box. Events that wait in the worker follow it in the
same file (`worker.spool`).
"""

from __future__ import annotations

import mmap
import os
from typing import Final

from evroute_kernel.runtime.memory.room import allocate
from evroute_kernel.worker.spool import FIRST_SIZE, WORDS, Spool

_PLACE: Final = slice(0, 16)
_CLOCK: Final = slice(16, 24)
_NUMBERS: Final = slice(24, 64)
_SPOOL_WORDS: Final = slice(64, 64 + 8 * WORDS)
_UNSENT: Final = 192
#: bytes of messages that are collected before they are sent
UNSENT_LIMIT: Final = 2**16
_BOX_SIZE: Final = _UNSENT + UNSENT_LIMIT
#: where the spool begins: maps begin at whole pages, of whatever size
_SPOOL_START: Final = 2**17
SIZE: Final = _SPOOL_START + FIRST_SIZE

STATEMENT, SLOT, INDEX, TOP = 0, 1, 2, 3
#: the index while a route is notified of an event that no longer waits
NOTIFIED: Final = -1
_INTERRUPT, _SENT, _UNSENT_SIZE, _WANTED, _COMMANDS = 0, 1, 2, 3, 4


class BlackBox:
    """One worker's box, in either process.

    `place[STATEMENT]`, `place[SLOT]`: the running statement, written by the compiled route before each statement (-1
    where none runs); `place[INDEX]`: index of the running event in its batch; `place[TOP]`: slot of the route that the
    event goes to, which may have called others. `clock[0]`: when the event began, on the system's monotonic clock.
    """

    def __init__(self, descriptor: int) -> None:
        """Map the file; the descriptor may be closed afterwards."""
        if os.fstat(descriptor).st_size < SIZE:
            allocate(descriptor, SIZE)
        self._map = mmap.mmap(descriptor, _BOX_SIZE)
        view = memoryview(self._map)
        self.place = view[_PLACE].cast("i")
        self.clock = view[_CLOCK].cast("d")
        self._numbers = view[_NUMBERS].cast("q")
        #: the run that the supervisor wants to end, 0 for none; and whether it wants the worker for others: one number
        #: each, for who looks after each event
        self.ends, self.wanted = self._numbers[_INTERRUPT : _INTERRUPT + 1], self._numbers[_WANTED : _WANTED + 1]
        #: commands for watchers that were sent to the worker
        self.commands = self._numbers[_COMMANDS : _COMMANDS + 1]
        self.spool = Spool(os.dup(descriptor), _SPOOL_START, view[_SPOOL_WORDS].cast("q"))

    @property
    def interrupt(self) -> int:
        """The run that the supervisor wants to end; 0 for none."""
        return self._numbers[_INTERRUPT]

    @interrupt.setter
    def interrupt(self, run: int) -> None:
        self._numbers[_INTERRUPT] = run

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for the worker who came before the events that wait in it."""
        return self._numbers[_WANTED] != 0

    @is_wanted.setter
    def is_wanted(self, wanted: bool) -> None:
        self._numbers[_WANTED] = wanted

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

    def seen_so_far(self) -> tuple[int, bytes]:
        """Where in the stream the held frames begin, and these frames. For the supervisor, while the worker runs on:
        nothing if it was sending them just now."""
        position = self._numbers[_SENT]
        held = self.held()
        return position, held if self._numbers[_SENT] == position else b""

    def sent(self, count: int) -> None:
        """`count` bytes went into the stream, and with them all that was held."""
        self._numbers[_UNSENT_SIZE] = 0
        self._numbers[_SENT] += count

    def after(self, received: int) -> bytes:
        """The rest of a dead worker's stream, given how many bytes of it were received."""
        return self.held()[max(0, received - self._numbers[_SENT]) :]

    def leave_to_parent(self) -> None:
        """In a process that was forked: close the copy of the descriptor."""
        self.spool.leave_to_parent()

    def close(self) -> None:
        self.spool.close()
        for view in (self.place, self.clock, self.ends, self.wanted, self.commands, self._numbers):
            view.release()
        self._map.close()
