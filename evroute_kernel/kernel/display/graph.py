"""A call graph as text tree, Mermaid diagram and SVG drawing.

The drawing is shown as an image, which knows nothing of the page around it: text stands on backgrounds of its own, and
lines are of a grey that is seen on light and dark pages alike.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import Final, TypeAlias
from unicodedata import east_asian_width

from evroute_kernel.kernel.display.formats import visible
from evroute_kernel.kernel.display.layers import Layout, layout
from evroute_kernel.lang.callgraph import CallGraph, Vertex
from evroute_kernel.records import dataclass

EMPTY: Final = "no route is defined"

# -- the tree ---------------------------------------------------------------------------------------------------------


def tree(graph: CallGraph) -> str:
    """The graph as an indented tree; what has been shown before is not shown again."""
    lines: list[str] = []
    seen: set[Vertex] = set()
    for root in graph.roots():
        lines += _branch(graph, root, "", seen, label(graph, root))
    return "\n".join(lines) or EMPTY


def _branch(graph: CallGraph, vertex: Vertex, indent: str, seen: set[Vertex], text: str) -> Iterator[str]:
    """The lines of a vertex and of all it leads to, which hang on it; depth first, without recursion."""
    stack: list[tuple[Vertex, str, str]] = [(vertex, indent, text)]
    while stack:
        vertex, indent, text = stack.pop()
        edges = graph.outgoing(vertex)
        yield text + (" ..." if edges and vertex in seen else "")
        if vertex in seen:
            continue
        seen.add(vertex)
        for edge in reversed(edges):
            is_last = edge is edges[-1]
            line = f"{indent}{'└─' if is_last else '├─'} {edge.kind} {label(graph, edge.target)}"
            stack.append((edge.target, indent + ("   " if is_last else "│  "), line))


def label(graph: CallGraph, vertex: Vertex) -> str:
    """The name of a vertex, and what is wrong with it."""
    name = visible(vertex.name)
    if vertex not in graph.missing:
        return name
    return f"{name} (nothing handles it)" if vertex.kind == "event" else f"{name} (not defined)"


# -- Mermaid ----------------------------------------------------------------------------------------------------------

_SHAPES: Final = {"event": '(["{}"])', "route": '["{}"]', "socket": '[/"{}"/]', "unknown": '{{{{"{}"}}}}'}


def mermaid(graph: CallGraph) -> str:
    """The graph as a Mermaid flow chart in a Markdown fence."""
    numbers = {vertex: f"n{number}" for number, vertex in enumerate(graph.vertices)}
    lines = ["```mermaid", "flowchart LR"]
    lines += [f"    {n}{_SHAPES[v.kind].format(_mermaid_text(label(graph, v)))}" for v, n in numbers.items()]
    lines += [f"    {numbers[e.source]} -->|{e.kind}| {numbers[e.target]}" for e in graph.edges]
    if graph.missing:
        names = ",".join(n for v, n in numbers.items() if v in graph.missing)
        lines += ["    classDef missing stroke-dasharray: 4 3", f"    class {names} missing"]
    return "\n".join([*lines, "```"])


def _mermaid_text(text: str) -> str:
    """Text in which nothing means anything to Mermaid, Markdown or HTML."""
    return re.sub(r"[^\w .:/\[\]()-]", lambda found: f"#{ord(found[0])};", text)


# -- SVG --------------------------------------------------------------------------------------------------------------

_FONT: Final = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12"'
#: pixels of a character, of a box's height, around its text, between boxes, between layers
_CHARACTER, _HEIGHT, _PADDING, _GAP, _LAYER_GAP = 7.3, 28, 12, 18, 120
#: characters of a name that a box shows; its tooltip has all
_LONGEST: Final = 44
_LINE: Final = "#808080"
#: kind -> fill, stroke, radius of the corners
_BOXES: Final = {
    "event": ("#fdf0d5", "#b7791f", 14),
    "route": ("#e1ecf7", "#3b6ea5", 4),
    "socket": ("#e3f1e3", "#3f7f3f", 0),
    "unknown": ("#f0f0f0", "#808080", 14),
}
_TEXT: Final = "#1b1b1b"


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a vertex is drawn: its left upper corner and its width. A point of an edge is a box without a vertex."""

    x: float
    y: float
    width: float
    vertex: Vertex | None = None
    text: str = ""

    @property
    def middle(self) -> float:
        return self.y + _HEIGHT / 2

    @property
    def right(self) -> float:
        return self.x + self.width


def svg(graph: CallGraph) -> str:
    """The graph as a drawing of its own, from left to right; what closes a cycle leads back below the boxes."""
    numbers = {vertex: number for number, vertex in enumerate(graph.vertices)}
    places = layout(len(numbers), [(numbers[e.source], numbers[e.target]) for e in graph.edges])
    boxes = _boxes(graph, places)
    bottom = max((box.y for box in boxes.values()), default=0) + _HEIGHT + _PADDING
    lines, labels = [], []
    for edge in graph.edges:
        pair = numbers[edge.source], numbers[edge.target]
        if pair in places.back:
            bottom += _GAP
            curve, end, middle = _backward(boxes[pair[0]], boxes[pair[1]], bottom)
        else:
            curve, end, middle = _forward([boxes[number] for number in (pair[0], *places.ways[pair], pair[1])])
        lines.append(f'<path d="{curve}" fill="none" stroke="{_LINE}" stroke-width="1.3"/>{_head(*end)}')
        labels.append(_pill(edge.kind, *middle))
    width = max((box.right for box in boxes.values()), default=0) + (_LAYER_GAP / 3 if places.back else _PADDING)
    height = bottom + _GAP if places.back else bottom
    drawn = [_drawn(box, box.vertex, graph) for box in boxes.values() if box.vertex is not None]
    return "\n".join([_opening(width, height, tree(graph)), *lines, *drawn, *labels, "</svg>"])


def _opening(width: float, height: float, description: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="graph-title graph-desc" {_FONT}>\n'
        f'<title id="graph-title">Routes and events</title>\n<desc id="graph-desc">{escape(description)}</desc>'
    )


def _boxes(graph: CallGraph, places: Layout) -> dict[int, _Box]:
    """Everything that has a place: layers side by side, each in the middle of the height."""
    tallest = max(map(len, places.layers), default=0)
    boxes: dict[int, _Box] = {}
    x = float(_PADDING)
    for layer in places.layers:
        vertices = [graph.vertices[number] if number < len(graph.vertices) else None for number in layer]
        texts = ["" if vertex is None else _shortened(visible(vertex.name)) for vertex in vertices]
        width = max(map(_width, texts)) + 2 * _PADDING
        y = _PADDING + (tallest - len(layer)) * (_HEIGHT + _GAP) / 2
        for number, vertex, text in zip(layer, vertices, texts, strict=True):
            boxes[number] = _Box(x, y, width, vertex, text)
            y += _HEIGHT + _GAP
        x += width + _LAYER_GAP
    return boxes


def _drawn(box: _Box, vertex: Vertex, graph: CallGraph) -> str:
    fill, stroke, radius = _BOXES[vertex.kind]
    dashes = ' stroke-dasharray="4 3"' if vertex in graph.missing or vertex.kind == "unknown" else ""
    return (
        f'<g><title>{escape(label(graph, vertex))}</title><rect x="{box.x:.1f}" y="{box.y:.1f}" '
        f'width="{box.width:.1f}" height="{_HEIGHT}" rx="{radius}" fill="{fill}" stroke="{stroke}"{dashes}/>'
        f'<text x="{box.x + box.width / 2:.1f}" y="{box.middle + 4:.1f}" text-anchor="middle" fill="{_TEXT}">'
        f"{escape(box.text)}</text></g>"
    )


#: a point of the drawing; a curve with its end and the place of its label
_Point: TypeAlias = tuple[float, float]
_Curve: TypeAlias = tuple[str, _Point, _Point]


def _forward(way: Sequence[_Box]) -> _Curve:
    """From box to box, past others through the points between; the label is in the first gap."""
    start, second, end = way[0], way[1], way[-1]
    parts = [f"M{start.right:.1f},{start.middle:.1f}"]
    for here, there in pairwise(way):
        bend = (here.right + there.x) / 2
        parts.append(f"C{bend:.1f},{here.middle:.1f} {bend:.1f},{there.middle:.1f} {there.x:.1f},{there.middle:.1f}")
        if there is not end:
            parts.append(f"H{there.right:.1f}")
    middle = (start.right + second.x) / 2, (start.middle + second.middle) / 2
    return " ".join(parts), (end.x, end.middle), middle


def _backward(start: _Box, end: _Box, low: float) -> _Curve:
    """Out on the right, along a line below all boxes, in on the left; the label is on that line."""
    out, into = start.right + _LAYER_GAP / 3, end.x - _LAYER_GAP / 3
    curve = (
        f"M{start.right:.1f},{start.middle:.1f} C{out:.1f},{start.middle:.1f} {out:.1f},{low:.1f} {start.right:.1f},"
        f"{low:.1f} H{end.x:.1f} C{into:.1f},{low:.1f} {into:.1f},{end.middle:.1f} {end.x:.1f},{end.middle:.1f}"
    )
    return curve, (end.x, end.middle), ((start.right + end.x) / 2, low)


def _head(x: float, y: float) -> str:
    """The head of an arrow that points to the right."""
    return f'<polygon points="{x:.1f},{y:.1f} {x - 8:.1f},{y - 4:.1f} {x - 8:.1f},{y + 4:.1f}" fill="{_LINE}"/>'


def _pill(text: str, x: float, y: float) -> str:
    """A small text on a background of its own."""
    width = 6 * len(text) + 8
    return (
        f'<g font-size="10"><rect x="{x - width / 2:.1f}" y="{y - 8:.1f}" width="{width}" height="16" rx="8" '
        f'fill="#f7f7f7" stroke="{_LINE}" stroke-width="0.5"/><text x="{x:.1f}" y="{y + 3.5:.1f}" '
        f'text-anchor="middle" fill="{_TEXT}">{escape(text)}</text></g>'
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _width(text: str) -> float:
    """Pixels of a text in the drawing's font."""
    return sum(_CHARACTER * (2 if east_asian_width(character) in "WF" else 1) for character in text)


# -- all together -----------------------------------------------------------------------------------------------------


def bundle(graph: CallGraph) -> dict[str, str]:
    """The graph for every front end: the drawing, as an image in HTML too since pages and exports prefer that to
    Markdown; Mermaid for those that draw it; the tree for all."""
    text = tree(graph)
    if not graph.vertices:
        return {"text/plain": text, "text/html": f"<em>{escape(text)}</em>"}
    drawing = svg(graph)
    data = b64encode(drawing.encode()).decode()
    html = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(text)}" style="max-width: 100%">'
    return {"text/plain": text, "text/html": html, "image/svg+xml": drawing, "text/markdown": mermaid(graph)}
