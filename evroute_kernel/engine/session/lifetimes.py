"""How sessions end that nobody closes: dropped ones, those that live until Python ends, and copies that a fork makes.

A session's thread knows what is behind it (`Backend`: its world, its processes and its directory), but not the session
itself, so a session that nobody refers to any more is collected. Its backend is then closed, and a ResourceWarning says
where it was opened. After a fork the child has a copy without threads: using that says so at once, and whatever the
child does, ending included, touches nothing of its parent's.
"""

from __future__ import annotations

import atexit
import os
import sys
import warnings
import weakref
from contextlib import ExitStack
from typing import Any, Final, NoReturn, Protocol

from evroute_kernel.engine.session.backend import Backend

_PACKAGE: Final = __name__.partition(".")[0]


class ForkedSessionError(RuntimeError):
    """A session of the parent process is used in a child that `os.fork` made."""

    def __init__(self) -> None:
        super().__init__(
            "this Session belongs to the parent process: its threads and workers are not in a process that os.fork() "
            "made; open a Session of its own here"
        )


class Mortal(Protocol):
    """A session, as far as its end is concerned."""

    def close(self) -> None:
        """Give everything back."""


class Lifetime:
    """Watches over one session until it is closed."""

    def __init__(self, session: Mortal, backend: Backend) -> None:
        self._backend = backend
        self._place = _caller()
        self._session = weakref.ref(session)
        self._finalizer = weakref.finalize(session, _dropped, backend, self._place)
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
        self._backend.leave_to_parent()
        session = self._session()
        if session is not None:
            session.__class__ = _forked(type(session))


#: of the sessions that are open, and the backends of dropped ones that may still be under way
_lifetimes: weakref.WeakSet[Lifetime] = weakref.WeakSet()
_abandoned: weakref.WeakSet[Backend] = weakref.WeakSet()


def _dropped(backend: Backend, place: str) -> None:
    """Nobody refers to a session any more."""
    _abandoned.add(backend)
    backend.abandon()
    _warn(place)


def _warn(place: str) -> None:
    # as an error it goes to sys.unraisablehook, when the session's end is under way
    warnings.warn(f"a Session was not closed; it was opened at {place}", ResourceWarning, stacklevel=2)


def _close_all() -> None:
    """Python ends: no process and no directory is left."""
    with ExitStack() as closing:  # whatever one of them complains about, all are closed
        for end in [*(backend.join for backend in _abandoned), *(lifetime.close for lifetime in _lifetimes)]:
            closing.callback(end)


def _forked_here() -> None:
    for lifetime in list(_lifetimes):
        lifetime.leave_to_parent()
    for backend in list(_abandoned):
        backend.leave_to_parent()
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
