"""Reads files that scripts and notebooks name: regular files alone, and no more of one than was to be expected.

Whoever names a file may name anything: `/dev/zero` has no end, a FIFO waits for somebody who writes. So a file is
opened without waiting, and looked at before it is read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

#: bytes up to which a file is taken for a script; a limit of this project
LARGEST: Final = 16 * 2**20

_KINDS: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class FileError(Exception):
    """A file that cannot be read as a script. `reason` is a clause in lower case; `line` and `column`, from 1, tell
    where in the file, if it is about a place there."""

    def __init__(self, reason: str, hint: str | None = None, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.line = line
        self.column = column


def read_bytes(path: Path, most: int = LARGEST) -> bytes:
    """What a regular file holds, at most so many bytes. Raises FileError; never waits for another process."""
    try:
        # O_NONBLOCK: the open of a FIFO, or of a terminal line, would wait
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            _check(os.fstat(descriptor), most)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(most + 1)  # it may have grown, and files of /proc have no size
        finally:
            os.close(descriptor)
    except OSError as error:
        raise FileError((error.strerror or str(error)).lower()) from error
    except ValueError as error:  # a NUL byte in the path, or half a character
        raise FileError(f"no file can have this name ({error})") from error
    if len(data) > most:
        raise too_large(most)
    return data


def _check(found: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise FileError(f"it is {kind}, not a regular file")
    if found.st_size > most:
        raise too_large(most)


def too_large(most: int) -> FileError:
    """The error about a text of more than so many bytes."""
    return FileError(f"it is too large: it has more than {most // 2**20} MiB")
