"""Timelines: what the workers tell of blocks and statements becomes the bars of a `Timeline`."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Final, Self

from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.timeline import Arrow, Bar, Timeline
from evroute_kernel.engine.state.watches import Told
from evroute_kernel.engine.state.world import World
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode

#: raises of one event that have led to nothing yet, at most: those to sockets alone never do
WAITING: Final = 1_000


@dataclass(slots=True)
class _Block:
    """A block that runs, and its statement."""

    bar: Bar
    statement: Bar | None = None


class Timing(Timeline):
    """A timeline that is open: `engine.state.watches.WatchingSide`. It ends with `close`, or the `with` block."""

    kind: Final = "timeline"
    asked: Final = None

    def __init__(self, world: World, origin: object, limit: int) -> None:
        super().__init__(given.whole(limit, "the limit of a timeline", 1))
        self._world = world
        self._origin = origin
        #: number of a worker -> the blocks that run there, the outermost first
        self._blocks: dict[int, list[_Block]] = {}
        #: event -> where it was raised and has led to nothing yet, the oldest first
        self._raised: dict[str, deque[Arrow]] = {}
        self._end = world.watches.add(self)

    def close(self) -> None:
        """Nothing more is drawn; what has been stays. Closing twice is harmless."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- in the supervisor's thread -----------------------------------------------------------------------------------

    def watches(self, origin: object) -> bool:
        return self._origin is None or self._origin == origin

    def hear(self, told: Told) -> None:
        what, moment, *rest = told.data
        blocks = self._blocks.setdefault(told.process, [])
        if what == "enter":
            self._enter(blocks, told.process, moment, *rest)
        elif what == "raise":
            self._raise(told.process, moment, *rest)
        elif what == "reach":
            self._reach(blocks, moment, *rest)
        else:
            self._leave(blocks, moment, rest[0])

    def _enter(self, blocks: list[_Block], process: int, moment: int, depth: int, slot: int, event: str | None) -> None:
        del blocks[depth:]  # what a killed worker has left open: nobody knows when that ended
        route, _ = self._world.registry.header(slot)
        of_run = blocks[-1].bar.event if event is None and blocks else decode(event or "")
        bar = Bar(process, "route" if event is None else "run", decode(route), of_run, 2 * depth, moment)
        blocks.append(_Block(bar))
        self.begin(bar)
        if event is not None and (arrow := self._cause(of_run, process)) is not None:
            arrow.target = process, moment

    def _cause(self, event: str, process: int) -> Arrow | None:
        """What has raised an event that is run now: mostly something in the same process, else the oldest."""
        waiting = self._raised.get(event)
        if not waiting:
            return None
        found = next((arrow for arrow in waiting if arrow.source[0] == process), waiting[0])
        waiting.remove(found)
        return found

    def _reach(self, blocks: list[_Block], moment: int, depth: int, slot: int, statement: int) -> None:
        if depth >= len(blocks):
            return
        self._leave(blocks, moment, depth + 1)
        block = blocks[depth]
        self._pass(block, moment)
        _, span = self._world.registry.place(slot, statement)
        name = span.text.split("\n")[0].rstrip() if span is not None else ""
        bar = Bar(block.bar.process, "statement", name, block.bar.event, 2 * depth + 1, moment, None, span)
        block.statement = bar
        self.begin(bar)

    def _leave(self, blocks: list[_Block], moment: int, depth: int) -> None:
        """All blocks from this depth on have ended, the innermost first."""
        while len(blocks) > depth:
            block = blocks.pop()
            self._pass(block, moment)
            self.finish(block.bar, moment)

    def _pass(self, block: _Block, moment: int) -> None:
        if block.statement is not None:
            self.finish(block.statement, moment)

    def _raise(self, process: int, moment: int, event: str) -> None:
        arrow = Arrow(decode(event), (process, moment))
        self.send(arrow)
        self._raised.setdefault(arrow.event, deque(maxlen=WAITING)).append(arrow)
