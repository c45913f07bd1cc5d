"""Where the boxes of a drawing stand, and which way its edges lead; pieces that no edge connects stand in rows.

It knows nothing of routes: whoever draws something says what its boxes and edges are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from unicodedata import east_asian_width

from evroute_kernel.kernel.display.layers import Edge, components
from evroute_kernel.kernel.display.pieces import Box, Curve, Point, Size, piece
from evroute_kernel.records import dataclass

#: pixels up to which a drawing may be wide, if it can be: as much as a page shows beside a column of prompts
WIDE: Final = 940
#: sizes of the texts in boxes, and of labels: nothing is smaller
FONT: Final = 13
SMALL: Final = 11
#: pixels around the text of a box; of its height; between pieces; beside a label
_PADDING: Final = 12
_HEIGHT: Final = 30
_APART: Final = 34
_BESIDE: Final = 56
#: how wide a character is, of the font's size
_CHARACTER: Final = 0.61
#: characters of a text that a box shows; its tooltip has all
_LONGEST: Final = 48


@dataclass(frozen=True, slots=True)
class Shape:
    """A box: its text, all there is to say of it, how it looks (`drawing.LOOKS`), and whether its frame is dashed."""

    text: str
    description: str
    look: str
    is_dashed: bool = False

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
    """Where everything is."""

    boxes: Mapping[int, Box]
    curves: Mapping[Edge, Curve]
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
    edges = [(line.source, line.target) for line in lines]
    groups = components(len(shapes), edges)
    # vertex -> its group, and its number there
    local = {v: (number, place) for number, group in enumerate(groups) for place, v in enumerate(group)}
    own: list[list[Edge]] = [[] for _ in groups]
    for a, b in edges:
        own[local[a][0]].append((local[a][1], local[b][1]))
    gap = max((text_width(line.label, SMALL) for line in lines), default=0.0) + _BESIDE
    pieces = [
        piece([shapes[v].size for v in group], among, is_down=is_down, gap=gap)
        for group, among in zip(groups, own, strict=True)
    ]
    places, size = _packed([one.size for one in pieces])
    boxes: dict[int, Box] = {}
    curves: dict[Edge, Curve] = {}
    for group, one, (x, y) in zip(groups, pieces, places, strict=True):
        boxes |= {group[v]: box.moved(x, y) for v, box in one.boxes.items()}
        curves |= {(group[a], group[b]): curve.moved(x, y) for (a, b), curve in one.curves.items()}
    return Plan(dict(sorted(boxes.items())), curves, size, is_down)


def _packed(sizes: Sequence[Size]) -> tuple[list[Point], Size]:
    """Places for rectangles: side by side as long as a row is not too wide, then in the next row; and the whole."""
    places: list[Point] = []
    x = y = height = width = 0.0
    for wide, high in sizes:
        if x and x + wide > WIDE:
            x, y, height = 0.0, y + height + _APART, 0.0
        places.append((x, y))
        width, height = max(width, x + wide), max(height, high)
        x += wide + _APART
    return places, (width, y + height)
