"""The hook: how a run is watched, statement by statement, while generated code stays as it is.

Generated code stores the index of each statement in `process.at[0]` before it runs. While somebody watches, a `Watched`
stands there instead of the plain array, and the functions of all routes are others, which tell where a block begins and
ends (`Hook.watch`). Nobody watches by default, and then nothing of this is in the way: what watches a run is chosen
before it begins, with the routes that it finds (`worker.watching`).

A `Watcher` is told of blocks, statements, log records and events; debugger, trace, timeline, coverage, profile and the
search for races are such watchers, and several of them can watch the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from evroute_kernel.runtime.watching import rounds
from evroute_kernel.runtime.watching.sharing import WatchedShared

if TYPE_CHECKING:
    from evroute_kernel.runtime.context import Context, LinkedRoute, Params, Process, Record
    from evroute_kernel.runtime.memory.accesses import Access


Function = Callable[["Context"], int]


class Frame:
    """One block that runs: a top route, or one that another has called.

    `caller`: the frame around it, None for the outermost. `statement`: the one that has begun last, -1 before the
    first. `depth` counts from 0. The state of the run is that of `context`.
    """

    __slots__ = ("caller", "context", "depth", "route", "statement")

    def __init__(self, route: LinkedRoute, context: Context, caller: Frame | None) -> None:
        self.route, self.context, self.caller = route, context, caller
        self.depth: int = 0 if caller is None else caller.depth + 1
        self.statement = -1

    @property
    def is_top(self) -> bool:
        """Whether it is the route of a run of its own, and not called by one. In 4.0 a run can be inside another."""
        return self.caller is None or self.caller.context is not self.context


class Watcher:
    """Who watches. Its methods are called in the worker, in the thread that runs the routes, and do nothing here.

    They may read all state, and change it (a debugger sets variables). What they raise ends the run; the run waits for
    as long as they take. `Frame` objects live as long as their block: keep what you need of them.
    """

    #: whether it has to be told of blocks and statements as they come
    needs_blocks: ClassVar[bool] = True

    def enters(self, frame: Frame) -> None:
        """A block is about to begin; where `frame.is_top`, a run."""

    def reaches(self, frame: Frame, statement: int) -> None:
        """A statement is about to run: `frame.statement` is this one already, and so is the place of log records.

        The head of a loop is reached at each round (that of a for-each once more when there is no next element), a
        call inside of an expression as a statement of its own.
        """

    def leaves(self, frame: Frame, code: int | None) -> None:
        """A block has ended, with its code; None where something has ended the script in it, or stopped it for good.

        An interrupt can strike at any moment, so that a block is left of which `enters` has not told this watcher.
        """

    def logs(self, frame: Frame | None, record: Record) -> None:
        """A record has been logged; without a frame outside of any block."""

    def raises(self, frame: Frame | None, event: str, params: Params | None) -> None:
        """The running statement is about to raise an event."""

    def steps(self, frame: Frame | None, access: Access | None) -> None:
        """A step is about to be taken in what processes share (`runtime.watching.sharing`); `access`: where it is a
        single one. Who wants to know of these has all accesses take the long way."""

    def accesses(self, frame: Frame | None, access: Access) -> None:
        """An access is about to happen, as a part of the step that has begun last; a lock is held now."""

    def notices(self, frame: Frame | None, what: str, value: str | int) -> None:
        """Something else happens in the running statement, or between two runs: `runtime.watching.notices`."""

    def asks(self, asked: Any) -> None:
        """What it was asked for; it may be as before. No block runs."""

    def commands(self, data: Any) -> None:
        """Something for it, from who takes what it tells; None: nobody does any more."""

    def alone(self, array: Any) -> Running | None:
        """What stands in for the array while nobody else watches, for one who has a quicker way of his own: he is told
        nothing then. None: it is done as for all."""

    def settles(self) -> None:
        """A task is about to end (one event with all that it leads to, or a part of a batch or replay): tell what is
        still held back. No block runs."""


class Stand:
    """What stands in for `process.at`: it stores what is stored in the array, and does something besides."""

    __slots__ = ()

    @property
    def bare(self) -> Any:
        """The array itself."""
        raise NotImplementedError

    def untraced(self) -> Any:
        """Where the head of a loop stores its index at each round."""
        raise NotImplementedError


class Running(Stand):
    """What stands in for it while blocks run that are watched, and runs them."""

    __slots__ = ()

    @property
    def frame(self) -> Frame | None:
        """The innermost block that runs, where that is known."""
        return None

    def running(self, process: Process, route: LinkedRoute, function: Function) -> Function:
        """The function of a route, with what is done before and after it."""
        raise NotImplementedError

    def forget(self) -> None:
        """No block runs, however the last one has ended."""
        raise NotImplementedError


def bare(at: Any) -> Any:
    """The array behind what may stand in for it: storing there tells nobody."""
    return at.bare if isinstance(at, Stand) else at


class Watched(Running):
    """Tells all watchers."""

    __slots__ = ("_frame", "array", "reach", "watchers")

    def __init__(self, array: Any, watchers: Sequence[Watcher] = ()) -> None:
        self.array, self.watchers = array, watchers
        self._frame: Frame | None = None
        #: is told of each statement
        self.reach = _each([each.reaches for each in watchers if type(each).reaches is not Watcher.reaches])

    @property
    def bare(self) -> Any:
        return self.array

    @property
    def frame(self) -> Frame | None:
        return self._frame

    def running(self, process: Process, route: LinkedRoute, function: Function) -> Function:
        """The function of a route, with what is told before and after it."""

        def run(context: Context) -> int:
            caller, code = self._frame, None
            frame = Frame(route, context, caller)
            try:
                if caller is None:
                    process.at = self
                self._frame = frame
                for watcher in self.watchers:
                    watcher.enters(frame)
                code = function(context)
            finally:
                self._frame = caller
                if caller is None:
                    process.at = self.array
                for watcher in self.watchers:
                    watcher.leaves(frame, code)
            return code

        return run

    def forget(self) -> None:
        """No block runs, however the last one has ended."""
        self._frame = None

    def untraced(self) -> Any:
        return _Rounds(self)

    def __getitem__(self, index: int) -> int:
        return int(self.array[index])

    def __setitem__(self, index: int, value: int) -> None:
        self.array[index] = value
        if not index and (frame := self._frame) is not None:
            frame.statement = value
            self.reach(frame, value)


class _Rounds(Stand):
    """Where the head of one loop stores its index at each round; that it was reached first has been told before."""

    __slots__ = ("is_first", "watched")

    def __init__(self, watched: Watched) -> None:
        self.watched, self.is_first = watched, True

    def __setitem__(self, index: int, value: int) -> None:
        if self.is_first:
            self.is_first = False
        else:
            self.watched[index] = value


class Hook:
    """What makes the runs of a process watched ones."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._array = bare(process.at)
        self._at: Running = Watched(self._array)
        self._watchers: tuple[Watcher, ...] = ()
        self._shared = process.shared
        #: the routes that are watched, as they are otherwise
        self._watched: list[LinkedRoute] = []

    @property
    def frame(self) -> Frame | None:
        """The innermost block that runs; None also where the only one who watches does not want to know."""
        return self._at.frame

    @property
    def watchers(self) -> Sequence[Watcher]:
        return self._watchers

    @watchers.setter
    def watchers(self, watchers: Iterable[Watcher]) -> None:
        """Not while a block runs. In this order they are told of everything. Routes that were to be watched before are
        not any more: `watch` them anew."""
        for route in self._watched:
            rounds.leave(route.function, self._round)
        self._watched.clear()
        self._watchers = tuple(watchers)
        told = [watcher for watcher in self._watchers if watcher.needs_blocks]
        alone = told[0].alone(self._array) if len(told) == 1 else None
        self._at = alone or Watched(self._array, told)
        self._watch_shared()

    @property
    def is_needed(self) -> bool:
        """Whether somebody has to be told of blocks."""
        return any(watcher.needs_blocks for watcher in self._watchers)

    def _watch_shared(self) -> None:
        """Only where somebody wants to know of it there is anything in front of the shared memory."""
        told = [w for w in self._watchers if _hears_of_sharing(type(w))]
        if not told:
            self._process.shared = self._shared
            return

        def step(access: Access | None) -> None:
            for watcher in told:
                watcher.steps(self._at.frame, access)

        def tell(access: Access) -> None:
            for watcher in told:
                watcher.accesses(self._at.frame, access)

        self._process.shared = WatchedShared(self._shared, step, tell)

    def forget(self) -> None:
        """No block runs, however the last one has ended."""
        self._at.forget()
        self._process.at = self._array

    def watch(self, route: LinkedRoute) -> LinkedRoute:
        """The route as it is to run while somebody watches."""
        rounds.listen(route.function, self._round)
        self._watched.append(route)
        return replace(route, function=self._at.running(self._process, route, route.function))

    def _round(self, context: Context, head: int) -> None:
        """A for-each loop asks for its next element."""
        at: Any = self._at
        at[0] = head


def _hears_of_sharing(kind: type[Watcher]) -> bool:
    return kind.steps is not Watcher.steps or kind.accesses is not Watcher.accesses


def _nobody(frame: Frame, statement: int) -> None:
    """Nobody wants to know of statements."""


def _each(told: Sequence[Callable[[Frame, int], None]]) -> Callable[[Frame, int], None]:
    """Tells all of them; without a detour where it is one."""
    if len(told) < 2:
        return told[0] if told else _nobody

    def reach(frame: Frame, statement: int) -> None:
        for reaches in told:
            reaches(frame, statement)

    return reach
