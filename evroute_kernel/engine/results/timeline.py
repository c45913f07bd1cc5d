"""What processes did when: runs, the routes that they called, their statements, waits and locks, and the events that
led to others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import field
from typing import Final, Literal, TypeAlias

from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: bars that a timeline keeps: the first ones
BARS_KEPT: Final = 20_000
#: a run of an event, a block inside of one, or a statement; what a process waits for; a lock that it holds; an event
#: that waits for a process (of the lane `QUEUE`)
Kind = Literal["run", "route", "statement", "wait", "lock", "queue"]
#: the process of events that wait for one
QUEUE: Final = 0
#: a node of a cluster (empty where there is none), and the number of a process there
Lane: TypeAlias = "tuple[str, int]"
#: a lane, and a nanosecond of the epoch
Moment: TypeAlias = "tuple[Lane, int]"


@dataclass(slots=True)
class Bar:
    """Something that took its time. `begin` and `end` are nanoseconds of the epoch; `end` is None while it goes on, or
    where nobody has told of it. `depth` counts from 0 what is around it, `event` is that of the run. `is_cut`: it did
    not come to its end, as its process has died."""

    process: int
    kind: Kind
    name: str
    event: str
    depth: int
    begin: int
    end: int | None = None
    span: Span | None = field(default=None, repr=False)
    node: str = ""
    is_cut: bool = False

    @property
    def lane(self) -> Lane:
        """Where it is drawn."""
        return self.node, self.process

    @property
    def line(self) -> int:
        """Its line in its text, from 1; 0 where that is not known."""
        return self.span.line if self.span is not None else 0


@dataclass(slots=True)
class Arrow:
    """From where an event was raised to the run that it led to, also on another node; or (`waits`) from where async()
    has left a run to where that goes on. `target` is None where there was none."""

    event: str
    source: Moment
    target: Moment | None = None
    waits: bool = False


class Timeline:
    """Bars in the order in which they began, and arrows. It may be read while it grows. Beyond `limit` bars nothing is
    kept; `left_out` tells how many there were."""

    def __init__(self, limit: int = BARS_KEPT) -> None:
        self._limit = limit
        self._bars: list[Bar] = []
        self._arrows: list[Arrow] = []
        self._titles: dict[Lane, str] = {}
        self._lock = threading.Lock()
        self._last = 0
        self.left_out = 0

    def begin(self, bar: Bar) -> None:
        with self._lock:
            if len(self._bars) < self._limit:
                self._bars.append(bar)
                self._last = max(self._last, bar.begin, bar.end or 0)
            else:
                self.left_out += 1

    def finish(self, bar: Bar, end: int, *, is_cut: bool = False) -> None:
        with self._lock:
            bar.end, bar.is_cut = end, is_cut
            self._last = max(self._last, end)

    def send(self, arrow: Arrow) -> None:
        with self._lock:
            if len(self._arrows) < self._limit:
                self._arrows.append(arrow)

    def call(self, lane: Lane, title: str) -> None:
        """Give a lane a title of its own."""
        self._titles[lane] = title

    def title(self, lane: Lane) -> str:
        """What a lane is called."""
        node, process = lane
        words = "waiting for a worker" if process == QUEUE else f"worker {process}"
        return self._titles.get(lane) or (f"{node}: {words}" if node else words)

    def __iter__(self) -> Iterator[Bar]:
        return iter(self.bars)

    def __len__(self) -> int:
        return len(self._bars)

    @property
    def bars(self) -> list[Bar]:
        """In the order in which they began, of those that began at once the outer ones first."""
        with self._lock:  # several processes are heard of in any order
            return sorted(self._bars, key=lambda bar: (bar.begin, bar.depth))

    @property
    def arrows(self) -> list[Arrow]:
        with self._lock:
            return list(self._arrows)

    @property
    def lanes(self) -> list[Lane]:
        """The lanes that have bars, nodes in the order in which they came up, and processes by number."""
        bars = self.bars
        nodes = list(dict.fromkeys(bar.node for bar in bars))
        return sorted({bar.lane for bar in bars}, key=lambda lane: (nodes.index(lane[0]), lane[1]))

    @property
    def started(self) -> int:
        """When the first bar began, also that of an event which waited; 0 where nothing has happened."""
        return min((bar.begin for bar in self.bars), default=0)

    @property
    def ended(self) -> int:
        """The last nanosecond that something was heard of."""
        return self._last

    def end_of(self, bar: Bar) -> int:
        """When a bar ends; the last moment of all for one that goes on."""
        return self._last if bar.end is None else bar.end
