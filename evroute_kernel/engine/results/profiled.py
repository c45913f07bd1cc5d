"""Recordings of E_PROFILING_SCRIPT and E_PROFILING_PROC of an OpenSIPS 4.0, as a `Timeline`.

Each event says that something begins (`start`, `enter`) or ends (`exit`, `end`), with seconds and microseconds. A top
route tells both `start` and `enter`: it is one bar. What has begun before the recording did is left out, as nobody
knows when; what goes on at its end stays open.

Events of E_PROFILING_PROC name their process, those of E_PROFILING_SCRIPT do not. If both were recorded, a route that
starts belongs to a process that has begun a job and no route in it. Else it is taken to run inside of what was heard of
last, as events do that a route raises, until something ends in an order that shows that there were several processes:
then there are several lanes. Of routes of one name that run at once nobody knows which has ended first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from itertools import count
from typing import Any, Final, TypeAlias

from evroute_kernel.engine.results.timeline import BARS_KEPT, Bar, Timeline
from evroute_kernel.records import dataclass

SCRIPT: Final = "E_PROFILING_SCRIPT"
PROCESS: Final = "E_PROFILING_PROC"
_BEGINS: Final = frozenset({"start", "enter"})
#: what ends -> what had begun
_ENDS: Final = {"exit": "enter", "end": "start"}


@dataclass(slots=True)
class _Open:
    """Something that runs. Both of a top route have the same bar. `level`: its depth as the server counts; `inner`:
    what has run inside of it."""

    verb: str
    name: str
    bar: Bar
    level: int
    inner: list[Bar] = field(default_factory=list)


#: what runs in one process, the outermost first
Stack: TypeAlias = "list[_Open]"


def profiled(events: Iterable[tuple[str, Mapping[str, Any]]], limit: int = BARS_KEPT) -> Timeline:
    """The timeline that events tell, each with its name and parameters, in the order in which they were recorded.

    Other events are passed over, and so are those that lack what they need.
    """
    timeline = Timeline(limit)
    reader = _Reader(timeline)
    for event, params in events:
        if event in (SCRIPT, PROCESS) and (moment := _moment(params)) is not None:
            verb, name, level = str(params.get("verb")), str(params.get("name")), _whole(params.get("depth")) or 0
            if event == SCRIPT:
                reader.script(verb, name, level, moment)
            else:
                reader.process(verb, name, _whole(params.get("session")) or 0, moment)
    return timeline


class _Reader:
    """Makes bars of what the events tell. Lanes of routes whose process is not known are -1, -2 and so on."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        #: process -> what it does, and the routes that run in that
        self._jobs: dict[int, Stack] = {}
        self._routes: dict[int, Stack] = {}
        #: the lane of the routes that were heard of last
        self._last = -1

    def process(self, verb: str, name: str, process: int, moment: int) -> None:
        """Each process by itself. What ends is the innermost, whatever it is called then."""
        stack = self._jobs.setdefault(process, [])
        if verb in _ENDS and stack:
            self._finish(stack, moment)
        elif verb in _BEGINS:
            self._timeline.call(("", process), f"process {process}")
            self._begin(stack, process, 0, _Told(verb, name, 0), moment)

    def script(self, verb: str, name: str, level: int, moment: int) -> None:
        if verb in _ENDS:
            self._end(_ENDS[verb], name, moment)
            return
        if verb == "start":
            self._last = self._idle()
        elif verb == "enter":
            self._last = self._around(level)
        else:
            return
        if self._last < 0:
            self._timeline.call(("", self._last), "routes" if self._last == -1 else f"routes ({-self._last})")
        below = len(self._jobs.get(self._last, ()))
        self._begin(self._routes.setdefault(self._last, []), self._last, below, _Told(verb, name, level), moment)

    def _idle(self) -> int:
        """The lane of a route that starts: a process that has begun a job and no route in it, or the last one."""
        busy = [process for process, jobs in self._jobs.items() if jobs and not self._routes.get(process)]
        return max(busy, key=lambda process: self._jobs[process][-1].bar.begin, default=self._last)

    def _around(self, level: int) -> int:
        """The lane of a route that is called: where one of the level above runs."""
        lanes = sorted(self._routes, key=lambda lane: lane != self._last)
        above = (lane for lane in lanes if (stack := self._routes[lane]) and level - stack[-1].level in (0, 1))
        return next(above, self._last)

    def _begin(self, stack: Stack, lane: int, below: int, told: _Told, moment: int) -> None:
        top = stack[-1] if stack else None
        if told.verb == "enter" and top is not None and (top.verb, top.name) == ("start", told.name):
            stack.append(_Open(told.verb, told.name, top.bar, told.level))
            return
        depth = below if top is None else top.bar.depth + 1
        is_run = told.verb == "start" or top is None
        event = told.name if is_run or top is None else top.bar.event
        bar = Bar(lane, "run" if is_run else "route", told.name, event, depth, moment)
        stack.append(_Open(told.verb, told.name, bar, told.level))
        self._timeline.begin(bar)

    def _finish(self, stack: Stack, moment: int) -> None:
        ended = stack.pop()
        self._timeline.finish(ended.bar, moment)
        if stack:
            stack[-1].inner += [*ended.inner, *([] if stack[-1].bar is ended.bar else [ended.bar])]

    def _end(self, verb: str, name: str, moment: int) -> None:
        """What ends is the innermost of this name, first of all in the lane that was heard of last."""
        wanted = verb, name
        lanes = sorted(self._routes, key=lambda lane: (self._top(lane) != wanted, lane != self._last))
        for lane in lanes:
            stack = self._routes[lane]
            for place in range(len(stack) - 1, -1, -1):
                if (stack[place].verb, stack[place].name) == wanted:
                    self._move(stack, place + 1)
                    self._finish(stack, moment)
                    self._last = lane
                    return

    def _top(self, lane: int) -> tuple[str, str] | None:
        stack = self._routes[lane]
        return (stack[-1].verb, stack[-1].name) if stack else None

    def _move(self, stack: Stack, place: int) -> None:
        """What seemed to run inside of something that ends before it is run by another process."""
        moved = stack[place:]
        if not moved:
            return
        del stack[place:]
        lane = next(number for number in count(-1, -1) if not self._routes.get(number))
        self._timeline.call(("", lane), "routes" if lane == -1 else f"routes ({-lane})")
        self._routes[lane] = moved
        outer = moved[0].bar.depth
        bars = {id(bar): bar for each in moved for bar in (each.bar, *each.inner)}
        for bar in bars.values():
            bar.process, bar.depth = lane, bar.depth - outer


@dataclass(frozen=True, slots=True)
class _Told:
    """What an event tells that something begins with."""

    verb: str
    name: str
    level: int


def _moment(params: Mapping[str, Any]) -> int | None:
    """Nanoseconds of the epoch; seconds may have wrapped to a negative number of 32 bits."""
    seconds, microseconds = _whole(params.get("sec")), _whole(params.get("usec"))
    if seconds is None or microseconds is None:
        return None
    return (seconds % 2**32 * 1_000_000 + microseconds) * 1000


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
