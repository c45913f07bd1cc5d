"""What Chrome's format of trace events asks of a file, so that Perfetto and speedscope open it.

From the format's description (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any


def check(found: Mapping[str, Any]) -> None:
    """Raises AssertionError for what a reader would stumble over."""
    assert isinstance(found["traceEvents"], list)
    for event in found["traceEvents"]:
        _check_event(event)
    _check_nested(found["traceEvents"])
    _check_pairs(found["traceEvents"])


def _check_event(event: Mapping[str, Any]) -> None:
    assert event["ph"] in set("MBEbesf"), event
    assert all(type(event[name]) is int for name in ("pid", "tid")), event
    assert isinstance(event["name"], str), event
    assert event["name"], event
    if event["ph"] == "M":
        assert event["name"] in ("process_name", "thread_name"), event
        assert isinstance(event["args"]["name"], str), event
        return
    assert isinstance(event["ts"], int | float), event
    assert event["ts"] >= 0, event
    assert isinstance(event["cat"], str), event
    assert event["ph"] in "BE" or "id" in event, event


def _check_nested(events: list[Any]) -> None:
    """What begins in a thread ends there, the innermost first, in order of time. speedscope goes by name and args."""
    around: dict[tuple[int, int], list[Any]] = defaultdict(list)
    last: dict[tuple[int, int], float] = defaultdict(float)
    for event in events:
        thread = event["pid"], event["tid"]
        if event["ph"] not in "BE":
            continue
        assert event["ts"] >= last[thread], event
        last[thread] = event["ts"]
        if event["ph"] == "B":
            around[thread].append((event["name"], event["args"]))
        else:
            assert around[thread].pop() == (event["name"], event["args"]), event
    assert not any(around.values())


def _check_pairs(events: list[Any]) -> None:
    """What begins ends, and not before; so with both ends of arrows, which lie on the track of something that runs."""
    for first, second in (("b", "e"), ("s", "f")):
        begun = {(event["cat"], event["id"]): event for event in events if event["ph"] == first}
        ended = {(event["cat"], event["id"]): event for event in events if event["ph"] == second}
        assert begun.keys() == ended.keys()
        assert all(begun[key]["ts"] <= ended[key]["ts"] for key in begun)
    tracks = {(event["pid"], event["tid"]) for event in events if event["ph"] == "B"}
    assert all((event["pid"], event["tid"]) in tracks for event in events if event["ph"] in "sf")
