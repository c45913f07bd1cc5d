"""The Debug Adapter Protocol on a stream: JSON behind a header that tells its length in bytes."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import Any, BinaryIO, Final

#: bytes of a message, at most
LARGEST: Final = 2**24
_LENGTH: Final = b"content-length:"


class StreamError(ValueError):
    """What came is no message, and nobody can tell where the next one begins."""


class Stream:
    """Any thread may write."""

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self._reading = reading
        self._writing = writing
        self._lock = threading.Lock()

    def read(self) -> Any:
        """The next message, whatever JSON it is; None at the end. Text that is no JSON is given as it is. Raises
        StreamError."""
        length = None
        while (line := self._reading.readline(2**12)).strip():
            if line.lower().startswith(_LENGTH):
                digits = line[len(_LENGTH) :].strip()
                length = int(digits) if digits.isdigit() and len(digits) < 10 else LARGEST + 1
        if not line:
            return None
        if length is None or length > LARGEST:
            raise StreamError("a message without a header that tells its length")
        data = self._reading.read(length)
        if len(data) < length:
            return None
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return data.decode("utf-8", "replace")

    def write(self, message: dict[str, Any]) -> None:
        """To a client that is gone nothing is written: the end of what is read tells of that."""
        data = json.dumps(message).encode()
        with self._lock, suppress(BrokenPipeError, ConnectionResetError):
            self._writing.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
            self._writing.flush()
