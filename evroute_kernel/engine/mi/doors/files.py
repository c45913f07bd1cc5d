"""Files that doors make: for their owner alone, never in the place of another file, removed at the end."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from evroute_kernel.engine.mi.addresses import AddressError

MODE = 0o600


class OwnFile:
    """A socket or FIFO file that a door has made."""

    def __init__(self, path: str) -> None:
        """The file exists now. Raises OSError."""
        self.path = Path(path)
        self._identity = self._look()

    def opened_fifo(self) -> int:
        """A descriptor of the FIFO file that was made here. Raises OSError, AddressError."""
        # open for writing too: the end of one client must not look like the end of all
        descriptor = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
        if self._is_open_as(descriptor):
            return descriptor
        os.close(descriptor)
        raise AddressError(f"somebody has put another file in the place of {self.path}")

    def renewed_fifo(self) -> int:
        """A descriptor of a new FIFO file in its place, which nobody has open. Raises OSError, AddressError."""
        new = f"{self.path}.{token_hex(8)}"
        os.mkfifo(new, MODE)
        made = OwnFile(new)
        try:
            descriptor = made.opened_fifo()
            if self._look() != self._identity:
                os.close(descriptor)
                raise AddressError(f"somebody has put another file in the place of {self.path}")
            made.path.rename(self.path)
        except BaseException:
            made.remove()
            raise
        self._identity = made._identity
        return descriptor

    def _is_open_as(self, descriptor: int) -> bool:
        """Whether a descriptor is that of the FIFO file itself, not of one that was put in its place."""
        status = os.fstat(descriptor)
        is_own = status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == MODE
        return is_own and stat.S_ISFIFO(status.st_mode) and (status.st_dev, status.st_ino) == self._identity

    def remove(self) -> None:
        """Remove it, unless somebody has put another file in its place."""
        try:
            if self._look() == self._identity:
                self.path.unlink()
        except FileNotFoundError:
            pass

    def _look(self) -> tuple[int, int]:
        status = os.lstat(self.path)
        return status.st_dev, status.st_ino


def check_free(path: str) -> None:
    """Raise AddressError if there is a file; but the socket of a process that was killed makes way for a new one."""
    with suppress(FileNotFoundError):
        found = os.lstat(path)
        if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid() and is_deserted(path):
            Path(path).unlink()
            return
        raise AddressError(f"{path} exists already", "remove it, if no other server uses it, or choose another path")


def is_deserted(path: str) -> bool:
    """Whether nobody has this socket file open, so that nothing can be sent to it any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        try:
            client.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:  # somebody's stream, for one
            return False
    return False
