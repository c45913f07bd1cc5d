"""Who watches the runs of a session: a trace, a debugger, whatever there is a kind of watcher for in the workers.

Each has a part here, which says what is to be watched and hears what was seen, and one in each worker that runs such a
task (`worker.watching`): that is begun with the task and goes on until a task is given for which nobody watches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

from evroute_kernel.records import dataclass
from evroute_kernel.worker.messages import Watch

#: nobody watches
NOBODY: Final = Watch(())

#: tells a watcher something, in the worker of a number or (None) in each that runs something now
Command = Callable[[Any, int | None], None]


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a watcher has seen: in which process (the number of its worker), in a run for which event (a byte
    string), and what, as its kind has it. `asked` and `given`: when that run was asked for, if that is known, and when
    its worker got it, on the monotonic clock."""

    process: int
    event: str
    data: Any
    asked: float | None = None
    given: float = 0.0


class WatchingSide(Protocol):
    """The session's part of a watcher."""

    @property
    def kind(self) -> str:
        """What it is in a worker (`worker.watching.watching.KINDS`)."""

    @property
    def asked(self) -> Any:
        """What that is to know: plain values, as marshal takes them. If it changes, the workers hear it with their next
        task."""

    def watches(self, origin: object) -> bool:
        """Whether what was raised with this origin is watched. Asked when a worker is given a task."""

    def hear(self, told: Told) -> None:
        """Its part in a worker has seen something. In the supervisor's thread: it must be quick, and not fail."""


@runtime_checkable
class Losing(Protocol):
    """One who wants to know when a worker is gone."""

    def lost(self, process: int) -> None:
        """The worker of this number is gone. In the supervisor's thread, as `WatchingSide.hear`."""


class Watches:
    """May be changed from any thread; a task that is given later sees it."""

    def __init__(self) -> None:
        self._all: dict[int, WatchingSide] = {}
        self._count = 0
        self._lock = threading.Lock()

    def add(self, side: WatchingSide) -> Callable[[], None]:
        """From now on this one watches, what is given to workers from here on; a function that ends that."""
        with self._lock:
            self._count += 1
            number = self._count
            self._all = {**self._all, number: side}

        def end() -> None:
            with self._lock:
                self._all = {n: other for n, other in self._all.items() if n != number}

        return end

    def message(self, origin: object) -> Watch:
        """What a worker is told that runs something with this origin."""
        if not self._all:
            return NOBODY
        return Watch(tuple((n, side.kind, side.asked) for n, side in self._all.items() if side.watches(origin)))

    def hear(self, number: int, told: Told) -> bool:
        """A watcher in a worker has seen something. One that has ended meanwhile does not hear it: False."""
        side = self._all.get(number)
        if side is not None:
            side.hear(told)
        return side is not None

    def lost(self, process: int) -> None:
        """A worker is gone, perhaps in the midst of a run."""
        for side in self._all.values():
            if isinstance(side, Losing):
                side.lost(process)

    def number(self, side: WatchingSide) -> int | None:
        """The number of one who watches."""
        return next((number for number, other in self._all.items() if other is side), None)
