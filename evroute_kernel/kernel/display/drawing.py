"""A graph as a drawing of its own, in SVG: boxes with texts, edges with labels, frames around clusters.

It knows nothing of routes: whoever draws something says what its boxes, edges and clusters are. The drawing is shown as
an image, which knows nothing of the page around it: texts stand on backgrounds of their own, and lines are of a grey
that is seen on light and dark pages alike. It is meant to be shown in its own size, where its texts can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import copysign
from typing import Final
from unicodedata import east_asian_width

from evroute_kernel.kernel.display.layers import Edge, components
from evroute_kernel.kernel.display.pieces import Bend, Box, Curve, Piece, Point, Size, at, between, piece
from evroute_kernel.records import dataclass

#: pixels up to which a drawing may be wide, if it can be: as much as a page shows beside a column of prompts
WIDE: Final = 940
#: sizes of the texts in boxes, and of labels: nothing is smaller
FONT: Final = 13
SMALL: Final = 11
_FAMILY: Final = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
#: how wide a character is, of the font's size
_CHARACTER: Final = 0.61
#: pixels of a box's height, around its text, around the whole; between pieces; of a label's height; of a frame's title
_HEIGHT: Final = 30
_PADDING: Final = 12
_MARGIN: Final = 12
_APART: Final = 34
_LABEL: Final = 17
_TITLE: Final = 24
#: characters of a text that a box shows; its tooltip has all
_LONGEST: Final = 48
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


@dataclass(frozen=True, slots=True)
class Shape:
    """A box: its text, all there is to say of it, one of LOOKS, whether its frame is dashed, the cluster it is in."""

    text: str
    description: str
    look: str
    is_dashed: bool = False
    cluster: str = ""

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= _LONGEST else self.text[: _LONGEST - 1] + "…"

    @property
    def size(self) -> Size:
        return text_width(self.shown, FONT) + 2 * _PADDING, _HEIGHT


@dataclass(frozen=True, slots=True)
class Line:
    """An edge between two shapes, by their numbers."""

    source: int
    target: int
    label: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything is; `frames` are those of clusters, with their names."""

    boxes: Mapping[int, Box]
    curves: Mapping[Edge, Curve]
    frames: Sequence[tuple[str, Box]]
    size: Size
    is_down: bool


def plan(shapes: Sequence[Shape], lines: Sequence[Line]) -> Plan:
    """Downwards or to the right: what fits the width of a page, and of both the lower; else the narrower one."""
    plans = [_plan(shapes, lines, is_down) for is_down in (True, False)]
    return min(plans, key=lambda one: (max(one.size[0], WIDE), one.size[1]))


def svg(shapes: Sequence[Shape], lines: Sequence[Line], chosen: Plan, *, title: str, description: str) -> str:
    """The drawing of a plan for these shapes and lines."""
    curves, labels = [], []
    placed = list(chosen.boxes.values())
    told: set[tuple[str, int]] = set()
    for line in lines:
        curve = chosen.curves[line.source, line.target]
        curves.append(_curve(curve))
        place = _stand(curve, line.label, placed)
        if place is None and (line.label, line.target) in told:
            continue  # one of a bundle, where others say what it is
        place = place or _around(at(curve.bends[curve.labelled], 0.5), _label_width(line.label))
        placed.append(place)
        told.add((line.label, line.target))
        labels.append(_label(line.label, place))
    frames = [_frame(name, box) for name, box in chosen.frames]
    boxes = [_box(shapes[number], box) for number, box in chosen.boxes.items()]
    return "\n".join([*_opening(chosen.size, title, description), *frames, *curves, *boxes, *labels, "</svg>"])


def text_width(text: str, size: float) -> float:
    """Pixels of a text in the drawing's font."""
    return size * _CHARACTER * sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


# -- places -----------------------------------------------------------------------------------------------------------


def _plan(shapes: Sequence[Shape], lines: Sequence[Line], is_down: bool) -> Plan:
    boxes: dict[int, Box] = {}
    curves: dict[Edge, Curve] = {}
    clusters = dict.fromkeys(shape.cluster for shape in shapes)
    laid = [_cluster(name, shapes, lines, is_down) for name in clusters]
    # what leads from one to another has its label between them
    places, size = _packed([one.size for one in laid], _APART if len(laid) == 1 else _room(lines))
    frames = []
    for name, one, (x, y) in zip(clusters, laid, places, strict=True):
        boxes |= {number: box.moved(x, y) for number, box in one.boxes.items()}
        curves |= {edge: curve.moved(x, y) for edge, curve in one.curves.items()}
        if name:
            frames.append((name, Box(x, y, *one.size)))
    for line in lines:
        if (line.source, line.target) not in curves:  # from one cluster to another
            curves[line.source, line.target] = between(boxes[line.source], boxes[line.target])
    return Plan(dict(sorted(boxes.items())), curves, frames, size, is_down)


def _cluster(name: str, shapes: Sequence[Shape], lines: Sequence[Line], is_down: bool) -> Piece:
    """What belongs to one cluster: pieces that no edge connects, side by side and in rows."""
    members = [number for number, shape in enumerate(shapes) if shape.cluster == name]
    numbers = {member: number for number, member in enumerate(members)}
    inner = [line for line in lines if line.source in numbers and line.target in numbers]
    edges = [(numbers[line.source], numbers[line.target]) for line in inner]
    gap = _room(lines)
    groups = components(len(members), edges)
    # vertex -> its group, and its number there
    local = {v: (number, place) for number, group in enumerate(groups) for place, v in enumerate(group)}
    own: list[list[Edge]] = [[] for _ in groups]
    for a, b in edges:
        own[local[a][0]].append((local[a][1], local[b][1]))
    pieces = [
        piece([shapes[members[v]].size for v in group], among, is_down=is_down, gap=gap)
        for group, among in zip(groups, own, strict=True)
    ]
    places, size = _packed([one.size for one in pieces], _APART)
    boxes: dict[int, Box] = {}
    curves: dict[Edge, Curve] = {}
    x0, y0 = (_MARGIN, _TITLE + _MARGIN) if name else (0, 0)
    for group, one, (x, y) in zip(groups, pieces, places, strict=True):
        boxes |= {members[group[v]]: box.moved(x + x0, y + y0) for v, box in one.boxes.items()}
        for (a, b), curve in one.curves.items():
            curves[members[group[a]], members[group[b]]] = curve.moved(x + x0, y + y0)
    width, height = max(size[0], text_width(name, FONT)) + 2 * x0, size[1] + y0 + (_MARGIN if name else 0)
    return Piece(boxes, curves, (width, height))


def _room(lines: Sequence[Line]) -> float:
    """What any label needs between two boxes."""
    return max((text_width(line.label, SMALL) for line in lines), default=0.0) + 56


def _packed(sizes: Sequence[Size], apart: float) -> tuple[list[Point], Size]:
    """Places for rectangles: side by side as long as a row is not too wide, then in the next row; and the whole."""
    places: list[Point] = []
    x = y = height = width = 0.0
    for wide, high in sizes:
        if x and x + wide > WIDE:
            x, y, height = 0.0, y + height + apart, 0.0
        places.append((x, y))
        width, height = max(width, x + wide), max(height, high)
        x += wide + apart
    return places, (width, y + height)


def _stand(curve: Curve, text: str, placed: Sequence[Box]) -> Box | None:
    """Where a label stands: on its edge, as near to the middle of a bend as there is room; None where there is none."""
    width = _label_width(text)
    bends = curve.bends[curve.labelled :] + curve.bends[: curve.labelled]
    candidates = (_around(at(bend, part), width) for bend in bends for part in _STANDS)
    return next((box for box in candidates if not any(box.touches(other) for other in placed)), None)


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


def _frame(name: str, box: Box) -> str:
    """Around a cluster; its name stands on the frame."""
    title = Box(box.x + _MARGIN, box.y + 6, text_width(name, FONT) + 2 * _PADDING, _TITLE - 4)
    return (
        f'<g>{_rectangle(box, 8)} fill="none" stroke="{_LINE}" stroke-dasharray="6 4"/></g>'
        f'<g>{_rectangle(title, 4)} fill="#f7f7f7" stroke="{_LINE}"/>{_centred(name, title, FONT)}</g>'
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
