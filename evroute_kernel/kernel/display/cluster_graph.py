"""The call graphs of several nodes as one: what their routes send each other joins them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.callgraph import CallGraph, Edge, Vertex, call_graph
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode

REQUEST: Final = "E_CLUSTERER_REQ_RECEIVED"
REPLY: Final = "E_CLUSTERER_RPL_RECEIVED"
_SEND: Final = "cluster_send_req"
_BROADCAST: Final = "cluster_broadcast_req"
_REPLY: Final = "cluster_send_rpl"


@dataclass(frozen=True, slots=True)
class NodeRoutes:
    """The routes of a node. `label` stands before the names of its vertices; nothing for the notebook's own."""

    id: int
    routes: tuple[nodes.Route, ...]
    label: str = ""

    def vertex(self, vertex: Vertex) -> Vertex:
        """A vertex as it is called in the graph of all nodes."""
        return replace(vertex, name=f"{self.label}: {vertex.name}") if self.label else vertex

    def event(self, name: str) -> Vertex:
        return self.vertex(Vertex("event", name))


def cluster_graph(members: Iterable[NodeRoutes]) -> CallGraph:
    """The graph of all nodes. An answer goes to those whose requests may come to the node that answers."""
    known = {member.id: member for member in members}
    graphs = {id: call_graph(member.routes) for id, member in known.items()}
    edges: dict[Edge, None] = {}
    vertices: dict[Vertex, None] = {}
    for id, graph in graphs.items():
        own = known[id]
        vertices |= dict.fromkeys(map(own.vertex, graph.vertices))
        edges |= {replace(e, source=own.vertex(e.source), target=own.vertex(e.target)): None for e in graph.edges}
    sent = {edge: to for id in known for edge, to in _sent(known[id], known)}
    asks = {(edge.source.name, to) for edge, to in sent.items()}
    edges |= dict.fromkeys(sent)
    edges |= dict.fromkeys(e for id in known for e in _answers(known[id], known, asks))
    vertices |= dict.fromkeys(vertex for edge in edges for vertex in (edge.source, edge.target))
    handled = {edge.source for edge in edges if edge.kind == "handled by"}
    missing = {known[id].vertex(vertex) for id, graph in graphs.items() for vertex in graph.missing}
    missing |= {edge.target for edge in edges if edge.kind in ("asks", "answers")} - handled
    return CallGraph(tuple(vertices), tuple(edges), frozenset(missing - handled))


def _sent(own: NodeRoutes, known: Mapping[int, NodeRoutes]) -> Iterator[tuple[Edge, int]]:
    """The requests that routes of a node send, and where to."""
    for this, call in _calls(own, (_SEND, _BROADCAST)):
        others = [id for id in known if id != own.id]
        if call.name == _SEND:
            to = call.arguments[1]
            targets = others if not isinstance(to, nodes.Number) else [to.value] if to.value in known else []
        else:
            itself = call.arguments[3] if len(call.arguments) > 3 else None
            targets = [*others, *([own.id] if isinstance(itself, nodes.Number) and itself.value else [])]
        for id in targets:
            yield Edge(this, "asks", known[id].event(REQUEST)), id


def _answers(own: NodeRoutes, known: Mapping[int, NodeRoutes], asks: set[tuple[str, int]]) -> Iterator[Edge]:
    for this, call in _calls(own, (_REPLY,)):
        to = call.arguments[1]
        if isinstance(to, nodes.Number):
            targets = [to.value] if to.value in known else []
        else:
            askers = {name for name, target in asks if target == own.id}
            targets = [id for id, other in known.items() if askers & {v.name for v in _titles(other)}]
        for id in targets:
            yield Edge(this, "answers", known[id].event(REPLY))


def _titles(member: NodeRoutes) -> Iterator[Vertex]:
    return (member.vertex(Vertex("route", decode(route.title))) for route in member.routes)


def _calls(member: NodeRoutes, names: tuple[str, ...]) -> Iterator[tuple[Vertex, nodes.Call]]:
    """The calls of some functions in a node's routes, and the route of each."""
    for route, this in zip(member.routes, _titles(member), strict=True):
        for node in route.walk():
            if isinstance(node, nodes.Call) and node.name in names and len(node.arguments) > 1:
                yield this, node
