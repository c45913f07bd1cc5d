"""Timelines: what the workers tell of blocks, statements, waits and locks becomes the bars of a `Timeline`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import field
from time import time_ns
from types import TracebackType
from typing import Any, Final, Self

from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.chrome import chrome
from evroute_kernel.engine.results.timeline import QUEUE, Bar, Kind, Lane, Timeline
from evroute_kernel.engine.results.timeline_text import plain
from evroute_kernel.engine.state.watches import Told
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.watching.causes import Causes
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode
from evroute_kernel.runtime.watching import notices

#: nanoseconds that an event waits for a worker before that is drawn: less is the time of being handed over
WAITED: Final = 5_000_000


@dataclass(slots=True)
class _Block:
    """A block that runs, and its statement."""

    bar: Bar
    statement: Bar | None = None


@dataclass(slots=True)
class _Process:
    """What is known of one process. `returns`: the run that is taken up next; `asked`: when the last one was that did
    not come of another."""

    blocks: list[_Block] = field(default_factory=list)
    waits: Bar | None = None
    locks: dict[str, Bar] = field(default_factory=dict)
    returns: int | None = None
    asked: float | None = None


class Timing(Timeline):
    """A timeline that is open. It ends with `close`, or the `with` block."""

    def __init__(self, worlds: Mapping[str, World], origin: object, limit: int) -> None:
        """`worlds`: those of the nodes, by name; of one that is alone the name is empty."""
        super().__init__(given.whole(limit, "the limit of a timeline", 1))
        self._hearing = threading.Lock()
        self._causes = Causes(self)
        self._ends: list[Callable[[], None]] = []
        for node, world in worlds.items():
            side = TimingSide(self, self._causes, self._hearing, node, world, origin)
            self._ends.append(world.watches.add(side))

    def chrome(self) -> dict[str, Any]:
        """The JSON of Chrome's trace events: `engine.results.chrome`."""
        return chrome(self)

    def text(self, most: int | None = None) -> str:
        """A line for each bar but statements, in the order of time; of more than `most` the middle is left out."""
        return plain(self, most)

    def close(self) -> None:
        """Nothing more is drawn; what has been stays. Closing twice is harmless."""
        for end in self._ends:
            end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class TimingSide:
    """What watches one node: `engine.state.watches.WatchingSide`. Its methods are called in the thread of that node's
    supervisor."""

    kind: Final = "timeline"
    asked: Final = None

    def __init__(
        self, timeline: Timeline, causes: Causes, lock: threading.Lock, node: str, world: World, origin: object
    ) -> None:
        self._timeline = timeline
        self._causes = causes
        self._lock = lock
        self._node = node
        self._world = world
        self._origin = origin
        self._processes: dict[int, _Process] = {}

    def watches(self, origin: object) -> bool:
        return self._origin is None or self._origin == origin

    def hear(self, told: Told) -> None:
        what, moment, *rest = told.data
        process, lane = self._processes.setdefault(told.process, _Process()), (self._node, told.process)
        with self._lock:
            if what == "enter":
                self._enter(process, lane, moment, told, *rest)
            elif what == "reach":
                self._reach(process, moment, *rest)
            elif what == "leave":
                self._leave(process, moment, rest[0])
            elif what == "raise":
                self._causes.raised(decode(rest[0]), (lane, moment))
            else:
                self._notice(process, lane, moment, *rest)

    def lost(self, process: int) -> None:
        """A worker is gone: what it ran has not come to its end."""
        known = self._processes.pop(process, None)
        if known is None:
            return
        open_bars = [bar for block in known.blocks for bar in (block.statement, block.bar) if bar is not None]
        with self._lock:
            for bar in [*open_bars, *known.locks.values(), *([known.waits] if known.waits else [])]:
                if bar.end is None:
                    self._timeline.finish(bar, time_ns(), is_cut=True)

    # -- blocks and statements ----------------------------------------------------------------------------------------

    def _enter(
        self, process: _Process, lane: Lane, moment: int, told: Told, depth: int, slot: int, event: str | None
    ) -> None:
        self._leave(process, moment, depth)  # what an interrupt has left open
        route, _ = self._world.registry.header(slot)
        blocks = process.blocks
        of_run = blocks[-1].bar.event if event is None and blocks else decode(event or "")
        bar = self._bar(lane, "route" if event is None else "run", decode(route), of_run, 2 * depth, moment)
        blocks.append(_Block(bar))
        if event is not None:
            self._begin_run(process, bar, told)

    def _begin_run(self, process: _Process, bar: Bar, told: Told) -> None:
        moment = bar.lane, bar.begin
        if process.returns is not None:
            self._causes.returned((self._node, process.returns), moment)
            process.returns = None
        elif not self._causes.lead_to(bar.event, moment) and told.asked not in (None, process.asked):
            process.asked = told.asked
            self._queue(bar, told)

    def _queue(self, bar: Bar, told: Told) -> None:
        """The event may have waited for a worker."""
        waited = round((told.given - (told.asked or told.given)) * 1e9)
        if waited >= WAITED:
            begin = bar.begin - waited
            self._timeline.begin(Bar(QUEUE, "queue", bar.name, bar.event, 0, begin, bar.begin, None, self._node))

    def _reach(self, process: _Process, moment: int, depth: int, slot: int, statement: int) -> None:
        if depth >= len(process.blocks):
            return
        self._leave(process, moment, depth + 1)
        block = process.blocks[depth]
        self._pass(block, moment)
        _, span = self._world.registry.place(slot, statement)
        name = span.text.split("\n")[0].rstrip() if span is not None else ""
        block.statement = self._bar(block.bar.lane, "statement", name, block.bar.event, 2 * depth + 1, moment, span)

    def _leave(self, process: _Process, moment: int, depth: int) -> None:
        """All blocks from this depth on have ended, the innermost first."""
        while len(process.blocks) > depth:
            block = process.blocks.pop()
            self._pass(block, moment)
            self._timeline.finish(block.bar, moment)

    def _pass(self, block: _Block, moment: int) -> None:
        if block.statement is not None:
            self._timeline.finish(block.statement, moment)

    # -- what happens besides -----------------------------------------------------------------------------------------

    def _notice(self, process: _Process, lane: Lane, moment: int, what: str, value: Any) -> None:
        if what == notices.WAITS:
            process.waits = self._inside(process, lane, "wait", _waited_for(value), moment)
        elif what == notices.GOES_ON:
            if process.waits is not None:
                self._timeline.finish(process.waits, moment)
                process.waits = None
        elif what == notices.LOCKS:
            process.locks[value] = self._inside(process, lane, "lock", _lock(value), moment)
        elif what == notices.UNLOCKS:
            self._unlock(value, moment)
        elif what == notices.LEAVES:
            self._causes.left((self._node, value), self._run(process), (lane, moment))
        elif what == notices.RETURNS:
            process.returns = value
        else:
            self._causes.sent(value, (lane, moment))

    def _unlock(self, lock: str, moment: int) -> None:
        """Whoever gives it back: another process may have taken it."""
        for process in self._processes.values():
            if (bar := process.locks.pop(lock, None)) is not None:
                self._timeline.finish(bar, moment)

    def _inside(self, process: _Process, lane: Lane, kind: Kind, name: str, moment: int) -> Bar:
        """A bar within the statement that runs."""
        depth = 2 * len(process.blocks) - 1 if process.blocks else 0
        return self._bar(lane, kind, name, self._run(process), depth, moment)

    def _run(self, process: _Process) -> str:
        return process.blocks[-1].bar.event if process.blocks else ""

    def _bar(self, lane: Lane, kind: Kind, name: str, event: str, depth: int, moment: int, span: Any = None) -> Bar:
        bar = Bar(lane[1], kind, name, event, depth, moment, None, span, lane[0])
        self._timeline.begin(bar)
        return bar


def _lock(lock: str) -> str:
    """A lock as scripts name it; one of the pool by its number there."""
    kind, _, name = decode(lock).partition(":")
    return f"lock {name}" if kind == "static" else f"lock {name} of the pool"


def _waited_for(value: str) -> str:
    if value == notices.SLEEP:
        return "waits: sleep"
    return f"waits for {_lock(value)}" if value.startswith(("static:", "dynamic:")) else f"waits for {decode(value)}"
