"""Integers that all processes of a session share without a lock: how `$shv` keeps counters.

Reading and writing a shared variable are two steps, on the server too: nothing has to hold others back in between. So
an integer lives in a word of a file that every process maps; a word is written in one go, by whoever comes last. (Under
LMDB's one write lock, a process that loses the processor in the middle of a write makes all others wait for it.)

`$shv(x) += 1` is different: who writes that means to count, so `hold` keeps others that count out while it is done.
The lock is one of the file, which the system takes from a process that ends; it is held for a microsecond.

A name gets its word when it is first given an integer, under LMDB's lock, and keeps it; texts stay in LMDB, and then
the word says so. Words are never given to another name: a process that is late cannot hit a wrong one.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from struct import Struct
from typing import Any, Final

from evroute_kernel.runtime.memory.pages import WORDS
from evroute_kernel.runtime.memory.room import allocate

#: words of the file; names beyond get none, and stay in LMDB
LIMIT: Final = 2**16
#: bytes of a name that can have one
NAME_LIMIT: Final = 400
_SIZE: Final = 8 * LIMIT
_GENERATION, _USED = 0, 1
#: words for `runtime.memory.pages`
_PAGES: Final = slice(2, 2 + WORDS)
#: the words before are for what is said above
_FIRST: Final = 2 + WORDS
_PLACE: Final = Struct("<I")
#: a word that holds an integer: the integer, and this in its low byte; 0: the value, if any, is in LMDB
_INTEGER: Final = 1

FILE_NAME: Final = "integers"
#: times that the lock is asked for before the process goes to sleep until it is free
_TRIES: Final = 16


class SharedIntegers:
    """The words, and which name has which. `address(name)` is the LMDB key of the place of a name's word.

    `begin` starts a transaction for reading, `write` one for writing (as a context).
    """

    def __init__(
        self, directory: Path, address: Callable[[str], bytes], begin: Callable[[], Any], write: Callable[[], Any]
    ) -> None:
        self._file = descriptor = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(descriptor).st_size < _SIZE:
            allocate(descriptor, _SIZE)
        self._map = mmap.mmap(descriptor, _SIZE)
        self._words = memoryview(self._map).cast("q")
        self.words_of_pages = self._words[_PAGES]
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

    def hold(self) -> None:
        """Wait until no other process holds the integers. What only reads or writes one does not ask."""
        for _ in range(_TRIES):
            with suppress(BlockingIOError):
                flock(self._file, LOCK_EX | LOCK_NB)
                return
        flock(self._file, LOCK_EX)

    def release(self) -> None:
        """Let others hold the integers. Harmless when this process does not."""
        flock(self._file, LOCK_UN)

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
        self.words_of_pages.release()
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
