"""What follows of one raise in a cluster: the raise itself, and what its messages lead to, on whatever node."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from math import inf
from time import monotonic
from typing import Any, Final

from evroute_kernel.engine.results.runs import ClusterMessage, Run, RunError

#: messages of one raise that are kept with their runs; further ones are delivered, and counted
KEPT: Final = 1000


class Exchange:
    """Messages that go to and fro because of one raise. They share its time. Safe from any thread."""

    def __init__(self, home: int, seconds: float) -> None:
        """`home`: the node that the raise is of; `seconds`: how long it may take with all that follows of it."""
        self.home = home
        self.seconds = seconds
        #: when it must have ended; known when its first message is sent
        self._deadline = inf
        self._lock = threading.Lock()
        self._open = 0
        self._messages: list[ClusterMessage] = []
        self._futures: list[tuple[int, Future[Any]]] = []
        self._ended: Callable[[], None] | None = None

    def begin(self, deadline: float) -> None:
        """A message is about to be sent by a raise that must have ended by then, on the monotonic clock."""
        if self._deadline == inf:
            self._deadline = min(deadline, monotonic() + self.seconds)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._deadline - monotonic()

    def is_late(self) -> bool:
        """Whether its time is over: no message may be sent any more, and the raise has failed."""
        return self.left <= 0

    @property
    def futures(self) -> list[Future[Any]]:
        """What messages have led to so far, as far as they are kept."""
        with self._lock:
            return [future for _, future in self._futures]

    def add(self, message: ClusterMessage, future: Future[Any] | None) -> None:
        """One more message; the future gives what it led to, where anybody heard it."""
        with self._lock:
            if len(self._messages) < KEPT:
                self._messages.append(message)
                if future is not None:
                    self._futures.append((len(self._messages) - 1, future))
            self._open += future is not None
        if future is not None:
            future.add_done_callback(self._one_ended)

    def follow(self, raised: Future[Run]) -> Future[Run]:
        """The run of a raise, with its messages: known when all that they led to has ended."""
        whole: Future[Run] = Future()
        whole.set_running_or_notify_cancel()
        self._ended = lambda: self._hand_over(raised, whole)
        self._open += 1
        raised.add_done_callback(self._one_ended)
        return whole

    def _one_ended(self, future: Future[Any]) -> None:
        with self._lock:
            self._open -= 1
            ended = self._ended if not self._open else None
        if ended is not None:
            ended()

    def _hand_over(self, raised: Future[Run], whole: Future[Run]) -> None:
        error = raised.exception()
        if error is not None:
            whole.set_exception(error)
            return
        run = raised.result()
        if self.left <= 0 and not run.errors:
            message = f"the event {run.event} was not finished in time: messages of it still went from node to node"
            run = replace(run, errors=(RunError("timed out", message, run.event, "", None, _LATE_HINT),))
        whole.set_result(replace(run, messages=self._told()) if self._messages else run)

    def _told(self) -> tuple[ClusterMessage, ...]:
        for place, future in self._futures:
            run = None if future.exception() is not None else future.result()
            self._messages[place] = replace(self._messages[place], run=run)
        return tuple(self._messages)


_LATE_HINT: Final = "does a reply lead to the next request for ever?"
