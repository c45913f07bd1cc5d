"""A timeline as an SVG drawing within HTML: a lane for each process, bars for what ran, arrows for events.

It stands in the page itself, as an image would have no tooltips; it needs nothing beyond the page. Bars have colours of
their own that dark texts are read on, all else is drawn in the colour of the page's text: it is seen on light and dark
pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

from evroute_kernel.kernel.display.formats import visible

if TYPE_CHECKING:
    from evroute_kernel.engine.results.timeline import Arrow, Bar, Timeline

#: pixels: of the whole width, of a row, of a lane's heading, and about those of a character
_WIDTH: Final = 900
_ROW: Final = 22
_HEAD: Final = 20
_CHARACTER: Final = 6.5
#: a statement that is narrower is not drawn when there are more bars than these
_NARROW: Final = 0.5
DRAWN: Final = 2_000
_FILLS: Final = {"run": "#9ecae1", "route": "#c6dbef", "statement": "#fdd0a2"}
_TEXT: Final = "#1b1b1b"
#: seen on light and dark pages, and on bars
_LINE: Final = "#808080"
EMPTY: Final = "nothing was run"


def bundle(timeline: Timeline) -> dict[str, str]:
    """A timeline as text/plain and text/html."""
    text = plain(timeline)
    if not len(timeline):
        return {"text/plain": text, "text/html": f"<em>{escape(text)}</em>"}
    html = (
        f'<div style="overflow: auto">{svg(timeline)}</div>'
        f'<details><summary>as text</summary><pre style="margin: 0.3em 0">{escape(text)}</pre></details>'
    )
    return {"text/plain": text, "text/html": html}


def plain(timeline: Timeline) -> str:
    """A line for each run and each route that one called: when it began, how long it took, and where."""
    lines = [_line(bar, timeline) for bar in timeline if bar.kind != "statement"]
    if timeline.left_out:
        lines.append(f"... {timeline.left_out:,} more bars ...")
    return "\n".join(lines) or EMPTY


def _line(bar: Bar, timeline: Timeline) -> str:
    took = f"{_shown(_end(bar, timeline) - bar.begin)}{'' if bar.end else ' at least'}"
    name = "  " * (bar.depth // 2) + visible(bar.name)
    return f"{_shown(bar.begin - timeline.started):>10}  worker {bar.process}  {name:<32}  {took}".rstrip()


def svg(timeline: Timeline) -> str:
    """The drawing; each bar has a tooltip."""
    scene = _Scene(timeline)
    total = timeline.ended - timeline.started
    processes = len(scene.heights)
    of = f"{processes} process{'es' if processes > 1 else ''}"
    summary = f"Timeline of {of}, {_shown(total)} long; the same as text is below it"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{scene.height + _HEAD}" '
        f'viewBox="0 0 {_WIDTH} {scene.height + _HEAD}" role="img" aria-label="{escape(summary)}" '
        f'font-family="sans-serif" font-size="11">',
        *scene.lanes(),
        *scene.bars(),
        *scene.arrows(),
        _axis(scene.height + 14, total),
        "</svg>",
    ]
    return "".join(parts)


class _Scene:
    """Where everything stands."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._start = timeline.started
        self._scale = _WIDTH / max(1, timeline.ended - timeline.started)
        self._bars = timeline.bars
        depths: dict[int, int] = {}
        for bar in self._bars:
            depths[bar.process] = max(depths.get(bar.process, 0), bar.depth)
        #: process -> where its lane begins
        self.heights: dict[int, int] = {}
        self.height = 0
        for process in sorted(depths):
            self.heights[process] = self.height
            self.height += _HEAD + (depths[process] + 1) * _ROW

    def lanes(self) -> Iterator[str]:
        for process, y in self.heights.items():
            yield f'<text x="2" y="{y + 14}" fill="currentColor">worker {process}</text>'

    def bars(self) -> Iterator[str]:
        is_crowded = len(self._bars) > DRAWN
        for bar in self._bars:
            width = self._width(bar)
            if not (is_crowded and bar.kind == "statement" and width < _NARROW):
                yield self._bar(bar, max(1.0, width))

    def _bar(self, bar: Bar, width: float) -> str:
        x, y, took = self._x(bar.begin), self._y(bar), _end(bar, self._timeline) - bar.begin
        place = f", line {bar.line}" if bar.line else ""
        told = f"{visible(bar.name)}{place}: {_shown(took)}{'' if bar.end else ' at least'} ({visible(bar.event)})"
        room = int((width - 6) / _CHARACTER)
        text = _words(visible(bar.name)[:room], x + 3, y + 14) if room > 1 else ""
        return (
            f"<g><title>{escape(told)}</title>"
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW - 2}" rx="2" '
            f'fill="{_FILLS[bar.kind]}" stroke="{_LINE}" stroke-width="0.5"/>{text}</g>'
        )

    def arrows(self) -> Iterator[str]:
        targets = {(bar.process, bar.begin): bar for bar in self._bars if bar.kind == "run"}
        for arrow in self._timeline.arrows:
            if arrow.target in targets and (source := self._around(arrow)) is not None:
                yield self._arrow(arrow, source, targets[arrow.target])

    def _around(self, arrow: Arrow) -> Bar | None:
        """The innermost bar in which the event was raised."""
        process, moment = arrow.source
        around = [b for b in self._bars if b.process == process and b.begin <= moment <= _end(b, self._timeline)]
        return max(around, key=lambda bar: bar.depth, default=None)

    def _arrow(self, arrow: Arrow, source: Bar, target: Bar) -> str:
        x, y = self._x(arrow.source[1]), self._y(source) + _ROW // 2
        to_x, to_y = self._x(target.begin), self._y(target)
        above = to_y - _HEAD * 0.8  # between the lanes, where it crosses no text
        way = f"M{x:.1f},{y} C{x:.1f},{above:.1f} {to_x:.1f},{above:.1f} {to_x:.1f},{to_y}"
        return (
            f'<g fill="none" stroke="{_LINE}"><title>{escape(visible(arrow.event))}</title>'
            f'<path d="{way}" stroke-dasharray="3 2"/>'
            f'<path d="M{to_x - 3:.1f},{to_y - 5} L{to_x:.1f},{to_y} L{to_x + 3:.1f},{to_y - 5}"/></g>'
        )

    def _x(self, moment: int) -> float:
        return (moment - self._start) * self._scale

    def _y(self, bar: Bar) -> int:
        return self.heights[bar.process] + _HEAD + bar.depth * _ROW

    def _width(self, bar: Bar) -> float:
        return (_end(bar, self._timeline) - bar.begin) * self._scale


def _words(text: str, x: float, y: int) -> str:
    return f'<text x="{x:.1f}" y="{y}" fill="{_TEXT}">{escape(text)}</text>'


def _axis(y: int, total: int) -> str:
    return (
        f'<g fill="currentColor"><text x="2" y="{y}">0</text>'
        f'<text x="{_WIDTH - 2}" y="{y}" text-anchor="end">{_shown(total)}</text></g>'
    )


def _end(bar: Bar, timeline: Timeline) -> int:
    return timeline.ended if bar.end is None else bar.end


def _shown(nanoseconds: int) -> str:
    """A time as people read it."""
    for unit, size in (("s", 10**9), ("ms", 10**6)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds / 1000:.3g} µs"
