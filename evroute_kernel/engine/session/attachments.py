"""What goes with a session, and is closed with it: doors, timers, connections, recordings, shells."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Closeable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=Closeable)


class Attachments:
    """The resources that are attached to one session. Safe from any thread.

    A resource refers to its session, never the other way round but through here: so a session that nobody else refers
    to lives on while it has a resource that works in a thread of its own.
    """

    def __init__(self) -> None:
        self._resources: list[Closeable] = []
        self._is_closed = False
        self._changing = threading.Lock()
        self._making = threading.Lock()

    def add(self, resource: Closeable) -> None:
        """Close it with the session; at once if the session has been closed meanwhile."""
        with self._changing:
            if not self._is_closed:
                self._resources.append(resource)
                return
        resource.close()

    def remove(self, resource: Closeable) -> None:
        """It has been closed by somebody else."""
        with self._changing:
            self._resources = [known for known in self._resources if known is not resource]

    def of_kind(self, kind: type[T]) -> list[T]:
        """All of a kind, the first attached first."""
        with self._changing:
            return [resource for resource in self._resources if isinstance(resource, kind)]

    def only(self, kind: type[C], make: Callable[[], C]) -> C:
        """The one of a kind; made and attached by whoever asks first."""
        with self._making:
            found = self.of_kind(kind)
            if not found:
                found = [make()]
                self.add(found[0])
            return found[0]

    def release(self) -> list[Closeable]:
        """What is to be closed now, the first attached first. What is attached from now on is closed at once."""
        with self._changing:
            self._is_closed = True
            resources, self._resources = self._resources, []
            return resources
