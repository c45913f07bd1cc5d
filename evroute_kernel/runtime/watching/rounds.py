"""The heads of for-each loops, which store nothing after their first round, but ask for the next element.

While somebody wants to know of that, what gives the elements is another one in the globals of the route.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from evroute_kernel.runtime.watching.marks import ITERATES, before, marks

if TYPE_CHECKING:
    from evroute_kernel.runtime.context import Context

#: is told of the head of a loop, at each round but the first, which has been told
Teller = Callable[["Context", int], None]


class Rounds:
    """Gives the elements of one collection, and tells. Several loops may use the same one: which it is, the place of
    the call says."""

    __slots__ = ("_heads", "iterate", "tellers")

    def __init__(self, iterate: Callable[[Context, int], Any]) -> None:
        self.iterate = iterate
        self.tellers: list[Teller] = []
        self._heads: dict[tuple[int, int], tuple[CodeType, int]] = {}

    def __call__(self, context: Context, index: int) -> Any:
        if index:
            caller = sys._getframe(1)
            head = self._head(caller.f_code, caller.f_lasti)
            for tell in self.tellers:
                tell(context, head)
        return self.iterate(context, index)

    def _head(self, code: CodeType, offset: int) -> int:
        found = self._heads.get((id(code), offset))
        if found is None:
            found = self._heads[id(code), offset] = code, before(marks(code), offset)
        return found[1]


def listen(function: Callable[[Context], int], tell: Teller) -> None:
    """Tell of the rounds of the loops in a route."""
    names = function.__globals__ if isinstance(function, FunctionType) else {}
    for name in [name for name in names if name.startswith(ITERATES)]:
        if not isinstance(names[name], Rounds):
            names[name] = Rounds(names[name])
        names[name].tellers.append(tell)


def leave(function: Callable[[Context], int], tell: Teller) -> None:
    """Tell this one no more."""
    names = function.__globals__ if isinstance(function, FunctionType) else {}
    for name, rounds in list(names.items()):
        if isinstance(rounds, Rounds) and tell in rounds.tellers:
            rounds.tellers.remove(tell)
            if not rounds.tellers:
                names[name] = rounds.iterate
