"""Which route raises, calls and handles what, as far as the text of the routes tells.

A pure function over route trees. A name that a script makes when it runs (`raise_event($var(name))`) leads to the
vertex `?`. What a route does inside a function of its own, such as a timer of a module, is not seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import cached_property
from typing import Final, Literal, TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode

#: "unknown": its name is known only when the script runs
VertexKind: TypeAlias = Literal["event", "route", "socket", "unknown"]
#: an event is handled by a route or a socket; a route does all else. Other nodes are asked and answered
EdgeKind: TypeAlias = Literal[
    "handled by",
    "calls",
    "raises",
    "subscribes to",
    "notifies",
    "waits for",
    "resumes in",
    "launches",
    "asks",
    "answers",
]

UNKNOWN: Final = "?"
#: a subscriber that is an event_route
_ROUTE_SOCKET: Final = "route:"


@dataclass(frozen=True, slots=True)
class Vertex:
    """An event by name, a route by title, a socket as written; as text people read."""

    kind: VertexKind
    name: str


@dataclass(frozen=True, slots=True)
class Edge:
    source: Vertex
    kind: EdgeKind
    target: Vertex


@dataclass(frozen=True)
class CallGraph:
    """Vertices and edges in the order of the text. `missing`: routes that are called and not defined, events that are
    raised and that nobody handles."""

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    missing: frozenset[Vertex] = field(default=frozenset())

    def outgoing(self, vertex: Vertex) -> list[Edge]:
        return self._outgoing.get(vertex, [])

    @cached_property
    def _outgoing(self) -> dict[Vertex, list[Edge]]:
        found: dict[Vertex, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    def roots(self) -> list[Vertex]:
        """Where to begin: vertices that nothing leads to; of a cycle that nothing leads to its first event, or else its
        first route."""
        targets = {edge.target for edge in self.edges if edge.source != edge.target}
        found = [vertex for vertex in self.vertices if vertex not in targets]
        seen = self._reached(found)
        for vertex in sorted(self.vertices, key=lambda vertex: vertex.kind != "event"):
            if vertex not in seen:
                found.append(vertex)
                self._reach([vertex], seen)
        return found

    def around(self, chosen: Iterable[Vertex]) -> CallGraph:
        """The part that leads to some vertices, or that they lead to."""
        chosen = list(chosen)
        kept = self._reached(chosen) | self._reached(chosen, backwards=True)
        edges = tuple(edge for edge in self.edges if edge.source in kept and edge.target in kept)
        return CallGraph(tuple(v for v in self.vertices if v in kept), edges, self.missing & kept)

    def beside(self, chosen: Iterable[Vertex]) -> CallGraph:
        """Some vertices, and what an edge leads to from them or to them from."""
        chosen = set(chosen)
        edges = tuple(edge for edge in self.edges if edge.source in chosen or edge.target in chosen)
        kept = chosen.union(*((edge.source, edge.target) for edge in edges))
        return CallGraph(tuple(v for v in self.vertices if v in kept), edges, self.missing & kept)

    def _reached(self, start: Iterable[Vertex], backwards: bool = False) -> set[Vertex]:
        seen = set[Vertex]()
        self._reach(start, seen, backwards)
        return seen

    def _reach(self, start: Iterable[Vertex], seen: set[Vertex], backwards: bool = False) -> None:
        """Add to `seen` what is reached from `start` and is not there yet."""
        following = self._backwards if backwards else self._forwards
        queue = deque(vertex for vertex in dict.fromkeys(start) if vertex not in seen)
        seen.update(queue)
        while queue:
            for vertex in following.get(queue.popleft(), ()):
                if vertex not in seen:
                    seen.add(vertex)
                    queue.append(vertex)

    @cached_property
    def _forwards(self) -> dict[Vertex, list[Vertex]]:
        return {source: [edge.target for edge in edges] for source, edges in self._outgoing.items()}

    @cached_property
    def _backwards(self) -> dict[Vertex, list[Vertex]]:
        found: dict[Vertex, list[Vertex]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge.source)
        return found


def call_graph(routes: Iterable[nodes.Route]) -> CallGraph:
    """The graph of some routes, all that are defined."""
    edges: list[Edge] = []
    defined: list[Vertex] = []
    for route in routes:
        this = Vertex("route", decode(route.title))
        defined.append(this)
        if route.kind == "event_route":
            edges.append(Edge(_event(route.name), "handled by", this))
        edges += _edges(route, this)
    edges = list(dict.fromkeys(edges))
    vertices = dict.fromkeys(vertex for edge in edges for vertex in (edge.source, edge.target)) | dict.fromkeys(defined)
    handled = {edge.source for edge in edges if edge.kind in ("handled by", "notifies")}
    handled |= {edge.target for edge in edges if edge.kind == "waits for"}
    known = {*defined, *handled}
    missing = frozenset(v for v in vertices if v.kind in ("event", "route") and v not in known)
    return CallGraph(tuple(vertices), tuple(edges), missing)


def _edges(route: nodes.Route, this: Vertex) -> Iterator[Edge]:
    """What the text of one route leads to."""
    for node in route.walk():
        if isinstance(node, nodes.RouteCall):
            yield Edge(this, "calls", _route(_literal(node.target)))
        elif isinstance(node, nodes.Async):
            yield Edge(this, "resumes in", _route(node.route.text))
        elif isinstance(node, nodes.Launch) and node.route is not None:
            yield Edge(this, "launches", _route(node.route.text))
        elif isinstance(node, nodes.Call) and node.name == "raise_event":
            yield Edge(this, "raises", _event(_literal(*node.arguments[:1])))
        elif isinstance(node, nodes.Call) and node.name == "subscribe_event":
            yield from _subscription(node, this)
        elif isinstance(node, nodes.Call) and node.name == "notify_on_event":
            event = _event(_literal(*node.arguments[:1]))
            yield Edge(this, "subscribes to", event)
            yield Edge(event, "notifies", _route(_literal(*node.arguments[2:3])))
        elif isinstance(node, nodes.Call) and node.name == "wait_for_event":
            yield Edge(this, "waits for", _event(_literal(*node.arguments[:1])))


def _subscription(call: nodes.Call, this: Vertex) -> Iterator[Edge]:
    """`subscribe_event(event, socket)`: who does it, and who gets the event from then on."""
    event = _event(_literal(*call.arguments[:1]))
    socket = _literal(*call.arguments[1:2])
    yield Edge(this, "subscribes to", event)
    if socket is not None and socket.startswith(_ROUTE_SOCKET):
        yield Edge(event, "handled by", _route(socket.removeprefix(_ROUTE_SOCKET), "event_route"))
    else:
        yield Edge(event, "handled by", Vertex("socket", UNKNOWN if socket is None else decode(socket)))


def _literal(node: nodes.Node | None = None) -> str | None:
    """The text that an argument stands for; None when it is known only at run time."""
    if isinstance(node, nodes.Name):
        return node.text
    if isinstance(node, nodes.String) and "$" not in node.value:
        return node.value
    return str(node.value) if isinstance(node, nodes.Number) else None


def _event(name: str | None) -> Vertex:
    return Vertex("unknown", f"{UNKNOWN} event") if name is None else Vertex("event", decode(name))


def _route(name: str | None, kind: str = "route") -> Vertex:
    return Vertex("unknown", f"{UNKNOWN} route") if name is None else Vertex("route", f"{kind}[{decode(name)}]")
