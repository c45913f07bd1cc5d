"""One run of an event route under OpenSIPS 4.0, where the run of one event can be inside that of another."""

from __future__ import annotations

from typing import Final

from evroute_kernel.runtime.context import Context, Params, Process
from evroute_kernel.runtime.route_stack import RouteStack
from evroute_kernel.runtime.values import Value

#: stands before the parameters of an event that has a list of them, though it may be empty: `$param` then warns of a
#: name that is not in it, as it does not where there is no list at all
EMPTY_LIST: Final[tuple[tuple[str | None, Value], ...]] = ((None, None),)


class EventContext(Context):
    """`depth`: events that run in one another, with this one. `stack`, the `route_stack`, is that of all of them."""

    __slots__ = ("depth", "has_list", "stack")

    def __init__(self, process: Process, event: str, params: Params, stack: RouteStack, depth: int = 1) -> None:
        super().__init__(process, event, params[1:] if params[:1] == EMPTY_LIST else params)
        self.route_stack = self.stack = stack
        self.depth = depth
        self.has_list = len(params) > 0
