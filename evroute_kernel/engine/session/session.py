"""The product without Jupyter: load scripts, raise events, see what the routes logged.

    with Session(workers=1) as session:
        session.load(source, name="fail2ban.cfg")
        run = session.raise_event("E_PIKE_BLOCKED", {"ip": "1.2.3.4"})
        run.ok, run.log

A Session is a facade: behind it, its `Backend` holds what it knows (`World`) and runs its routes (`Supervisor`); the
modules beside this one look at what callers give, and hand it on. Its methods may be called from any thread; those that
wait say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from time import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, Unpack

from evroute_kernel.engine.delivery.interface import SubscriberInfo
from evroute_kernel.engine.delivery.notifications import NotificationInfo
from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.params import GivenParams
from evroute_kernel.engine.results.records import OnRecord
from evroute_kernel.engine.results.replays import ReplayResult as ReplayResult
from evroute_kernel.engine.results.runs import BatchResult as BatchResult
from evroute_kernel.engine.results.runs import Loaded as Loaded
from evroute_kernel.engine.results.runs import LogRecord as LogRecord
from evroute_kernel.engine.results.runs import Run as Run
from evroute_kernel.engine.results.runs import RunError as RunError
from evroute_kernel.engine.results.runs import StubCall as StubCall
from evroute_kernel.engine.results.runs import Variables as Variables
from evroute_kernel.engine.results.runs import WorkerInfo as WorkerInfo
from evroute_kernel.engine.session.attachments import Attachments, Closeable
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.gathering import Gathering
from evroute_kernel.engine.session.lifetimes import Lifetime
from evroute_kernel.engine.session.loading import Loading
from evroute_kernel.engine.session.raising import Raising
from evroute_kernel.engine.session.recordings import Recordings
from evroute_kernel.engine.session.subscribing import Subscribing
from evroute_kernel.engine.state.registry import Registry
from evroute_kernel.engine.state.settings import Limits, SessionSettings
from evroute_kernel.engine.state.stubs import StubRule, StubValue, make_stub
from evroute_kernel.engine.state.world import Tap, Text
from evroute_kernel.errors import Diagnostic
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import encode
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.replay.recorder import Recorder
    from evroute_kernel.engine.replay.replaying import Recorded, Replaying
    from evroute_kernel.engine.replay.writing import Mode
    from evroute_kernel.engine.results.dialogs import DialogInfo
    from evroute_kernel.engine.session.dialogs import Dialogs
    from evroute_kernel.engine.state.dialog_fields import DialogFields
    from evroute_kernel.lang.checks.standing import Report
    from evroute_kernel.lang.compiler import Unit
    from evroute_kernel.lang.environment import Environment

T = TypeVar("T")
C = TypeVar("C", bound=Closeable)

#: workers of a Session that names no number: one for each core, but no more than these
MOST_WORKERS: Final = 4


class Session:
    """One server's worth of routes, workers and shared memory.

    `timeout`: seconds that a raise may take with all it leads to, from the start of its first route; `memory_limit`:
    bytes a worker may grow by (None: no limit); `log_limit`: records that one raise may log: more are counted, but for
    what the runtime itself says. `version`: the OpenSIPS whose ways are followed, "3.6" or "4.0".
    `on_record(record, origin)` is called for each record as it arrives, in the
    supervisor's thread: it must be quick.

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
    ) -> None:
        workers = default_workers() if workers is None else at_least_one(workers)
        limits = Limits(given.seconds(timeout), memory_limit, given.whole(log_limit, "the limit of log records"))
        if memory_limit is not None:
            given.whole(memory_limit, "the memory limit", 1)
        if on_record is not None and not callable(on_record):
            raise given.GivenError(f"on_record is a function, not {given.kind_of(on_record)}")
        self._backend = Backend(limits, on_record, workers, given.version(version))
        self._world = self._backend.world
        self._attachments = Attachments()
        self._raising = Raising(self._backend)
        self._loading = Loading(self._world, self._raising)
        self._recordings = Recordings(self._backend)
        self._subscribing = Subscribing(self._world)
        #: when it was opened, in seconds of the epoch
        self.started: Final = time()
        self._lifetime = Lifetime(self, self._backend)

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
    ) -> Loaded:
        """Define the routes of a text, then run its startup_route and, with `scratch`, its bare statements.

        Waits for that run. `owner` is the cell: its earlier routes that are not in the text are dropped. A `whole` text
        is judged as a server judges its file: once it loads modules, it has those and no others. Raises ScriptError,
        with nothing changed, when the text has errors or, in a strict session, redefines a route.
        """
        return self._loading.load(source, name, owner, origin, scratch, timeout, whole)

    def compile(
        self, source: str | Source, name: str = "script", *, owner: str | None = None, scratch: bool = False
    ) -> Unit:
        """The first half of `load`: parse, check and compile a text. Nothing takes effect. Raises ScriptError."""
        return self._loading.compile(source, name, owner, scratch)

    def install(
        self, unit: Unit, *, owner: str | None = None, origin: object = None, timeout: float | None = None
    ) -> Loaded:
        """The second half of `load`: what was compiled takes effect. For callers that may change their mind between."""
        return self._loading.install(unit, owner, origin, timeout)

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

    # -- raising -------------------------------------------------------------------------------------------------------

    def submit(
        self, event: str, params: GivenParams = None, *, origin: object = None, timeout: float | None = None
    ) -> Future[Run]:
        """Raise an event. The future's Run covers all that the event leads to.

        `params`: a mapping, an iterable of values, or None. `origin` comes back with each record, and `interrupt` finds
        the raise by it. A `timeout` that is given counts from this call, also while the event waits for a worker to be
        free (but not while the session starts); that of the session counts from the start of the first route.

        Raises UnknownEventError when nothing handles the event, ParameterError for a bad parameter. What no server
        sends with the event (a name that it lacks, a value that it never has, text for a number) is raised all the
        same; `Run.remarks` tells of it.
        """
        return self._raising.submit(event, params, origin, timeout)

    def raise_event(
        self, event: str, params: GivenParams = None, *, origin: object = None, timeout: float | None = None
    ) -> Run:
        """Raise an event and wait for all that it leads to. As `submit`."""
        return self.submit(event, params, origin=origin, timeout=timeout).result()

    def submit_batch(
        self,
        event: str,
        lists: Iterable[GivenParams],
        *,
        origin: object = None,
        timeout: float | None = None,
    ) -> Future[BatchResult]:
        """Raise an event many times, once for each item of `lists`, in order, on one worker.

        Much faster than as many calls of `submit`. The timeout holds for each event with all that comes of it, and one
        that is given also for the wait until the first can begin; the log limit holds for the whole. What the events
        raise runs between the chunks that the batch is handed out in. A sequence is read as it is needed; any other
        iterable is read to its end first.
        """
        return self._raising.submit_batch(event, lists, origin, timeout)

    def run_timer(self, name: str, *, origin: object = None, timeout: float | None = None) -> Run:
        """Run timer_route[name] once (each of them, if several have the name) and wait. ScriptError: there is none."""
        return self._raising.run_timer(name, origin, timeout)

    def tick(self, *, clock: float, origin: object = None, timeout: float | None = None) -> Run:
        """Move the clock of the session on by so many seconds, and wait for all that this leads to.

        The clock is that of the system otherwise. By it subscriptions expire, calls time out, and runs that wait for an
        event go on without it: what these do is in the Run. Timer routes do not run by it.
        """
        return self._raising.tick(clock, origin, timeout)

    def gather(self, origin: object = None, ended: Callable[[BatchResult], object] = lambda result: None) -> Gathering:
        """For events that are raised in great numbers while nobody waits for each: they run in blocks.

        `ended` gets what became of each block, in the supervisor's thread: it must be quick.
        """
        return self._raising.gather(origin, ended)

    def interrupt(self, origin: object = None) -> int:
        """End what was raised with this origin (None: everything); how many raises that were.

        Does not wait for them: their futures are done within milliseconds.
        """
        return self._raising.interrupt(origin)

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

    # -- recorded events -----------------------------------------------------------------------------------------------

    def replay(self, recorded: Recorded, **options: Any) -> ReplayResult:
        """Raise recorded events, and wait for all that they lead to: for millions of events, on all workers.

        `recorded`: a file's name, lines of one, or an iterable of (event, params) or {"event": ..., "params": ...}. The
        options are those of `engine.replay.replaying.Options`: speed, workers, limit, only, log, format, event and
        timeout. Raises OSError for a file that cannot be opened, UnknownFormatError, ValueError for an option. A
        KeyboardInterrupt ends the replay.
        """
        return self._recordings.replay(recorded, options)

    def start_replay(
        self,
        recorded: Recorded,
        *,
        origin: object = None,
        on_start: Callable[[Replaying], None] = lambda replaying: None,
        **options: Any,
    ) -> Replaying:
        """Begin a replay, as `replay`, and do not wait; its `future` gives the result.

        `origin`: as in `submit`. `on_start` is called before the first event is raised, when the file could be opened.
        """
        return self._recordings.start_replay(recorded, origin, on_start, options)

    def record(
        self,
        path: str | os.PathLike[str],
        events: Iterable[str] | None = None,
        *,
        mode: Mode = "new",
        origin: object = None,
    ) -> Recorder:
        """Write every event that is raised from now on to a file, until the recording (or the session) is closed.

        `with session.record("events.jsonl.gz"): ...`; `events`: names, None for all; `mode`: "new", "append" or
        "replace". When the file takes no more, a record for `origin` says so at once, and the recording stops with what
        is in the file: `fault`, `written` and `lost` of the Recorder tell what became of it. Raises FileExistsError,
        other OSErrors, ValueError for another mode.
        """
        recorder = self._recordings.record(path, events, mode, origin, self.detach)
        self.attach(recorder)
        return recorder

    @property
    def recordings(self) -> list[Recorder]:
        """The recordings under way, the oldest first."""
        from evroute_kernel.engine.replay.recorder import Recorder

        return self._attachments.of_kind(Recorder)

    def tap(self, listener: Tap) -> Callable[[], None]:
        """Tell a listener of every event that is raised: name, parameters (byte strings), seconds of the epoch.

        It is called in the thread that raises the event, and must be quick. Calling what is returned ends it.
        """
        return self._world.tap(listener)

    # -- subscriptions -------------------------------------------------------------------------------------------------

    def subscribe(
        self,
        event: str,
        socket: str,
        expire: int | None = None,
        *,
        by_script: bool = False,
        within: Sequence[str] | None = None,
    ) -> None:
        """Send an event, from now on, to a socket such as `udp:127.0.0.1:9000`; or run one more route: `route:NAME`.

        As MI event_subscribe: `expire` in seconds (None: an hour), and 0 ends a subscription within a second. With
        `by_script` as subscribe_event() of a script: for ever, if `expire` is None or 0. The same socket again renews
        the subscription. `within`: folders that files and unix sockets must be in, for a subscription on behalf of
        somebody else (None: anywhere; empty: nowhere). Waits while the host is looked up. Raises SocketError.
        """
        self._subscribing.subscribe(event, socket, expire, by_script=by_script, within=within)

    def subscriptions(self) -> list[SubscriberInfo]:
        """What scripts, clients and users have subscribed, by event, the oldest first; event routes do so themselves,
        and are left out."""
        return self._subscribing.subscriptions()

    def subscribers(self, event: str | None = None) -> list[SubscriberInfo]:
        """Who gets an event, in the order of delivery; without a name, all subscriptions, by event."""
        return self._subscribing.subscribers(event)

    def notifications(self, event: str | None = None) -> list[NotificationInfo]:
        """The routes that notify_on_event() has subscribed to an event, or to all, the latest first, which is the order
        in which they run; and the runs that wait for one, by wait_for_event(). Those that have expired are left out."""
        return self._subscribing.notifications(event)

    def rotate_flatstore(self, path: str) -> bool:
        """Close the file of a `flatstore:` subscription, so that the next event opens it anew.

        False when nobody has subscribed this path. MI `evi_flat_rotate` does this.
        """
        return self._subscribing.rotate_flatstore(path)

    # -- what it knows -------------------------------------------------------------------------------------------------

    @property
    def registry(self) -> Registry:
        """The routes, for looking at; `load` and `forget` change them. Names in it are byte strings."""
        return self._world.registry

    @property
    def texts(self) -> list[Text]:
        """The texts that have defined what there is, in the order in which they took effect."""
        return self._world.texts

    @property
    def settings(self) -> SessionSettings:
        """The globals in force, by name; assigning changes them for all workers. Also module parameters, stub rules."""
        return self._world.settings

    @property
    def shared(self) -> Shared:
        """`$shv`, the local cache and what else workers share. Raises SupervisorFailed where that has taken it away."""
        return self._backend.shared

    def events(self) -> list[str]:
        """Names of the events that something handles."""
        return self._world.events()

    def is_heard(self, event: str) -> bool:
        """Whether something handles an event now."""
        return self._world.is_heard(encode(event))

    def forget(self, name: str) -> list[str]:
        """Drop routes by title ("event_route[E_X]") or name; the titles of those there were."""
        return self._world.forget(encode(given.text(name, "the name of a route")))

    def forget_owner(self, owner: str) -> list[str]:
        """Drop what a cell had defined, loaded and set, because the cell is gone; the titles of its routes."""
        return self._world.forget_owner(owner)

    def declare_event(self, declaration: EventDeclaration | str) -> EventDeclaration:
        """Make an event of one's own known to checks and samples: `session.declare_event("E_X ip port:int [why]")`.

        A declaration replaces an earlier one of that name; one of an event of OpenSIPS adds parameters to it. Raises
        ValueError for a text that declares nothing.
        """
        if not isinstance(declaration, EventDeclaration):
            declaration = EventDeclaration.parse(given.text(declaration, "a declaration"))
        self._world.declared_events[declaration.name] = declaration
        return declaration

    @property
    def declared_events(self) -> Mapping[str, EventDeclaration]:
        """Events that users declared as their own, by name."""
        return MappingProxyType(self._world.declared_events)

    @property
    def log(self) -> list[LogRecord]:
        """The records so far, oldest first: the last hundred thousand."""
        return self._world.records.log()

    @property
    def stub_calls(self) -> list[StubCall]:
        """Calls of functions that are not simulated, oldest first: the last ten thousand."""
        return self._world.records.stub_calls()

    def forget_stub_calls(self) -> None:
        """Begin a new list of calls."""
        self._world.records.forget_stub_calls()

    def stub(self, name: str | StubRule, returns: int = 1, sets: Mapping[str, StubValue] | None = None) -> None:
        """Say what a function that is not simulated does: `session.stub("rest_get", 200, {"$var(body)": "{}"})`.

        `sets`: variable -> integer, None, or text, in which variables are expanded at each call. Holds from the next
        run on; a second call replaces the first. Raises ScriptError for a function that is simulated or unknown, and
        for what cannot be set.
        """
        if not isinstance(name, StubRule):
            name = make_stub(given.text(name, "the name of a function"), self._world.library, returns, sets)
        self.settings.stub(name)

    def unstub(self, name: str | None = None) -> list[str]:
        """Take the rule of a function back, or all rules; the names of those there were."""
        names = self.settings.stubs if name is None else [given.text(name, "the name of a function")]
        return [known for known in names if self.settings.unstub(known)]

    def workers(self) -> list[WorkerInfo]:
        """The worker processes, lowest number first."""
        return self._backend.supervisor.workers()

    def variables(self, process: int = 1) -> Future[Variables]:
        """`$var` and `$json` of a worker: known when the run that it may have under way has ended."""
        return self._backend.supervisor.variables(given.whole(process, "the number of a worker", 1))

    # -- limits --------------------------------------------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        """What a raise may take; changes count for raises to come."""
        return self._world.limits

    @property
    def strict(self) -> bool:
        """Whether a route that another text defined may not be replaced."""
        return self._world.strict

    @strict.setter
    def strict(self, is_strict: bool) -> None:
        self._world.strict = is_strict

    @property
    def timeout(self) -> float:
        """Seconds that a raise may take with all it leads to."""
        return self.limits.timeout

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self.limits.timeout = given.seconds(seconds)

    @property
    def memory_limit(self) -> int | None:
        """Bytes that a worker may grow by; None: no limit. A change counts at once, for every worker."""
        return self.limits.memory

    @memory_limit.setter
    def memory_limit(self, size: int | None) -> None:
        if size is not None:
            given.whole(size, "the memory limit", 1)
        self.limits.memory = size
        self._backend.supervisor.limit_memory(size)

    @property
    def worker_limit(self) -> int:
        """How many workers may run at once. Those beyond a lower limit end when they have nothing to do."""
        return self._backend.supervisor.worker_limit

    @worker_limit.setter
    def worker_limit(self, number: int) -> None:
        self._backend.supervisor.limit_workers(at_least_one(number))

    # -- what goes with it ---------------------------------------------------------------------------------------------

    def attach(self, resource: Closeable) -> None:
        """Close a resource (a server, a recording, ...) when the session is closed, the last one attached first.

        At once if it has been closed already: somebody may have opened the resource meanwhile.
        """
        self._attachments.add(resource)

    def attached(self, kind: type[T]) -> T | None:
        """The resource of this kind that goes with the session; None when there is none yet."""
        return next(iter(self._attachments.of_kind(kind)), None)

    def companion(self, kind: type[C], make: Callable[[], C]) -> C:
        """The resource of this kind that goes with the session; made and attached by whoever asks first."""
        return self._attachments.only(kind, make)

    def detach(self, resource: Closeable) -> None:
        """The resource has been closed by somebody else."""
        self._attachments.remove(resource)


def default_workers() -> int:
    """As many workers as cores that this process may use, within reason."""
    with suppress(AttributeError):  # not on every system
        return max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0))))
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1))


def at_least_one(workers: int) -> int:
    if given.integer(workers, "the number of workers") < 1:
        raise given.GivenError(f"a session needs one worker at least, not {workers}")
    return workers
