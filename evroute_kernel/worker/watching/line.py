"""What watchers say to the supervisor, and what comes back while a run goes on or stands still.

A signal says that there are commands, and the black box how many were sent: one that was counted is certain to come. So
a run hears them wherever it is.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from evroute_kernel.runtime.watching.stepping import Stepping
from evroute_kernel.worker.blackbox import BlackBox
from evroute_kernel.worker.inbox import Inbox
from evroute_kernel.worker.messages import Stands, WatchCommand, WatchTold
from evroute_kernel.worker.outbox import Outbox


class Line:
    """The line of one worker, for all its watchers. `hear` takes each command."""

    def __init__(self, outbox: Outbox, inbox: Inbox, blackbox: BlackBox) -> None:
        self._outbox = outbox
        self._inbox = inbox
        self._clock = blackbox.clock
        self.shield = inbox.shield
        #: whether a piece of script runs for a watcher: nothing in there concerns any of those who step
        self.is_evaluating = False
        #: whether it waits for a command or hears one: whoever is called by a signal leaves it to that
        self._is_hearing = False
        #: how many commands were sent
        self.sent = blackbox.commands
        self.hear: Callable[[WatchCommand], None] = lambda command: None

    @property
    def changes_watchers(self) -> bool:
        """Whether it is still to be taken who watches the task that is about to begin."""
        return self._inbox.changes_watchers

    def tell(self, number: int, data: Any) -> None:
        """It goes out with the next message."""
        self._outbox.hold(WatchTold(number, data))

    def tell_now(self, number: int, data: Any) -> None:
        """It goes out at once, behind all that is held back."""
        self._outbox.send_now(WatchTold(number, data))

    def look(self) -> None:
        """Hear the commands that were sent meanwhile."""
        while not self._is_hearing and self._inbox.commands_taken < self.sent[0]:
            self.wait()

    def wait(self) -> None:
        """Wait for a command and hear it. An interrupt may end that."""
        with self.shield.closed():
            self._is_hearing = True
            try:
                self.hear(self._inbox.command())
            finally:
                self._is_hearing = False

    def stand_still(self, is_to_go_on: Callable[[], bool]) -> None:
        """Hear commands until one lets the run go on. No time of the run counts meanwhile. An interrupt may end it."""
        with self.shield.closed():
            begun = monotonic()
            self._outbox.send_now(Stands(True))
            try:
                while not is_to_go_on():
                    self.wait()
            finally:
                self._clock[0] += monotonic() - begun
                self._outbox.send_now(Stands(False))
        self.look()  # what came behind the last one


class Wire:
    """The line of one watcher. Calling it tells something (plain values, as marshal takes them), in order with log
    lines. `stepping`: for those who step."""

    def __init__(self, number: int, line: Line, stepping: Stepping) -> None:
        self.number = number
        self.line, self.stepping = line, stepping

    def __call__(self, data: Any) -> None:
        self.line.tell(self.number, data)

    def now(self, data: Any) -> None:
        """Tell it at once: somebody waits."""
        self.line.tell_now(self.number, data)
