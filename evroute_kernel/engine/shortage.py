"""When a connection cannot be accepted for want of descriptors: wait for better times, and say so once."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from time import monotonic
from typing import Final

#: errors of accept() that last until something else is closed; trying again at once would only burn the processor
SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: seconds until the next try
PAUSE: Final = 0.25
#: seconds without a shortage after which the next one is told as a new one
QUIET: Final = 60.0


class Shortage:
    """Knows the shortages of one listener; `tell` gets a sentence at the beginning of each."""

    def __init__(self, where: str, tell: Callable[[str], object]) -> None:
        self._where = where
        self._tell = tell
        self._last: float | None = None

    def met(self, error: OSError) -> bool:
        """Whether an error of accept() is a shortage, so that nothing is to be accepted for a while."""
        if error.errno not in SHORTAGES:
            return False
        now = monotonic()
        if self._last is None or now - self._last > QUIET:
            reason = os.strerror(error.errno).lower()
            self._tell(f"{self._where} takes no new connections for the moment: {reason} (see ulimit -n)")
        self._last = now
        return True
