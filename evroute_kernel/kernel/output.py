"""What a cell shows: streams, displays, the error, each sent under the request that caused it.

Log records arrive from the engine's thread, at any time, also after their cell has ended. They are gathered for some
milliseconds and sent in the order in which they came, so that a flood of lines becomes few messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from evroute_kernel.engine.session import LogRecord

#: seconds for which text is gathered before it is sent
GATHER: Final = 0.02
#: characters that are sent at once, by the thread that wrote them: a flood slows its route, not the kernel
LARGE: Final = 1 << 16

STDOUT: Final = "stdout"
STDERR: Final = "stderr"
#: names of levels whose records go to stderr
SEVERE: Final = frozenset({"ALERT", "CRITICAL", "ERROR", "WARNING"})

#: MIME type -> data
Bundle: TypeAlias = Mapping[str, Any]
#: sends an IOPub message: type, content, parent message
Publish: TypeAlias = Callable[[str, dict[str, Any], Mapping[str, Any]], None]
#: calls a function after some seconds; may be called from any thread
Later: TypeAlias = Callable[[float, Callable[[], None]], None]


class Origin(Protocol):
    """What raised an event on behalf of the kernel: the log of the event's runs comes back to it."""

    def record(self, record: LogRecord) -> None: ...


class Outlet:
    """Where one cell's output goes. Safe to use from any thread; `silent` keeps everything back."""

    def __init__(
        self,
        publish: Publish,
        later: Later,
        parent: Mapping[str, Any],
        text_of: Callable[[LogRecord], str],
        silent: bool = False,
    ) -> None:
        self.publish = publish
        self.later = later
        self.parent = parent
        self.text_of = text_of
        self.silent = silent
        #: every log record that this cell caused so far
        self.records: list[LogRecord] = []
        #: the cell's value as text, when it has shown one
        self.value: str | None = None
        self._lock = Lock()
        self._gathered: list[tuple[str, str]] = []
        self._size = 0
        self._expected = False

    def record(self, record: LogRecord) -> None:
        """Show a log record: NOTICE and below on stdout, WARNING and worse on stderr."""
        self.records.append(record)
        self.show_record(record)

    def show_record(self, record: LogRecord) -> None:
        """The same for one that `%expect` is not to find."""
        self.write(self.text_of(record), STDERR if record.level in SEVERE else STDOUT)

    def write(self, text: str, stream: str = STDOUT) -> None:
        """Show text on a stream, soon."""
        if self.silent or not text:
            return
        with self._lock:
            self._gathered.append((stream, text))
            self._size += len(text)
            large = self._size >= LARGE
            wake = not self._expected
            self._expected = True
        if large:
            self.flush()
        if wake:
            self.later(GATHER, self._due)

    def _due(self) -> None:
        with self._lock:
            self._expected = False
        self.flush()

    def flush(self) -> None:
        """Send what has been gathered."""
        with self._lock:
            gathered, self._gathered, self._size = self._gathered, [], 0
            # sent under the lock: two threads that flush must not overtake one another
            for stream, pieces in groupby(gathered, key=lambda piece: piece[0]):
                self.publish("stream", {"name": stream, "text": "".join(p[1] for p in pieces)}, self.parent)

    def display(self, data: Bundle, metadata: Bundle | None = None, display_id: str | None = None) -> None:
        """Show something in one of several formats; `text/plain` is always among them."""
        transient = {} if display_id is None else {"display_id": display_id}
        self._send("display_data", {"data": data, "metadata": metadata or {}, "transient": transient})

    def update(self, display_id: str, data: Bundle) -> None:
        """Show something else in the place of an earlier display."""
        self._send("update_display_data", {"data": data, "metadata": {}, "transient": {"display_id": display_id}})

    def result(self, data: Bundle, count: int) -> None:
        """Show the value of the cell as `Out[count]`."""
        self.value = str(data["text/plain"])
        self._send("execute_result", {"data": data, "metadata": {}, "execution_count": count})

    def clear(self, wait: bool) -> None:
        """Take back what the cell has shown; with `wait` when the next output comes."""
        self._send("clear_output", {"wait": wait})

    def error(self, name: str, message: str, traceback: Sequence[str]) -> None:
        """Show why the cell failed; at most once a cell."""
        self._send("error", {"ename": name, "evalue": message, "traceback": list(traceback)})

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        if not self.silent:
            self.flush()
            self.publish(kind, content, self.parent)


@dataclass(eq=False)
class PassingOutput:
    """The origin of runs that may go on for days: shows what they log under a cell, and keeps no record of it."""

    outlet: Outlet

    def record(self, record: LogRecord) -> None:
        self.outlet.show_record(record)
