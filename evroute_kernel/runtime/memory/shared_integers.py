"""Integers that all processes of a session share without a lock: how `$shv` keeps counters.

Reading and writing a shared variable are two steps, on the server too: nothing has to hold others back in between. So
an integer lives in a word of a file that every process maps; a word is written in one go, by whoever comes last. (Under
LMDB's one write lock, a process that loses the processor in the middle of a write makes all others wait for it.)

`$shv(x) += 1` is different: who writes that means to count, so `hold` keeps others that count out while it is done.
`add` is that in one piece, for an integer. The lock (`memory.shared_lock`) is held for a microsecond.

A name gets its word when it is first given an integer, under LMDB's lock, and keeps it; texts stay in LMDB, and then
the word says so. Words are never given to another name: a process that is late cannot hit a wrong one.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from typing import Any, Final

from evroute_kernel.runtime.memory.clock import WORDS as CLOCK_WORDS
from evroute_kernel.runtime.memory.clock import Clock
from evroute_kernel.runtime.memory.pages import WORDS
from evroute_kernel.runtime.memory.room import allocate
from evroute_kernel.runtime.memory.shared_lock import SIZE as LOCK_SIZE
from evroute_kernel.runtime.memory.shared_lock import SharedLock, make, open_lock
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, wrap

#: words of the file; names beyond get none, and stay in LMDB
LIMIT: Final = 2**16
#: bytes of a name that can have one
NAME_LIMIT: Final = 400
_SIZE: Final = 8 * LIMIT
_GENERATION, _USED = 0, 1
#: words for `runtime.memory.pages`, and those for `runtime.memory.clock`
_PAGES: Final = slice(2, 2 + WORDS)
_CLOCK: Final = slice(2 + WORDS, 2 + WORDS + CLOCK_WORDS)
#: bytes of the lock, behind those
_LOCK: Final = slice(8 * _CLOCK.stop, 8 * _CLOCK.stop + LOCK_SIZE)
#: the words before are for what is said above
_FIRST: Final = _CLOCK.stop + LOCK_SIZE // 8
_PLACE: Final = Struct("<I")
#: a word that holds an integer: the integer, and this in its low byte; 0: the value, if any, is in LMDB
_INTEGER: Final = 1

FILE_NAME: Final = "integers"


class SharedIntegers:
    """The words, and which name has which. `address(name)` is the LMDB key of the place of a name's word.

    `begin` starts a transaction for reading, `write` one for writing (as a context).
    """

    def __init__(
        self, directory: Path, address: Callable[[str], bytes], begin: Callable[[], Any], write: Callable[[], Any]
    ) -> None:
        self._file = descriptor = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        is_new = os.fstat(descriptor).st_size < _SIZE
        if is_new:
            allocate(descriptor, _SIZE)
        self._map = mmap.mmap(descriptor, _SIZE)
        self._words = memoryview(self._map).cast("q")
        if is_new:
            make(memoryview(self._map)[_LOCK])
        self._lock: SharedLock = open_lock(memoryview(self._map)[_LOCK], descriptor)
        #: wait until no other process holds the integers; what only reads or writes one does not ask
        self.hold = self._lock.hold
        #: let others hold them; harmless when this process does not
        self.release = self._lock.release
        self._take, self._wait = self._lock.take, self._lock.wait
        self.words_of_pages = self._words[_PAGES]
        self.clock = Clock(self._words[_CLOCK])
        self._address = address
        self._begin = begin
        self._write = write
        self._places: dict[str, int] = {}
        self._generation = self._words[_GENERATION]

    def get(self, name: str) -> int | None:
        """The integer of a name; None where it has none: there may be a text in LMDB."""
        words = self._words
        if words[_GENERATION] != self._generation:
            self._forget()
        place = self._places.get(name) or self._look_up(name)
        word = words[place] if place else 0
        return word >> 8 if word else None

    def put(self, name: str, number: int) -> bool:
        """Set an integer; False when there is no word left for this name."""
        words = self._words
        if words[_GENERATION] != self._generation:
            self._forget()
        place = self._places.get(name)
        if place:
            words[place] = number << 8 | _INTEGER
            return True
        return self._give(name, number)

    def add(self, name: str, number: int) -> bool:
        """Add to a name's integer as scripts do; False where it has none, and nothing has been done."""
        words = self._words
        if words[_GENERATION] != self._generation:
            self._forget()
        place = self._places.get(name) or self._look_up(name)
        if not place:
            return False
        if code := self._take():
            self._wait(code)
        try:
            if word := words[place]:
                total = (word >> 8) + number
                words[place] = (total if INT_MIN <= total <= INT_MAX else wrap(total)) << 8 | _INTEGER
        finally:
            self.release()
        return word != 0

    def recover(self) -> None:
        """`release`, after an exception that may have struck anywhere."""
        self._lock.recover()

    def drop(self, name: str) -> bool:
        """The name's value is in LMDB from now on, or it has none; whether it had an integer."""
        self._forget_if_cleared()
        place = self._places.get(name) or self._look_up(name)
        had = bool(place and self._words[place])
        if place:
            self._words[place] = 0
        return had

    def items(self, addressed: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, int]]:
        """The integers of names, given what LMDB keeps about their places."""
        for name, data in addressed:
            if word := self._words[_PLACE.unpack(data)[0]]:
                yield name, word >> 8

    def clear(self) -> None:
        """Nobody has a word any more. Called while nobody else can write to LMDB, and when it has forgotten places."""
        used = _FIRST + self._words[_USED]
        for place in range(_FIRST, used):
            self._words[place] = 0
        self.move_on()

    def move_on(self) -> None:
        """Let every process forget the places it knows.

        Also called when LMDB's part of a `clear` has come into force: up to then who looks finds the places of before.
        """
        self._words[_GENERATION] += 1

    def close(self) -> None:
        self._lock.close()
        self.words_of_pages.release()
        self.clock.close()
        self._words.release()
        self._map.close()
        os.close(self._file)

    def _forget_if_cleared(self) -> None:
        if self._words[_GENERATION] != self._generation:
            self._forget()

    def _forget(self) -> None:
        self._places.clear()
        self._generation = self._words[_GENERATION]

    def _look_up(self, name: str) -> int:
        """The place of a name's word, 0 for none."""
        data = self._begin().get(self._address(name))
        if data is None:
            return 0
        place = self._places[name] = _PLACE.unpack(data)[0]
        return int(place)

    def _give(self, name: str, number: int) -> bool:
        """Find a name's word, or give it one."""
        if len(name) > NAME_LIMIT:
            return False
        words, address = self._words, self._address(name)
        with self._write() as transaction:
            data = transaction.get(address)
            if data is None:
                place = _FIRST + words[_USED]
                if place >= LIMIT:
                    return False
                words[_USED] += 1
                transaction.put(address, _PLACE.pack(place))
            else:
                place = _PLACE.unpack(data)[0]
            # before others can find it: nobody must see a name without a value
            words[place] = number << 8 | _INTEGER
        self._places[name] = place
        return True
