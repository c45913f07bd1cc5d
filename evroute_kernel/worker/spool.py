"""Events that wait in a worker: raised by its routes and not run yet, in a file that both sides can read.

The worker puts the events that its routes raise behind those that wait, and runs the first one when a route has ended:
nobody is asked, and no message is sent. If it dies, the supervisor finds here which events it had begun, and hands the
others to the next worker. So an entry says all that is needed to run an event: its name, its parameters, and the routes
that it goes to, as they were when it was raised.

The entries follow the black box in its file, one after the other from `head` to `tail`. A process can be killed between
any two writes, so each change takes effect with one word: `tail` is written when the entry is there; `head` holds in
its low bits how many routes of the first event have begun and ended, and moves on when all have. What was run since
`mark`, where the head was when the run began, is kept until the supervisor has been told of it. All positions change at
once by naming another set of them.
"""

from __future__ import annotations

import contextlib
import errno
import marshal
import mmap
import os
from collections.abc import Iterator
from struct import Struct
from typing import Final, TypeAlias

from evroute_kernel.runtime.limits import RAISED_BYTES
from evroute_kernel.runtime.memory.room import allocate
from evroute_kernel.worker.messages import Params

#: name, parameters, the slots of its routes, and which event of a batch it comes of
Entry: TypeAlias = "tuple[str, Params, tuple[int, ...], int]"

#: bytes that are there from the beginning, and those beyond which what has been run is not left in between
FIRST_SIZE: Final = 2**16
_COMPACT: Final = 2**20
#: bytes that an empty spool keeps
_KEPT: Final = 2**22
_LENGTH: Final = Struct("<I")
_HEADER: Final = _LENGTH.size
_length_of: Final = _LENGTH.pack
_dumps: Final = marshal.dumps
#: as marshal wrote before it looked for what it has written already: texts so short are sooner written again
_FORMAT: Final = 2
#: entries, and bytes of one, that a worker also keeps as they are, so that it need not read them back
_REMEMBERED: Final = 4096
_SMALL: Final = 1024
#: bits of `head` that count routes: twice those that have ended, and one for the one that runs
_STATE_BITS: Final = 24
_STATE: Final = 2**_STATE_BITS - 1

#: words of the black box that are the spool's
WORDS: Final = 9
_RUN, _WHICH, _DROPPED = 0, 1, 2
_SETS: Final = (3, 6)
_HEAD, _TAIL, _MARK = 0, 1, 2


def pack(event: str, params: Params, slots: tuple[int, ...], root: int = 0) -> bytes:
    """An entry as it lies in a spool."""
    data = marshal.dumps((event, params, slots, root), _FORMAT)
    return _LENGTH.pack(len(data)) + data


def unpack(data: bytes) -> Iterator[tuple[int, Entry]]:
    """The entries, each with the position after it."""
    position = 0
    while position < len(data):
        begin = position + _LENGTH.size
        position = begin + _LENGTH.unpack_from(data, position)[0]
        yield position, marshal.loads(data[begin:position])


class Spool:
    """One process's view. `start` is where the spool begins in the file, `words` are its words of the black box."""

    def __init__(self, descriptor: int, start: int, words: memoryview[int]) -> None:
        self._file = descriptor
        self._start = start
        self._words = words
        self._size = FIRST_SIZE
        self._map: mmap.mmap | None = None
        #: where the words of the positions begin, and the first entry, and where that ends
        self._set = _SETS[0]
        self._first = self._next = 0
        #: entries by position, each with the position after it: some of those that this process has put there
        self._known: dict[int, tuple[Entry, int]] = {}
        #: the head alone, for who runs the events: one more when a route of the first one begins, or has ended
        self.head = words[_SETS[0] : _SETS[0] + 1]

    # -- the worker ---------------------------------------------------------------------------------------------------

    def begin(self, run: int, data: bytes | None, done: int = 0) -> None:
        """A run begins, with these entries instead of those that there are; None: with those.

        `done` routes of the first one have been run before.
        """
        words, old = self._words, self._set
        new = _SETS[old == _SETS[0]]
        head, tail = words[old + _HEAD], words[old + _TAIL]
        first = head >> _STATE_BITS
        if data is not None:
            self._known.clear()
            self._fit(len(data))
            self._put(0, data)
            head, tail = 2 * done, len(data)
        elif first > _COMPACT and tail - first <= first:
            self._known.clear()
            self._put(0, self._get(first, tail))
            head, tail = head & _STATE, tail - first
        self._first = head >> _STATE_BITS
        words[new + _HEAD], words[new + _TAIL], words[new + _MARK] = head, tail, head
        words[_DROPPED] = 0
        words[_WHICH] = self._set = new
        self.head.release()
        self.head = words[new + _HEAD : new + _HEAD + 1]
        words[_RUN] = run

    def append(self, event: str, params: Params, slots: tuple[int, ...], root: int, is_alone: bool = True) -> bool:
        """One more event waits; False for one that is large, unless it waits alone, where that would be too many bytes.

        Raises MemoryError when there is no room for it.
        """
        words, place = self._words, self._set + _TAIL
        entry = event, params, slots, root
        data = _dumps(entry, _FORMAT)
        size = len(data)
        tail = words[place]
        end = tail + _HEADER + size
        if size >= _SMALL and not is_alone and self.waiting + size > RAISED_BYTES:
            return False
        if end > self._size:
            self._grow(end)
        memory = self._map
        if memory is None:
            memory = self._mapped()
        memory[tail:end] = _length_of(size) + data
        words[place] = end
        # only now, for an interrupt can strike anywhere: what is known is there
        if size < _SMALL and len(self._known) < _REMEMBERED:
            self._known[tail] = entry, end
        return True

    def first(self) -> Entry | None:
        """The event that waits longest; None when none does. It stays until `remove`."""
        head = self._first
        known = self._known.pop(head, None)
        if known is not None:
            entry, self._next = known
            return entry
        if head == self._words[self._set + _TAIL]:
            return None
        begin = head + _LENGTH.size
        data = self._map or self._mapped()
        self._next = end = begin + _LENGTH.unpack_from(data, head)[0]
        read: Entry = marshal.loads(data[begin:end])
        return read

    def remove(self) -> None:
        """The first event has been run."""
        self._first = first = self._next
        self.head[0] = first << _STATE_BITS

    @property
    def waiting(self) -> int:
        """Bytes of the events that wait."""
        return self._words[self._set + _TAIL] - (self.head[0] >> _STATE_BITS)

    def drop(self) -> None:
        """One more event found no room among those that wait."""
        self._words[_DROPPED] += 1

    def _put(self, position: int, data: bytes) -> None:
        (self._map or self._mapped())[position : position + len(data)] = data

    def _get(self, position: int, end: int) -> bytes:
        return (self._map or self._mapped())[position:end]

    def _mapped(self) -> mmap.mmap:
        try:
            self._map = mmap.mmap(self._file, self._size, offset=self._start)
        except OSError as error:
            raise MemoryError(str(error)) from None
        return self._map

    def _fit(self, size: int) -> None:
        """Make it large enough, or small again."""
        if size > self._size:
            self._grow(size)
        elif self._size > _KEPT and size <= FIRST_SIZE:
            self._map, self._size = None, FIRST_SIZE
            os.ftruncate(self._file, self._start + FIRST_SIZE)

    def _grow(self, size: int) -> None:
        wanted = max(2 * self._size, -(-size // FIRST_SIZE) * FIRST_SIZE)
        try:
            allocate(self._file, self._start + wanted, self._start + self._size)
            grown = mmap.mmap(self._file, wanted, offset=self._start)
        except OSError as error:
            if error.errno not in (errno.ENOMEM, errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
                raise
            raise MemoryError("there is no room for the events that wait") from None
        self._map, self._size = grown, wanted

    # -- the supervisor, about a worker that does not run -------------------------------------------------------------

    @property
    def run(self) -> int:
        """The last run that has begun."""
        return self._words[_RUN]

    @property
    def dropped(self) -> int:
        """Events of this run that found no room."""
        return self._words[_DROPPED]

    @property
    def state(self) -> int:
        """Twice the routes of the first event that have ended, and one more if another one was running."""
        return self._words[self._words[_WHICH] + _HEAD] & _STATE if self._words[_WHICH] else 0

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was begun since the run began."""
        head, _, mark = self._positions()
        return head == mark

    def ended(self) -> Iterator[tuple[str, int]]:
        """The event and slot of each run of a route that has ended since the run began."""
        head, tail, mark = self._positions()
        first, last, done = mark >> _STATE_BITS, head >> _STATE_BITS, (mark & _STATE) // 2
        position = 0
        for end, (event, _, slots, _) in unpack(self._read(first, tail)):
            is_last = first + position == last
            yield from ((event, slot) for slot in (slots[done : (head & _STATE) // 2] if is_last else slots[done:]))
            if is_last:
                return
            position, done = end, 0

    def rest(self) -> bytes:
        """The entries of the events that wait, the one that runs included."""
        head, tail, _ = self._positions()
        return self._read(head >> _STATE_BITS, tail)

    def _positions(self) -> tuple[int, int, int]:
        """Head, tail and mark."""
        which = self._words[_WHICH]
        return (
            (self._words[which + _HEAD], self._words[which + _TAIL], self._words[which + _MARK]) if which else (0, 0, 0)
        )

    def _read(self, position: int, end: int) -> bytes:
        pieces = []
        while position < end and (piece := os.pread(self._file, end - position, self._start + position)):
            pieces.append(piece)
            position += len(piece)
        return b"".join(pieces)

    def leave_to_parent(self) -> None:
        """In a process that was forked: close the copy of the descriptor."""
        with contextlib.suppress(OSError):  # the parent was closing it just then
            os.close(self._file)

    def close(self) -> None:
        """Give back what it has opened."""
        self.head.release()
        self._words.release()
        if self._map is not None:
            self._map.close()
        os.close(self._file)
