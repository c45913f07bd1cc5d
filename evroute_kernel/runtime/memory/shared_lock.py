"""A lock that the processes of a session share, for what takes a microsecond; a process that dies gives it back.

Where the C library has robust mutexes it is one, in memory that all of them map: two calls, and the system takes part
only when one process waits for another. Elsewhere it is the lock of a file, which costs two calls of the system.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from functools import lru_cache, partial
from time import time
from typing import Any, Final, Protocol

#: bytes of the map that a lock takes: more than a `pthread_mutex_t` of any system has
SIZE: Final = 64
#: times that the lock is asked for before the process goes to sleep until it is free
_TRIES: Final = 16
#: seconds that it sleeps at once: in between it hears signals
_SLEEP: Final = 0.005
#: of POSIX, as glibc and musl number them
_SHARED, _ROBUST, _ERRORCHECK = 1, 1, 2


class SharedLock(Protocol):
    """`hold` waits until no other process holds it. `release` is harmless when this one does not.

    `take` is the first step of `hold`, for who cannot afford more: 0 when this process holds it now, else what `wait`
    is to be told, which is the rest.
    """

    @property
    def take(self) -> Callable[[], int]: ...

    @property
    def wait(self) -> Callable[[int], None]: ...

    @property
    def hold(self) -> Callable[[], None]: ...

    @property
    def release(self) -> Callable[[], object]: ...

    def recover(self) -> None:
        """`release`, after an exception may have struck anywhere in `hold`."""

    def close(self) -> None:
        """Forget the memory that it lies in."""


def make(place: memoryview) -> None:
    """Make a lock in memory that is zero and that no other process uses yet."""
    if (library := _library()) is None:
        return
    kind = (ctypes.c_char * SIZE)()
    mutex = ctypes.c_char.from_buffer(place)
    # where one of these is refused the first byte stays 0, and the lock is the file's
    library.pthread_mutexattr_init(kind)
    refused = library.pthread_mutexattr_setpshared(kind, _SHARED) or library.pthread_mutexattr_setrobust(kind, _ROBUST)
    library.pthread_mutexattr_settype(kind, _ERRORCHECK)
    if not refused and not library.pthread_mutex_init(ctypes.byref(mutex, _BEFORE), kind):
        place[0] = 1


def open_lock(place: memoryview, descriptor: int) -> SharedLock:
    """The lock that `make` has made there; else that of the file."""
    library = _library()
    return Mutex(place, library) if library is not None and place[0] else FileLock(descriptor)


#: bytes before the mutex: the first says that there is one
_BEFORE: Final = 8


@lru_cache(1)
def _library() -> Any:
    """The C library, called without giving up Python's own lock for calls that are that short; None without mutexes."""
    try:
        library = ctypes.PyDLL(None)
        for name in ("pthread_mutexattr_setrobust", "pthread_mutex_consistent", "pthread_mutex_timedlock"):
            getattr(library, name)
    except (OSError, AttributeError):
        return None
    return library


class _Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class Mutex:
    """A robust mutex."""

    def __init__(self, place: memoryview, library: Any) -> None:
        self._kept: Any = ctypes.c_char.from_buffer(place)
        self._mutex = mutex = ctypes.c_void_p(ctypes.addressof(self._kept) + _BEFORE)
        self._consistent = library.pthread_mutex_consistent
        # sleeps, so this one does give up Python's own lock
        self._timed_lock = ctypes.CDLL(None).pthread_mutex_timedlock
        unlock = library.pthread_mutex_unlock
        self.take: Callable[[], int] = partial(library.pthread_mutex_trylock, mutex)
        take, wait = self.take, self.wait

        def hold() -> None:
            if code := take():
                wait(code)

        self.hold = hold
        self.release: Callable[[], object] = partial(unlock, mutex)

    def wait(self, code: int) -> None:
        tries = 0
        while code in (errno.EBUSY, errno.ETIMEDOUT):
            tries += 1
            code = self.take() if tries < _TRIES else self._sleep()
        if code == errno.EOWNERDEAD:  # what it guards is written in one go, so there is nothing to mend
            self._consistent(self._mutex)

    def _sleep(self) -> int:
        seconds, part = divmod(time() + _SLEEP, 1)
        return int(self._timed_lock(self._mutex, ctypes.byref(_Moment(int(seconds), int(part * 1e9)))))

    def recover(self) -> None:
        self._consistent(self._mutex)  # or nobody could ever hold it again
        self.release()

    def close(self) -> None:
        self.hold = self.release = lambda: None
        self.take = lambda: 0
        self._kept = None


class FileLock:
    """The lock of an open file."""

    def __init__(self, descriptor: int) -> None:
        self._file = descriptor
        self.release: Callable[[], object] = lambda: flock(descriptor, LOCK_UN)

    def hold(self) -> None:
        for _ in range(_TRIES):
            with suppress(BlockingIOError):
                flock(self._file, LOCK_EX | LOCK_NB)
                return
        flock(self._file, LOCK_EX)

    def take(self) -> int:
        self.hold()
        return 0

    def wait(self, code: int) -> None:
        """There is nothing left to wait for."""

    def recover(self) -> None:
        self.release()

    def close(self) -> None:
        """The file's owner closes it."""
