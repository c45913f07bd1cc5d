"""A timeline as text, which is also what those get who do not see the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.results.times import duration
from evroute_kernel.engine.results.visible import visible

if TYPE_CHECKING:
    from evroute_kernel.engine.results.timeline import Bar, Timeline

EMPTY: Final = "nothing was run"
#: lines of text; of more the middle is left out
LINES: Final = 200


def plain(timeline: Timeline, most: int | None = LINES) -> str:
    """A line for each bar but statements, in the order in which they began: when, in which process, what it was, and
    how long it took. Of more than `most` the middle is left out."""
    bars = [bar for bar in timeline if bar.kind != "statement"]
    width = max((len(timeline.title(lane)) for lane in timeline.lanes), default=0)
    gap, start = 0 if most is None else len(bars) - most, timeline.started
    half = (most or 0) // 2
    shown = bars if gap <= 0 else [*bars[:half], *bars[half + gap :]]
    lines = [_line(bar, timeline, start, width) for bar in shown]
    if gap > 0:
        lines.insert(half, f"... {gap:,} more ...")
    if timeline.left_out:
        lines.append(f"... {timeline.left_out:,} more bars were not kept ...")
    return "\n".join(lines) or EMPTY


def _line(bar: Bar, timeline: Timeline, start: int, width: int) -> str:
    depth = bar.depth // 2 + (bar.kind in ("wait", "lock"))
    name = "  " * depth + shown_name(bar)
    begin = duration(bar.begin - start)
    return f"{begin:>10}  {timeline.title(bar.lane):{width}}  {name:<32}  {took(bar, timeline)}".rstrip()


def shown_name(bar: Bar) -> str:
    """What a bar is called; scripts in cells have no name."""
    return visible(bar.name) or "script"


def told(bar: Bar, timeline: Timeline) -> str:
    """All that is known of a bar, in a sentence."""
    place = f", line {bar.line}" if bar.line else ""
    event = f" ({visible(bar.event)})" if bar.event else ""
    verb = {"lock": " was held", "queue": " waited for a worker"}.get(bar.kind, "")
    return f"{shown_name(bar)}{place}{verb}: {took(bar, timeline)}{event}"


def took(bar: Bar, timeline: Timeline) -> str:
    """How long it took."""
    time = duration(timeline.end_of(bar) - bar.begin)
    return f"{time} until its worker died" if bar.is_cut else f"{time}{'' if bar.end is not None else ' at least'}"


def summary(timeline: Timeline) -> str:
    """What a drawing shows, for who does not see it."""
    lanes = len(timeline.lanes)
    runs = sum(bar.kind == "run" for bar in timeline)
    whole = duration(timeline.ended - timeline.started)
    return f"Timeline of {_counted(runs, 'run')} in {_counted(lanes, 'lane')}, {whole} long"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def left_out(parts: Sequence[tuple[int, str, str]]) -> str:
    """What a drawing does not show, each with what it is called if there are several; nothing where it shows all."""
    found = [f"{number:,} {one if number == 1 else many}" for number, one, many in parts if number]
    return f"Not drawn: {', '.join(found)}." if found else ""
