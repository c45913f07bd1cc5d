"""What watches the runs of a session: one part of the face that `Session` is.

Each method begins something that ends with `close`, or with `with`. Raises SessionClosedError where the session was
closed before: nothing would be seen. What it does is imported when it is asked for: most
sessions are watched by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.state.world import World
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.debugging.debugger import Debugger
    from evroute_kernel.engine.debugging.news import News
    from evroute_kernel.engine.events.params import GivenParams
    from evroute_kernel.engine.racing.conducting import Racer
    from evroute_kernel.engine.results.races import RaceResult
    from evroute_kernel.engine.state.watches import Command, WatchingSide
    from evroute_kernel.engine.watching.covering import Covering
    from evroute_kernel.engine.watching.profiling import Profiling
    from evroute_kernel.engine.watching.timing import Timing
    from evroute_kernel.engine.watching.tracing import Tracing


class WatchingFace:
    """The methods of a Session that show its routes run."""

    _backend: Backend
    _world: World

    def trace(self, *names: str, origin: object = None, limit: int = 10_000) -> Tracing:
        """Trace each statement that is run from now on, until what is returned is closed.

            with session.trace() as trace:
                session.raise_event("E_PIKE_BLOCKED", {"ip": "192.0.2.1"})
            print(trace.text())

        `names`: events and routes (`"E_X"`, `"limit"`, `"route[limit]"`) that are traced with all that they call; all
        if there are none. `origin`: what is raised with that one alone. The trace keeps `limit` statements, the first
        and the last ones. What a run did is in it when the run has ended. Runs that are under way are not traced, and
        those that are take many times as long. Raises GivenError.
        """
        from evroute_kernel.engine.watching.tracing import Tracing

        self._backend.check_open()
        return Tracing(self._world, names, origin, limit)

    def debug(
        self,
        listener: Callable[[News], None],
        origin: object = None,
        keys: Callable[[Source], Iterable[str]] | None = None,
    ) -> Debugger:
        """Debug what is run from now on, and what runs already, until what is returned is closed.

            with session.debug(news.put) as debugger:
                debugger.set_breakpoints("script", [Breakpoint(3)])
                run = session.submit("E_X")
                stop = news.get()
                debugger.go(stop.worker, "over")

        `listener` is told, in the supervisor's thread, what has happened: it must be quick, and not wait for anything
        of the session. `origin`: what is raised with that one alone. `keys`: what the caller calls a text; without it
        that is its path, and its name. Runs that are under way are debugged from where they are.
        """
        from evroute_kernel.engine.debugging.breakpoints import path_and_name
        from evroute_kernel.engine.debugging.debugger import Debugger

        backend = self._backend  # its supervisor may be another one by and by
        backend.check_open()

        def command(watcher: int, data: Any, worker: int | None) -> None:
            backend.supervisor.command(watcher, data, worker)

        debugger = Debugger(self._world, command, listener, origin, keys or path_and_name)
        backend.supervisor.begin_watch(debugger.number, debugger)
        return debugger

    def coverage(self, *, origin: object = None) -> Covering:
        """Collect what is run of each text from now on, until what is returned is closed.

            with session.coverage() as coverage:
                session.raise_event("E_PIKE_BLOCKED", {"ip": "192.0.2.1"})
            for text in coverage.texts():
                print(text.source.name, text.missing, text.partial)

        `origin`: what is raised with that one alone. What was run is known when the run has ended, also one that was
        killed. Runs that are under way are not covered. `engine.results.coverage.lcov` makes a tracefile of it.
        """
        from evroute_kernel.engine.watching.covering import Covering

        self._backend.check_open()
        return Covering(self._world, origin)

    def profile(self, *, origin: object = None) -> Profiling:
        """Add up how often each statement is run from now on, and how long, until what is returned is closed.

            with session.profile() as profile:
                session.raise_event("E_PIKE_BLOCKED", {"ip": "192.0.2.1"})
            for line in profile.lines():
                print(line.file, line.line, line.hits, line.seconds)

        `origin`: what is raised with that one alone. What a run took is known when its task has ended; that of a worker
        that was killed is lost. Being watched takes time too.
        """
        from evroute_kernel.engine.watching.profiling import Profiling

        self._backend.check_open()
        return Profiling(self._world, origin)

    def timeline(
        self, *, origin: object = None, limit: int = 20_000, nodes: Mapping[str, WatchingFace] | None = None
    ) -> Timing:
        """Tell what processes do when from now on, until what is returned is closed.

            with session.timeline() as timeline:
                session.raise_event("E_PIKE_BLOCKED", {"ip": "192.0.2.1"})
            Path("run.json").write_text(json.dumps(timeline.chrome()))  # for Perfetto and speedscope

        Bars are runs, the routes that they call, and statements; what a process waits for, the locks that it holds, and
        events that wait for a process. Arrows lead from where an event is raised to the run that it leads to. `origin`:
        as for `trace`. The first `limit` bars are kept. `nodes`: the sessions to watch, by name, where it is not this
        one alone (`Cluster.timeline`). Raises GivenError.
        """
        from evroute_kernel.engine.watching.timing import Timing

        watched = {"": self} if nodes is None else nodes
        for node in watched.values():
            node._backend.check_open()
        worlds = {name: node._world for name, node in watched.items()}
        return Timing(worlds, origin, limit)

    def attach_watcher(self, side: WatchingSide) -> Command:
        """Let something watch what is run from now on, as long as the session lives; what is returned tells its part in
        a worker something while that runs."""
        self._world.watches.add(side)
        number = self._world.watches.number(side) or 0
        backend = self._backend

        def command(data: Any, worker: int | None) -> None:
            backend.supervisor.command(number, data, worker)

        return command

    # -- races ---------------------------------------------------------------------------------------------------------

    def race(
        self: Racer,
        events: Sequence[str | tuple[str, GivenParams]],
        *,
        limit: int = 1_000,
        seconds: float = 30.0,
        reduce: bool = True,
    ) -> RaceResult:
        """What two or three events can come to that run at once, in different processes. Waits.

            result = session.race([("E_A", {"ip": "192.0.2.1"}), ("E_B", {"ip": "192.0.2.1"})])
            print(result)

        All orders are tried in which what they do with `$shv`, cache, locks, queues, statistics, databases can come one
        after the other, but for those that can make no difference; `limit` of them at most (but all those in which one
        event follows the other), and for no more `seconds` (one that has begun is ended first). With `reduce=False`
        each order is tried. An outcome that the events come to in no order one after the other is a race:
        `result.races`. Events that fail, or wait for ever, in some order one after the other are `result.failures`.

        They run in a copy of this session, which is left alone: with its `$shv`, cache and databases as they are now,
        nothing in `$var`, a clock that stands, and chance that is the same each time. Raises GivenError,
        UnknownEventError, ParameterError.
        """
        from evroute_kernel.engine.racing.racing import prepare

        return prepare(self, events, limit=limit, seconds=seconds, reduce=reduce).run()

    def assert_no_race(
        self: Racer,
        events: Sequence[str | tuple[str, GivenParams]],
        *,
        limit: int = 1_000,
        seconds: float = 30.0,
    ) -> None:
        """Raise RaceFoundError, which is an AssertionError, if events that run at once come to something that no order
        of them gives one after the other; also where one of them does not come to its end even so (its run fails, or
        waits for ever), and where not all orders that matter could be tried. As `race`."""
        from evroute_kernel.engine.racing.racing import prepare
        from evroute_kernel.engine.results.races import RaceFoundError

        result = prepare(self, events, limit=limit, seconds=seconds).run()
        if not result.ok:
            raise RaceFoundError(result)
