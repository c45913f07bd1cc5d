"""Recordings of E_PROFILING_SCRIPT and E_PROFILING_PROC of an OpenSIPS 4.0, as a `Timeline`.

Each event says that something begins (`start`, `enter`) or ends (`exit`, `end`), with seconds and microseconds. Those
of E_PROFILING_PROC name their process; those of E_PROFILING_SCRIPT do not, so all of them are in one lane, that of
process 0. A top route tells both `start` and `enter`: it is one bar. What has begun before the recording did is left
out, as nobody knows when; what goes on at its end stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from evroute_kernel.engine.results.timeline import BARS_KEPT, Bar, Timeline

SCRIPT: Final = "E_PROFILING_SCRIPT"
PROCESS: Final = "E_PROFILING_PROC"
_BEGINS: Final = frozenset({"start", "enter"})
_ENDS: Final = frozenset({"exit", "end"})


def profiled(events: Iterable[tuple[str, Mapping[str, Any]]], limit: int = BARS_KEPT) -> Timeline:
    """The timeline that events tell, each with its name and parameters, in the order in which they were recorded.

    Other events are passed over, and so are those that lack what they need.
    """
    timeline = Timeline(limit)
    #: process -> what runs there, the outermost first
    running: dict[int, list[tuple[str, Bar]]] = {}
    for event, params in events:
        if event in (SCRIPT, PROCESS) and (moment := _moment(params)) is not None:
            process = _whole(params.get("session")) or 0 if event == PROCESS else 0
            _take(timeline, running.setdefault(process, []), process, moment, params)
    return timeline


def _take(
    timeline: Timeline, stack: list[tuple[str, Bar]], process: int, moment: int, params: Mapping[str, Any]
) -> None:
    verb, name = str(params.get("verb")), str(params.get("name"))
    if verb in _ENDS and stack:
        timeline.finish(stack.pop()[1], moment)
    elif verb == "enter" and stack and stack[-1][0] == "start" and stack[-1][1].name == name:
        stack.append((verb, stack[-1][1]))  # a top route tells it twice
    elif verb in _BEGINS:
        bar = _bar(process, verb, name, moment, stack)
        stack.append((verb, bar))
        timeline.begin(bar)


def _bar(process: int, verb: str, name: str, moment: int, stack: list[tuple[str, Bar]]) -> Bar:
    depth = stack[-1][1].depth + 1 if stack else 0
    if verb == "start" or not stack:
        return Bar(process, "run", name, name, depth, moment)
    return Bar(process, "route", name, stack[-1][1].event, depth, moment)


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
