"""What is queued for workers.

A raise is carried out by tasks: a `Delivery` runs the routes that handle one event, and what they raise; a `Chunk` runs
those of many parameter lists of one `Batch`. What of the events that routes have raised was not run in one go is
`RaisedEvents`. A replay, whose tasks are portions, is in `engine.workers.portions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeAlias

from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.results.runs import BatchResult
from evroute_kernel.engine.state.registry import NO_SLOT
from evroute_kernel.engine.workers.portions import Portion
from evroute_kernel.engine.workers.raises import Many, Raise, next_size
from evroute_kernel.runtime.limits import FIRST_PORTION
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.messages import Message, RunBatch, RunEvents
from evroute_kernel.worker.spool import Entry, Spool, pack, unpack


@dataclass(slots=True, eq=False, kw_only=True)
class Batch(Many):
    """Many parameter lists for one event."""

    source: Iterator[Params]
    slots: tuple[int, ...]
    done: int = 0
    size: int = FIRST_PORTION
    #: the next chunk, made while the one before runs
    prepared: list[Params] = field(default_factory=list)
    is_exhausted: bool = False

    def prepare(self) -> None:
        """Make the next chunk. What the source raises is the caller's to see."""
        if not self.prepared and not self.is_exhausted:
            self.prepared = list(islice(self.source, self.size))
            self.is_exhausted = not self.prepared

    def next_lists(self) -> list[Params]:
        """The next chunk; empty at the end."""
        self.prepare()
        lists, self.prepared = self.prepared, []
        return lists

    def adapt(self, count: int, seconds: float) -> None:
        """Choose the size of chunks by the time that `count` events took."""
        self.size = next_size(self.size, count, seconds)

    def _result(self, duration: float) -> Any:
        event, errors, log = decode(self.event), tuple(self.errors), tuple(self.records)
        return BatchResult(event, self.done, self.failed, errors, duration, log, self._ran())


@dataclass(slots=True, eq=False)
class Delivery:
    """One event on its way to the routes that handle it, one after the other in the same worker, as what they raise.

    `number` is the worker that must run it, None for any; `tries` counts workers that died before they began.
    """

    raised: Raise
    event: str
    params: Params
    slots: tuple[int, ...]
    number: int | None = None
    order: int = 0
    tries: int = 0

    @property
    def slot(self) -> int:
        """The route that runs first."""
        return self.slots[0]

    def message(self, run: int) -> Message:
        data = pack(self.event, self.params, self.slots)
        return RunEvents(run, data, 1, 0, self.raised.room, True, self.raised.event_limit)

    def packed(self) -> RaisedEvents:
        """The same as it lies in a spool."""
        data = pack(self.event, self.params, self.slots)
        return RaisedEvents(self.raised, self.number or 0, 1, self.slots, data=data, event=self.event)


@dataclass(slots=True, eq=False)
class RaisedEvents:
    """Events that routes of a raise have raised and that are not run yet: in worker `number`, as long as it runs
    nothing else (`data` is None), or taken from it.

    `slots`: all that they may need. `done` routes of the first one have been run. `spent`: seconds that what comes of
    each event of a batch took so far.
    """

    raised: Raise
    number: int
    count: int
    slots: tuple[int, ...]
    spent: dict[int, float] = field(default_factory=dict)
    data: bytes | None = None
    done: int = 0
    event: str = ""
    order: int = 0
    tries: int = 0

    @property
    def slot(self) -> int:
        """The route that runs first, as far as this is known."""
        return self.slots[0] if len(self.slots) == 1 else NO_SLOT

    @property
    def first(self) -> Entry:
        """The event that runs first, when they have been taken."""
        return next(unpack(self.data or b""))[1]

    def after(self, done: int) -> RaisedEvents | None:
        """What remains when so many routes of the first event have been run, or given up."""
        data = self.data or b""
        end, (_, _, slots, _) = next(unpack(data))
        if done < len(slots):
            return replace(self, done=done)
        if end == len(data):
            return None
        rest = replace(self, data=data[end:], count=self.count - 1, done=0)
        rest.event = rest.first[0]
        return rest

    def take(self, spool: Spool) -> None:
        """Take them from their worker: it is gone, or gets something else to do."""
        if self.data is None:
            self.data, self.done = spool.rest(), spool.state >> 1

    def message(self, run: int) -> Message:
        raised = self.raised
        return RunEvents(run, self.data, self.count, self.done, raised.room, False, raised.event_limit, self.spent)


@dataclass(slots=True, eq=False)
class Chunk:
    """Some parameter lists of a batch."""

    raised: Batch
    lists: list[Params]
    number: int | None = None
    order: int = 0
    tries: int = 0

    @property
    def event(self) -> str:
        return self.raised.event

    @property
    def slots(self) -> tuple[int, ...]:
        return self.raised.slots

    @property
    def slot(self) -> int:
        return self.slots[0]

    def message(self, run: int) -> Message:
        return RunBatch(run, self.slots, self.event, self.lists, self.raised.room)

    def rest(self) -> Chunk | None:
        """What remains when its lists have been run."""
        lists = self.raised.next_lists() if self.raised.ended is None else []
        return Chunk(self.raised, lists, self.number) if lists else None

    def after(self, count: int) -> Chunk | None:
        """What remains when `count` of its lists have been run."""
        if count >= len(self.lists) or self.raised.ended is not None:
            return self.rest()
        return Chunk(self.raised, self.lists[count:], self.number)


Task: TypeAlias = Delivery | RaisedEvents | Chunk | Portion
