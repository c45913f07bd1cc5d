"""What is behind a session: its world, its supervisor with the workers, and the memory that they share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import time

from evroute_kernel.engine.results.records import OnRecord
from evroute_kernel.engine.state.expansion import expanded
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.supervisor import Supervisor
from evroute_kernel.runtime.shared import Shared, make_directory
from evroute_kernel.runtime.shared_by_threads import SharedByThreads
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion


class SessionClosedError(RuntimeError):
    """Something is asked of a session that was closed, or that Python has ended."""

    def __init__(self) -> None:
        super().__init__("this Session is closed, and nothing can be asked of it any more: open another one")


class Backend:
    """All that a session has to give back. Nothing in here refers to the session, or nobody could drop it."""

    #: replaced by `renew` alone
    supervisor: Supervisor
    directory: Path

    def __init__(
        self, limits: Limits, on_record: OnRecord | None, workers: int, version: ServerVersion = DEFAULT_VERSION
    ) -> None:
        """Start the supervisor. Raises NoRoom."""
        self._shared: Shared | None = None
        #: where the clock stands when the session begins, in seconds of the epoch; None: it goes
        self._stands: float | None = None
        self._is_closed = False
        self._opening = threading.Lock()
        self.world = World(limits, on_record, self.post, self._expand, version, self.now)
        self._start(workers)

    def _start(self, workers: int) -> None:
        self.directory = make_directory()
        self.supervisor = Supervisor(self.world, self.directory, workers)
        self.supervisor.start()

    @property
    def shared(self) -> Shared:
        """The shared memory, opened when it is first wanted. Raises SupervisorFailed where that has taken it away, and
        SessionClosedError where the end of the session has."""
        with self._opening:
            if self._shared is None:
                self.supervisor.check()
                if self._is_closed and not self.directory.exists():
                    raise SessionClosedError
                self._shared = SharedByThreads(self.directory)
            return self._shared

    def check_open(self) -> None:
        """Raise SessionClosedError for a session that was closed: nothing would come of what is asked of it."""
        with self._opening:
            if self._is_closed:
                raise SessionClosedError

    def post(self, command: Callable[[], None]) -> None:
        """Let the thread that publishes records do something."""
        self.supervisor.post(command)

    def now(self) -> float:
        """What the clock of the session shows, in seconds of the epoch."""
        shared = self._shared
        return time() if shared is None else shared.clock.now()  # whoever moves it has opened the memory

    def set_clock(self, stands: float | None) -> None:
        """Let the clock stand at a second of the epoch, also at each new beginning; None: show the system's time."""
        self._stands = stands
        if stands is not None:
            self.shared.clock.stop(stands)
        elif self._shared is not None:  # whoever has moved it has opened the memory
            self._shared.clock.reset()
        self.supervisor.post(lambda: None)  # wakes the thread, which looks what is due

    def _expand(self, text: str) -> str:
        return expanded(text, self.shared, self.world.library)

    def reset(self, version: ServerVersion | None = None) -> None:
        """Back to the beginning: an empty world, new workers, empty shared memory. Waits."""
        self.world.forget_all(version)
        self.supervisor.restart()
        if self.supervisor.failure is None:
            self.shared.clear()
        else:
            self._renew()
        self.set_clock(self._stands)
        self.world.records.forget()

    def _renew(self) -> None:
        """A supervisor in the place of one that has failed. Shared memory goes with the processes, so it is new too."""
        self.supervisor.close()
        self._close_shared()
        with self._opening:
            if not self._is_closed:
                self._start(self.supervisor.worker_limit)

    def close(self) -> None:
        """Give all back, and wait until no process is left."""
        with self._opening:
            self._is_closed = True
        with ExitStack() as closing:  # whatever cannot be closed, no process is left
            for close in (self._close_shared, self.world.close, self.supervisor.close):
                closing.callback(close)

    def abandon(self) -> None:
        """The same without waiting, for the garbage collector: whatever thread it runs in may hold any lock."""
        self.supervisor.abandon(self._close_rest)

    def _close_rest(self) -> None:
        with ExitStack() as closing:
            closing.callback(self._close_shared)
            closing.callback(self.world.close)

    def _close_shared(self) -> None:
        with self._opening:
            shared, self._shared = self._shared, None
        if shared is not None:
            shared.close()

    def leave_to_parent(self) -> None:
        """In a child that was forked: let go of what would keep the parent's processes from ending."""
        self.supervisor.leave_to_parent()

    def join(self) -> None:
        """Wait until no process is left."""
        self.supervisor.close()
