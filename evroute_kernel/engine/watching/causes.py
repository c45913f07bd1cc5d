"""What has led to a run: an event that a route raised, a message of another node, or async() that has left it."""

from __future__ import annotations

from collections import deque
from typing import Final

from evroute_kernel.engine.cluster.peer import REPLY, REQUEST
from evroute_kernel.engine.results.timeline import Arrow, Moment, Timeline

#: raises of one event that have led to nothing yet, at most: those to sockets alone never do
WAITING: Final = 1_000


class Causes:
    """Arrows that have no target yet, of all nodes. Used under the lock of the timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        #: event -> where it was raised and has led to nothing yet, the oldest first
        self._raised: dict[str, deque[Arrow]] = {}
        #: the same of messages to other nodes; one to all of them leads to something on each
        self._sent: dict[str, deque[tuple[Arrow, set[str]]]] = {}
        #: runs that wait, by node and number
        self._left: dict[tuple[str, int], Arrow] = {}

    def raised(self, event: str, source: Moment) -> None:
        """A route raises an event."""
        self._wait(Arrow(event, source))

    def _wait(self, arrow: Arrow) -> None:
        self._timeline.send(arrow)
        self._raised.setdefault(arrow.event, deque(maxlen=WAITING)).append(arrow)

    def sent(self, verb: str, source: Moment) -> None:
        """A route sends a message to another node, or (`broadcast`) to all."""
        event = REPLY if verb == "reply" else REQUEST
        reached = {source[0][0]} if verb == "broadcast" else set()
        waiting = self._sent.setdefault(event, deque(maxlen=WAITING))
        waiting.append((Arrow(event, source), reached))

    def left(self, run: tuple[str, int], event: str, source: Moment) -> None:
        """async() has left a run."""
        arrow = self._left[run] = Arrow(event, source, waits=True)
        self._timeline.send(arrow)
        if len(self._left) > WAITING:
            del self._left[next(iter(self._left))]

    def returned(self, run: tuple[str, int], target: Moment) -> None:
        """The run is taken up."""
        if (arrow := self._left.pop(run, None)) is not None:
            arrow.target = target

    def lead_to(self, event: str, target: Moment) -> bool:
        """A run for an event begins; whether something known has led to it."""
        return self._arrive(event, target) or self._receive(event, target)

    def _arrive(self, event: str, target: Moment) -> bool:
        """Mostly something in the same process has raised it, else the oldest in the same node."""
        lane = target[0]
        waiting = self._raised.get(event, ())
        near = [arrow for arrow in waiting if arrow.source[0][0] == lane[0]]
        found = next((arrow for arrow in near if arrow.source[0] == lane), near[0] if near else None)
        if found is None:
            return False
        found.target = target
        self._raised[event] = deque((arrow for arrow in waiting if arrow is not found), WAITING)
        return True

    def _receive(self, event: str, target: Moment) -> bool:
        node = target[0][0]
        waiting = self._sent.get(event, deque())
        for entry in waiting:
            arrow, reached = entry
            if not reached and arrow.source[0][0] != node:
                waiting.remove(entry)
            elif reached and node not in reached:
                reached.add(node)
            else:
                continue
            self._timeline.send(Arrow(event, arrow.source, target))
            return True
        return False
