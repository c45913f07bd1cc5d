"""What lives as long as the kernel: the session, how records look, which cell owns what."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Collection
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

from evroute_kernel.errors import ScriptError
from evroute_kernel.runtime.memory.room import NoRoom
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import LogRecord
    from evroute_kernel.engine.session.cluster import Cluster
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.engine.session.timers import Timers

T = TypeVar("T")

#: how the notebook's own session is called among nodes
HOME: Final = "main"


class Notebook:
    """The world of one notebook, made piece by piece when it is needed.

    `open_session(on_record=..., version=...)` makes the session; tests give their own. `server` is the version that the
    session is of at first; without it the project decides that the kernel was started in.
    """

    def __init__(self, open_session: Callable[..., Session] | None = None, server: str = "") -> None:
        self._open_session = open_session or _open_session
        self._server = server
        self._session: Session | None = None
        self._lock = Lock()
        self._warming: Thread | None = None
        self._is_closed = False
        #: how %log format= shows records
        self.log_format = "plain"
        #: whether a cell says which routes of other cells it replaces (%config replace=)
        self.tells_replaced = True
        #: the cells that were run, as a history_request asks for them; whoever keeps them puts it here
        self.history: Callable[..., list[tuple[int, int, Any]]] = lambda kind, **request: []
        #: the current folder before the last %cd
        self.folder_before: Path | None = None
        #: cells that defined something when they last ran
        self.owners: set[str] = set()
        #: the nodes of the notebook, once there is more than its own session
        self.cluster: Cluster[Session] | None = None
        #: owner -> the node that its cell was last run on
        self.nodes: dict[str, str] = {}
        #: what collects for all cells of a node until it is told to end, by its magic and the node: coverage, a profile
        self.collecting: dict[tuple[str, str], Any] = {}
        #: owner -> what its cell held when it last ran, in that order
        self.texts: dict[str, Source] = {}

    @property
    def session(self) -> Session:
        """The session; made now if there is none yet. Raises ScriptError where nobody can tell of which version."""
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the kernel is shutting down")
            if self._session is None:
                self._session = self._open_session(on_record=_deliver, version=self._first_version())
                atexit.register(self.close)  # after the session's own, so it comes before that, which would complain
            return self._session

    @property
    def is_closed(self) -> bool:
        """Whether the kernel shuts down: there is no session any more."""
        return self._is_closed

    @property
    def has_session(self) -> bool:
        return self._session is not None

    def _first_version(self) -> ServerVersion:
        """The version of a session that nobody has reset. Raises ProjectError, or GivenError for a wrong `server`."""
        from evroute_kernel.engine.events import given
        from evroute_kernel.engine.project import project_version

        if self._server:
            return given.version(self._server)
        return project_version(Path()) or DEFAULT_VERSION

    @property
    def version(self) -> ServerVersion:
        """The version of the server, also before there is a session; the default where nobody can tell."""
        session = self._session
        if session is not None:
            return session.version
        with suppress(ScriptError):  # the first cell is told
            return self._first_version()
        return DEFAULT_VERSION

    # -- nodes --------------------------------------------------------------------------------------------------------

    def session_of(self, node: str) -> Session:
        """The session of a node. Raises UnknownNodeError."""
        if self.cluster is None:
            if node in ("", HOME):
                return self.session
            from evroute_kernel.engine.session.cluster import UnknownNodeError

            raise UnknownNodeError(node, ())
        return self.cluster[node or HOME]

    def has_node(self, node: str) -> bool:
        """Whether there is a node of this name."""
        return node in ("", HOME) if self.cluster is None else node in self.cluster

    def add_node(self, name: str, id: int | None = None) -> Session:
        """One more node; with the first one, or by the name HOME, the session becomes one, too. Raises GivenError,
        NoRoom."""
        from evroute_kernel.engine.session.cluster import Cluster

        session = self.session
        cluster: Cluster[Session] = self.cluster or Cluster(self._open_node)
        if self.cluster is None:
            cluster.adopt(HOME, session, id if name == HOME and id else 2 if id == 1 else 1)
        try:
            added = session if name == HOME else cluster.add(name, id)
        except BaseException:
            if self.cluster is None:
                session.leave()
            raise
        self.cluster = cluster
        return added

    def _open_node(self, name: str) -> Session:
        """A session that is set as the notebook's own is."""
        own = self.session
        made = self._open_session(on_record=_deliver_of(name), version=own.version, workers=own.worker_limit)
        made.timeout, made.memory_limit, made.limits.log = own.timeout, own.memory_limit, own.limits.log
        made.settings.update(own.settings.outside())
        return made

    def keep_nodes(self, names: Collection[str]) -> None:
        """Take back the nodes that are none of these: the cell that has made them is refused."""
        cluster = self.cluster
        for name in cluster or ():
            if name not in (*names, HOME):
                assert cluster is not None
                cluster.remove(name)
        if cluster is not None and not names:
            self.drop_nodes()

    def drop_nodes(self) -> None:
        """There is only the session again. Waits for the processes of the others."""
        cluster, self.cluster = self.cluster, None
        self.nodes.clear()
        if cluster is not None:
            self.session.leave()
            for name in cluster:
                if name != HOME:
                    cluster[name].close()

    @property
    def sessions(self) -> list[Session]:
        """The sessions of all nodes that there are."""
        if self.cluster is not None:
            return [self.cluster[name] for name in self.cluster]
        return [] if self._session is None else [self._session]

    @property
    def timers(self) -> Timers:
        """Timer routes that run by themselves (%timer)."""
        from evroute_kernel.engine.session.timers import Timers

        return Timers.of(self.session)

    def warm_up(self, import_all: Callable[[], object]) -> None:
        """Import and start in the background what the first cell will need."""

        def prepare() -> None:
            if self._is_closed:
                return
            with suppress(NoRoom, ScriptError):  # the first cell tries again, and can tell
                self.session  # noqa: B018 - opened first: its processes start while this one imports the rest
            import_all()
            from evroute_kernel.lang.tables import tables

            tables("cell")

        self._warming = Thread(target=prepare, name="evroute warm-up", daemon=True)
        self._warming.start()

    def in_thread(self, work: Callable[[], T]) -> Future[T]:
        """Do something that takes long, apart from the event loop.

        The thread is nobody's: whoever does not want the result any more can leave it to itself, also at exit.
        """
        future: Future[T] = Future()

        def run() -> None:
            if self._warming is not None:
                self._warming.join()  # it is making what the work needs; to make it twice takes longer
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        Thread(target=run, name="evroute work", daemon=True).start()
        return future

    def ran(self, owner: str, source: Source) -> None:
        """A cell is run, perhaps again."""
        self.texts.pop(owner, None)
        self.texts[owner] = source

    def interrupt(self) -> None:
        """End all running routes, and the timers that would run more."""
        for session in self.sessions:
            from evroute_kernel.engine.session.timers import stop_timers

            stop_timers(session, "interrupted")
            session.interrupt()

    def is_finding(self, record: LogRecord) -> bool:
        """Whether a record is shown as findings are: remarks of the runtime, unless the log looks as a server's."""
        return record.diagnostic and self.log_format == "plain"

    def text_of(self, record: LogRecord) -> str:
        """A log record as the user wants to see it."""
        from evroute_kernel.kernel.display.formats import FORMATS

        return FORMATS[self.log_format](record)

    def close(self) -> None:
        """End the session and all its processes."""
        atexit.unregister(self.close)
        with self._lock:
            self._is_closed = True
            cluster, self.cluster = self.cluster, None
            session, self._session = self._session, None
        if cluster is not None:
            cluster.close()
        if session is not None:
            session.close()


def _open_session(**options: Any) -> Session:
    from evroute_kernel.engine.session.session import Session

    return Session(**options)


def _deliver_of(node: str) -> Callable[[LogRecord, Any], None]:
    """The same for the records of another node, which name it."""
    return lambda record, origin: _deliver(replace(record, node=node), origin)


def _deliver(record: LogRecord, origin: Any) -> None:
    """Give a record to what raised its event; what nobody raised has nowhere to be shown."""
    if origin is not None:
        origin.record(record)
