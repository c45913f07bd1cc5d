"""The worker's side of the stream from the supervisor: messages in order, and answers out of turn.

A route that asked something waits for its answer in here, and a watcher for commands; what comes meanwhile is kept for
later. An interrupt may end that wait at any moment: no byte of the stream is lost by it, and an answer that comes too
late is thrown away.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from evroute_kernel.worker.messages import Answer, Decoder, Message, Watch, WatchCommand

RECEIVE_SIZE: Final = 2**18


class Shield:
    """While it is closed no signal strikes, and none is lost: a watcher's work is done whole, or not begun. Where a
    watcher waits, or runs a piece of script, it is open."""

    def __init__(self) -> None:
        #: while this is set the handler sets `on_release`
        self.is_busy = False
        self.on_release: Callable[[], None] | None = None

    @contextmanager
    def closed(self) -> Iterator[None]:
        before, self.is_busy = self.is_busy, True
        try:
            yield
        finally:
            self.is_busy = before
            self._release()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """In here an interrupt may strike, once: what is around it must clean up, and is not disturbed by another."""
        before, self.is_busy = self.is_busy, False
        try:
            self._release()
            yield
        finally:
            self.is_busy = before

    def _release(self) -> None:
        if not self.is_busy and self.on_release is not None:
            release, self.on_release = self.on_release, None
            release()


class Inbox:
    """Reads messages."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._decoder = Decoder()
        self._messages: deque[Message] = deque()
        self._answers: deque[Answer] = deque()
        self._commands: deque[WatchCommand] = deque()
        #: commands that were taken
        self.commands_taken = 0
        #: whether somebody waits for an answer: nobody else may read then. Commands that come meanwhile are heard
        #: behind it
        self.is_waiting = False
        self.on_answered: Callable[[], None] = lambda: None
        self._is_open = True
        self._poll = select.poll()
        self._poll.register(stream, select.POLLIN)
        #: an interrupt must not come between reading and keeping: while this is set its handler sets `on_release`
        self.is_busy = False
        self.on_release: Callable[[], None] | None = None
        self.shield: Final = Shield()

    @property
    def changes_watchers(self) -> bool:
        """Whether it is still to be taken who watches the next task: commands may have come behind that."""
        return any(type(message) is Watch for message in self._messages)

    def next(self) -> Message | None:
        """The next message that is no answer; None at the end of the stream."""
        while not self._messages and self._is_open:
            self._read()
        return self._messages.popleft() if self._messages else None

    def answer(self, request: int) -> Answer:
        """Wait for the answer to a request. Raises ConnectionResetError when there will be none."""
        self.is_waiting = True
        try:
            while True:
                while self._answers:  # it may have come with another one
                    answer = self._answers.popleft()
                    if answer.request == request:
                        return answer
                if not self._is_open:
                    raise ConnectionResetError("the supervisor is gone")
                self._poll.poll()  # here an interrupt may strike
                self._read()
        finally:
            self.is_waiting = False
            self.on_answered()

    def command(self) -> WatchCommand:
        """Wait for the next command. Raises ConnectionResetError when there will be none."""
        while not self._commands:
            if not self._is_open:
                raise ConnectionResetError("the supervisor is gone")
            with self.shield.opened():
                self._poll.poll()
            self._read()
        self.commands_taken += 1
        return self._commands.popleft()

    def _read(self) -> None:
        self.is_busy = True
        data = self._stream.recv(RECEIVE_SIZE)
        self._is_open = bool(data)
        for message in self._decoder.feed(data):
            if isinstance(message, Answer):
                self._answers.append(message)
            elif isinstance(message, WatchCommand):
                self._commands.append(message)
            else:
                self._messages.append(message)
        self.is_busy = False
        if self.on_release is not None:
            release, self.on_release = self.on_release, None
            release()
