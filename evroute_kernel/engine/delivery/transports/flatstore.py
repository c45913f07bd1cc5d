"""`flatstore:/PATH` (module event_flatstore): one line of values for each event, appended to a file.

`EVENT,value,value`: integers in decimal, no names, null and empty strings as nothing. As on the server the first byte
of the delimiter becomes a blank wherever a value holds it, before `escape_delimiter` looks, which therefore finds
something only where that byte is a blank. On the server the subscribers that come after get the changed value too;
here they get the event as it was raised. Line ends in a value become blanks as well: nobody who can raise an event may
begin a line of a file. A file is rotated (closed, and opened under a name with a new `suffix`) by
`rotate_count`, `rotate_size`, `rotate_period`, or when asked; E_FLATSTORE_ROTATION is not raised.
"""

from __future__ import annotations

import errno
import os
import re
import threading
from time import time
from typing import Final

from evroute_kernel.engine.delivery.transports.destination import SENT, Destination, Outcome, OutgoingEvent, SessionView
from evroute_kernel.engine.delivery.transports.folders import Folders, open_file
from evroute_kernel.engine.events.params import Params
from evroute_kernel.worker.sockets import Address

MODULE: Final = "event_flatstore"
#: of new files, unless a script sets `file_permissions`; a server's are 0644
DEFAULT_PERMISSIONS: Final = 0o600
#: links that lead from one to the next
MOST_LINKS: Final = 40
_LINE_ENDS: Final = str.maketrans("\r\n", "  ")
# a FIFO without a reader, or with a full one, must not stop the raiser
_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_FACTORS: Final = {"k": 2**10, "m": 2**20, "g": 2**30}


class FlatFile:
    """One file, for all subscriptions of its path."""

    def __init__(self, path: str, within: Folders | None, session: SessionView) -> None:
        self.path = path
        self.within = within
        #: subscriptions that use it; guarded by their owner
        self.users = 0
        self._session = session
        self._lock = threading.Lock()
        self._descriptor = -1
        self._lines = self._bytes = 0
        self._period = 0
        self._is_torn = False

    @property
    def is_open(self) -> bool:
        return self._descriptor >= 0

    def append(self, event: str, params: Params) -> None:
        """Write the line of an event, all of it or nothing.

        Raises OSError, and ValueError for a suffix that is no text with variables.
        """
        data = self._line(event, params)
        with self._lock:
            self._rotate_by_time()
            if self._descriptor < 0:
                self._open()
            self._write(b"\n" + data if self._is_torn else data)
            self._lines += 1
            self._bytes += len(data)
            self._rotate_by_amount()

    def _write(self, data: bytes) -> None:
        """Write a line; what a full disk took of it is taken back, or where that cannot be ended by the next one."""
        done = 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:])
        except OSError:
            if done and not self._take_back(done):
                self._is_torn = True
            raise
        self._is_torn = False

    def _take_back(self, count: int) -> bool:
        """Cut off the last bytes that were written here; False where that cannot be."""
        try:
            # the position is behind what was written last; the size is another if others have written since
            end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            if os.fstat(self._descriptor).st_size != end:
                return False
            os.ftruncate(self._descriptor, end - count)
        except OSError:  # a FIFO
            return False
        return True

    def rotate(self) -> None:
        """The next event opens the file anew: it may have been moved, and its suffix may be another."""
        with self._lock:
            self._close()

    close = rotate

    def _open(self) -> None:
        session = self._session
        suffix = session.text(MODULE, "suffix")
        name = self.path + (session.expand(suffix) if suffix else "")
        if self.within is None:
            self._descriptor = opened(name.encode("latin-1"), self._permissions())
        else:
            self._descriptor = open_file(name.encode("latin-1"), self.within, self._permissions())
        self._lines = self._bytes = 0
        self._is_torn = False

    def _permissions(self) -> int:
        text = self._session.text(MODULE, "file_permissions")
        try:
            return DEFAULT_PERMISSIONS if text is None else int(text, 8)
        except ValueError:
            return DEFAULT_PERMISSIONS

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _rotate_by_time(self) -> None:
        """The server looks at the clock each second, and rotates when it is a multiple of the period."""
        seconds = self._session.number(MODULE, "rotate_period", 0)
        if seconds > 0:
            period = int(time()) // seconds
            if period != self._period:
                self._close()
            self._period = period

    def _rotate_by_amount(self) -> None:
        lines, size = self._limit("rotate_count"), self._limit("rotate_size")
        if (lines and self._lines >= lines) or (size and self._bytes >= size):
            self._close()

    def _limit(self, name: str) -> int:
        """A number, or a text such as "10M"; 0 for none. A count takes no letter, as on the server."""
        found = re.match(r"\s*\+?([0-9]+)([kmg]?)", self._session.text(MODULE, name) or "", re.IGNORECASE)
        if found is None:
            return 0
        factor = _FACTORS.get(found[2].lower(), 1) if name == "rotate_size" else 1
        return int(found[1]) * factor

    def _line(self, event: str, params: Params) -> bytes:
        delimiter = self._session.text(MODULE, "delimiter") or ","
        escape = self._session.text(MODULE, "escape_delimiter")
        pieces = [] if self._session.number(MODULE, "suppress_event_name", 0) else [event.translate(_LINE_ENDS)]
        suppressed = not pieces
        for _, value in params:
            if pieces or not suppressed:  # without the name, no delimiter goes before what is first written
                pieces.append(delimiter)
            if isinstance(value, int):
                pieces.append(str(value))
            elif value:
                text = value.replace(delimiter[0], " ").translate(_LINE_ENDS)
                pieces.append(text if escape is None else text.replace(delimiter, escape))
        return ("".join(pieces) + "\n").encode("latin-1")


def opened(path: bytes, permissions: int, links: int = MOST_LINKS) -> int:
    """Open a file that the session's own user named. Raises OSError.

    Links are followed, as a user expects of `/dev/stdout` or `current.csv`, but not one that somebody else has put
    there, as anybody can in /tmp.
    """
    # what stands there is of this process, such as its output, and no text that leads somewhere
    following = path.startswith(b"/proc/")
    try:
        return os.open(path, _APPEND & ~os.O_NOFOLLOW if following else _APPEND, permissions)
    except OSError as error:
        if error.errno != errno.ELOOP or not links:
            raise
    link = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(link).st_uid not in (os.geteuid(), 0):
            raise PermissionError(errno.EPERM, "it is a link of another user")
        target = os.readlink(b"", dir_fd=link)
    finally:
        os.close(link)
    directory, slash, _ = path.rpartition(b"/")
    return opened(target if target.startswith(b"/") else directory + slash + target, permissions, links - 1)


class FlatFiles:
    """The files of a session, by path as subscribed and the folders that it must be in."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        self._files: dict[tuple[str, Folders | None], FlatFile] = {}
        self._lock = threading.Lock()

    def open(self, path: str, within: Folders | None) -> FlatFile:
        with self._lock:
            file = self._files.setdefault((path, within), FlatFile(path, within, self._session))
            file.users += 1
            return file

    def release(self, file: FlatFile) -> None:
        with self._lock:
            file.users -= 1
            if not file.users:
                self._files.pop((file.path, file.within), None)
                file.close()

    def rotate(self, path: str) -> bool:
        """Rotate a file; False when nobody has subscribed it."""
        with self._lock:
            found = [file for file in self._files.values() if file.path == path]
        for file in found:
            file.rotate()
        return bool(found)


class Flatstore(Destination):
    """A file that takes events."""

    def __init__(self, address: Address, session: SessionView, files: FlatFiles) -> None:
        super().__init__(address, session)
        self._files = files
        self._file: FlatFile | None = files.open(address.path, address.within)

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        if self._file is None:
            return Outcome(False, ("the subscription has ended",))
        try:
            self._file.append(outgoing.event, outgoing.params)
        except (OSError, ValueError) as error:  # ValueError: a suffix that cannot be expanded
            # the server does not say why; of a file that cannot be opened it says two things
            opening = () if self._file.is_open else ("Opening socket error",)
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            return Outcome(False, (*opening, "cannot write to socket"), reason=f"cannot write to the file: {reason}")
        return SENT

    def close(self) -> None:
        with self._guard:
            file, self._file = self._file, None
        if file is not None:
            self._files.release(file)
