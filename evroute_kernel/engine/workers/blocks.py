"""Events that somebody raises in great numbers, and does not wait for: a `Block` of them goes to a worker at once."""

from __future__ import annotations

from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.workers.batches import Batch, Chunk
from evroute_kernel.engine.workers.flows import Delivery
from evroute_kernel.records import dataclass


@dataclass(slots=True, eq=False, kw_only=True)
class Block(Batch):
    """Events raised one after the other, handed over together, of whose log nobody keeps a copy.

    Time is limited for each of its `events`, and for all of it to as much: what a route raises without end is ended.
    """

    events: int
    logged: int = 0

    @property
    def room(self) -> int:
        return max(0, self.log_limit - self.logged)

    @property
    def unrun(self) -> int:
        return self.events - self.done

    def task(self, lists: list[Params]) -> Chunk | Delivery:
        """What a worker is to do. What the routes of a single event say is told as they say it, not when all ends."""
        if len(lists) > 1:
            return Chunk(self, lists)
        self.done = 1
        return Delivery(self, self.event, lists[0], self.slots)

    def last_moment(self, now: float) -> float:
        return now + self.timeout * self.events

    def keep(self, record: LogRecord) -> bool:
        if self.room > 0:
            self.logged += 1
            return True
        # not super(), which knows only the class that dataclass has put another in the place of
        return Batch.keep(self, record)
