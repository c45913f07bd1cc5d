"""Replies on their way into the FIFO files of clients, which may not read yet, or no more.

A client that waits gets its reply at once, in the call that adds it. Any other one is tried again after a while that
grows, until its time is over; replies to one client follow each other.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from time import monotonic
from typing import Final

from evroute_kernel.engine.mi.admission import is_admitted
from evroute_kernel.engine.mi.doors.door import PATIENCE
from evroute_kernel.records import dataclass

#: seconds between two looks whether a client reads its reply, in the beginning and in the end
PAUSES: Final = (0.001, 0.01)
#: replies that may wait for their readers
WAITING_LIMIT: Final = 64


@dataclass(slots=True)
class Reply:
    """What remains to be written to a file; nothing only ends the client's waiting. Moments are on the monotonic
    clock."""

    path: str
    rest: bytes
    end: float
    due: float = 0.0
    pause: float = PAUSES[0]
    descriptor: int = -1

    def attempt(self, now: float) -> bool:
        """Write what can be written; whether that was all, or there is nobody to write to."""
        if now > self.end:
            return True
        try:
            if self.descriptor < 0:
                self.descriptor = opened(self.path)
            while self.rest:
                self.rest = self.rest[os.write(self.descriptor, self.rest) :]
                self.pause = PAUSES[0]
        except OSError as error:
            if error.errno not in (errno.ENXIO, errno.EAGAIN):  # nobody reads yet, or not so much
                return True
            self.due, self.pause = now + self.pause, min(2 * self.pause, PAUSES[1])
            return False
        return True

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


class Replies:
    """The replies of one door that have not been delivered."""

    def __init__(self) -> None:
        #: by path, the one that is being delivered first
        self._waiting: dict[str, deque[Reply]] = {}
        self._count = 0

    @property
    def are_many(self) -> bool:
        """Whether no more should be added."""
        return self._count >= WAITING_LIMIT

    @property
    def due(self) -> float | None:
        """When the next one is to be tried, on the monotonic clock; None when there is none."""
        return min((line[0].due for line in self._waiting.values()), default=None)

    def add(self, path: str, data: bytes) -> None:
        """Deliver a reply: now, if its client waits for it."""
        now = monotonic()
        reply = Reply(path, data, now + PATIENCE)
        if path not in self._waiting and reply.attempt(now):
            reply.close()
            return
        self._waiting.setdefault(path, deque()).append(reply)
        self._count += 1

    def attempt(self) -> None:
        """Go on with those that are due."""
        now = monotonic()
        for path, line in list(self._waiting.items()):
            while line and line[0].due <= now and line[0].attempt(now):
                line.popleft().close()
                self._count -= 1
                if line:
                    line[0].end = now + PATIENCE
            if not line:
                del self._waiting[path]

    def close(self) -> None:
        """Give up what has not been delivered."""
        for line in self._waiting.values():
            for reply in line:
                reply.close()
        self._waiting.clear()
        self._count = 0


def opened(path: str) -> int:
    """A client's FIFO file, if the client reads. Raises OSError: ENXIO when it does not yet, another one when it is no
    FIFO file, a link, or of another user.

    Its mode is the client's own affair: those of OpenSIPS make it 0666, for servers of any user.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if stat.S_ISFIFO(status.st_mode) and status.st_nlink == 1 and is_admitted(status.st_uid):
        return descriptor
    os.close(descriptor)
    raise PermissionError(errno.EPERM, "it is no FIFO file of this user", path)
