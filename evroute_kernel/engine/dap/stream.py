"""The Debug Adapter Protocol on a stream: JSON behind a header that tells its length in bytes."""

from __future__ import annotations

import json
import re
import threading
from contextlib import suppress
from typing import Any, BinaryIO, Final, NoReturn

#: bytes of a message, and of a line of its header
LARGEST: Final = 2**24
LONGEST: Final = 2**12
_LENGTH: Final = b"content-length:"
#: a line of a header
_FIELD: Final = re.compile(rb"[\w-]+:[^\n]*\n")


class StreamError(ValueError):
    """What came is no message. Reading may go on, with the next header that there is."""


class Stream:
    """Any thread may write."""

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self._reading = reading
        self._writing = writing
        self._lock = threading.Lock()
        #: of a line that was no header, what may be the beginning of one
        self._rest = b""
        #: nobody knows where the next message begins: it is looked for
        self._is_lost = False

    def read(self) -> Any:
        """The next message, whatever JSON it is; None at the end. Raises StreamError for what is no message."""
        length = self._header()
        if length is None:
            return None
        data = self._reading.read(length)
        if len(data) < length:
            return None
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise StreamError(f"a message that is no JSON: {error}") from None
        if found is None:
            raise StreamError("a message that is null")
        return found

    def _header(self) -> int | None:
        """Bytes of the message that follows; None at the end of the stream. Raises StreamError."""
        length = None
        while line := self._line():
            if line.lower().startswith(_LENGTH):
                self._is_lost = False
                length = _number(line)
                if length is None:
                    self._lose(b"", f"{_shown(line)} is no length of a message, which has at most {LARGEST} bytes")
            elif self._is_lost:
                self._keep(line)
            elif not line.strip():
                if length is not None:
                    return length
                self._lose(b"", "a message without a header that tells its length, as Content-Length: 119")
            elif not _FIELD.fullmatch(line):
                self._lose(line, f"{_shown(line)} is no header of a message")
        return None

    def _line(self) -> bytes:
        """The next line, or the beginning of a long one; nothing at the end of the stream."""
        line, self._rest = self._rest, b""
        if not line.endswith(b"\n"):
            line += self._reading.readline(LONGEST)
        return line if line.endswith(b"\n") or len(line) >= LONGEST else b""

    def _lose(self, line: bytes, words: str) -> NoReturn:
        self._is_lost = True
        self._keep(line)
        raise StreamError(words)

    def _keep(self, line: bytes) -> None:
        """A header begins where the message before it ends, in the midst of a line if that was cut short."""
        found = line.lower().find(_LENGTH)
        self._rest = line[found:] if found >= 0 else b"" if line.endswith(b"\n") else line[-len(_LENGTH) :]

    def close(self) -> None:
        """Close what it was made of."""
        for stream in (self._writing, self._reading):
            with suppress(OSError):  # what cannot be written any more
                stream.close()

    def write(self, message: dict[str, Any]) -> None:
        """To a client that is gone nothing is written: the end of what is read tells of that."""
        data = json.dumps(message).encode()
        with self._lock, suppress(BrokenPipeError, ConnectionResetError):
            self._writing.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
            self._writing.flush()


def _number(line: bytes) -> int | None:
    """The length that a line of the header tells."""
    digits = line[len(_LENGTH) :].strip()
    length = int(digits) if digits.isdigit() and len(digits) < 10 else LARGEST + 1
    return length if length <= LARGEST else None


def _shown(line: bytes) -> str:
    text = repr(line[:60].decode("utf-8", "replace").strip())
    return f"{text}..." if len(line) > 60 else text
