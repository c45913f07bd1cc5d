"""What a cell shows: streams, displays, the error, each sent under the request that caused it.

Log records arrive from the engine's thread, at any time, also after their cell has ended. They are gathered for some
milliseconds and sent in the order in which they came. A cell sends some messages at once and then so many a second
(`pace`): where the streams alternate faster, what was gathered of one stream becomes one message. What repeats itself,
and the middle of very many lines, is counted and not shown (`folding`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from evroute_kernel.kernel.cell.folding import Folding, Piece
from evroute_kernel.kernel.cell.pace import Pace
from evroute_kernel.kernel.cell.remarks import Remarks
from evroute_kernel.records import dataclass
from evroute_kernel.rendering import bundle, findings_bundle

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import LogRecord
    from evroute_kernel.errors import Diagnostic

#: seconds for which text is gathered before it is sent
GATHER: Final = 0.02
#: characters that are sent at once, by the thread that wrote them: a flood slows its route, not the kernel
LARGE: Final = 1 << 16
#: seconds after which the lines that are counted are told, in a cell that runs: its output should not depend on time
LONG_HOLD: Final = 10.0
#: the same when the cell has ended, and something goes on
SHORT_HOLD: Final = 1.0

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
        is_finding: Callable[[LogRecord], bool] = lambda record: record.diagnostic,
    ) -> None:
        """`is_finding`: which records are shown as findings are, and not as lines of the log."""
        self.publish = publish
        self.later = later
        self.parent = parent
        self.text_of = text_of
        self.silent = silent
        self.is_finding = is_finding
        #: every log record that this cell caused so far
        self.records: list[LogRecord] = []
        #: the cell's value as text, when it has shown one
        self.value: str | None = None
        self._lock = Lock()
        self._gathered: list[Piece] = []
        self._size = 0
        self._expected = False
        self._pace = Pace()
        self._folding = Folding()
        self._remarks = Remarks()
        self._is_line_open = False
        self._hold = LONG_HOLD
        self._is_hold_timed = False

    def record(self, record: LogRecord) -> None:
        """Show a log record: NOTICE and below on stdout, WARNING and worse on stderr."""
        self.records.append(record)
        self.show_record(record)

    def show_record(self, record: LogRecord) -> None:
        """The same for one that `%expect` is not to find."""
        if self.silent:
            return
        if self.is_finding(record):
            self._remark(record)
            return
        text = self.text_of(record)
        if not text:
            return
        if record.manner and not self._is_line_open:  # nobody has called that route: it runs since something has come
            text = f"[{record.manner}] {text}"
        self._is_line_open = not text.endswith("\n")
        stream = STDERR if record.level in SEVERE else STDOUT
        key = record.level, record.text, record.span if record.diagnostic else None
        with self._lock:
            self._gather(self._folding.take(stream, key, text))
            self._time_hold()

    def _remark(self, record: LogRecord) -> None:
        """Show a remark of the runtime; one that came before is counted."""
        with self._lock:
            remark = self._remarks.take(record)
            if remark is None:
                self._time_hold()
                return
            content = {"data": bundle([remark.parts()], line="dotted"), "metadata": {}}
            self._release()
            self.publish("display_data", {**content, "transient": {"display_id": remark.id}}, self.parent)

    def _count_remarks(self) -> None:
        """Tell in its display how often a remark came. Under the lock."""
        for remark in self._remarks.changed():
            content = {"data": bundle([remark.parts()], line="dotted"), "metadata": {}}
            self.publish("update_display_data", {**content, "transient": {"display_id": remark.id}}, self.parent)

    def tell(self, found: Sequence[Diagnostic]) -> None:
        """Show findings, each a block of its own, with what the text says that they are about."""
        if found:
            with self._lock:
                self._remarks.foretell(found)
            self.display(findings_bundle(found))

    def write(self, text: str, stream: str = STDOUT) -> None:
        """Show text on a stream, soon, and all of it."""
        if self.silent or not text:
            return
        with self._lock:
            self._gather([*self._folding.release(), (stream, text)])

    def _gather(self, pieces: Sequence[Piece]) -> None:
        """Keep text until it is sent. Under the lock."""
        if not pieces:
            return
        self._gathered += pieces
        self._size += sum(len(text) for _, text in pieces)
        if self._size >= LARGE:
            self._send_gathered(whatever_the_pace=False)
        self._expect(GATHER)

    def _expect(self, seconds: float) -> None:
        """See to it that what is gathered will be sent."""
        if not self._expected:
            self._expected = True
            self.later(seconds, self._due)

    def _due(self) -> None:
        with self._lock:
            self._expected = False
            self._send_gathered(whatever_the_pace=False)
            if self._gathered:
                self._expect(max(GATHER, self._pace.wait(len({stream for stream, _ in self._gathered}))))

    def _time_hold(self) -> None:
        """Lines that are counted must be told, even if nothing comes after them."""
        is_holding = self._folding.is_holding or self._remarks.have_changed
        if is_holding and not self._is_hold_timed:
            self._is_hold_timed = True
            self.later(self._hold, self._held_long)

    def _held_long(self) -> None:
        with self._lock:
            self._is_hold_timed = False
            self._gather(self._folding.release())
            self._count_remarks()

    def flush(self) -> None:
        """Send what has been gathered."""
        with self._lock:
            self._send_gathered(whatever_the_pace=True)

    def settle(self) -> None:
        """Show all that is held back, and send it: the cell ends. What goes on after it may still show more."""
        with self._lock:
            self._hold = SHORT_HOLD
            self._release()
            self._count_remarks()

    def _release(self) -> None:
        """Send all that is gathered or held back. Under the lock."""
        self._gather(self._folding.release())
        self._send_gathered(whatever_the_pace=True)

    def _send_gathered(self, *, whatever_the_pace: bool) -> None:
        """Send what has been gathered, if there is room for it. Under the lock: two threads must not overtake one
        another."""
        room = self._pace.room
        messages = _messages(self._gathered, room)
        if len(messages) > room and not whatever_the_pace:
            return
        self._gathered, self._size = [], 0
        self._pace.spend(len(messages))
        for stream, text in messages:
            self.publish("stream", {"name": stream, "text": text}, self.parent)

    def display(self, data: Bundle, metadata: Bundle | None = None, display_id: str | None = None) -> None:
        """Show something in one of several formats; `text/plain` is always among them."""
        transient = {} if display_id is None else {"display_id": display_id}
        self._send("display_data", {"data": data, "metadata": metadata or {}, "transient": transient})

    def update(self, display_id: str, data: Bundle) -> None:
        """Show something else in the place of an earlier display."""
        content = {"data": data, "metadata": {}, "transient": {"display_id": display_id}}
        if not self.silent:
            self.publish("update_display_data", content, self.parent)

    def result(self, data: Bundle, count: int) -> None:
        """Show the value of the cell as `Out[count]`."""
        self.value = str(data["text/plain"])
        self._send("execute_result", {"data": data, "metadata": {}, "execution_count": count})

    def clear(self, wait: bool) -> None:
        """Take back what the cell has shown; with `wait` when the next output comes."""
        self._send("clear_output", {"wait": wait})
        with self._lock:
            self._folding = Folding()
            self._remarks = Remarks()

    def error(self, name: str, message: str, traceback: Sequence[str]) -> None:
        """Show why the cell failed; at most once a cell."""
        self._send("error", {"ename": name, "evalue": message, "traceback": list(traceback)})

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        if not self.silent:
            with self._lock:
                self._release()
                self.publish(kind, content, self.parent)


def _messages(pieces: Sequence[Piece], room: int) -> list[Piece]:
    """Pieces as few messages: in their order while there is room, those that find none one message for each stream.

    The stream that spoke last comes last.
    """
    joined = [(stream, [text for _, text in group]) for stream, group in groupby(pieces, key=lambda piece: piece[0])]
    if len(joined) > room:
        exact = max(0, room - len((STDOUT, STDERR)))
        rest: dict[str, list[str]] = {}
        for stream, texts in joined[exact:]:
            rest.setdefault(stream, []).extend(texts)
        last = joined[-1][0]
        joined[exact:] = sorted(rest.items(), key=lambda item: item[0] == last)
    return [(stream, "".join(texts)) for stream, texts in joined]


@dataclass(eq=False)
class PassingOutput:
    """The origin of runs that may go on for days: shows what they log under a cell, and keeps no record of it."""

    outlet: Outlet

    def record(self, record: LogRecord) -> None:
        self.outlet.show_record(record)
