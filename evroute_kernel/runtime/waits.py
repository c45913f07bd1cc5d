"""Runs that wait: for an event, or for a time, in async(). What holds them is a matter of the process (`Waiting`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from evroute_kernel.runtime.context import Context, Params, Process

#: what comes of a wait: the run goes on in a route; the process itself waits; the server dies
HELD, BLOCKED, DOOMED = "held", "blocked", "doomed"
#: keys and patterns of a filter
Filters = tuple[tuple[str, str], ...]


class RequestContext(Context):
    """The run of a route that notify_on_event() has subscribed, or one that goes on after async() in such a route: to
    the server it is the route of a SIP request, so that it can be left and taken up again."""

    __slots__ = ("has_transaction", "is_held")

    is_request = True

    def __init__(self, process: Process, event: str, params: Params = ()) -> None:
        super().__init__(process, event, params)
        #: whether it has made a transaction of its message, or taken one over
        self.has_transaction = False
        #: whether another run is to go on with what it leaves
        self.is_held = False


class Waiting(Protocol):
    """What a process does about runs that wait."""

    def for_event(self, context: Context, event: str, filters: Filters, timeout: int) -> int:
        """wait_for_event(): its code, unless async() takes the run away."""

    def for_seconds(self, seconds: float) -> bool:
        """A function is to sleep: whether async() sees to that, so that it need not."""

    def suspend(self, context: RequestContext, call: Callable[[], int], route: str) -> bool:
        """async() in a request: make the call, which may hold the run; whether the route is to go on at once."""

    def outside(self, context: Context, call: Callable[[], int]) -> int:
        """async() or launch() where no request is: make the call, which must not hold anything; its code."""
