"""What all parts of a Session stand on: its world and supervisor, shared memory, and what is closed with it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from time import time
from typing import Final, Protocol, Self, TypeVar

from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.records import OnRecord
from evroute_kernel.engine.session.lifetimes import Belongings, Lifetime
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.engine.state.world import Tap, World
from evroute_kernel.engine.workers.supervisor import Supervisor
from evroute_kernel.runtime.shared import Shared

T = TypeVar("T")

#: workers of a Session that names no number: one for each core, but no more than these
MOST_WORKERS: Final = 4


class Closeable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=Closeable)


class Core:
    """The life of a Session, from its first process to its last.

    One that is dropped without `close` ends all the same, with a ResourceWarning that says where it was opened. In a
    process that `os.fork` made, every use of a session of the parent raises ForkedSessionError.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        timeout: float = 30.0,
        memory_limit: int | None = 512 * 2**20,
        log_limit: int = 10_000,
        on_record: OnRecord | None = None,
    ) -> None:
        workers = default_workers() if workers is None else at_least_one(workers)
        limits = Limits(given.seconds(timeout), memory_limit, given.whole(log_limit, "the limit of log records"))
        if memory_limit is not None:
            given.whole(memory_limit, "the memory limit", 1)
        if on_record is not None and not callable(on_record):
            raise given.GivenError(f"on_record is a function, not {given.kind_of(on_record)}")
        self._world = World(limits, on_record)
        self._loading = threading.Lock()
        self._opening = threading.Lock()
        self._companions = threading.Lock()
        self._attached: list[Closeable] = []
        self._is_closed = False
        #: when it was opened, in seconds of the epoch
        self.started: Final = time()
        # what the thread knows must not know the session, or nobody could drop it
        self._belongings = Belongings(self._world, workers)
        self._lifetime = Lifetime(self, self._belongings)

    def reset(self) -> None:
        """Back to the beginning: no routes, default settings, new workers, empty shared memory, empty log. Waits."""
        self._world.forget_all()
        self._supervisor.restart()
        if self._supervisor.failure is None:
            self.shared.clear()
        else:
            self._belongings.renew()
        self._world.records.forget()

    def close(self) -> None:
        """End all runs and processes. Waits for them; closing twice is harmless."""
        with self._opening:
            self._is_closed = True
            attached, self._attached = self._attached, []
        self._lifetime.end()
        with ExitStack() as closing:  # whatever cannot be closed, no process is left
            closing.callback(self._belongings.close)
            for resource in attached:
                closing.callback(resource.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _supervisor(self) -> Supervisor:
        return self._belongings.supervisor

    @property
    def _directory(self) -> Path:
        return self._belongings.directory

    # -- what goes with it ------------------------------------------------------------------------------------------

    @property
    def shared(self) -> Shared:
        """`$shv`, the local cache and what else workers share. Raises SupervisorFailed where that has taken it away."""
        return self._belongings.shared

    def attach(self, resource: Closeable) -> None:
        """Close a resource (a server, a recording, ...) when the session is closed, the last one attached first.

        At once if it has been closed already: somebody may have opened the resource meanwhile.
        """
        with self._opening:
            if not self._is_closed:
                self._attached.append(resource)
                return
        resource.close()

    def attached(self, kind: type[T]) -> T | None:
        """The resource of this kind that goes with the session; None when there is none yet."""
        with self._opening:
            return next((resource for resource in self._attached if isinstance(resource, kind)), None)

    def companion(self, kind: type[C], make: Callable[[], C]) -> C:
        """The resource of this kind that goes with the session; made and attached by whoever asks first."""
        with self._companions:
            found = self.attached(kind)
            if found is None:
                found = make()
                self.attach(found)
            return found

    def detach(self, resource: Closeable) -> None:
        """The resource has been closed by somebody else."""
        with self._opening:
            self._attached = [known for known in self._attached if known is not resource]

    def tap(self, listener: Tap) -> Callable[[], None]:
        """Tell a listener of every event that is raised: name, parameters (byte strings), seconds of the epoch.

        It is called in the thread that raises the event, and must be quick. Calling what is returned ends it.
        """
        return self._world.tap(listener)


def default_workers() -> int:
    """As many workers as cores that this process may use, within reason."""
    with suppress(AttributeError):  # not on every system
        return max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0))))
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1))


def at_least_one(workers: int) -> int:
    if given.integer(workers, "the number of workers") < 1:
        raise given.GivenError(f"a session needs one worker at least, not {workers}")
    return workers
