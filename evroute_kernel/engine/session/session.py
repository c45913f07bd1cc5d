"""The product without Jupyter: load scripts, raise events, see what the routes logged.

    with Session(workers=1) as session:
        session.load(source, name="fail2ban.cfg")
        run = session.raise_event("E_PIKE_BLOCKED", {"ip": "1.2.3.4"})
        run.ok, run.log

A Session is a facade: behind it, its `Backend` holds what it knows (`World`) and runs its routes (`Supervisor`); the
modules beside this one look at what callers give, and hand it on. Its methods may be called from any thread; those that
wait say so. Parts of it stand beside this module: what raises events (`event_face`), what watches runs
(`watching_face`), what tells what it knows and has (`state_face`), what makes it a node (`node_face`). Here are its
life, texts and dialogs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from time import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self, Unpack

from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.given import Moment
from evroute_kernel.engine.results.checking import Checking
from evroute_kernel.engine.results.records import OnRecord
from evroute_kernel.engine.results.replays import ReplayResult as ReplayResult
from evroute_kernel.engine.results.runs import BatchResult as BatchResult
from evroute_kernel.engine.results.runs import Loaded as Loaded
from evroute_kernel.engine.results.runs import Log as Log
from evroute_kernel.engine.results.runs import LogRecord as LogRecord
from evroute_kernel.engine.results.runs import Run as Run
from evroute_kernel.engine.results.runs import RunError as RunError
from evroute_kernel.engine.results.runs import RunFailedError as RunFailedError
from evroute_kernel.engine.results.runs import StubCall as StubCall
from evroute_kernel.engine.results.runs import Variables as Variables
from evroute_kernel.engine.results.runs import WorkerInfo as WorkerInfo
from evroute_kernel.engine.session.attachments import Attachments
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.event_face import EventFace
from evroute_kernel.engine.session.lifetimes import Lifetime
from evroute_kernel.engine.session.loading import Loading
from evroute_kernel.engine.session.node_face import NodeFace
from evroute_kernel.engine.session.raising import Raising
from evroute_kernel.engine.session.recordings import Recordings
from evroute_kernel.engine.session.state_face import StateFace, at_least_one
from evroute_kernel.engine.session.subscribing import Subscribing
from evroute_kernel.engine.session.watching_face import WatchingFace
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.errors import Diagnostic
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.results.dialogs import DialogInfo
    from evroute_kernel.engine.session.cluster import Cluster
    from evroute_kernel.engine.session.dialogs import Dialogs
    from evroute_kernel.engine.state.dialog_fields import DialogFields
    from evroute_kernel.lang.checks.standing import Report
    from evroute_kernel.lang.compiler import Unit
    from evroute_kernel.lang.environment import Environment

#: workers of a Session that names no number: one for each core, but no more than these
MOST_WORKERS: Final = 4


class Session(EventFace, WatchingFace, NodeFace, StateFace):
    """One server's worth of routes, workers and shared memory.

    `timeout`: seconds that a raise may take with all it leads to, from the start of its first route; `memory_limit`:
    bytes a worker may grow by (None: no limit); `log_limit`: records that one raise may log: more are counted, but for
    what the runtime itself says. `version`: the OpenSIPS whose ways are followed, "3.6" or "4.0".
    `on_record(record, origin)` is called for each record as it arrives, in the supervisor's thread: it must be quick.

    `check`: a run that does not come to its end raises RunFailedError for who waits for it, as subprocess.run does;
    else it is handed over as it is, and `Run.errors` tell. A call may say otherwise for itself. Tests want it on.

    `clock`: the time at which the clock of the session stands: seconds of the epoch, a datetime, or a text such as
    "2026-11-30T10:00:00"; only `tick` moves it then. `seed`: what chance begins with: what an event draws (random
    numbers, UUIDs), and process ids, are then the same each time. With both and one worker the same script gives the
    same log, to the byte.

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
        version: str = DEFAULT_VERSION,
        check: bool = False,
        clock: Moment | None = None,
        seed: int | None = None,
    ) -> None:
        workers = default_workers() if workers is None else at_least_one(workers)
        limits = Limits(given.seconds(timeout), memory_limit, given.whole(log_limit, "the limit of log records"))
        if memory_limit is not None:
            given.whole(memory_limit, "the memory limit", 1)
        if on_record is not None and not callable(on_record):
            raise given.GivenError(f"on_record is a function, not {given.kind_of(on_record)}")
        stands = None if clock is None else given.moment(clock)
        if seed is not None:
            given.integer(seed, "the seed")
        self._backend = Backend(limits, on_record, workers, given.version(version))
        self._world = self._backend.world
        self._attachments = Attachments()
        self._checking = Checking(check)
        self._raising = Raising(self._backend, self._checking)
        self._loading = Loading(self._world, self._raising)
        self._recordings = Recordings(self._backend, self._checking)
        self._subscribing = Subscribing(self._world)
        #: when it was opened, in seconds of the epoch
        self.started: Final = stands or time()
        self._lifetime = Lifetime(self, self._backend)
        if stands is not None:
            self._backend.set_clock(stands)
        if seed is not None:
            self.seed = seed

    @property
    def version(self) -> ServerVersion:
        """The OpenSIPS whose ways are followed, such as "3.6"."""
        return self._world.settings.version

    def reset(self, version: str | None = None) -> None:
        """Back to the beginning: no routes, default settings, new workers, empty shared memory, empty log. Waits.

        With `version` the session goes on as a server of that version.
        """
        chosen = None if version is None else given.version(version)
        self._raising.drop()
        self._backend.reset(chosen)
        self._raising.drop()  # those of routes that were there at that moment

    def held(self) -> list[str]:
        """What `reset` would take away, in words such as "2 routes"; log and settings from outside apart. Waits for a
        run that is under way."""
        from evroute_kernel.engine.session.holdings import held

        return held(self._backend)

    def close(self) -> None:
        """End all runs and processes. Waits for them; closing twice is harmless."""
        if self._world.member is not None:
            self._world.member.leave()
        attached = self._attachments.release()
        self._lifetime.end()
        with ExitStack() as closing:  # whatever cannot be closed, no process is left
            closing.callback(self._backend.close)
            for resource in attached:
                closing.callback(resource.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def cluster(cls, nodes: Iterable[str] | Mapping[str, int], *, cluster_id: int = 1, **options: Any) -> Cluster[Self]:
        """Open several sessions that are the nodes of one cluster: `Session.cluster(["a", "b"], workers=1)`.

            with Session.cluster(["a", "b"]) as cluster:
                cluster["b"].load("event_route[E_CLUSTERER_REQ_RECEIVED] { ... }")
                cluster["a"].load("event_route[E_X] { cluster_send_req(1, 2, \"hello\"); }")
                run = cluster["a"].raise_event("E_X")
                run.messages[0].run.log

        The nodes are numbered from 1 in this order, or as a mapping says: `{"a": 1, "b": 7}`. `options` are those of
        `Session`, for each of them. Raises GivenError.
        """
        from evroute_kernel.engine.session.cluster import Cluster, opened

        return opened(Cluster(lambda name: cls(**options), cluster_id), nodes)

    # -- loading -------------------------------------------------------------------------------------------------------

    def load(
        self,
        source: str | Source,
        name: str = "script",
        *,
        owner: str | None = None,
        origin: object = None,
        scratch: bool = False,
        timeout: float | None = None,
        whole: bool = False,
        check: bool | None = None,
    ) -> Loaded:
        """Define the routes of a text, then run its startup_route and, with `scratch`, its bare statements.

        Waits for that run. `owner` is the cell: its earlier routes that are not in the text are dropped. A `whole` text
        is judged as a server judges its file: once it loads modules, it has those and no others. Raises ScriptError,
        with nothing changed, when the text has errors or redefines a route of a strict session. With `check` (None: as
        the session) RunFailedError, with all defined, when the run does not come to its end.
        """
        return self._loading.load(source, name, owner, origin, scratch, timeout, whole, check)

    def compile(
        self,
        source: str | Source,
        name: str = "script",
        *,
        owner: str | None = None,
        scratch: bool = False,
        whole: bool = False,
    ) -> Unit:
        """The first half of `load`: parse, check and compile a text. Nothing takes effect. Raises ScriptError."""
        return self._loading.compile(source, name, owner, scratch, whole)

    def install(
        self, unit: Unit, *, owner: str | None = None, origin: object = None, timeout: float | None = None
    ) -> Loaded:
        """The second half of `load`: what was compiled takes effect. For callers that may change their mind between."""
        return self._loading.define(unit, owner, origin, timeout)()

    def define(self, unit: Unit, *, owner: str | None = None) -> Callable[[], Loaded]:
        """As `install`, but what runs at once is run by calling what is returned: a debugger has the time to say where
        that is to stop."""
        return self._loading.define(unit, owner)

    def check(self, source: str | Source, name: str = "script", *, owner: str | None = None) -> list[Diagnostic]:
        """Every finding about a text, errors too. Nothing is defined, nothing runs."""
        return self._loading.check(source, name, owner)

    def what_runs(self, source: str | Source, name: str = "script") -> Report:
        """What really runs here of a text: of each name that its lines call or read whether it is simulated, stubbed
        (and what the rules of this session let the stub answer), or needs a SIP message. Nothing is defined or run.

            report = session.what_runs(Path("a.cfg").read_text())
            print(report.summary, *report.lines(), sep="\\n")
        """
        return self._loading.what_runs(source, name)

    def environment(self, owner: str | None = None) -> Environment:
        """What a text of this owner may refer to beyond itself: all that others have defined, loaded and set."""
        return self._world.environment(owner)

    # -- dialogs -------------------------------------------------------------------------------------------------------

    @property
    def _dialogs(self) -> Dialogs:
        from evroute_kernel.engine.session.dialogs import Dialogs  # most sessions have none

        return Dialogs(self._backend, self._raising)

    def dialog(
        self, name: str, *, anew: bool = False, origin: object = None, **fields: Unpack[DialogFields]
    ) -> DialogInfo:
        """Make a dialog that load_dialog_ctx() finds, or change it: `session.dialog("call1", status=4, vals={"n": 5})`.

        The name is also its Call-ID, unless `callid` is given; see `DialogFields` for what can be said of it. A change
        of the status raises E_DLG_STATE_CHANGED and waits for all that it leads to (`run` of the result); making a
        dialog raises nothing. Status 5 ends it, but it is still found, as on a server for some seconds; a lower status
        then makes a new call of that name, and so does `anew` always. Raises GivenError, with nothing changed.
        """
        return self._dialogs.change(name, fields, anew, origin)

    @property
    def dialogs(self) -> Mapping[str, DialogInfo]:
        """The dialogs that there are, by name."""
        return MappingProxyType(self._dialogs.all())

    def remove_dialog(self, name: str) -> bool:
        """Forget a dialog, without any event; False where there is none of this name."""
        return self._dialogs.remove(name)


def default_workers() -> int:
    """As many workers as cores that this process may use, within reason."""
    with suppress(AttributeError):  # not on every system
        return max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0))))
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1))
