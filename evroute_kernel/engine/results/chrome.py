"""A timeline as the JSON of Chrome's trace events, which Perfetto and speedscope open.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from evroute_kernel.engine.results.timeline import Arrow, Bar, Lane, Timeline

Event = dict[str, Any]
#: bars that need not lie within one another: they have a track of their own
_ASYNC: Final = ("lock", "queue")


def chrome(timeline: Timeline) -> dict[str, Any]:
    """Times are microseconds from the first bar on; `left_out` tells of bars that were not kept."""
    found = {"traceEvents": list(_Writer(timeline).events()), "displayTimeUnit": "ns"}
    return found | ({"otherData": {"left_out": timeline.left_out}} if timeline.left_out else {})


class _Writer:
    """Nodes are processes there, and processes threads."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._start = timeline.started
        self._lanes = timeline.lanes
        self._bars = timeline.bars
        self._nodes = {node: number for number, node in enumerate(dict.fromkeys(node for node, _ in self._lanes), 1)}

    def events(self) -> Iterator[Event]:
        for node, number in self._nodes.items():
            if node:
                yield {"ph": "M", "pid": number, "tid": 0, "name": "process_name", "args": {"name": node}}
        for lane in self._lanes:
            yield {"ph": "M", **self._at(lane), "name": "thread_name", "args": {"name": self._timeline.title(lane)}}
        for lane in self._lanes:
            yield from self._nested([bar for bar in self._bars if bar.lane == lane and bar.kind not in _ASYNC])
        for number, bar in enumerate((bar for bar in self._bars if bar.kind in _ASYNC), 1):
            yield from self._apart(number, bar)
        for number, arrow in enumerate(self._timeline.arrows, 1):
            if arrow.target is not None:
                yield from self._flow(number, arrow, arrow.target)

    def _at(self, lane: Lane) -> Event:
        return {"pid": self._nodes.get(lane[0], 1), "tid": lane[1]}

    def _time(self, moment: int) -> float:
        return (moment - self._start) / 1000

    def _nested(self, bars: list[Bar]) -> Iterator[Event]:
        """Beginnings and ends, in order: readers that add up what something took get another end than the beginning of
        what follows, as fractions are not exact."""
        # of those that begin together the longest comes first: so each lies in the one before it
        ordered = sorted(bars, key=lambda bar: (bar.begin, -self._timeline.end_of(bar), bar.depth))
        around: list[tuple[Bar, int]] = []
        for bar in ordered:
            while around and around[-1][1] <= bar.begin:
                yield self._edge("E", *around.pop())
            yield self._edge("B", bar, bar.begin)
            end = self._timeline.end_of(bar)
            around.append((bar, min(end, around[-1][1]) if around else end))  # what a recording tells may overlap
        for each in reversed(around):
            yield self._edge("E", *each)

    def _edge(self, phase: str, bar: Bar, moment: int) -> Event:
        place = {"file": bar.span.source.name, "line": bar.line} if bar.span is not None else {}
        told = {"event": bar.event, **place} | ({"died": True} if bar.is_cut else {})
        found = {"ph": phase, **self._at(bar.lane), "name": bar.name or "script", "cat": bar.kind}
        return {**found, "ts": self._time(moment), "args": told}  # of both: speedscope goes by name and these

    def _apart(self, number: int, bar: Bar) -> Iterator[Event]:
        for phase, moment in (("b", bar.begin), ("e", self._timeline.end_of(bar))):
            found = {"ph": phase, **self._at(bar.lane), "id": number, "name": bar.name, "cat": bar.kind}
            yield {**found, "ts": self._time(moment), "args": {"event": bar.event}}

    def _flow(self, number: int, arrow: Arrow, target: tuple[Lane, int]) -> Iterator[Event]:
        """The two ends of an arrow, which are bound to the bars that are there at these times."""
        kind = "wait" if arrow.waits else "event"
        for phase, (lane, moment) in (("s", arrow.source), ("f", target)):
            end = {"ph": phase, **self._at(lane), "id": number, "name": arrow.event, "cat": kind}
            yield {**end, "ts": self._time(moment)} | ({"bp": "e"} if phase == "f" else {})
