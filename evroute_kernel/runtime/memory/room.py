"""Room for what processes map into their memory: taken from the file system before anybody writes into a map.

A file that is only as long as it is meant to become (sparse) gets its blocks when a page of it is written. Where there
is none left the writer is killed by SIGBUS, whatever it was doing: a full `/dev/shm` would end the user's kernel. So
space is allocated first, which fails with an error that can be told.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

#: directory of a memory file system
MEMORY_DIRECTORY: Final = Path("/dev/shm")
DIRECTORY_PREFIX: Final = "evroute-"
_BLOCK: Final = 2**16


class NoRoom(OSError):
    """Not even the first of what a session's processes share could be kept anywhere."""


def allocate(descriptor: int, size: int, start: int = 0) -> None:
    """Take room for the bytes from `start` to `size` of a file, which gets at least this long. What it holds stays,
    but where the system cannot allocate: there nobody may use those bytes yet.

    Raises OSError when there is no room; the file is as it was then, or longer.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, start, size - start)
        return
    while start < size:
        start += os.pwrite(descriptor, bytes(min(_BLOCK, size - start)), start)


def anonymous_file(size: int) -> int:
    """A descriptor of a new file of this size that has no name, to be mapped by whoever gets the descriptor.

    In memory, where the size of no folder bounds it; in the temporary folder on systems that have no such files. Raises
    OSError when there is no room.
    """
    descriptor = _nameless()
    try:
        allocate(descriptor, size)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _nameless() -> int:
    with contextlib.suppress(AttributeError, OSError):  # not on every system, and not allowed in every sandbox
        return os.memfd_create("evroute", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def make_directory(first: Callable[[Path], object], needed: int, whole: int) -> Path:
    """A new directory that only this user can enter, in which `first` could make its files.

    In memory if `whole` bytes are free there, else in the memory or temporary folder, whichever has more. Raises NoRoom
    when `first`, which needs `needed` bytes, fails in both with OSError.
    """
    reasons = []
    for folder in _folders(whole):
        try:
            path = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX, dir=folder))
        except OSError as error:
            reasons.append(_reason(folder, error))
            continue
        try:
            first(path)
        except BaseException as error:
            remove_directory(path)
            if not isinstance(error, OSError):
                raise
            if error.errno == errno.ENOMEM:  # the folder has nothing to do with it
                raise NoRoom(
                    f"this process cannot map the {whole // 2**20} MiB that shared memory may grow to: "
                    "raise its limit of addresses (ulimit -v)"
                ) from None
            reasons.append(_reason(folder, error))
        else:
            return path
    what = f"there is no room for the {needed // 1024:,} KiB that a session's processes share at first"
    raise NoRoom(f"{what}: {'; '.join(reasons)}. What helps: {more_room()}")


def remove_directory(path: Path) -> None:
    """Remove a directory made by `make_directory`; one that is gone already is fine."""
    shutil.rmtree(path, ignore_errors=True)


def more_room() -> str:
    """What to do where a folder is full."""
    memory = f"give {MEMORY_DIRECTORY} more room (docker run --shm-size=1g)"
    return f"remove files there, {memory}, or set TMPDIR to a folder that has room"


def free(folder: Path) -> int:
    """Bytes that this user may still write there; 0 for a folder that cannot be used."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize if os.access(folder, os.W_OK | os.X_OK) else 0


def _folders(whole: int) -> list[Path]:
    """Where to try, the best first."""
    folders = [MEMORY_DIRECTORY] if MEMORY_DIRECTORY.is_dir() else []
    try:
        folders.append(Path(tempfile.gettempdir()))
    except OSError:  # Python writes a file to find out, and could do so nowhere
        folders.append(Path(os.environ.get("TMPDIR", "/tmp")))
    if free(folders[0]) >= whole:
        return folders
    return sorted(dict.fromkeys(folders), key=free, reverse=True)


def _reason(folder: Path, error: OSError) -> str:
    return f"{folder} ({free(folder) // 1024:,} KiB free): {error.strerror or error}"
