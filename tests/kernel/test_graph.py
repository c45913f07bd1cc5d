"""`%graph`: a tree, a Mermaid diagram and a drawing of the same graph."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evroute_kernel.kernel.display.graph import EMPTY, bundle, mermaid, svg, tree
from evroute_kernel.kernel.display.layers import backward_edges, layout
from evroute_kernel.lang.callgraph import CallGraph, Edge, Vertex, call_graph
from evroute_kernel.lang.nodes import Route
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source
from support.frontend import Frontend

SCRIPT = """
event_route[E_PIKE_BLOCKED] { route(ban); raise_event($var(e)); }
route[ban] { raise_event("E_BANNED"); route(note); }
route[note] { xlog("x\\n"); }
timer_route[clean, 60] { route(note); route(gone); }
"""
SVG = "{http://www.w3.org/2000/svg}"
#: names that would be markup, a fence or a command somewhere
NASTY = '<script>alert("1")</script>&amp;```\n%%{init}%%|]}--> \x1b[31m #quot;'


def graph(text: str) -> CallGraph:
    script, wrong = parse(Source("test", text), version="3.6")
    assert not wrong
    return call_graph(item for item in script.items if isinstance(item, Route))


def nasty() -> CallGraph:
    event, route = Vertex("event", NASTY), Vertex("route", f"event_route[{NASTY}]")
    return CallGraph((event, route), (Edge(event, "handled by", route),))


def test_the_tree() -> None:
    assert tree(graph(SCRIPT)).splitlines() == [
        "E_PIKE_BLOCKED",
        "└─ handled by event_route[E_PIKE_BLOCKED]",
        "   ├─ calls route[ban]",
        "   │  ├─ raises E_BANNED (nothing handles it)",
        "   │  └─ calls route[note]",
        "   └─ raises ? event",
        "timer_route[clean]",
        "├─ calls route[note]",
        "└─ calls route[gone] (not defined)",
    ]


def test_cycles_end() -> None:
    assert tree(graph("route[a] { route(b); } route[b] { route(a); route(b); }")).splitlines() == [
        "route[a]",
        "└─ calls route[b]",
        "   ├─ calls route[a] ...",
        "   └─ calls route[b] ...",
    ]


def test_a_long_chain() -> None:
    text = "".join(f"route[r{n}] {{ route(r{n + 1}); }}" for n in range(1200)) + "route[r1200] { exit; }"
    assert len(tree(graph(text)).splitlines()) == 1201
    assert len(layout(2000, [(n, n + 1) for n in range(1999)]).layers) == 2000


def test_mermaid() -> None:
    found = mermaid(graph(SCRIPT))
    assert found.startswith("```mermaid\nflowchart TB\n")
    assert '    n0(["E_PIKE_BLOCKED"])' in found
    assert "    n0 -->|handled by| n1" in found
    assert "{{" in found
    assert found.endswith("missing\n```")


def test_the_drawing_is_xml_with_every_vertex_and_edge() -> None:
    found = graph(SCRIPT)
    root = ElementTree.fromstring(svg(found))
    assert root.attrib["role"] == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[1].tag == f"{SVG}desc"
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert {v.name for v in found.vertices} <= set(texts)
    assert len(list(root.iter(f"{SVG}path"))) == len(found.edges)


def test_texts_of_the_drawing_stand_on_boxes_that_hold_them() -> None:
    """So that it is readable on any page; and no box covers another."""
    root = ElementTree.fromstring(svg(graph(SCRIPT)))
    boxes = []
    for group in root.iter(f"{SVG}g"):
        (rect,), (text,) = group.findall(f"{SVG}rect"), group.findall(f"{SVG}text")
        assert re.fullmatch("#[0-9a-f]{6}", rect.attrib["fill"])
        x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x < float(text.attrib["x"]) < x + width
        assert y < float(text.attrib["y"]) < y + height
        if group.find(f"{SVG}title") is not None:
            boxes.append((x, y, x + width, y + height))
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    labels = [r for r in root.iter(f"{SVG}rect") if r.attrib["height"] == "17.0"]
    assert len(labels) == len(graph(SCRIPT).edges)
    for rect in labels:
        x, y, width = (float(rect.attrib[name]) for name in ("x", "y", "width"))
        assert not [b for b in boxes if b[0] < x + width and x < b[2] and b[1] < y + 17 and y < b[3]]


def chain(events: int) -> str:
    """Events that raise each other, each with a route of its own that calls a common one."""
    steps = (
        f'event_route[E_STEP_{n}] {{ raise_event("E_STEP_{n + 1}"); route(log_{n}); }}\n'
        f"route[log_{n}] {{ route(common); }}"
        for n in range(events)
    )
    return "\n".join([*steps, "route[common] { exit; }"])


def shown_size(text: str) -> tuple[float, float, float]:
    """Width and height of a drawing as a page shows it, and of its smallest text."""
    found = bundle(graph(text))
    root = ElementTree.fromstring(found["image/svg+xml"])
    assert "max-width: none" in found["text/html"]
    assert (root.attrib["width"], root.attrib["height"]) == tuple(root.attrib["viewBox"].split()[2:])
    sizes = [float(element.attrib["font-size"]) for element in root.iter() if "font-size" in element.attrib]
    return float(root.attrib["width"]), float(root.attrib["height"]), min(sizes)


@pytest.mark.parametrize(
    "text",
    [
        chain(7),
        "".join(f"event_route[E_MANY_{n}] {{ route(common); }}\n" for n in range(30)) + "route[common] { exit; }",
        "".join(f"event_route[E_ALONE_{n}] {{ exit; }}\n" for n in range(30)) + chain(7),
    ],
    ids=["a chain", "many into one", "many alone"],
)
def test_a_drawing_is_as_wide_as_a_page_and_its_texts_are_large_enough(text: str) -> None:
    width, height, smallest = shown_size(text)
    assert width <= 1000
    assert height <= 3000
    assert smallest >= 11


def test_a_drawing_that_is_wider_is_scrolled_in_a_frame_that_is_no_higher_than_the_window() -> None:
    calls = " ".join(f"route(called_{n});" for n in range(40))
    wide = "".join(f"route[called_{n}] {{ {'exit;' if n else calls} }}\n" for n in range(40))
    both = wide + chain(30)
    assert shown_size(both)[0] > 1000
    assert "overflow: auto; max-height: 90vh" in bundle(graph(both))["text/html"]
    assert "max-height" not in bundle(graph(SCRIPT))["text/html"]


def test_labels_do_not_cover_each_other() -> None:
    for text in (chain(7), SCRIPT, "route[a] { route(b); route(a); } route[b] { route(a); route(b); }"):
        root = ElementTree.fromstring(svg(graph(text)))
        found = [r for r in root.iter(f"{SVG}rect") if r.attrib["height"] == "17.0"]
        boxes = [tuple(float(r.attrib[name]) for name in ("x", "y", "width", "height")) for r in found]
        assert len(boxes) == len(graph(text).edges)
        for index, (x, y, width, height) in enumerate(boxes):
            for left, top, wide, high in boxes[index + 1 :]:
                assert x >= left + wide or left >= x + width or y >= top + high or top >= y + height


def test_the_text_is_there_for_who_does_not_see_the_drawing() -> None:
    found = bundle(graph(SCRIPT))["text/html"]
    assert 'alt="A drawing of 2 events, 5 routes; the same as text is below it"' in found
    assert f'<pre style="margin: 0.3em 0">{tree(graph(SCRIPT))}</pre></details>' in found


def test_nothing_is_markup() -> None:
    found = bundle(nasty())
    root = ElementTree.fromstring(found["image/svg+xml"])
    assert not list(root.iter(f"{SVG}script"))
    assert "<script>" not in found["text/html"]
    assert found["text/markdown"].count("```") == 2
    assert len(found["text/markdown"].splitlines()) == 6
    assert "<" not in found["text/markdown"]
    assert "\x1b" not in "".join(found.values())


def test_the_html_needs_nothing_from_elsewhere() -> None:
    found = bundle(graph(SCRIPT))
    (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', found["text/html"])
    assert b64decode(data).decode() == found["image/svg+xml"]
    assert re.findall(r"https?://[^\"]*", found["image/svg+xml"]) == ["http://www.w3.org/2000/svg"]


def test_nothing_to_draw() -> None:
    assert bundle(graph("")) == {"text/plain": EMPTY, "text/html": f"<em>{EMPTY}</em>"}


# -- layers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "edges", "expected"),
    [
        (0, [], []),
        (1, [], [[0]]),
        (1, [(0, 0)], [[0]]),
        (3, [(0, 1), (1, 2), (0, 2)], [[0], [1, 3], [2]]),
        (3, [(0, 1), (1, 2), (2, 0)], [[0], [1], [2]]),
        (4, [(0, 3), (1, 2)], [[0, 1], [3, 2]]),
    ],
)
def test_layers(count: int, edges: list[tuple[int, int]], expected: list[list[int]]) -> None:
    assert layout(count, edges).layers == expected


def test_backward_edges_break_every_cycle() -> None:
    edges = [(0, 1), (1, 2), (2, 1), (2, 0), (3, 3), (4, 0)]
    assert backward_edges(5, edges) == {(2, 1), (2, 0), (3, 3)}


# -- the magic --------------------------------------------------------------------------------------------------------


def test_the_routes_of_a_session(kernel: Frontend, tmp_path: Path) -> None:
    (tmp_path / "more.cfg").write_text('route[more] { raise_event("E_X"); }\n')
    kernel.run(f'include_file "{tmp_path}/more.cfg"\nevent_route[E_X] {{ route(more); }}')
    kernel.run("event_route[E_Y] { exit; }\n%routes")
    (shown,) = kernel.run("%graph").contents("display_data")
    assert shown["data"].keys() == {"text/plain", "text/html", "image/svg+xml", "text/markdown"}
    assert shown["data"]["text/plain"].splitlines() == [
        "E_Y",
        "└─ handled by event_route[E_Y]",
        "E_X",
        "└─ handled by event_route[E_X]",
        "   └─ calls route[more]",
        "      └─ raises E_X ...",
    ]
    assert kernel.run("%graph E_Y").shown == ["E_Y\n└─ handled by event_route[E_Y]"]
    assert kernel.run("%graph more").shown[0].startswith("E_X\n")
    assert kernel.run("%graph more --direct --text").shown == [
        "event_route[E_X]\n└─ calls route[more]\n   └─ raises E_X"
    ]
    assert "--direct needs a pattern" in kernel.run("%graph --direct").error["evalue"]
    assert kernel.run("%graph E_Z").error["ename"] == "UnknownRoute"


def test_a_session_without_routes(kernel: Frontend) -> None:
    assert kernel.run("%graph").shown == [EMPTY]
