"""The worker's side of the stream to the supervisor.

What the routes of a single event say is written at once: what they logged before they died has left the process. Where
many events are run messages collect in the black box, which survives the process too, and are written when it is full.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import time
from typing import Final

from evroute_kernel.runtime.context import Record
from evroute_kernel.worker.blackbox import BlackBox
from evroute_kernel.worker.late import Late
from evroute_kernel.worker.messages import (
    TAGS,
    DiagnosticsRepeated,
    EventRuns,
    LogLine,
    Message,
    encode,
    pack,
)

_LOG_LINE: Final = TAGS[LogLine]
_EVENT_RUNS: Final = TAGS[EventRuns]

#: name of an event, and the line where it is recorded: 0 for none
Running = tuple[str, int]


class Outbox:
    """Writes messages in order.

    `room` log records may still be sent in this run; `dropped` log lines found no room. What the runtime itself says
    is sent even then (`Late`), unless the room is -1.
    """

    def __init__(self, stream: socket.socket, blackbox: BlackBox, now: Callable[[], float] = time) -> None:
        self._stream = stream
        #: the clock that log records tell: the session's
        self._now = now
        self._blackbox = blackbox
        self._collecting = False
        #: an interrupt must not cut a frame in two: while this is set its handler only sets `on_release`
        self.is_busy = False
        self.on_release: Callable[[], None] | None = None
        self.room = 0
        self.dropped = 0
        #: the event that runs, until a message has told it
        self.running: Running | None = None
        self._named: Running | None = None
        self._late: Late[tuple[Record, float, Running | None]] = Late()

    @property
    def speaks_of(self) -> Running | None:
        """The event that runs; None where nobody has said which."""
        return self.running or self._named

    def begin(self, room: int, *, collecting: bool) -> None:
        """A run begins."""
        self.room, self.dropped = room, 0
        self._late, self.running, self._named = Late(), None, None
        self._collecting = collecting

    def expect(self, event: str) -> None:
        """The supervisor knows that this event comes first."""
        self._named = event, 0

    def collect(self) -> None:
        """Collect messages from now on."""
        self._collecting = True

    def end(self) -> None:
        """The run has ended: everything goes out."""
        self._collecting = False
        self.flush()

    def log(self, record: Record) -> None:
        """`Process.emit`."""
        level, text, diagnostic, (slot, statement) = record
        moment = self._now()
        if self.room > 0:
            self.room -= 1
        elif not diagnostic or self.room < 0:
            self.dropped += 1
            return
        else:
            event = self.running or self._named
            if not self._late.is_to_be_sent((slot, statement, level), text, (record, moment, event)):
                return
        self._put(pack(_LOG_LINE, level, text, diagnostic, slot, statement, moment))

    def send_late(self) -> None:
        """The run is about to end: tell what the runtime said again and again, when there was no room."""
        for (record, moment, event), count in self._late.release():
            level, text, _, (slot, statement) = record
            self.running = event
            self.send(DiagnosticsRepeated(level, text, slot, statement, moment, count))
        self.running = None

    def send(self, message: Message) -> None:
        self._put(encode(message))

    def hold(self, message: Message) -> None:
        """Send it with the next one that goes out. It is in the black box meanwhile, so a death loses nothing."""
        collecting, self._collecting = self._collecting, True
        try:
            self._put(encode(message))
        finally:
            self._collecting = collecting

    def send_now(self, message: Message) -> None:
        """Send it, and all that is held back before it: somebody waits for the answer."""
        collecting, self._collecting = self._collecting, False
        try:
            self._put(encode(message))
        finally:
            self._collecting = collecting

    def flush(self) -> None:
        if held := self._blackbox.held():
            self._write(held)

    def _put(self, frame: bytes) -> None:
        self.is_busy = True
        if self.running is not None:
            if self.running != self._named:
                frame = pack(_EVENT_RUNS, *self.running) + frame
                self._named = self.running
            self.running = None
        if not self._collecting or not self._blackbox.hold(frame):
            self.flush()
            if not self._collecting or not self._blackbox.hold(frame):
                self._write(frame)
        self.is_busy = False
        if self.on_release is not None:
            release, self.on_release = self.on_release, None
            release()

    def _write(self, data: bytes) -> None:
        self._stream.sendall(data)
        self._blackbox.sent(len(data))
