"""Files that recorded events are written to: whatever happens to the disk, they end with a whole line.

A file that cannot take all it is given (a full disk, a quota, a limit of the process) is cut behind its last whole
line, and `lines` says how many there are. Where nothing can be cut, in a pipe, or where others write too, `is_torn`
says that half a line stands at the end.
"""

from __future__ import annotations

import errno
import gzip
import os
import zlib
from pathlib import Path
from typing import Final, Literal

Mode = Literal["new", "append", "replace"]
MODES: Final[dict[Mode, str]] = {"new": "xb", "append": "ab", "replace": "wb"}
#: lines that a compressed file may hold back
HELD_BACK: Final = 1000
#: bytes that are looked at in one go
_READ_SIZE: Final = 1 << 20
#: RFC 1952: magic, deflate, no flags, no time, no hints, unknown system
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#: RFC 1951: a last block that is empty
_LAST_BLOCK: Final = b"\x03\x00"


def open_lines(path: Path, mode: Mode) -> PlainFile:
    """A file for lines, compressed if its name ends in .gz. Raises OSError."""
    return PackedFile(path, mode) if path.suffix == ".gz" else PlainFile(path, mode)


class PlainFile:
    """Lines as they are. A line is bytes with one line break, which ends it."""

    def __init__(self, path: Path, mode: Mode) -> None:
        #: whole lines that are in the file
        self.lines = 0
        #: whether half a line stands at its end
        self.is_torn = False
        self._raw = path.open(MODES[mode], buffering=0)
        try:
            self._position = os.fstat(self._raw.fileno()).st_size
            if mode == "append" and self._position:
                self._continue(path)
        except BaseException:
            self._raw.close()
            raise

    def _continue(self, path: Path) -> None:
        """Look at what the file holds already: the writer before us may have been killed within a line."""
        if path.is_file():
            with path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":
                    self._put(b"\n")

    def write(self, lines: list[bytes]) -> None:
        """Add lines. Raises OSError when not all could be added; `lines` counts those that are there."""
        data, start = b"".join(lines), self._position
        try:
            self._put(data)
        except OSError:
            whole = data.rfind(b"\n", 0, self._position - start) + 1
            self.lines += data.count(b"\n", 0, whole)
            self.is_torn = not self._cut(start + whole)
            raise
        self.lines += len(lines)

    def sync(self) -> None:
        """Bring what was held back into the file. Raises OSError."""

    def close(self) -> None:
        """Raises OSError when the system says so late that something could not be written."""
        self._raw.close()

    def _put(self, data: bytes) -> None:
        """Write bytes; when that fails, `_position` says how far it came."""
        rest = memoryview(data)
        while rest:
            written = self._raw.write(rest)
            if not written:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            self._position += written
            rest = rest[written:]

    def _cut(self, position: int) -> bool:
        """Take back what stands behind a position; False where that cannot be."""
        if position == self._position:
            return True
        try:
            if os.fstat(self._raw.fileno()).st_size != self._position:  # somebody else writes to it
                return False
            os.ftruncate(self._raw.fileno(), position)
            os.lseek(self._raw.fileno(), position, os.SEEK_SET)
        except OSError:  # it is no ordinary file
            return False
        self._position = position
        return True


class PackedFile(PlainFile):
    """Lines in one more member of a gzip file. They are held back until `sync`, or until there are many.

    At each `sync` the member could be ended: what it takes is remembered, and done there when the disk is full.
    """

    def __init__(self, path: Path, mode: Mode) -> None:
        super().__init__(path, mode)
        self._packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._packed = [_GZIP_HEADER]
        self._held_back = 0
        self._checksum = self._size = 0
        self._is_ended = False
        #: where the file may end, the last two: position, lines before it, what has to follow
        self._ends = [(self._position, 0, b"")]

    def _continue(self, path: Path) -> None:
        """Raises OSError for a file whose writer was killed: what is added to it could not be read."""
        try:
            with gzip.open(path) as file:
                while file.read(_READ_SIZE):
                    pass
        except (EOFError, zlib.error, gzip.BadGzipFile):
            words = "what it holds is torn, so nothing can be added; record to another file"
            raise OSError(errno.EBADMSG, words) from None

    def write(self, lines: list[bytes]) -> None:
        data = b"".join(lines)
        self._packed.append(self._packer.compress(data))
        self._checksum = zlib.crc32(data, self._checksum)
        self._size += len(data)
        self._held_back += len(lines)
        if self._held_back >= HELD_BACK:
            self.sync()

    def sync(self) -> None:
        if not self._held_back or self._is_ended:
            return
        self._pack(zlib.Z_SYNC_FLUSH)
        self.lines += self._held_back
        self._held_back = 0
        self._ends = [self._ends[-1], (self._position, self.lines, _LAST_BLOCK + self._trailer())]

    def close(self) -> None:
        try:
            self.sync()
            if not self._is_ended:
                self._pack(zlib.Z_FINISH, self._trailer())
        finally:
            self._is_ended = True
            super().close()

    def _pack(self, how: int, tail: bytes = b"") -> None:
        """Write what is held back, or end the member where that is possible and raise OSError."""
        self._packed += [self._packer.flush(how), tail]
        data, self._packed = b"".join(self._packed), []
        try:
            self._put(data)
        except OSError:
            self._is_ended = True
            self.is_torn = not any(self._end(*end) for end in reversed(self._ends))
            raise

    def _trailer(self) -> bytes:
        return self._checksum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")

    def _end(self, position: int, lines: int, tail: bytes) -> bool:
        """Let the file end at an earlier place; False when not even that can be written."""
        self.lines = lines
        try:
            if not self._cut(position):
                return False
            self._put(tail)
        except OSError:
            return False
        return True
