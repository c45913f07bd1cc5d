"""The blocks that run, found on Python's own stack: for who wants to know of them now and then, not at each step."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING

from evroute_kernel.runtime.watching.hook import Frame
from evroute_kernel.runtime.watching.marks import Mark, before, codes, marks

if TYPE_CHECKING:
    from evroute_kernel.runtime.context import LinkedRoute

#: as Python calls it in a frame, where a route finds its context
_CONTEXT = "c"


class Known:
    """A code that runs for a route. `is_inner`: a block inside of a condition. `marked`: the statements that tell by
    themselves when they begin."""

    def __init__(self, code: CodeType, route: LinkedRoute, is_inner: bool, marked: frozenset[int]) -> None:
        self.code, self.route, self.is_inner, self.marked = code, route, is_inner, marked

    @cached_property
    def marks(self) -> list[Mark]:
        """Where its statements begin."""
        return marks(self.code)

    @cached_property
    def places(self) -> dict[int, Mark]:
        """The same by offset."""
        return {mark.offset: mark for mark in self.marks}


class Stack:
    """Knows the codes of all routes. By what they are, not what is in them: two routes may have the same text."""

    def __init__(self) -> None:
        self._known: dict[int, Known] = {}

    def learn(self, route: LinkedRoute, code: CodeType, marked: frozenset[int] = frozenset()) -> None:
        for each in codes(code):
            if id(each) not in self._known:
                self._known[id(each)] = Known(each, route, each is not code, marked)

    def known(self, frame: FrameType) -> Known | None:
        """What runs in a frame, if it is a route."""
        return self._known.get(id(frame.f_code))

    def running(self, frame: FrameType | None) -> Iterator[tuple[FrameType, Known]]:
        """All that runs of routes, the innermost first."""
        while frame is not None:
            if (found := self._known.get(id(frame.f_code))) is not None:
                yield frame, found
            frame = frame.f_back

    def depth(self, frame: FrameType | None) -> int:
        """How many blocks there are around the innermost one."""
        return sum(not known.is_inner for _, known in self.running(frame)) - 1

    def blocks(self, frame: FrameType | None, statement: int | None = None) -> Frame | None:
        """The innermost block, with those around it, where such a statement is about to run or runs; None: no block
        runs."""
        found: list[tuple[LinkedRoute, FrameType, int]] = []
        for python, known in self.running(frame):
            if statement is None:
                statement = before(known.marks, python.f_lasti)
            if not known.is_inner:
                found.append((known.route, python, statement))
                statement = None
        block: Frame | None = None
        for route, python, place in reversed(found):
            block = Frame(route, python.f_locals[_CONTEXT], block)
            block.statement = place
        return block


def code_of(route: LinkedRoute) -> CodeType | None:
    """The code that was generated for a route; None where there is none."""
    function = route.function
    if isinstance(function, FunctionType) and function.__code__.co_varnames[:1] == (_CONTEXT,):
        return function.__code__
    return None
