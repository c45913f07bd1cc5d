"""A debugger of one session: `engine.state.watches.WatchingSide`.

Any thread may call it; what it tells its listener, it tells in the supervisor's thread. A run that stands still takes a
worker, and no time of it counts; all other workers run on. Whatever ends first, the run (interrupted, its worker
killed) or the debugger (`close`), nobody waits for the other: a stop of which nobody wants to know is ended at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final, Self

from evroute_kernel.engine.debugging import pieces
from evroute_kernel.engine.debugging.breakpoints import Breakpoint, Breakpoints, Placed
from evroute_kernel.engine.debugging.news import (
    ConditionFailed,
    How,
    Moved,
    News,
    NotStopped,
    Place,
    Reply,
    Said,
    Stopped,
    WentOn,
)
from evroute_kernel.engine.state.watches import Told
from evroute_kernel.engine.state.world import World
from evroute_kernel.runtime.levels import NAMES
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source

#: for a watcher, in the worker of a number or in each that runs something
Command = Callable[[int, Any, int | None], None]


class Debugger:
    """It debugs what is given to workers from its beginning on, until `close`."""

    kind: Final = "debug"

    def __init__(
        self,
        world: World,
        command: Command,
        listener: Callable[[News], None],
        origin: object,
        keys: Callable[[Source], Iterable[str]],
    ) -> None:
        """`command`: `Supervisor.command`; `origin`: what is raised with that one alone, None: everything; `keys`: what
        the caller calls a text."""
        self._world = world
        self._command = command
        self._listener = listener
        self._origin = origin
        self._lock = threading.RLock()
        self._breakpoints = Breakpoints(world, keys)
        self._levels: tuple[int, ...] = ()
        #: a wish to stop at once what runs, or what runs next: why, and which one that is; () when that is done
        self._halt: tuple[Any, ...] = ()
        self._halts = 0
        self._asked: tuple[Any, ...] = ((), (), ())
        self._stops: dict[int, Stopped] = {}
        self._requests: dict[int, tuple[int, str, Future[Any]]] = {}
        self._count = 0
        self._is_closed = False
        self._end = self._world.watches.add(self)
        #: as the workers know it
        self.number: Final = self._world.watches.number(self) or 0

    def close(self) -> None:
        """What stands still goes on, and nothing stops any more. Closing twice is harmless."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._end()
            self._command(self.number, None, None)
            self._forget(list(self._stops))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- what stops ---------------------------------------------------------------------------------------------------

    def set_breakpoints(self, path: str, asked: Iterable[Breakpoint]) -> list[Placed]:
        """These are the breakpoints of the text with this path (or name) from now on, also in runs under way."""
        with self._lock:
            placed = self._breakpoints.change(path, asked)
        self._tell_points()
        return placed

    def placed(self, path: str) -> list[Placed]:
        """What has become of the breakpoints of a text."""
        with self._lock:
            return self._breakpoints.placed(path)

    def stop_at_diagnostics(self, levels: Iterable[str]) -> None:
        """Stop where the runtime itself says something of these levels: WARNING, ERROR..."""
        wanted = set(levels)
        with self._lock:
            self._levels = tuple(number for number, name in NAMES.items() if name in wanted)
        self._tell_points()

    def forget_breakpoints(self) -> None:
        """Nothing stops any more, neither at a line nor at a diagnostic."""
        with self._lock:
            self._breakpoints.clear()
            self._levels = ()
        self._tell_points()

    def stop_on_entry(self) -> None:
        """Stop before the first statement of the next run. Nothing may run yet."""
        with self._lock:
            self._halts += 1
            self._halt = "entry", self._halts

    def pause(self, worker: int | None = None) -> None:
        """Stop a worker before its next statement, if it runs something; without a number each that does, and where
        none does, the next run at its first one."""
        if worker is not None:
            self._command(self.number, ("pause",), worker)
            return
        with self._lock:
            self._halts += 1
            self._halt = "pause", self._halts
        self._tell_points()

    def _tell_points(self) -> None:
        self._command(self.number, ("points", self.asked), None)

    # -- what stands still --------------------------------------------------------------------------------------------

    @property
    def stops(self) -> dict[int, Stopped]:
        """What stands still now, by the number of the worker."""
        with self._lock:
            return dict(self._stops)

    def go(self, worker: int, how: How = "run") -> None:
        """Let a run go on. Raises NotStopped."""
        with self._lock:
            self._check(worker)
            self._command(self.number, ("go", how), worker)
            del self._stops[worker]

    def variables(self, worker: int, frame: int = 0) -> Future[tuple[Any, ...]]:
        """What is in the variables of a frame, as `worker.watching.showing` has it. Raises NotStopped, also later."""
        return self._ask(worker, "variables", frame)

    def evaluate(self, worker: int, text: str, frame: int = 0) -> Future[Reply]:
        """The value of a script expression in a frame, or run statements there. Raises ScriptError, NotStopped."""
        return self._ask(worker, "evaluate", frame, pieces.statement(self._world, text))

    def _ask(self, worker: int, verb: str, *rest: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            self._check(worker)
            self._count += 1
            self._requests[self._count] = worker, verb, future
            self._command(self.number, (verb, self._count, *rest), worker)
        return future

    def _check(self, worker: int) -> None:
        if worker not in self._stops:
            raise NotStopped(f"worker {worker} does not stand still")

    def _forget(self, workers: Iterable[int]) -> list[int]:
        """These do not stand still any more, and answer nothing; those that did."""
        workers = set(workers)
        for number, (worker, _, future) in list(self._requests.items()):
            if worker in workers:
                del self._requests[number]
                future.set_exception(NotStopped(f"worker {worker} does not stand still any more"))
        return [worker for worker in workers if self._stops.pop(worker, None) is not None]

    # -- in the supervisor's thread -----------------------------------------------------------------------------------

    @property
    def asked(self) -> tuple[Any, ...]:
        with self._lock:
            points, levels = self._breakpoints.points(), self._levels
            if self._asked[0] is not points or self._asked[1] is not levels or self._asked[2] is not self._halt:
                self._asked = points, levels, self._halt
            asked, moved = self._asked, self._breakpoints.moved()
        for path, placed in moved:
            self._listener(Moved(path, placed))
        return asked

    def watches(self, origin: object) -> bool:
        return self._origin is None or self._origin == origin

    def hear(self, told: Told) -> None:
        what, *rest = told.data
        if what == "stopped":
            self._stopped(told, *rest)
        elif what == "goes on":
            with self._lock:
                self._forget([told.process])
            self._listener(WentOn(told.process))
        elif what == "answer":
            self._answered(*rest)
        elif what == "log":
            _, slot, statement, text = rest
            self._listener(Said(told.process, decode(text), self._world.registry.place(slot, statement)[1]))
        elif what == "condition":
            self._listener(ConditionFailed(*rest))

    def lost(self, process: int) -> None:
        with self._lock:
            lost = self._forget([process])
        for worker in lost:
            self._listener(WentOn(worker))

    def _stopped(self, told: Told, reason: str, words: str, frames: Any) -> None:
        places = (self._world.registry.place(*frame) for frame in frames)
        stop = Stopped(
            told.process,
            decode(told.event),
            reason,
            decode(words),
            tuple(Place(decode(title), span) for title, span in places),
        )
        with self._lock:
            self._stops[told.process] = stop
            self._halt = ()
        self._listener(stop)

    def _answered(self, request: int, ok: bool, values: Any, logged: Any) -> None:
        with self._lock:
            found = self._requests.pop(request, None)
        if found is None:
            return
        _, verb, future = found
        if verb == "evaluate":
            future.set_result(Reply(ok, _read(values), tuple((NAMES.get(n, str(n)), decode(t)) for n, t in logged)))
        elif ok:
            future.set_result(_read(values))
        else:
            future.set_exception(NotStopped("; ".join(map(decode, values))))


def _read(value: Any) -> Any:
    """Byte strings become texts."""
    if isinstance(value, str):
        return decode(value)
    return tuple(map(_read, value)) if isinstance(value, tuple) else value
