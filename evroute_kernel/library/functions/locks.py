"""The locks of module cfgutils: static ones by name, dynamic ones from a pool by the hash of a text.

A lock is a key of the shared memory that holds who took it. A lock outlives the run that took it, but not the process.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import function
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.memory.accesses import LOCKS, Access
from evroute_kernel.runtime.watching import notices

DEFAULT_POOL_SIZE: Final = 32
FIRST_WAIT: Final = 0.0001  # seconds
LONGEST_WAIT: Final = 0.005
#: process id and the moment the process started, since ids are used again
Owner = tuple[int, int]


def _started(pid: int) -> int | None:
    """When a process started, in ticks since boot; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


@lru_cache(1)
def _owner(pid: int) -> Owner:
    return pid, _started(pid) or 0


def is_held_elsewhere(process: Process, lock: str | None) -> bool:
    """Whether another process holds a lock, which is named as in `runtime.memory.accesses`."""
    holder = process.shared.plain.get_object(LOCKS, lock or "")
    return holder is not None and holder != _owner(os.getpid()) and _started(holder[0]) == holder[1]


def _take(context: Context, lock: str, shown: str) -> int:
    me, shared, notice = _owner(os.getpid()), context.process.shared, context.process.notice

    def claim(holder: Any) -> Owner:
        return me if holder is None or _started(holder[0]) != holder[1] else holder

    wait = FIRST_WAIT
    with shared.step(Access(LOCKS, lock, "take")):
        if shared.get_object(LOCKS, lock) == me:
            # whoever ends a process that hangs frees its locks
            shared.delete(LOCKS, lock)
            raise ScriptCrash(
                f"{shown} waits for ever: this process holds the lock already (perhaps since an earlier run); release "
                "it on every way out of the route"
            )
        if shared.update(LOCKS, lock, claim) != me:
            notice(notices.WAITS, lock)
            try:
                while shared.update(LOCKS, lock, claim) != me:
                    time.sleep(wait)
                    wait = min(2 * wait, LONGEST_WAIT)
            finally:
                notice(notices.GOES_ON, lock)
    shared.tell(Access(LOCKS, lock, "hold"))
    notice(notices.LOCKS, lock)
    return 1


def _release(context: Context, lock: str) -> int:
    shared = context.process.shared
    with shared.step(Access(LOCKS, lock, "release")):
        shared.delete(LOCKS, lock)
    context.process.notice(notices.UNLOCKS, lock)
    return 1


@function("get_static_lock")
def get_static_lock(context: Context, key: str) -> int:
    """Take the lock of a name, waiting until it is free; all processes share it.

    A lock that this process holds already would never become free, so taking it again is an error. Returns 1.
    """
    return _take(context, f"static:{key}", f"get_static_lock({key!r})")


@function("release_static_lock")
def release_static_lock(context: Context, key: str) -> int:
    """Give the lock of a name back, whoever took it.

    Returns 1.
    """
    return _release(context, f"static:{key}")


@function("get_dynamic_lock")
def get_dynamic_lock(context: Context, key: str) -> int:
    """Take the lock that a text hashes to, out of a pool of `lock_pool_size` (32) locks.

    Two texts may share one lock, so do not take two at a time. Returns 1.
    """
    return _take(context, _dynamic(context, key), f"get_dynamic_lock({key!r})")


@function("release_dynamic_lock")
def release_dynamic_lock(context: Context, key: str) -> int:
    """Give the lock that a text hashes to back.

    Returns 1.
    """
    return _release(context, _dynamic(context, key))


@function("strings_share_lock")
def strings_share_lock(context: Context, arg1: str) -> int:
    """Meant to compare the pool locks of two texts. It accepts one text only, and crashes the server."""
    raise ScriptCrash("strings_share_lock() crashes the server: it compares two texts and accepts one; leave it out")


def _dynamic(context: Context, key: str) -> str:
    size = modparams.integer(context.process, "cfgutils", "lock_pool_size", DEFAULT_POOL_SIZE)
    return f"dynamic:{core_hash(key, size)}"


def core_hash(text: str, size: int) -> int:
    """The server's hash of a text, reduced to a table of `size` places (meant to be a power of two)."""
    data = [byte - 256 if byte > 127 else byte for byte in text.encode("latin-1")]  # C's char is signed
    whole = len(data) - len(data) % 4
    words = [
        (data[i] << 24) + (data[i + 1] << 16) + (data[i + 2] << 8) + data[i + 3] & 0xFFFFFFFF
        for i in range(0, whole, 4)
    ]
    rest = 0
    for byte in data[whole:]:
        rest = (rest << 8) + byte & 0xFFFFFFFF
    mixed = 0
    for word in (*words, rest):
        mixed = mixed + (word ^ (word >> 3)) & 0xFFFFFFFF
    mixed = mixed + (mixed >> 11) + (mixed >> 13) + (mixed >> 23) & 0xFFFFFFFF
    return mixed & (size - 1)
