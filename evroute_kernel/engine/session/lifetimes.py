"""How sessions end that nobody closes: dropped ones, those that live until Python ends, and copies that a fork makes.

A session's thread knows its world, its processes and its directory (`Belongings`), but not the session itself, so a
session that nobody refers to any more is collected. Its belongings are then given back, and a ResourceWarning says
where it was opened. After a fork the child has a copy without threads: using that says so at once, and whatever the
child does, ending included, touches nothing of its parent's.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from evroute_kernel.engine.session.expansion import expanded
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.supervisor import Supervisor
from evroute_kernel.runtime.shared import Shared, make_directory

_PACKAGE: Final = __name__.partition(".")[0]


class ForkedSessionError(RuntimeError):
    """A session of the parent process is used in a child that `os.fork` made."""

    def __init__(self) -> None:
        super().__init__(
            "this Session belongs to the parent process: its threads and workers are not in a process that os.fork() "
            "made; open a Session of its own here"
        )


class Belongings:
    """What a session has to give back. Nothing in here refers to the session."""

    #: replaced by `renew` alone
    supervisor: Supervisor
    directory: Path

    def __init__(self, world: World, workers: int) -> None:
        """Start the supervisor. Raises NoRoom."""
        self._world = world
        self._shared: Shared | None = None
        self._is_closed = False
        self._opening = threading.Lock()
        world.post = lambda command: self.supervisor.post(command)
        world.expand = lambda text: expanded(text, self.shared)
        self._start(workers)

    def _start(self, workers: int) -> None:
        self.directory = make_directory()
        self.supervisor = Supervisor(self._world, self.directory, workers)
        self.supervisor.start()

    @property
    def shared(self) -> Shared:
        """The shared memory, opened when it is first wanted. Raises SupervisorFailed where that has taken it away."""
        with self._opening:
            if self._shared is None:
                self.supervisor.check()
                self._shared = Shared(self.directory)
            return self._shared

    def renew(self) -> None:
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
            for close in (self._close_shared, self._world.close, self.supervisor.close):
                closing.callback(close)

    def abandon(self) -> None:
        """The same without waiting, for the garbage collector: whatever thread it runs in may hold any lock."""
        self.supervisor.abandon(self._close_rest)

    def _close_rest(self) -> None:
        with ExitStack() as closing:
            closing.callback(self._close_shared)
            closing.callback(self._world.close)

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


class Mortal(Protocol):
    """A session, as far as its end is concerned."""

    def close(self) -> None:
        """Give everything back."""


class Lifetime:
    """Watches over one session until it is closed."""

    def __init__(self, session: Mortal, belongings: Belongings) -> None:
        self._belongings = belongings
        self._place = _caller()
        self._session = weakref.ref(session)
        self._finalizer = weakref.finalize(session, _dropped, belongings, self._place)
        self._finalizer.atexit = False  # `_close_all` waits; this must not
        _lifetimes.add(self)

    def end(self) -> None:
        """The session is being closed, as it should be."""
        self._finalizer.detach()
        _lifetimes.discard(self)

    def close(self) -> None:
        """Python ends and the session is still open."""
        session = self._session()
        if session is not None:
            try:
                _warn(self._place)
            finally:  # also where warnings are errors
                session.close()

    def leave_to_parent(self) -> None:
        """In a child that was forked: the session belongs to the parent."""
        self._finalizer.detach()
        self._belongings.leave_to_parent()
        session = self._session()
        if session is not None:
            session.__class__ = _forked(type(session))


#: of the sessions that are open, and the belongings of dropped ones that may still be under way
_lifetimes: weakref.WeakSet[Lifetime] = weakref.WeakSet()
_abandoned: weakref.WeakSet[Belongings] = weakref.WeakSet()


def _dropped(belongings: Belongings, place: str) -> None:
    """Nobody refers to a session any more."""
    _abandoned.add(belongings)
    belongings.abandon()
    _warn(place)


def _warn(place: str) -> None:
    # as an error it goes to sys.unraisablehook, when the session's end is under way
    warnings.warn(f"a Session was not closed; it was opened at {place}", ResourceWarning, stacklevel=2)


def _close_all() -> None:
    """Python ends: no process and no directory is left."""
    with ExitStack() as closing:  # whatever one of them complains about, all are closed
        for end in [*(belongings.join for belongings in _abandoned), *(lifetime.close for lifetime in _lifetimes)]:
            closing.callback(end)


def _forked_here() -> None:
    for lifetime in list(_lifetimes):
        lifetime.leave_to_parent()
    for belongings in list(_abandoned):
        belongings.leave_to_parent()
    _lifetimes.clear()
    _abandoned.clear()


def _caller() -> str:
    """File and line that a session is opened at: the first outside of this package."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _forked(kind: type[Any]) -> type[Any]:
    """The class of a session in a child: it can be left and closed, without effect, and all else is refused."""

    def look_up(self: object, name: str) -> Any:
        if name == "close" or (name.startswith("__") and name != "__enter__"):
            return object.__getattribute__(self, name)
        raise ForkedSessionError

    def refuse(self: object, *_: object) -> NoReturn:
        raise ForkedSessionError

    def close(self: object, *_: object) -> None:
        """Nothing here is this process's to close."""

    members = {
        "__getattribute__": look_up,
        "__setattr__": refuse,
        "__enter__": refuse,
        "__exit__": close,
        "close": close,
    }
    return type(kind.__name__, (kind,), members)


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked_here)
