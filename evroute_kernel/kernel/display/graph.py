"""A call graph as text tree, Mermaid diagram and SVG drawing."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import Final

from evroute_kernel.engine.results.visible import visible
from evroute_kernel.kernel.display import drawing
from evroute_kernel.kernel.display.plans import WIDE, Line, Plan, Shape, plan
from evroute_kernel.lang.callgraph import CallGraph, Vertex

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


def mermaid(graph: CallGraph, direction: str = "TB") -> str:
    """The graph as a Mermaid flow chart in a Markdown fence; `direction` as Mermaid writes it."""
    numbers = {vertex: f"n{number}" for number, vertex in enumerate(graph.vertices)}
    lines = ["```mermaid", f"flowchart {direction}"]
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


def svg(graph: CallGraph) -> str:
    """The graph as a drawing of its own, in the size in which it can be read."""
    return _drawn(graph, tree(graph))[0]


def _drawn(graph: CallGraph, description: str) -> tuple[str, Plan]:
    numbers = {vertex: number for number, vertex in enumerate(graph.vertices)}
    shapes = [_shape(graph, vertex) for vertex in graph.vertices]
    lines = [Line(numbers[edge.source], numbers[edge.target], edge.kind) for edge in graph.edges]
    chosen = plan(shapes, lines)
    return drawing.svg(shapes, lines, chosen, title="Routes and events", description=description), chosen


def _shape(graph: CallGraph, vertex: Vertex) -> Shape:
    is_dashed = vertex in graph.missing or vertex.kind == "unknown"
    return Shape(visible(vertex.name), label(graph, vertex), vertex.kind, is_dashed)


# -- all together -----------------------------------------------------------------------------------------------------

# A drawing keeps its size, where pages would make it as narrow as they are, and its texts with it. One that is wider
# can be scrolled; then it is not higher than the window, or the bar to scroll it with would be far below.
_SCROLLED: Final = "overflow: auto"
_WIDE: Final = f"{_SCROLLED}; max-height: 90vh"
_IMAGE: Final = "max-width: none; height: auto"
_TREE: Final = "margin: 0.3em 0"


def bundle(graph: CallGraph) -> dict[str, str]:
    """The graph for every front end: the drawing, as an image in HTML too since pages and exports prefer that to
    Markdown, with the tree for who cannot see it; Mermaid for those that draw it; the tree for all."""
    text = tree(graph)
    if not graph.vertices:
        return {"text/plain": text, "text/html": f"<em>{escape(text)}</em>"}
    drawn, chosen = _drawn(graph, text)
    data = b64encode(drawn.encode()).decode()
    frame = _WIDE if chosen.size[0] > WIDE else _SCROLLED
    html = (
        f'<div style="{frame}">'
        f'<img src="data:image/svg+xml;base64,{data}" alt="{_summary(graph)}" style="{_IMAGE}"></div>'
        f'<details><summary>as text</summary><pre style="{_TREE}">{escape(text)}</pre></details>'
    )
    markdown = mermaid(graph, "TB" if chosen.is_down else "LR")
    return {"text/plain": text, "text/html": html, "image/svg+xml": drawn, "text/markdown": markdown}


def _summary(graph: CallGraph) -> str:
    """What the drawing shows, for who does not see it."""
    counts = Counter(vertex.kind for vertex in graph.vertices)
    parts = [f"{number} {kind}{'s' * (number != 1)}" for kind, number in counts.items() if kind != "unknown"]
    return f"A drawing of {', '.join(parts)}; the same as text is below it"
