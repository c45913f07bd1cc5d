"""What processes did when: runs, the routes that they called, their statements, and the events that led to others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import field
from typing import Any, Final, Literal

from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: bars that a timeline keeps: the first ones
BARS_KEPT: Final = 20_000
#: a run of an event, a block inside of one, or a statement
Kind = Literal["run", "route", "statement"]


@dataclass(slots=True)
class Bar:
    """Something that took its time. `begin` and `end` are nanoseconds of the epoch; `end` is None while it goes on, or
    where nobody has told of it. `depth` counts from 0 what is around it, `event` is that of the run."""

    process: int
    kind: Kind
    name: str
    event: str
    depth: int
    begin: int
    end: int | None = None
    span: Span | None = field(default=None, repr=False)

    @property
    def line(self) -> int:
        """Its line in its text, from 1; 0 where that is not known."""
        return self.span.line if self.span is not None else 0


@dataclass(slots=True)
class Arrow:
    """An event from where it was raised to the run that it led to; `target` is None where there was none."""

    event: str
    source: tuple[int, int]
    #: process and nanosecond, as the source
    target: tuple[int, int] | None = None


class Timeline:
    """Bars in the order in which they began, and arrows. It may be read while it grows. Beyond `limit` bars nothing is
    kept; `left_out` tells how many there were."""

    def __init__(self, limit: int = BARS_KEPT) -> None:
        self._limit = limit
        self._bars: list[Bar] = []
        self._arrows: list[Arrow] = []
        self._lock = threading.Lock()
        self._last = 0
        self.left_out = 0

    def begin(self, bar: Bar) -> None:
        with self._lock:
            if len(self._bars) < self._limit:
                self._bars.append(bar)
                self._last = max(self._last, bar.begin)
            else:
                self.left_out += 1

    def finish(self, bar: Bar, end: int) -> None:
        with self._lock:
            bar.end = end
            self._last = max(self._last, end)

    def send(self, arrow: Arrow) -> None:
        with self._lock:
            if len(self._arrows) < self._limit:
                self._arrows.append(arrow)

    def __iter__(self) -> Iterator[Bar]:
        return iter(self.bars)

    def __len__(self) -> int:
        return len(self._bars)

    @property
    def bars(self) -> list[Bar]:
        with self._lock:
            return list(self._bars)

    @property
    def arrows(self) -> list[Arrow]:
        with self._lock:
            return list(self._arrows)

    @property
    def started(self) -> int:
        """The first nanosecond; 0 where nothing has happened."""
        return min((bar.begin for bar in self.bars), default=0)

    @property
    def ended(self) -> int:
        """The last nanosecond that something was heard of."""
        return self._last

    def chrome(self) -> dict[str, Any]:
        """The JSON of Chrome's trace events, which Perfetto and speedscope open; times are microseconds from the start.

        https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
        """
        start, bars = self.started, self.bars
        events = [_named(process) for process in sorted({bar.process for bar in bars})]
        events += [_complete(bar, start, self.ended) for bar in bars]
        for number, arrow in enumerate(self.arrows, 1):
            if arrow.target is not None:
                events += _flow(number, arrow, arrow.target, start)
        return {"traceEvents": events, "displayTimeUnit": "ns"}


def _named(process: int) -> dict[str, Any]:
    return {"ph": "M", "pid": 1, "tid": process, "name": "thread_name", "args": {"name": f"worker {process}"}}


def _complete(bar: Bar, start: int, last: int) -> dict[str, Any]:
    end = last if bar.end is None else bar.end
    found = {"ph": "X", "pid": 1, "tid": bar.process, "name": bar.name, "cat": bar.kind}
    found |= {"ts": (bar.begin - start) / 1000, "dur": (end - bar.begin) / 1000}
    place = {"file": bar.span.source.name, "line": bar.line} if bar.span is not None else {}
    return {**found, "args": {"event": bar.event, **place}}


def _flow(number: int, arrow: Arrow, target: tuple[int, int], start: int) -> list[dict[str, Any]]:
    """The two ends of an arrow, which are bound to the bars that are there at these times."""
    found = []
    for phase, (process, moment) in (("s", arrow.source), ("f", target)):
        end = {"ph": phase, "pid": 1, "tid": process, "id": number, "name": arrow.event, "cat": "event"}
        found.append({**end, "ts": (moment - start) / 1000} | ({"bp": "e"} if phase == "f" else {}))
    return found
