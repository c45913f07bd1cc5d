"""What happened in a session, as far as it is kept: log records and calls of stubs."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from evroute_kernel.engine.results.runs import Log, LogRecord, StubCall

#: records that a session keeps
LOG_KEPT: Final = 100_000
STUB_CALLS_KEPT: Final = 10_000

OnRecord = Callable[[LogRecord, object], None]
_log = logging.getLogger(__name__)


class Records:
    """The last of them, oldest first. `on_record(record, origin)` is told of each record as it comes.

    Any thread may ask; records come in the supervisor's thread only.
    """

    def __init__(self, on_record: OnRecord | None = None) -> None:
        self._on_record = on_record
        self._lock = threading.Lock()
        self._log: deque[LogRecord] = deque(maxlen=LOG_KEPT)
        self._stub_calls: deque[StubCall] = deque(maxlen=STUB_CALLS_KEPT)

    def publish(self, record: LogRecord, origin: object) -> None:
        """A record of a raise with this origin."""
        with self._lock:
            self._log.append(record)
        if self._on_record is not None:
            try:
                self._on_record(record, origin)
            except Exception:  # the caller's function: its fault must not stop everybody's runs
                _log.exception("on_record failed")

    def stub_called(self, call: StubCall) -> None:
        """A route called a function that is not simulated."""
        with self._lock:
            self._stub_calls.append(call)

    def log(self) -> Log:
        with self._lock:
            return Log(self._log)

    def stub_calls(self) -> list[StubCall]:
        with self._lock:
            return list(self._stub_calls)

    def forget(self) -> None:
        with self._lock:
            self._log.clear()
            self._stub_calls.clear()

    def forget_stub_calls(self) -> None:
        with self._lock:
            self._stub_calls.clear()
