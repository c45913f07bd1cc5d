"""One thread with a selector: waits for descriptors, for time, and for commands of other threads."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Work(Protocol):
    """What is done in the thread. Descriptors are registered with a function as data, which gets the event mask."""

    def patience(self) -> float | None:
        """Seconds until something is due; None when nothing is."""

    def turn(self) -> None:
        """Called after all that happened at once has been handled."""

    def failed(self, error: BaseException) -> None:
        """The thread has failed, and ends: whoever waits for something must be told."""

    def end(self) -> None:
        """The thread ends: give back what it manages."""


class Loop:
    """The thread. After its end commands are still carried out, at once and by whoever gives them: nothing is left
    that two could touch."""

    def __init__(self, name: str, work: Work) -> None:
        self.selector = selectors.DefaultSelector()
        self._work = work
        self._commands: deque[Callable[[], object]] = deque()
        self._gate = threading.RLock()  # a garbage collection inside may drop a session, which posts its end
        self._is_stopping = self._is_over = self._is_waking = False
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_out, False)
        self.selector.register(self._wake_in, selectors.EVENT_READ, self._woken)
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end after this turn. Called in the thread."""
        self._is_stopping = True

    def join(self) -> None:
        """Wait until the thread has ended, unless it is the one that asks."""
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def post(self, command: Callable[[], object]) -> None:
        """Let the thread do something."""
        with self._gate:
            if not self._is_over:
                self._commands.append(command)
                if not self._is_waking:  # else the thread has not looked yet, and will find this command too
                    self._is_waking = True
                    os.write(self._wake_out, b"!")
                return
        command()

    def ask(self, question: Callable[[], T]) -> T:
        """Let the thread find an answer, and wait for it."""
        if threading.current_thread() is self._thread:
            return question()
        answer: Future[T] = Future()

        def command() -> None:
            try:
                answer.set_result(question())
            except BaseException as error:
                answer.set_exception(error)

        self.post(command)
        return answer.result()

    def leave_to_parent(self) -> None:
        """In a process that was forked, where the thread is not: close the copies of descriptors."""
        with contextlib.suppress(OSError):  # the thread was closing them just then
            self.selector.close()
            os.close(self._wake_in)
            os.close(self._wake_out)

    # -- in the thread --------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._is_stopping:
                for key, mask in self.selector.select(self._work.patience()):
                    key.data(mask)
                self._work.turn()
        except BaseException as error:
            _log.exception("%s has failed", self._thread.name)
            self._work.failed(error)
        finally:
            try:
                self._work.end()
            finally:  # whoever asks something later must get an answer, whatever could not be given back
                self._leave()

    def _leave(self) -> None:
        with self._gate:
            self._is_over = True
            self.selector.close()
            os.close(self._wake_in)
            os.close(self._wake_out)
        self._obey()

    def _woken(self, _mask: int) -> None:
        os.read(self._wake_in, 4096)
        self._is_waking = False  # before looking: what is posted from now on wakes the thread again
        for _ in range(len(self._commands)):  # those that they post come later, so that nobody keeps the thread
            self._commands.popleft()()

    def _obey(self) -> None:
        while self._commands:
            self._commands.popleft()()
