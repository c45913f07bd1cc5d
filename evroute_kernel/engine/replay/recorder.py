"""Writes events as they are raised: one JSON object a line, in the order in which they were raised.

    {"event": "E_PIKE_BLOCKED", "params": {"ip": "192.0.2.66"}, "time": 1764000000.25}

`params` is an object; an array of values where no parameter has a name; an array of `[name, value]` pairs where some
have one; and absent where there are none. Bytes that are no UTF-8 are written as escapes of lone surrogates (0xff is
`\\udcff`), so that a file is always valid JSON and reads back as it was raised.

Whoever raises an event only puts it into a queue; a thread writes. The queue holds a hundred thousand events: when the
disk is slower than that, further ones are dropped, and counted.
"""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final, Literal

from evroute_kernel.engine.events import Params
from evroute_kernel.errors import did_you_mean
from evroute_kernel.runtime.values import decode, decode_exactly, encode

WAITING_LIMIT: Final = 100_000
#: seconds for which events are gathered before they are written
GATHER: Final = 0.05
#: seconds after which a compressed file is brought into a state that can be read, should the process die
SYNC: Final = 1.0

Mode = Literal["new", "append", "replace"]
#: bytes that are looked at in one go
_READ_SIZE: Final = 1 << 20
_MODES: Final[dict[Mode, str]] = {"new": "xb", "append": "ab", "replace": "wb"}


def recorded_line(event: str, params: Params, time: float) -> bytes:
    """The line of an event: name and parameters are byte strings, `time` seconds of the epoch."""
    fields: dict[str, object] = {"event": _text(event)}
    if params:
        fields["params"] = _Members(params) if all(name is not None for name, _ in params) else _array(params)
    fields["time"] = round(time, 6)
    parts = (f"{json.dumps(name)}: {_json(value)}" for name, value in fields.items())
    return f"{{{', '.join(parts)}}}\n".encode()


class _Members:
    """The members of an object, whose names need not differ."""

    def __init__(self, params: Params) -> None:
        self.params = params


def _array(params: Params) -> list[object]:
    if all(name is None for name, _ in params):
        return [_text(value) for _, value in params]
    return [[_text(name), _text(value)] for name, value in params]


def _json(value: object) -> str:
    if isinstance(value, _Members):
        return "{" + ", ".join(f"{_json(_text(name))}: {_json(_text(item))}" for name, item in value.params) + "}"
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return json.dumps(value)
    return text


def _text(value: int | str | None) -> int | str | None:
    return decode_exactly(value) if isinstance(value, str) else value


def _is_torn(path: Path) -> bool:
    """Whether the last line of a file has no end: the writer before us was killed."""
    if path.suffix == ".gz" or not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def _check_whole(path: Path) -> None:
    """Raise OSError for a compressed file whose writer was killed: what is added to it could not be read."""
    if path.suffix != ".gz" or not path.is_file() or not path.stat().st_size:
        return
    try:
        with gzip.open(path) as file:
            while file.read(_READ_SIZE):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise OSError(errno.EBADMSG, "what it holds is torn, so nothing can be added; record to another file") from None


class Recorder:
    """A recording under way. `tap` is the session's: it is given a listener, and returns a function that ends it.

    Opening raises FileExistsError for a file that is there already, unless `mode` says what to do, other OSErrors, and
    ValueError for an unknown mode. `closed` is called when it has been closed.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        tap: Callable[[Callable[[str, Params, float], None]], Callable[[], None]],
        events: Iterable[str] | None = None,
        mode: Mode = "new",
        closed: Callable[[Recorder], None] = lambda recorder: None,
    ) -> None:
        if mode not in _MODES:
            hint = did_you_mean(mode, _MODES)
            raise ValueError(f"there is no mode {mode!r}: {hint or 'there are ' + ', '.join(_MODES)}")
        self.path = Path(path)
        #: events written, and those that found no room
        self.written = self.dropped = 0
        #: why writing has stopped
        self.fault: str | None = None
        self._only = None if events is None else frozenset(map(encode, [events] if isinstance(events, str) else events))
        self._waiting: deque[tuple[str, Params, float]] = deque()
        self._stop = threading.Event()
        self._closing = threading.Lock()
        self._closed = closed
        self.is_closed = False
        if mode == "append":
            _check_whole(self.path)
        self._raw = self.path.open(_MODES[mode], buffering=0)
        self._stream: BinaryIO = io.BufferedWriter(self._raw)
        self._packed: gzip.GzipFile | None = None
        if mode == "append" and _is_torn(self.path):
            self._stream.write(b"\n")
        if self.path.suffix == ".gz":
            self._packed = gzip.GzipFile(filename="", fileobj=self._stream, mode="wb", compresslevel=6)
        self._end_tap = tap(self._raised)
        self._thread = threading.Thread(target=self._write_all, name="evroute recorder", daemon=True)
        self._thread.start()

    @property
    def events(self) -> list[str] | None:
        """The names it was asked to record, None for all."""
        return None if self._only is None else sorted(map(decode, self._only))

    def _raised(self, event: str, params: Params, time: float) -> None:
        """An event is raised. Called in any thread; never waits."""
        if self._only is not None and event not in self._only:
            return
        if len(self._waiting) >= WAITING_LIMIT or self.fault is not None:
            self.dropped += 1
            return
        self._waiting.append((event, params, time))

    # -- the thread -----------------------------------------------------------------------------------------------

    def _write_all(self) -> None:
        synced = monotonic()
        with self._raw, self._stream:
            while not self._stop.wait(GATHER):
                self._write_waiting()
                if self._packed is not None and monotonic() - synced > SYNC:
                    self._guarded(self._packed.flush)
                    synced = monotonic()
                self._guarded(self._stream.flush)
            self._write_waiting()
            if self._packed is not None:
                self._guarded(self._packed.close)
            self._guarded(self._stream.flush)
            if self.fault is not None:
                self._abandon()

    def _write_waiting(self) -> None:
        stream = self._packed or self._stream
        while self._waiting and self.fault is None:
            count = min(len(self._waiting), 1000)
            lines = b"".join(recorded_line(*self._waiting.popleft()) for _ in range(count))
            self._guarded(lambda data=lines: stream.write(data))  # type: ignore[misc]
            if self.fault is None:
                self.written += count
            else:
                self.dropped += count
        if self.fault is not None:
            self.dropped += len(self._waiting)
            self._waiting.clear()

    def _guarded(self, write: Callable[[], object]) -> None:
        """Do something to the file, unless that has failed before."""
        if self.fault is None:
            try:
                write()
            except OSError as error:
                self.fault = f"cannot write {self.path}: {(error.strerror or str(error)).lower()}"

    def _abandon(self) -> None:
        """What is buffered cannot be written, and must not be tried again when the file is closed."""
        with Path(os.devnull).open("wb", buffering=0) as nothing:
            os.dup2(nothing.fileno(), self._raw.fileno(), inheritable=False)

    # -- the end --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the recording; all that was raised before is in the file. Closing twice is harmless."""
        with self._closing:
            self._end_tap()
            self._stop.set()
            self._thread.join()
            self.is_closed = True
        self._closed(self)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
