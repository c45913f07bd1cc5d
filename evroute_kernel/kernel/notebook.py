"""What lives as long as the kernel: the session, how records look, which cell owns what."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from evroute_kernel.engine.runs import LogRecord
    from evroute_kernel.engine.session import Session

T = TypeVar("T")


class Notebook:
    """The world of one notebook, made piece by piece when it is needed.

    `open_session(on_record)` makes the session; tests give their own.
    """

    def __init__(self, open_session: Callable[..., Session] | None = None) -> None:
        self._open_session = open_session or _open_session
        self._session: Session | None = None
        self._lock = Lock()
        #: compiles and loads; one thread for the life of the kernel, since processes that follow their parent follow
        #: the thread that started them
        self._thread = ThreadPoolExecutor(1, "evroute")
        self._closed = False
        #: how %log format= shows records
        self.log_format = "plain"
        #: cells that defined something when they last ran
        self.owners: set[str] = set()

    @property
    def session(self) -> Session:
        """The session; made now if there is none yet."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the kernel is shutting down")
            if self._session is None:
                self._session = self._open_session(on_record=_deliver)
            return self._session

    @property
    def has_session(self) -> bool:
        return self._session is not None

    def warm_up(self) -> None:
        """Import and start in the background what the first cell will need."""
        self._thread.submit(self._prepare)

    def _prepare(self) -> None:
        from evroute_kernel.kernel import execution  # noqa: F401 - the first cell need not wait for it
        from evroute_kernel.lang.parser import grammar

        if not self._closed:
            self.session  # noqa: B018 - opened here, in the thread that lives as long as the kernel
            grammar()

    def in_thread(self, work: Callable[[], T]) -> Future[T]:
        """Do something that takes long, apart from the event loop."""
        return self._thread.submit(work)

    def interrupt(self) -> None:
        """End all running routes."""
        if self._session is not None:
            self._session.interrupt()

    def text_of(self, record: LogRecord) -> str:
        """A log record as the user wants to see it."""
        from evroute_kernel.kernel.display import FORMATS

        return FORMATS[self.log_format](record)

    def close(self) -> None:
        """End the session and all its processes."""
        with self._lock:
            self._closed = True
            session, self._session = self._session, None
        if session is not None:
            session.close()
        self._thread.shutdown(wait=False, cancel_futures=True)


def _open_session(**options: Any) -> Session:
    from evroute_kernel.engine.session import Session

    return Session(**options)


def _deliver(record: LogRecord, origin: Any) -> None:
    """Give a record to what raised its event; what nobody raised (a timer without a cell) has no place to go."""
    if origin is not None:
        origin.record(record)
