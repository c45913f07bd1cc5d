"""Runs a piece of script, compiled elsewhere, in a block that stands still: a condition, an expression, an assignment.

It leaves no trace but what it changes: `$rc`, the place and the stack of blocks are as before, and nothing that it logs
goes into the log of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from evroute_kernel.library.linker import link
from evroute_kernel.library.table import in_process
from evroute_kernel.runtime.context import Context, Process, Record
from evroute_kernel.runtime.control import EndScript
from evroute_kernel.runtime.route_stack import RouteStack
from evroute_kernel.runtime.values import Value, stored
from evroute_kernel.runtime.watching.hook import Frame
from evroute_kernel.worker.watching.line import Line

#: byte code and pool, as `worker.messages.RouteCode` has them
Piece = tuple[bytes, tuple[Any, ...]]
#: the kind and name of a block that is none of the script's
_KIND: Final = "scratch"


class Evaluator:
    """Evaluates in one process. Pieces are linked once."""

    def __init__(self, process: Process, line: Line) -> None:
        self._process = process
        self._line = line
        self._linked: dict[Piece, Callable[[Context], int]] = {}
        #: what was logged by the piece that ran last
        self.logged: list[Record] = []

    def code(self, piece: Piece, frame: Frame) -> int:
        """Run a piece in a frame; the code that it returns. What kills a script is raised."""
        function = self._function(piece)
        shield = self._line.shield
        with shield.closed(), self._aside(frame), shield.opened():
            try:
                return function(frame.context)
            except EndScript as end:
                return end.code

    def shown(self, piece: Piece, frame: Frame) -> tuple[Value, ...]:
        """Run a piece in a frame; the value of its bare expression, if it has one."""
        context = frame.context
        before, context.shown = context.shown, ()
        try:
            self.code(piece, frame)
            return tuple(map(stored, context.shown))
        finally:
            context.shown = before

    def _function(self, piece: Piece) -> Callable[[Context], int]:
        found = self._linked.get(piece)
        if found is None:
            code, pool = piece
            found = self._linked[piece] = link(_KIND, "", -1, code, pool, in_process(self._process)).function
        return found

    @contextmanager
    def _aside(self, frame: Frame) -> Iterator[None]:
        process, context = self._process, frame.context
        before = process.at, process.emit, process.rc, context.scopes, context.returned, context.returning
        stack, size = context.route_stack, _size(context.route_stack)
        self.logged, self._line.is_evaluating = [], True
        process.at, process.emit = [frame.statement, frame.route.slot, 0, frame.route.slot], self.logged.append
        context.scopes = context.scopes[: within(frame) + 1]
        try:
            yield
        finally:
            process.at, process.emit, process.rc, context.scopes, context.returned, context.returning = before
            if isinstance(stack, RouteStack):
                stack.size = size
            else:
                del stack[size:]
            self._line.is_evaluating = False


def within(frame: Frame) -> int:
    """How many blocks there are around it in its run."""
    count = 0
    while not frame.is_top and frame.caller is not None:
        frame, count = frame.caller, count + 1
    return count


def _size(stack: list[tuple[str, str]] | RouteStack) -> int:
    return stack.size if isinstance(stack, RouteStack) else len(stack)
