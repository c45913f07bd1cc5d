"""Writes events as they are raised: one JSON object a line, in the order in which they were raised.

    {"event": "E_PIKE_BLOCKED", "params": {"ip": "192.0.2.66"}, "time": 1764000000.25}

`params` is an object; an array of values where no parameter has a name; an array of `[name, value]` pairs where some
have one; and absent where there are none. The first line says too which version of this format it is, `"recording": 1`
(the rule for a next one stands in `worker.recorded`, which reads them). Bytes that are no UTF-8 are written as escapes
of lone surrogates (0xff is `\\udcff`), so that a file is always valid JSON and reads back as it was raised.

Whoever raises an event only puts it into a queue; a thread writes. The queue holds a hundred thousand events: when the
disk is slower than that, further ones are dropped, and counted.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

from evroute_kernel.engine.events.given import GivenError, text
from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.replay.writing import MODES, Mode, open_lines
from evroute_kernel.errors import did_you_mean
from evroute_kernel.runtime.values import decode, decode_exactly, encode
from evroute_kernel.worker.recorded import VERSION

WAITING_LIMIT: Final = 100_000
#: seconds for which events are gathered before they are written
GATHER: Final = 0.05
#: seconds after which a compressed file is brought into a state that can be read, should the process die
SYNC: Final = 1.0


def recorded_lines(events: Iterable[tuple[str, Params, float]], is_first: bool) -> Iterator[bytes]:
    """The lines of events: name, parameters, time. `is_first`: a recording begins with them."""
    for event, params, time in events:
        yield recorded_line(event, params, time, is_first)
        is_first = False


def recorded_line(event: str, params: Params, time: float, is_first: bool = False) -> bytes:
    """The line of an event: name and parameters are byte strings, `time` seconds of the epoch."""
    fields: dict[str, object] = {"event": _text(event)}
    if params:
        fields["params"] = _Members(params) if all(name is not None for name, _ in params) else _array(params)
    fields["time"] = round(time, 6)
    if is_first:
        fields["recording"] = VERSION
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


class Recorder:
    """A recording under way. `tap` is the session's: it is given a listener, and returns a function that ends it.

    Opening raises FileExistsError for a file that is there already, unless `mode` says what to do, other OSErrors, and
    ValueError for an unknown mode. `failed` is called, once and in the thread that writes, when the file takes no more:
    the recording has stopped, and `fault` says why. `closed` is called when it has been closed.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        tap: Callable[[Callable[[str, Params, float], None]], Callable[[], None]],
        events: Iterable[str] | None = None,
        mode: Mode = "new",
        closed: Callable[[Recorder], None] = lambda recorder: None,
        failed: Callable[[Recorder], None] = lambda recorder: None,
    ) -> None:
        if text(mode, "the mode") not in MODES:
            hint = did_you_mean(mode, MODES)
            raise GivenError(f"there is no mode {mode!r}: {hint or 'there are ' + ', '.join(MODES)}")
        self.path = Path(path)
        #: events that found no room, because the disk is slower than they come; and those that came when, or after,
        #: writing had failed
        self.dropped = self.lost = 0
        #: why writing has stopped
        self.fault: str | None = None
        self._only = None if events is None else frozenset(map(encode, [events] if isinstance(events, str) else events))
        self._waiting: deque[tuple[str, Params, float]] = deque()
        self._taken = 0
        self._counting = threading.Lock()
        self._stop = threading.Event()
        self._closing = threading.Lock()
        self._closed = closed
        self._failed = failed
        self.is_closed = False
        self._file = open_lines(self.path, mode)
        self._end_tap = tap(self._raised)
        self._thread = threading.Thread(target=self._write_all, name="evroute recorder", daemon=True)
        self._thread.start()

    @property
    def events(self) -> list[str] | None:
        """The names it was asked to record, None for all."""
        return None if self._only is None else sorted(map(decode, self._only))

    @property
    def written(self) -> int:
        """Events that are in the file; of a compressed file those that would be if it ended now."""
        return self._file.lines

    @property
    def stop_notice(self) -> str:
        """What is said when writing has failed: why, how many events are in the file, and how many are not."""
        written = "1 event is" if self.written == 1 else f"{self.written} events are"
        lost = "1 event is" if self.lost == 1 else f"{self.lost} events are"
        return f"{self.fault}; the recording has stopped: {written} in the file, {lost} lost"

    def _raised(self, event: str, params: Params, time: float) -> None:
        """An event is raised. Called in any thread; never waits."""
        if self._only is not None and event not in self._only:
            return
        if self.fault is None and len(self._waiting) < WAITING_LIMIT:
            self._waiting.append((event, params, time))
            return
        with self._counting:
            if self.fault is None:
                self.dropped += 1
            else:
                self.lost += 1

    # -- the thread -----------------------------------------------------------------------------------------------

    def _write_all(self) -> None:
        synced = monotonic()
        while not self._stop.wait(GATHER):
            self._write_waiting()
            if monotonic() - synced > SYNC:
                self._guarded(self._file.sync)
                synced = monotonic()
        self._write_waiting()
        self._guarded(self._file.close)
        self._count_lost()  # what was put there while the last was written

    def _write_waiting(self) -> None:
        while self._waiting and self.fault is None:
            count = min(len(self._waiting), 1000)
            lines = list(recorded_lines((self._waiting.popleft() for _ in range(count)), is_first=not self._taken))
            self._taken += count
            self._guarded(partial(self._file.write, lines))
        if self.fault is not None:
            self._count_lost()

    def _guarded(self, write: Callable[[], object]) -> None:
        """Do something to the file; the first failure ends the recording."""
        try:
            write()
        except OSError as error:
            if self.fault is None:
                self._stop_writing((error.strerror or str(error)).lower())

    def _stop_writing(self, why: str) -> None:
        torn = ", and its last line is torn" if self._file.is_torn else ""
        with self._counting:
            self.lost += self._taken - self._file.lines
            self.fault = f"cannot write {self.path}: {why}{torn}"
        self._count_lost()
        self._failed(self)

    def _count_lost(self) -> None:
        """What waits will never be written."""
        with self._counting:
            self.lost += len(self._waiting)
            self._waiting.clear()

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
