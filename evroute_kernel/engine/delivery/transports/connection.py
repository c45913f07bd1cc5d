"""One TCP connection for all `tcp:` subscriptions of an address, in a thread of its own.

It connects when there is something to send, and again at the next event after the peer has closed. Payloads follow
each other without anything between them. In the reliable mode of event_stream a payload counts when its reply came.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from math import inf
from time import monotonic
from typing import Any, Final

from evroute_kernel.engine.delivery.transports.destination import LAST_MOMENT
from evroute_kernel.engine.delivery.transports.send_queue import QueuedEvent, SendQueue

CONNECT_TIME: Final = 5.0
#: of replies that are not complete, in bytes
REPLY_LIMIT: Final = 2**16
#: connections that may be lost under an event before any of it was written
TRIES: Final = 2
_RECEIVE_SIZE: Final = 2**16


class Connection:
    """`timeout()`: seconds after which an event that is not sent, or not answered, is given up."""

    def __init__(self, ip: str, port: int, timeout: Callable[[], float]) -> None:
        self._target = ip, port
        self._timeout = timeout
        self.send_queue = SendQueue(self._wake)
        #: subscriptions that use it; guarded by their owner
        self.users = 0
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._wake_in = self._wake_out = -1
        self._end = inf
        self._socket: socket.socket | None = None
        self._is_connected = False
        self._connect_deadline = inf
        #: the event that is being written, and what is left of it
        self._current: QueuedEvent | None = None
        self._rest = memoryview(b"")
        #: sent in reliable mode, by identifier
        self._unanswered: dict[int, QueuedEvent] = {}
        self._replies = b""

    # -- for any thread -------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Something is to be done; the first time there is, the thread starts."""
        with self._starting:
            if self._thread is None:
                if self._end != inf:
                    return
                self._wake_in, self._wake_out = os.pipe()
                os.set_blocking(self._wake_out, False)
                os.set_blocking(self._wake_in, False)
                self._thread = threading.Thread(target=self._serve, name="evroute tcp sender", daemon=True)
                self._thread.start()
            if self._wake_out >= 0:
                with contextlib.suppress(BlockingIOError):  # it is awake
                    os.write(self._wake_out, b"!")

    def finish(self) -> None:
        """Send what waits if the peer takes it soon, then end. Returns at once."""
        with self._starting:
            self._end = min(self._end, monotonic() + LAST_MOMENT)
        if self._thread is not None:
            self._wake()

    def join(self) -> None:
        """Wait until it has ended; after `finish`."""
        if self._thread is not None:
            self._thread.join()

    @property
    def is_connected(self) -> bool:
        return self._is_connected

    # -- the thread -----------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            with selectors.DefaultSelector() as self._selector:
                self._selector.register(self._wake_in, selectors.EVENT_READ)
                while not self._is_over():
                    self._turn()
                self._disconnect("the subscription has ended", final=True)
        finally:
            with self._starting:
                os.close(self._wake_in)
                os.close(self._wake_out)
                self._wake_out = -1

    def _is_over(self) -> bool:
        has_work = self._current is not None or self._unanswered or len(self.send_queue)
        return self._end != inf and (not has_work or monotonic() >= self._end)

    def _turn(self) -> None:
        for key, mask in self._selector.select(self._patience()):
            if key.fileobj == self._wake_in:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_in, 4096)
            elif not self._is_connected:
                self._connected()
            elif mask & selectors.EVENT_READ:
                self._receive()
        self._expire()
        if self._socket is None and len(self.send_queue):
            self._connect()
        if self._is_connected:
            self._write()
            self._watch()

    def _patience(self) -> float | None:
        due = min(self._end, self._connect_deadline)
        oldest = [p.since for p in (self.send_queue.first(), *self._unanswered.values()) if p is not None]
        if oldest:
            due = min(due, min(oldest) + self._timeout())
        return None if due == inf else max(0.0, due - monotonic())

    def _watch(self) -> None:
        if self._socket is None:
            return
        events = selectors.EVENT_READ
        if self._current is not None or len(self.send_queue):
            events |= selectors.EVENT_WRITE
        self._selector.modify(self._socket, events)

    # -- connecting -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._connect_deadline = monotonic() + CONNECT_TIME
        self._selector.register(self._socket, selectors.EVENT_WRITE)
        with contextlib.suppress(BlockingIOError):
            try:
                self._socket.connect(self._target)
            except BlockingIOError:
                raise
            except OSError as error:
                self._refused(error.errno or 0)

    def _connected(self) -> None:
        """The attempt to connect has ended, well or not."""
        if self._socket is None:
            return
        number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._refused(number)
            return
        self._is_connected = True
        self._connect_deadline = inf

    def _refused(self, number: int) -> None:
        """Whatever waits now is lost; the next event tries again, as on the server."""
        self._hang_up()
        words = f"cannot connect to {self._target[0]}[{number}:{os.strerror(number)}]"
        for queued in self.send_queue.take_all():
            queued.owner.lost(queued.outgoing, words)

    def _disconnect(self, words: str, *, final: bool = False) -> None:
        """The connection is over. What the peer had begun to get is lost; the rest may try another connection."""
        begun, self._current = self._current, None
        lost = [*self._unanswered.values()] + ([begun] if begun is not None else [])
        self._unanswered.clear()
        self._hang_up()
        first = self.send_queue.first()
        if first is not None:
            first.tries += 1
            if final or first.tries >= TRIES:
                lost += self.send_queue.take_all()
        for queued in lost:
            queued.owner.lost(queued.outgoing, words)

    def _hang_up(self) -> None:
        self._is_connected, self._connect_deadline, self._replies = False, inf, b""
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    # -- sending --------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        """Write as much as the peer takes."""
        while self._socket is not None:
            if self._current is None:
                self._current = self.send_queue.take()
                if self._current is None:
                    return
                self._rest = memoryview(self._current.data)
            try:
                sent = self._socket.send(self._rest)
            except BlockingIOError:
                self._wait_for_room()
                return
            except OSError:
                self._disconnect(f"error while writing on connection to {self._name}")
                return
            self._rest = self._rest[sent:]
            if not self._rest:
                self._written()

    def _wait_for_room(self) -> None:
        """The peer does not read. An event of which nothing is written yet can still be given up."""
        if self._current is not None and len(self._rest) == len(self._current.data):
            self.send_queue.put_back(self._current)
            self._current = None

    def _written(self) -> None:
        queued, self._current = self._current, None
        assert queued is not None
        if queued.identifier:
            self._unanswered[queued.identifier] = queued
        else:
            queued.owner.count_sent()

    def _expire(self) -> None:
        """Give up what has waited too long, for the peer to read or to answer."""
        if self._connect_deadline <= monotonic():
            self._refused(errno.ETIMEDOUT)  # the system itself says so after minutes
        end = monotonic() - self._timeout()
        while (queued := self.send_queue.first()) is not None and queued.since <= end:
            self.send_queue.take()
            queued.owner.lost(queued.outgoing, f"{self._name} took nothing in time")
        for identifier, queued in tuple(self._unanswered.items()):
            if queued.since <= end:
                del self._unanswered[identifier]
                queued.owner.lost(queued.outgoing, f"{self._name} did not answer in time")

    @property
    def _name(self) -> str:
        return f"{self._target[0]}:{self._target[1]}"

    # -- replies --------------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        """What the peer says counts in reliable mode alone; that it closes, always."""
        assert self._socket is not None
        try:
            data = self._socket.recv(_RECEIVE_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._disconnect(f"connection to {self._name} closed!")
            return
        if not self._unanswered:
            return
        self._replies += data
        for reply in self._complete_replies():
            self._replied(reply)
        if len(self._replies) > REPLY_LIMIT:
            self._disconnect(f"cannot parse reply of {self._name}")

    def _complete_replies(self) -> Iterator[Any]:
        with contextlib.suppress(ValueError):  # the next one is not complete yet
            while text := self._replies.decode("latin-1").lstrip():
                reply, end = json.JSONDecoder().raw_decode(text)
                self._replies = text[end:].encode("latin-1")
                yield reply

    def _replied(self, reply: Any) -> None:
        identifier = reply.get("id") if isinstance(reply, dict) else None
        queued = self._unanswered.pop(identifier, None) if isinstance(identifier, int) else None
        if queued is None:
            return  # it came too late, or answers nothing
        if "error" in reply:
            queued.owner.lost(queued.outgoing, f"{self._name} answered with an error")
        else:
            queued.owner.count_sent()
