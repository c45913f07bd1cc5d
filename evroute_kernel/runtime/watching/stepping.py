"""Stops at single statements, and steps: for who wants to know of few statements, and of all of them only for a while.

A statement at which somebody wants to be told is marked in the code of its route (`marks`): nothing else costs anything
then. What runs already keeps its code; that, and all statements while somebody steps, are followed by Python's own
tracing, which is switched on for as long as it is needed, also in the midst of a run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.runtime.watching import rounds
from evroute_kernel.runtime.watching.hook import Frame, Watcher, bare
from evroute_kernel.runtime.watching.marks import INSIDE, marked
from evroute_kernel.runtime.watching.stack import Known, Stack, code_of

if TYPE_CHECKING:
    from evroute_kernel.runtime.context import Context, LinkedRoute, Process

_NONE: Final[frozenset[int]] = frozenset()


class Stepper(Watcher):
    """Who stops and steps: what it is told in `reaches` are the statements that it wants."""

    needs_blocks = False

    @property
    def wanted(self) -> Mapping[int, frozenset[int]]:
        """The statements of which it is told always, by slot."""
        raise NotImplementedError

    @property
    def is_stepping(self) -> bool:
        """Whether it steps just now, and is told of all statements."""
        raise NotImplementedError

    def steps_in(self, depth: int) -> bool:
        """Whether it steps just now through blocks around which there are so many others."""
        raise NotImplementedError


class Stepping:
    """The steppers of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._array = bare(process.at)
        self._stack = Stack()
        self._steppers: list[Stepper] = []
        self._wanted: dict[int, frozenset[int]] = {}
        self._plain: dict[int, tuple[LinkedRoute, CodeType]] = {}
        process.marked = self._marked

    @property
    def frame(self) -> Frame | None:
        """The innermost block that runs."""
        return self._stack.blocks(sys._getframe(1), None)

    def learn(self, routes: Iterable[LinkedRoute]) -> None:
        """These are there too."""
        for route in routes:
            known = self._plain.get(route.slot)
            if (known is None or known[0] is not route) and (code := code_of(route)) is not None:
                self._plain[route.slot] = route, code
                self._stack.learn(route, code)
                self._mark(route.slot)

    def change(self, steppers: Iterable[Stepper] | None = None) -> None:
        """These step from now on, or want something else than before. At any time, also while blocks run."""
        if steppers is not None:
            self._steppers = list(steppers)
        before, self._wanted = self._wanted, {}
        for stepper in self._steppers:
            for slot, statements in stepper.wanted.items():
                self._wanted[slot] = self._wanted.get(slot, _NONE) | statements
        for slot in {**before, **self._wanted}:
            if before.get(slot) != self._wanted.get(slot):
                self._mark(slot)
        self.follow()

    # -- marked statements --------------------------------------------------------------------------------------------

    def _mark(self, slot: int) -> None:
        """Have the statements that are wanted told by the code of their route, from the next call on."""
        route, code = self._plain.get(slot, (None, None))
        if route is None or code is None or not isinstance(route.function, FunctionType):
            return
        function, wanted = route.function, self._wanted.get(slot, _NONE)
        rounds.leave(function, self._round)
        for name in INSIDE:
            call = function.__globals__[name]
            if isinstance(call, partial):
                function.__globals__[name] = call.args[0]
        if not wanted:
            function.__code__ = code
            return
        function.__code__ = marked(code, wanted)
        self._stack.learn(route, function.__code__, wanted)
        rounds.listen(function, self._round)
        for name in INSIDE:
            function.__globals__[name] = partial(self._inside, function.__globals__[name])

    def _marked(self, context: Context, statement: int) -> None:
        """`Context.__setitem__`: a marked statement is about to run."""
        self._process.at[0] = statement
        self._tell(sys._getframe(2), statement)

    def _round(self, context: Context, head: int) -> None:
        """A for-each loop asks for its next element."""
        self._array[0] = head
        python = sys._getframe(2)
        known = self._stack.known(python)
        if known is not None and head in known.marked:
            self._tell(python, head)

    def _inside(self, call: Callable[..., int], context: Context, place: int, *rest: Any) -> int:
        """A call inside of an expression."""
        python = sys._getframe(1)
        known = self._stack.known(python)
        if known is not None and place in known.marked:
            self._array[0] = place
            self._tell(python, place)
        return call(context, place, *rest)

    def _tell(self, python: FrameType, statement: int) -> None:
        frame = self._stack.blocks(python, statement)
        if frame is not None:
            for stepper in self._steppers:
                stepper.reaches(frame, statement)
        self.follow()

    # -- all statements -----------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Have Python tell of each step while that is needed, and not any longer."""
        is_on = sys.gettrace() == self._called
        if not self._is_needed(sys._getframe(1)):
            if is_on:
                sys.settrace(None)
            return
        for python, _ in self._stack.running(sys._getframe(1)):
            self._trace(python)
        if not is_on:
            sys._getframe().f_trace_opcodes = True  # Python 3.12 looks now whether anybody wants to know of opcodes
            sys.settrace(self._called)

    def _trace(self, python: FrameType) -> None:
        """Have Python tell of each instruction of a route. In this order: Python 3.13 does it only where there is
        somebody to be told."""
        python.f_trace = self._told
        python.f_trace_lines, python.f_trace_opcodes = False, True

    def _is_needed(self, python: FrameType | None) -> bool:
        """Whether somebody steps, or wants to know of a statement of code that ran before it did."""
        return any(stepper.is_stepping for stepper in self._steppers) or any(
            not self._wanted.get(known.route.slot, _NONE) <= known.marked for _, known in self._stack.running(python)
        )

    def _called(self, python: FrameType, what: str, argument: Any) -> Any:
        """A function of Python is called."""
        if self._stack.known(python) is None:
            return None
        depth = self._stack.depth(python)
        if not any(stepper.steps_in(depth) for stepper in self._steppers):
            return None
        self._trace(python)
        return self._told

    def _told(self, python: FrameType, what: str, argument: Any) -> Any:
        """An instruction of a route is about to run, or it has ended."""
        if what == "opcode":
            known = self._stack.known(python)
            mark = known.places.get(python.f_lasti) if known is not None else None
            if known is not None and mark is not None and self._is_to_be_told(known, mark.statement, mark.is_round):
                self._array[0] = mark.statement
                self._tell(python, mark.statement)
        elif what == "return" and not self._is_needed(python.f_back):
            sys.settrace(None)
        return self._told

    def _is_to_be_told(self, known: Known, statement: int, is_round: bool) -> bool:
        if statement in known.marked or (is_round and self._array[0] == statement):
            return False  # it tells by itself, or has been told
        wanted = self._wanted.get(known.route.slot, _NONE)
        return statement in wanted or any(stepper.is_stepping for stepper in self._steppers)
