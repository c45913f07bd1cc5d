"""Directories for socket files that a server of another user must be able to reach, and that nobody else can list."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import Final

_PREFIX: Final = "evroute-live-"
#: locked as long as the directory is in use, by whatever process on whatever side of a container
_LOCK: Final = "lock"


class SocketDirectory:
    """A new directory for socket files.

    `peer` is a file of the server: a server of the same user needs no rights for others, else the directory can be
    passed through but not listed, and the names in it are secrets.
    """

    def __init__(self, peer: Path) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._for_all = not is_own(peer)
        self.path.chmod(0o711 if self._for_all else 0o700)

    def new_path(self) -> Path:
        """A path for a new socket. All have the same length: a server takes a path that begins with another for it."""
        return self.path / f"{token_hex(12)}.sock"

    def admit(self, path: Path) -> None:
        """Let the server write to a socket or FIFO that has been made."""
        path.chmod(0o622 if self._for_all else 0o600)

    def remove(self) -> None:
        """Remove the directory with all in it. Twice is harmless."""
        rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def is_own(peer: Path) -> bool:
    """Whether a file belongs to this user, so that what serves it runs as this user (or as root) too."""
    try:
        return peer.stat().st_uid == os.getuid()
    except OSError:
        return False


def sweep() -> None:
    """Remove what killed processes of this user have left behind."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # removed meanwhile, or in use
            if path.is_symlink() or not is_own(path):
                continue
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)
