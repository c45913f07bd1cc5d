"""What a session knows, and lets be read and changed: one part of the face that `Session` is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from re import Pattern
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.given import Moment
from evroute_kernel.engine.results.runs import Log, StubCall, Variables, WorkerInfo
from evroute_kernel.engine.session.attachments import Attachments, Closeable
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.state.registry import Registry
from evroute_kernel.engine.state.settings import Limits, SessionSettings
from evroute_kernel.engine.state.stubs import StubRule, StubValue, make_stub
from evroute_kernel.engine.state.world import Text, World
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import encode

if TYPE_CHECKING:
    from evroute_kernel.engine.state.stored import LocalCache, SharedVariables


T = TypeVar("T")
C = TypeVar("C", bound=Closeable)


class StateFace:
    """The methods of a Session that tell what there is."""

    _backend: Backend
    _world: World
    _attachments: Attachments

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
    def clock(self) -> float | None:
        """Where the clock of the session stands, in seconds of the epoch; None while it goes.

        Set it to seconds, a datetime or a text such as "2026-11-30T10:00:00" (local time, where no zone is named), and
        it stands there, until `tick` moves it; also after `reset`. None: it shows the system's time. Raises GivenError.
        """
        clock = self.shared.clock
        return clock.now() if clock.stands else None

    @clock.setter
    def clock(self, moment: Moment | None) -> None:
        self._backend.set_clock(None if moment is None else given.moment(moment))

    @property
    def seed(self) -> int | None:
        """What chance begins with; None: with something else each time.

        Setting it begins anew, also with the same number. Each event that is raised draws by itself, from the seed, its
        name and how often it was raised before, whichever worker runs it (docs/watching.md). Process ids are made of
        the numbers of workers. `reset` keeps the seed. Raises GivenError.
        """
        return self.settings.seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self.settings.seed = None if seed is None else given.integer(seed, "the seed")

    @property
    def shared(self) -> Shared:
        """`$shv`, the local cache and what else workers share. Raises SupervisorFailed where that has taken it away."""
        return self._backend.shared

    @property
    def shv(self) -> SharedVariables:
        """`$shv`, to read and to set: `session.shv["n"] += 1`. KeyError for one that is not set; those
        that a loaded script names are 0 until then."""
        from evroute_kernel.engine.state.stored import SharedVariables

        return SharedVariables(lambda: self.shared, self.registry)

    @property
    def cache(self) -> LocalCache:
        """The local cache, to read and to set: `session.cache["k"]`, `session.cache.collection("users")["k"]`."""
        from evroute_kernel.engine.state.stored import LocalCache

        return LocalCache(lambda: self.shared)

    def events(self) -> list[str]:
        """Names of the events that something handles."""
        return self._world.events()

    def is_heard(self, event: str) -> bool:
        """Whether something handles an event now."""
        return self._world.is_heard(encode(event))

    def check_heard(self, event: str) -> None:
        """Raise UnknownEventError when nothing handles an event, with what is like it."""
        self._world.handlers(event)

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
    def log(self) -> Log:
        """The records so far, oldest first: the last hundred thousand."""
        return self._world.records.log()

    def expect(
        self, *texts: str | Pattern[str], absent: str | Pattern[str] | Iterable[str | Pattern[str]] = ()
    ) -> None:
        """Fail unless the log so far holds each of the texts, and none of the absent ones; patterns may be compiled.

            session.expect("block 1", re.compile("^unblocked", re.MULTILINE), absent="block 2")

        `run.log.expect` looks at one run alone. Raises an AssertionError that shows the log.
        """
        self.log.expect(*texts, absent=absent)

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
        self._world.limits.memory = size
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


def at_least_one(workers: int) -> int:
    if given.integer(workers, "the number of workers") < 1:
        raise given.GivenError(f"a session needs one worker at least, not {workers}")
    return workers
