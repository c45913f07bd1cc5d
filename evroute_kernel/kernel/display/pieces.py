"""Where the vertices of a connected graph are drawn, and along which curves its edges lead.

Reckoned *along* the flow, from layer to layer, and *across* it; turned into x and y at the very end, so that a graph
which leads from the left to the right and one which leads downwards are one piece of code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from evroute_kernel.kernel.display.layers import Edge, Layout, layout, spread
from evroute_kernel.records import dataclass

Point: TypeAlias = tuple[float, float]
#: a cubic Bézier curve: its start, what it leaves towards, what it comes from, its end
Bend: TypeAlias = tuple[Point, Point, Point, Point]
#: width and height
Size: TypeAlias = tuple[float, float]

#: pixels between boxes of a layer; that edges which lead back turn in, and between their lanes, beside each other or
#: below each other: a label is wider than high
GAP: Final = 18
TURN: Final = 26
LANE: Final = 20
WIDE_LANE: Final = 36
#: pixels between two layers where the flow is downwards
DOWN_GAP: Final = 54


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its left upper corner."""

    x: float
    y: float
    width: float
    height: float

    def moved(self, x: float, y: float) -> Box:
        return Box(self.x + x, self.y + y, self.width, self.height)

    def touches(self, other: Box) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """An edge: bends, one behind the other; `labelled` is the one where its label stands best."""

    bends: tuple[Bend, ...]
    labelled: int = 0

    def moved(self, x: float, y: float) -> Curve:
        bends = tuple((_moved(a, x, y), _moved(b, x, y), _moved(c, x, y), _moved(d, x, y)) for a, b, c, d in self.bends)
        return Curve(bends, self.labelled)


def _moved(point: Point, x: float, y: float) -> Point:
    return point[0] + x, point[1] + y


@dataclass(frozen=True, slots=True)
class Piece:
    """A connected graph with its place: a box for each vertex, a curve for each edge, and the room that all take."""

    boxes: Mapping[int, Box]
    curves: Mapping[Edge, Curve]
    size: Size


def piece(sizes: Sequence[Size], edges: Sequence[Edge], *, is_down: bool, gap: float) -> Piece:
    """Place vertices of these sizes; `gap` is what is free between two layers of a flow to the right."""
    found = layout(len(sizes), edges)
    flow = _Flow(found, sizes, is_down=is_down, gap=DOWN_GAP if is_down else gap)
    curves = {edge: flow.forward([edge[0], *way, edge[1]]) for edge, way in found.ways.items()}
    for edge in dict.fromkeys(edges):
        if edge in found.back:
            curves[edge] = flow.backward(*edge)
    return Piece(flow.boxes(len(sizes)), curves, flow.size())


class _Flow:
    """The places of one graph: `begins` and `ends` of each vertex and point along the flow, `middles` across it."""

    def __init__(self, found: Layout, sizes: Sequence[Size], *, is_down: bool, gap: float) -> None:
        self._is_down = is_down
        self._has_back = bool(found.back)
        self._lane = WIDE_LANE if is_down else LANE
        lengths, widths = _turned(sizes, is_down)
        self._widths = {
            vertex: widths[vertex] if vertex < len(sizes) else 0.0 for row in found.layers for vertex in row
        }
        self._middles = spread(found, self._widths, GAP)
        self._begins: dict[int, float] = {}
        self._ends: dict[int, float] = {}
        place = TURN if self._has_back else 0.0
        for row in found.layers:
            length = max(lengths[vertex] for vertex in row if vertex < len(sizes))
            for vertex in row:
                self._begins[vertex], self._ends[vertex] = place, place + length
            place += length + gap
        self._length = place - gap + (TURN if self._has_back else 0.0)
        #: where what leads back runs: beyond all boxes, the next lane further out
        self._low = max(self._middles[v] + self._widths[v] / 2 for v in self._middles)

    def size(self) -> Size:
        return self._point(self._length, self._low + (self._lane / 2 if self._has_back else 0.0))

    def boxes(self, count: int) -> dict[int, Box]:
        return {vertex: self._box(vertex) for vertex in range(count)}

    def _box(self, vertex: int) -> Box:
        begin, width = self._begins[vertex], self._widths[vertex]
        corner = self._point(begin, self._middles[vertex] - width / 2)
        return Box(*corner, *self._point(self._ends[vertex] - begin, width))

    def _point(self, along: float, across: float) -> Point:
        return (across, along) if self._is_down else (along, across)

    def _bend(self, *points: Point) -> Bend:
        a, b, c, d = (self._point(*point) for point in points)
        return a, b, c, d

    def forward(self, way: Sequence[int]) -> Curve:
        """From layer to layer, past others through the points between."""
        bends = []
        for here, there in pairwise(way):
            start, end = (self._ends[here], self._middles[here]), (self._begins[there], self._middles[there])
            half = (start[0] + end[0]) / 2
            bends.append(self._bend(start, (half, start[1]), (half, end[1]), end))
            if there != way[-1]:
                beyond = (self._ends[there], end[1])
                bends.append(self._bend(end, end, beyond, beyond))
        return Curve(tuple(bends))

    def backward(self, source: int, target: int) -> Curve:
        """Out at the end, along a lane beyond all boxes, in at the beginning."""
        self._low += self._lane
        start, end = (self._ends[source], self._middles[source]), (self._begins[target], self._middles[target])
        out, into = start[0] + TURN, end[0] - TURN
        turn, back = (start[0], self._low), (end[0], self._low)
        leaving = self._bend(start, (out, start[1]), (out, self._low), turn)
        entering = self._bend(back, (into, self._low), (into, end[1]), end)
        return Curve((leaving, self._bend(turn, turn, back, back), entering), labelled=1)


def _turned(sizes: Sequence[Size], is_down: bool) -> tuple[list[float], list[float]]:
    """How long the vertices are along the flow, and how wide across it."""
    widths, heights = [width for width, _ in sizes], [height for _, height in sizes]
    return (heights, widths) if is_down else (widths, heights)


def at(bend: Bend, part: float) -> Point:
    """The point of a curve where so much of it (0 to 1) is over."""
    rest = 1 - part
    weights = rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, bend, strict=True)) for axis in (0, 1))
    return x, y
