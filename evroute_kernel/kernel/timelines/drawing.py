"""A timeline as an SVG drawing: a lane for each process, bars for what ran, arrows for what led to what.

In a notebook it stands in the page itself, as an image would have no tooltips, and needs nothing beyond the page. Bars
have colours of their own that dark texts are read on, all else has the colour of the page's text: so it is seen on
light and dark pages. As a file of its own it follows the theme of whoever looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.results.timeline_text import EMPTY, left_out, plain, summary
from evroute_kernel.engine.results.times import duration
from evroute_kernel.engine.results.visible import visible
from evroute_kernel.kernel.timelines.scene import AXIS, HEAD, ROW, WIDTH, Box, Scene

if TYPE_CHECKING:
    from evroute_kernel.engine.results.timeline import Arrow, Timeline

#: pixels of a character
_CHARACTER: Final = 6.5
_FILLS: Final = {
    "run": "#9ecae1",
    "route": "#c6dbef",
    "statement": "#fdd0a2",
    "wait": "#d9d9d9",
    "lock": "#bcbddc",
    "queue": "#d9d9d9",
}
_WORDS: Final = {
    "run": "run",
    "route": "route that is called",
    "statement": "statement",
    "wait": "waits",
    "lock": "lock that is held",
}
_TEXT: Final = "#1b1b1b"
#: seen on light and dark pages, and on bars
_LINE: Final = "#808080"
#: of a drawing that is a file of its own
_THEMES: Final = (
    "<style>svg{color:#1b1b1b;background:#fff}"
    "@media (prefers-color-scheme:dark){svg{color:#e6e6e6;background:#1b1b1b}}</style>"
)
#: around a drawing in a page. Its texts are none that MathJax should typeset, though they have pairs of `$`; and where
#: JupyterLab shows a notebook that is not trusted, and so leaves the drawing's texts but not the drawing, they have no
#: size. The drawing has a size of its own.
_FRAME: Final = 'class="mathjax_ignore tex2jax_ignore" style="overflow: auto; font-size: 0px"'
#: what is seen there: a drawing does not show it
_UNTRUSTED: Final = (
    '<defs><foreignObject width="0" height="0"><span style="font-size: medium">The drawing is seen when the cell '
    "is run, or the notebook trusted.</span></foreignObject></defs>"
)


def bundle(timeline: Timeline, empty: str = EMPTY) -> dict[str, str]:
    """A timeline as text/plain and text/html; `empty` is said where there is nothing."""
    if not len(timeline):
        return {"text/plain": empty, "text/html": f"<em>{escape(empty)}</em>"}
    return {"text/plain": plain(timeline), "text/html": _with_text(timeline)}


def _with_text(timeline: Timeline) -> str:
    return (
        f"<div {_FRAME}>{svg(timeline)}</div>"
        f'<details><summary>as text</summary><pre style="margin: 0.3em 0; overflow: auto">{escape(plain(timeline))}'
        "</pre></details>"
    )


def page(timeline: Timeline, title: str) -> str:
    """A page of its own, which loads nothing."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title></head>\n<body>{bundle(timeline)['text/html']}</body></html>\n"
    )


def svg(timeline: Timeline, *, alone: bool = False) -> str:
    """The drawing; each bar has a tooltip. `alone`: it is a file of its own."""
    scene = Scene(timeline)
    arrows, boxes = scene.arrows(), list(scene.boxes())
    notes = left_out(
        [
            (scene.narrow, "statement too short to be seen", "statements too short to be seen"),
            (scene.crowded, "event that waited", "events that waited"),
            (scene.more_arrows, "arrow", "arrows"),
            (timeline.left_out, "later bar", "later bars"),
        ]
    )
    height = scene.height + HEAD * (2 if notes else 1)
    label = f"{summary(timeline)}. {notes}".rstrip() + ("" if alone else " The same as text is below it.")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}" '
        f'font-family="sans-serif" font-size="11">',
        _THEMES if alone else _UNTRUSTED,
        *_axis(scene, timeline),
        *(_heading(timeline.title(lane), y) for lane, y in scene.heads.items()),
        *(_bar(box) for box in boxes),
        *(_arrow(*each) for each in arrows),
        *_legend({box.kind for box in boxes}, scene.height + 4),
        _note(notes, scene.height + HEAD + 13),
        "</svg>",
    ]
    return "".join(parts) if len(timeline) or not alone else f"{parts[0]}{_THEMES}{_note(EMPTY, 14)}</svg>"


def _heading(title: str, y: int) -> str:
    return f'<text x="2" y="{y + 14}" fill="currentColor">{escape(visible(title))}</text>'


def _bar(box: Box) -> str:
    room = int((box.width - 6) / _CHARACTER)
    name = box.name if len(box.name) <= room else f"{box.name[: room - 1]}\u2026"
    text = f'<text x="{box.x + 3:.1f}" y="{box.y + 14}" fill="{_TEXT}">{escape(name)}</text>' if room > 2 else ""
    dashes = ' stroke-dasharray="3 2"' if box.kind in ("wait", "queue") else ""
    return (
        f"<g><title>{escape(box.told)}</title>"
        f'<rect x="{box.x:.1f}" y="{box.y}" width="{box.width:.1f}" height="{ROW - 2}" rx="2" '
        f'fill="{_FILLS[box.kind]}" stroke="{_LINE}" stroke-width="0.5"{dashes}/>{text}</g>'
    )


def _arrow(arrow: Arrow, source: tuple[float, int], target: tuple[float, int]) -> str:
    (x, y), (to_x, to_y) = source, target
    above = to_y - HEAD * 0.8  # between the lanes, where it crosses no text
    way = f"M{x:.1f},{y} C{x:.1f},{above:.1f} {to_x:.1f},{above:.1f} {to_x:.1f},{to_y}"
    waited = f" goes on, after {duration(arrow.target[1] - arrow.source[1])}" if arrow.waits and arrow.target else ""
    return (
        f'<g fill="none" stroke="{_LINE}"><title>{escape(visible(arrow.event))}{waited}</title>'
        f'<path d="{way}" stroke-dasharray="{"1 3" if arrow.waits else "3 2"}"/>'
        f'<path d="M{to_x - 3:.1f},{to_y - 5} L{to_x:.1f},{to_y} L{to_x + 3:.1f},{to_y - 5}"/></g>'
    )


def _axis(scene: Scene, timeline: Timeline) -> Iterator[str]:
    """Times, and where time has been left out because nothing happened."""
    bottom = scene.height
    for piece in scene.axis.pieces:
        if piece.is_gap and piece.width >= 2:
            middle = piece.x + piece.width / 2
            yield (
                f"<g><title>{duration(piece.end - piece.begin)} in which nothing happens</title>"
                f'<rect x="{piece.x:.1f}" y="{AXIS}" width="{piece.width:.1f}" height="{bottom - AXIS}" '
                f'fill="{_LINE}" fill-opacity="0.12"/>'
                + (
                    f'<text x="{middle:.1f}" y="{AXIS - 10}" text-anchor="middle" fill="currentColor">\u22ef</text>'
                    if piece.width > 12
                    else ""
                )
                + "</g>"
            )
    start = timeline.started
    for x, since, moment in scene.axis.marks():
        words = f"+{duration(since)}" if since else _moment(moment - start)
        place = f"{x + 2:.1f}" if x < WIDTH - 60 else f'{x - 2:.1f}" text-anchor="end'
        yield (
            f'<path d="M{x:.1f},{AXIS - 6} V{bottom}" stroke="{_LINE}" stroke-opacity="0.4" stroke-width="0.5"/>'
            f'<text x="{place}" y="{AXIS - 10}" fill="currentColor">{words}</text>'
        )


def _moment(nanoseconds: int) -> str:
    return duration(nanoseconds) if nanoseconds else "0"


def _legend(kinds: set[str], y: int) -> Iterator[str]:
    """What the colours mean, of those that are there."""
    x = 2.0
    for kind, words in _WORDS.items():
        if kind in kinds or (kind == "wait" and "queue" in kinds):
            yield (
                f'<rect x="{x:.1f}" y="{y}" width="12" height="12" rx="2" fill="{_FILLS[kind]}" stroke="{_LINE}" '
                f'stroke-width="0.5"/><text x="{x + 16:.1f}" y="{y + 10}" fill="currentColor">{words}</text>'
            )
            x += 34 + len(words) * 5.5


def _note(words: str, y: int) -> str:
    return f'<text x="2" y="{y}" fill="currentColor">{escape(words)}</text>' if words else ""
