"""A graph as a drawing of its own, in SVG: boxes with texts, edges with labels.

The drawing is shown as an image, which knows nothing of the page around it: texts stand on backgrounds of their own,
and lines are of a grey that is seen on light and dark pages alike. It is meant to be shown in its own size, where its
texts can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import product
from math import copysign
from typing import Final

from evroute_kernel.kernel.display.pieces import Bend, Box, Curve, Point, Size, at
from evroute_kernel.kernel.display.plans import FONT, SMALL, Line, Plan, Shape, text_width

_FAMILY: Final = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
#: pixels around the whole, and of a label's height
_MARGIN: Final = 12
_LABEL: Final = 17
#: pixels of the side of a square, in which few boxes lie
_SQUARE: Final = 64
_LINE: Final = "#808080"
_TEXT: Final = "#1b1b1b"
#: how a box looks -> fill, stroke, radius of the corners
LOOKS: Final = {
    "event": ("#fdf0d5", "#b7791f", 15),
    "route": ("#e1ecf7", "#3b6ea5", 4),
    "socket": ("#e3f1e3", "#3f7f3f", 0),
    "unknown": ("#f0f0f0", "#808080", 15),
}
#: places along an edge where its label may stand, best first
_STANDS: Final = (0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71, 0.24, 0.76, 0.18, 0.82, 0.12, 0.88)


def svg(shapes: Sequence[Shape], lines: Sequence[Line], chosen: Plan, *, title: str, description: str) -> str:
    """The drawing of a plan for these shapes and lines."""
    curves, labels = [], []
    taken = _Taken(chosen.boxes.values())
    told: set[tuple[str, int]] = set()
    for line in lines:
        curve = chosen.curves[line.source, line.target]
        curves.append(_curve(curve))
        place = _stand(curve, line.label, taken)
        if place is None and (line.label, line.target) in told:
            continue  # one of a bundle, where others say what it is
        place = place or _around(at(curve.bends[curve.labelled], 0.5), _label_width(line.label))
        taken.add(place)
        told.add((line.label, line.target))
        labels.append(_label(line.label, place))
    boxes = [_box(shapes[number], box) for number, box in chosen.boxes.items()]
    return "\n".join([*_opening(chosen.size, title, description), *curves, *boxes, *labels, "</svg>"])


class _Taken:
    """What room is taken: boxes, by the squares of a grid that they lie in."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._squares: dict[tuple[int, int], list[Box]] = {}
        for box in boxes:
            self.add(box)

    def add(self, box: Box) -> None:
        for square in _squares(box):
            self._squares.setdefault(square, []).append(box)

    def __contains__(self, box: Box) -> bool:
        return any(box.touches(other) for square in _squares(box) for other in self._squares.get(square, ()))


def _squares(box: Box) -> Iterator[tuple[int, int]]:
    columns = range(int(box.x // _SQUARE), int((box.x + box.width) // _SQUARE) + 1)
    rows = range(int(box.y // _SQUARE), int((box.y + box.height) // _SQUARE) + 1)
    return product(columns, rows)


def _stand(curve: Curve, text: str, taken: _Taken) -> Box | None:
    """Where a label stands: on its edge, as near to the middle of a bend as there is room; None where there is none."""
    width = _label_width(text)
    bends = curve.bends[curve.labelled :] + curve.bends[: curve.labelled]
    candidates = (_around(at(bend, part), width) for bend in bends for part in _STANDS)
    return next((box for box in candidates if box not in taken), None)


def _label_width(text: str) -> float:
    return text_width(text, SMALL) + 10


def _around(middle: Point, width: float) -> Box:
    return Box(middle[0] - width / 2, middle[1] - _LABEL / 2, width, _LABEL)


# -- text -------------------------------------------------------------------------------------------------------------


def _opening(size: Size, title: str, description: str) -> Iterable[str]:
    width, height = (round(length + 2 * _MARGIN) for length in size)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{-_MARGIN} {-_MARGIN} {width} {height}" role="img" aria-labelledby="graph-title graph-desc" '
        f'font-family="{_FAMILY}" font-size="{FONT}">'
    )
    yield f'<title id="graph-title">{escape(title)}</title>'
    yield f'<desc id="graph-desc">{escape(description)}</desc>'


def _box(shape: Shape, box: Box) -> str:
    fill, stroke, radius = LOOKS[shape.look]
    dashes = ' stroke-dasharray="4 3"' if shape.is_dashed else ""
    return (
        f"<g><title>{escape(shape.description)}</title>{_rectangle(box, radius)} "
        f'fill="{fill}" stroke="{stroke}"{dashes}/>{_centred(shape.shown, box, FONT)}</g>'
    )


def _label(text: str, box: Box) -> str:
    """A small text on a background of its own."""
    return (
        f'<g font-size="{SMALL}">{_rectangle(box, _LABEL / 2)} fill="#f7f7f7" stroke="{_LINE}" stroke-width="0.5"/>'
        f"{_centred(text, box, SMALL)}</g>"
    )


def _rectangle(box: Box, radius: float) -> str:
    return f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="{radius:g}"'


def _centred(text: str, box: Box, size: float) -> str:
    x, y = box.x + box.width / 2, box.y + box.height / 2 + size * 0.35
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{_TEXT}">{escape(text)}</text>'


def _curve(curve: Curve) -> str:
    """The line of an edge, and the head of its arrow."""
    parts = [f"M{_text(curve.bends[0][0])}", *(f"C{_text(b)} {_text(c)} {_text(d)}" for _, b, c, d in curve.bends)]
    return f'<path d="{" ".join(parts)}" fill="none" stroke="{_LINE}" stroke-width="1.3"/>{_head(curve.bends[-1])}'


def _text(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _head(bend: Bend) -> str:
    """The head of the arrow at the end: edges come from straight above, below or beside."""
    (from_x, from_y), (x, y) = bend[2], bend[3]
    if abs(y - from_y) > abs(x - from_x):
        back = y - copysign(8, y - from_y)
        points = (x, y), (x - 4, back), (x + 4, back)
    else:
        back = x - copysign(8, x - from_x)
        points = (x, y), (back, y - 4), (back, y + 4)
    return f'<polygon points="{" ".join(map(_text, points))}" fill="{_LINE}"/>'
