"""The pages of LMDB's file: taken from the file system before LMDB may write into its map of them.

LMDB takes pages at the end of what it uses when it has no free ones, and tells nobody before. So every write says
first how many pages it may take at most, and what all writes since the last look may have taken is always allocated.
The look costs as much as a small write; hence it is made once for a number of writes, which all processes count
together, in words that they share. Everything here is done under LMDB's one write lock.

Where no more can be allocated there still is room to delete, and for values that fit into pages that are free again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from evroute_kernel.runtime.memory.room import allocate

DATA_FILE: Final = "data.mdb"
#: pages that one small write may take: it copies the way from the root to a leaf, and may split each page of it. A
#: page holds four of the longest keys at least when it is half full, so that way has eight pages at most
_WRITE: Final = 20
#: pages that ending a transaction may take, which writes down what became free: 8 bytes for each page, so one page
#: for 512; twice that, and some for the way to where it is written
_END: Final = 32
_FREED_IN_A_PAGE: Final = 256
#: pages kept for deleting when nothing else can be written any more
_DELETING: Final = 64
#: pages that are allocated at once: for that many no look is needed
_AT_ONCE: Final = 256

#: the shared words: pages that may be taken until the next look, and pages that are allocated
WORDS: Final = 2
_LEFT, _ALLOCATED = 0, 1


class Pages:
    """One process's view of the file. `words` are shared, and 0 in the beginning."""

    def __init__(self, directory: Path, environment: Any, words: memoryview[int]) -> None:
        self._environment = environment
        self._words = words
        self._size: int = environment.stat()["psize"]
        self._most: int = environment.info()["map_size"] // self._size
        self._file = os.open(directory / DATA_FILE, os.O_RDWR | os.O_CLOEXEC)
        #: pages that the transaction under way may have taken
        self._planned = 0

    def begin(self) -> None:
        """A transaction begins."""
        self._planned = 0

    def take(self, size: int, alone: bool) -> bool:
        """A value of so many bytes is to be written; False when there is no room for it.

        `alone`: it is all that its transaction does.
        """
        pages = _WRITE + size // self._size
        self._planned = pages if alone else self._planned + pages
        left = self._words[_LEFT] - pages
        if left >= 0:  # by far the most frequent case
            self._words[_LEFT] = left
            return True
        return self._look(_DELETING) or (self._are_free(2 * self._planned) and self._look(0))

    def take_for_deleting(self, *, alone: bool) -> bool:
        """A key is to be deleted, which takes pages as well, if only for a while."""
        return self.take(0, alone) or self._look(0)

    def close(self) -> None:
        os.close(self._file)

    def _look(self, kept: int) -> bool:
        """See how far LMDB has come, and allocate what may follow: for a number of writes, or at least for this one."""
        used = self._environment.info()["last_pgno"] + 1 + self._planned
        used += _END + used // _FREED_IN_A_PAGE
        for more in (_AT_ONCE, 0):
            if self._allocate(used + kept + more):
                self._words[_LEFT] = more
                return True
        return False

    def _allocate(self, wanted: int) -> bool:
        """Whether so many pages are allocated now; LMDB itself sees to it that none is beyond the map."""
        allocated, wanted = self._words[_ALLOCATED], min(wanted, self._most)
        if wanted > allocated:
            try:
                allocate(self._file, wanted * self._size, allocated * self._size)
            except OSError:
                return False
            self._words[_ALLOCATED] = wanted
        return True

    def _are_free(self, pages: int) -> bool:
        """Whether LMDB has so many pages that it will use first. Not all may be in one piece, or still be read: then
        those that are kept for deleting are used."""
        stat = self._environment.stat()
        live = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return bool(self._environment.info()["last_pgno"] - live > pages)
