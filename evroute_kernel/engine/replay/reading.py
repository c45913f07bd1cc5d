"""Files of recorded events, in blocks of whole lines: plain or .gz, read once, in bounded memory.

What is wrong with a file is told by line number: a line that is too long is passed over, a .gz that ends too early, or
a disk that fails, ends the reading there.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from evroute_kernel.engine.events.given import text
from evroute_kernel.records import dataclass
from evroute_kernel.worker.recorded import LINE_LIMIT, OnBroken

#: bytes that a format is recognised by
HEAD_SIZE: Final = 2**16
_READ_SIZE: Final = 2**18
_GZIP_MAGIC: Final = b"\x1f\x8b"
#: where one JSON text ends and the next begins, on one line. Inside a text the quote would have to be escaped, or end
#: it, and then no letter follows
_SEAM: Final = re.compile(rb'\}[ \t\r]*(?=\{[ \t]*"[A-Za-z_])')


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, the first with this number; `position`: bytes of the file up to the block's end."""

    first_line: int
    data: bytes
    position: int


class Source(Protocol):
    """Where lines come from."""

    #: bytes of it that have been read, and that there are; None: unknown
    position: int
    size: int | None

    def head(self) -> bytes:
        """Its beginning, which is not lost to `blocks`."""

    def blocks(self, size: Callable[[], int], on_broken: OnBroken) -> Iterator[Block]:
        """Its lines, about `size()` bytes at a time."""

    def close(self) -> None:
        """Give back what it holds."""


class FileSource:
    """A file. Opening it raises OSError, as for a file that is not there, or is no file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        raw = self.path.open("rb", buffering=0)
        try:
            status = os.fstat(raw.fileno())
            self.size: int | None = status.st_size if stat.S_ISREG(status.st_mode) else None
            self._raw = raw
            buffered = io.BufferedReader(raw, _READ_SIZE)
            is_packed = self.path.suffix == ".gz" or buffered.peek(2)[:2] == _GZIP_MAGIC
            self._stream: BinaryIO = gzip.GzipFile(fileobj=buffered) if is_packed else buffered  # type: ignore[assignment]
            self._buffered = buffered
        except BaseException:
            raw.close()
            raise
        self.position = 0
        self._head: bytes | None = None
        self._fault: str | None = None

    def head(self) -> bytes:
        if self._head is None:
            self._head = self._read(HEAD_SIZE)
        return self._head

    def _read(self, size: int) -> bytes:
        """The next bytes; empty at the end, or where it cannot be read any further (`_fault` says why)."""
        try:
            data = self._stream.read(size)
        except EOFError:
            self._fault = "the compressed file ends too early"
            return b""
        except (zlib.error, gzip.BadGzipFile) as error:
            self._fault = f"the compressed file is damaged: {str(error).lower()}"
            return b""
        except OSError as error:
            self._fault = f"the file cannot be read any further: {(error.strerror or str(error)).lower()}"
            return b""
        self.position = self._raw.tell() if self.size is not None else self.position + len(data)
        return data

    def blocks(self, size: Callable[[], int], on_broken: OnBroken) -> Iterator[Block]:
        head, self._head = self._head or b"", b""
        pieces = _chain(head, lambda: self._read(_READ_SIZE))
        cutter = Cutter(on_broken)
        for piece in pieces:
            for first_line, data in cutter.feed(piece, size):
                yield Block(first_line, data, self.position)
        for first_line, data in cutter.end(size):
            yield Block(first_line, data, self.position)
        if self._fault is not None:
            on_broken(cutter.line, self._fault)

    def close(self) -> None:
        self._stream.close()
        self._buffered.close()

    def __enter__(self) -> FileSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LineSource:
    """Lines that somebody else reads or makes: texts, or bytes; with or without their ends."""

    size: int | None = None

    def __init__(self, lines: Iterable[str | bytes]) -> None:
        self.position = 0
        self._lines = iter(lines)
        self._head: list[bytes] = []

    def head(self) -> bytes:
        self._head += filter(None, [self._next()])
        return b"".join(self._head)

    def _next(self) -> bytes:
        try:
            line = next(self._lines)
        except StopIteration:
            return b""
        if not isinstance(line, str | bytes):
            raise TypeError(f"expected one more line, not {type(line).__name__}")
        data = text(line, "a line").encode("utf-8", "surrogateescape") if isinstance(line, str) else line
        return data if data.endswith(b"\n") else data + b"\n"

    def blocks(self, size: Callable[[], int], on_broken: OnBroken) -> Iterator[Block]:
        pieces = _chain(b"".join(self._head), self._next)
        cutter = Cutter(on_broken)
        for piece in pieces:
            self.position += len(piece)
            for first_line, data in cutter.feed(piece, size):
                yield Block(first_line, data, self.position)
        for first_line, data in cutter.end(size):
            yield Block(first_line, data, self.position)

    def close(self) -> None:
        """Nothing is held."""


def _chain(first: bytes, more: Callable[[], bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from iter(more, b"")


class Cutter:
    """Cuts a stream of bytes into blocks that end where a line does, or a JSON text on a very long line."""

    def __init__(self, on_broken: OnBroken) -> None:
        #: number of the line that comes next
        self.line = 1
        self._on_broken = on_broken
        self._rest = b""
        self._is_skipping = False

    def feed(self, data: bytes, size: Callable[[], int]) -> Iterator[tuple[int, bytes]]:
        """The blocks that are complete now, at least one line each, none of them much larger than `size()`."""
        data = self._rest + data
        start = 0
        while start < len(data):
            end = self._end(data, start, size())
            if end <= start:
                break
            yield from self._block(data[start:end])
            start = end
        self._rest = data[start:]
        if len(self._rest) > LINE_LIMIT:
            self._give_up_line()

    def end(self, size: Callable[[], int]) -> Iterator[tuple[int, bytes]]:
        """The last block, whose last line may have no end."""
        rest, self._rest = self._rest, b""
        if rest:
            yield from self._block(rest)

    def _end(self, data: bytes, start: int, size: int) -> int:
        """Where a block from `start` ends; `start` when that is not known yet."""
        if start + size >= len(data):
            end = data.rfind(b"\n", start) + 1
        else:
            end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start + size) + 1
        if end - start > LINE_LIMIT or (end <= start and len(data) - start > size):
            return self._seam(data, start, size) or end  # a line far too long: perhaps of many texts
        return end

    def _seam(self, data: bytes, start: int, size: int) -> int:
        last = 0
        for found in _SEAM.finditer(data, start):
            if found.end() > start + size and last:
                break
            last = found.end()
        return last

    def _block(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        first = self.line
        self.line += data.count(b"\n")
        if self._is_skipping:
            _, newline, data = data.partition(b"\n")
            if not newline:
                return
            self._is_skipping = False
            first += 1
        if data:
            yield first, data

    def _give_up_line(self) -> None:
        if not self._is_skipping:
            self._on_broken(self.line, f"the line is longer than {LINE_LIMIT} bytes")
        self._is_skipping, self._rest = True, b""
