"""Where the boxes of a drawing stand, and which way its edges lead: pieces that no edge connects side by side and in
rows, clusters in frames.

It knows nothing of routes: whoever draws something says what its boxes, edges and clusters are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from unicodedata import east_asian_width

from evroute_kernel.kernel.display.layers import Edge, components
from evroute_kernel.kernel.display.pieces import Box, Curve, Piece, Point, Size, between, piece
from evroute_kernel.records import dataclass

#: pixels up to which a drawing may be wide, if it can be: as much as a page shows beside a column of prompts
WIDE: Final = 940
#: sizes of the texts in boxes, and of labels: nothing is smaller
FONT: Final = 13
SMALL: Final = 11
#: pixels around the text of a box, around the whole and in frames, and of the title of a frame
PADDING: Final = 12
MARGIN: Final = 12
TITLE: Final = 24
#: pixels of a box's height, and between pieces
_HEIGHT: Final = 30
_APART: Final = 34
#: how wide a character is, of the font's size
_CHARACTER: Final = 0.61
#: characters of a text that a box shows; its tooltip has all
_LONGEST: Final = 48


@dataclass(frozen=True, slots=True)
class Shape:
    """A box: its text, all there is to say of it, how it looks (`drawing.LOOKS`), whether its frame is dashed, and the
    cluster it is in."""

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
        return text_width(self.shown, FONT) + 2 * PADDING, _HEIGHT


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


def text_width(text: str, size: float) -> float:
    """Pixels of a text in the drawing's font."""
    return size * _CHARACTER * sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


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
    x0, y0 = (MARGIN, TITLE + MARGIN) if name else (0, 0)
    for group, one, (x, y) in zip(groups, pieces, places, strict=True):
        boxes |= {members[group[v]]: box.moved(x + x0, y + y0) for v, box in one.boxes.items()}
        for (a, b), curve in one.curves.items():
            curves[members[group[a]], members[group[b]]] = curve.moved(x + x0, y + y0)
    width, height = max(size[0], text_width(name, FONT)) + 2 * x0, size[1] + y0 + (MARGIN if name else 0)
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
