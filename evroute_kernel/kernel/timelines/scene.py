"""What is drawn of a timeline, and where: lanes with rows of bars. Bars that are too narrow to be told apart are drawn
as one, statements that are too narrow not at all: the drawing stays within bounds, however many there were."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.results.timeline_text import shown_name, told
from evroute_kernel.engine.results.times import duration
from evroute_kernel.kernel.timelines.axis import Axis
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.engine.results.timeline import Arrow, Bar, Lane, Timeline

#: pixels: of the whole width, of a row, of the heading of a lane and of the axis
WIDTH: Final = 900
ROW: Final = 22
HEAD: Final = 20
AXIS: Final = 24
#: a statement that is narrower is not drawn, and other bars are drawn together if they are so close
_STATEMENT: Final = 4.0
_NARROW: Final = 2.0
_CLOSE: Final = 1.0
#: events that wait for a worker, one above the other, and arrows
QUEUED: Final = 8
ARROWS: Final = 40

#: what one row of a lane holds
Row = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Box:
    """Something that is drawn, with what it tells."""

    x: float
    y: int
    width: float
    kind: str
    name: str
    told: str


class Scene:
    """Where everything stands."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        bars = timeline.bars
        outer = [bar for bar in bars if bar.depth == 0]
        self.axis = Axis(((bar.begin, timeline.end_of(bar)) for bar in outer), WIDTH)
        #: statements, events that wait and arrows that are not drawn
        self.narrow = self.crowded = self.more_arrows = 0
        self._rows: dict[tuple[Lane, Row], list[Bar]] = {}
        for bar in self._visible(bars):
            self._rows.setdefault((bar.lane, self._row(bar)), []).append(bar)
        #: where lanes begin, and their rows
        self.heads: dict[Lane, int] = {}
        self._heights: dict[tuple[Lane, Row], int] = {}
        self.height = self._stack(timeline.lanes)

    def _visible(self, bars: Iterable[Bar]) -> Iterator[Bar]:
        for bar in bars:
            if bar.kind in ("statement", "wait", "queue") and self._width(bar) < _STATEMENT:
                self.narrow += bar.kind == "statement"
            else:
                yield bar

    def _row(self, bar: Bar) -> Row:
        """Locks lie below what runs, as they may outlive it; waits upon the statement that waits."""
        return ("locks", 0) if bar.kind == "lock" else ("", bar.depth)

    def _stack(self, lanes: Sequence[Lane]) -> int:
        """Place lanes and rows one below the other; the height of all."""
        y = AXIS
        for lane in lanes:
            if not any(of == lane for of, _ in self._rows):
                continue
            self.heads[lane] = y
            y += HEAD
            self._queue(lane)
            for key in sorted(key for key in self._rows if key[0] == lane):
                self._heights[key] = y
                y += ROW
            y += 4
        return y

    def _queue(self, lane: Lane) -> None:
        """Events that wait for a worker do so at once: each gets the first row that is free."""
        waiting = [bar for bar in self._rows.get((lane, ("", 0)), ()) if bar.kind == "queue"]
        if not waiting:
            return
        rows: list[list[Bar]] = []
        for bar in sorted(waiting, key=lambda bar: bar.begin):
            row = next((row for row in rows if self._timeline.end_of(row[-1]) <= bar.begin), None)
            if row is not None:
                row.append(bar)
            elif len(rows) < QUEUED:
                rows.append([bar])
            else:
                self.crowded += 1
        for number, row in enumerate(rows):
            self._rows[lane, ("", number)] = row

    # -- bars ---------------------------------------------------------------------------------------------------------

    def boxes(self) -> Iterator[Box]:
        """All bars, those that lie upon others behind them."""
        for key, bars in self._rows.items():
            ordered = sorted(bars, key=lambda bar: (bar.kind == "wait", bar.begin))
            group: list[Bar] = []
            for bar in ordered:
                if group and not self._joins(group, bar):
                    yield self._box(group, self._heights[key])
                    group = []
                group.append(bar)
            if group:
                yield self._box(group, self._heights[key])

    def _joins(self, group: list[Bar], bar: Bar) -> bool:
        """Whether a bar is so narrow, and so close to others that are, that they are drawn as one."""
        last = group[-1]
        if self._width(bar) >= _NARROW or self._width(last) >= _NARROW or bar.kind != last.kind:
            return False
        return self.axis.x(bar.begin) - self.axis.x(self._timeline.end_of(last)) < _CLOSE

    def _box(self, group: list[Bar], y: int) -> Box:
        first, last = group[0], group[-1]
        x = self.axis.x(first.begin)
        width = max(1.0, self.axis.x(self._timeline.end_of(last)) - x)
        if len(group) == 1:
            return Box(x, y, width, first.kind, shown_name(first), told(first, self._timeline))
        names = Counter(shown_name(bar) for bar in group)
        words = ", ".join(f"{name} \u00d7{count:,}" for name, count in names.most_common(5))
        spent = duration(sum(self._timeline.end_of(bar) - bar.begin for bar in group))
        more = ", ..." if len(names) > 5 else ""
        return Box(x, y, width, first.kind, f"{len(group):,}", f"{words}{more}: {spent} in all")

    def _width(self, bar: Bar) -> float:
        return self.axis.x(self._timeline.end_of(bar)) - self.axis.x(bar.begin)

    # -- arrows -------------------------------------------------------------------------------------------------------

    def arrows(self) -> list[tuple[Arrow, tuple[float, int], tuple[float, int]]]:
        """Those that are drawn, each with its two ends."""
        known = [
            (arrow, arrow.source, arrow.target)
            for arrow in self._timeline.arrows
            if arrow.target is not None and arrow.source[0] in self.heads and arrow.target[0] in self.heads
        ]
        self.more_arrows = max(0, len(known) - ARROWS)
        return [(arrow, self._source(*source), self._top(*target)) for arrow, source, target in known[:ARROWS]]

    def _source(self, lane: Lane, moment: int) -> tuple[float, int]:
        """The middle of the innermost bar that is drawn where it begins."""
        rows = [y for y, bar in self._at(lane, moment) if moment <= self._timeline.end_of(bar)]
        return self.axis.x(moment), max(rows, default=self.heads[lane]) + ROW // 2

    def _top(self, lane: Lane, moment: int) -> tuple[float, int]:
        """The upper edge of the run that begins."""
        rows = [y for y, bar in self._at(lane, moment) if bar.begin == moment]
        return self.axis.x(moment), min(rows, default=self.heads[lane] + HEAD)

    def _at(self, lane: Lane, moment: int) -> Iterator[tuple[int, Bar]]:
        """In each row of a lane the last bar that had begun, and where that row is."""
        for (of, row), bars in self._rows.items():
            if of == lane and row[0] == "" and (place := bisect_right(bars, moment, key=_begin)):
                yield self._heights[of, row], bars[place - 1]


def _begin(bar: Bar) -> int:
    return bar.begin
