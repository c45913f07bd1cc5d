"""Places the vertices of a graph in layers, each edge leading to a later layer where there is no cycle.

Pure functions over numbers: vertices are 0, 1, 2, ... and edges pairs of them. Small graphs only: a notebook's routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from evroute_kernel.records import dataclass

Edge: TypeAlias = tuple[int, int]

#: times that the order inside the layers is improved, forwards and backwards
SWEEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Layout:
    """`layers`: the vertices of each, in an order in which edges cross little. `ways`: the edges that lead forward,
    with the points they pass in the layers between, numbered from `count` on. `back`: edges that close a cycle."""

    layers: list[list[int]]
    ways: dict[Edge, list[int]]
    back: frozenset[Edge]


def layout(count: int, edges: Sequence[Edge]) -> Layout:
    """Place the vertices 0 to `count` - 1; the longest way in decides the layer."""
    back = backward_edges(count, edges)
    forward = [edge for edge in dict.fromkeys(edges) if edge not in back]
    depths = _depths(count, forward)
    layers: list[list[int]] = [[] for _ in range(max(depths, default=-1) + 1)]
    for vertex, depth in enumerate(depths):
        layers[depth].append(vertex)
    ways: dict[Edge, list[int]] = {}
    points = count
    for source, target in forward:
        between = range(depths[source] + 1, depths[target])
        ways[source, target] = list(range(points, points + len(between)))
        for depth in between:
            layers[depth].append(points)
            points += 1
    steps = [step for (a, b), way in ways.items() for step in pairwise([a, *way, b])]
    for _ in range(SWEEPS):
        _order_by_neighbours(layers, [(b, a) for a, b in steps])
        _order_by_neighbours(layers[::-1], steps)
    return Layout(layers, ways, frozenset(back))


def backward_edges(count: int, edges: Sequence[Edge]) -> set[Edge]:
    """Edges that close a cycle, as a walk from the first vertices finds them."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    found: set[Edge] = set()
    seen: set[int] = set()
    inner = {target for source, target in edges if source != target}
    for root in sorted(range(count), key=inner.__contains__):
        _walk(root, following, seen, found)
    return found


def _walk(root: int, following: list[list[int]], seen: set[int], found: set[Edge]) -> None:
    """Depth first; not recursive, since routes may call each other in long chains."""
    if root in seen:
        return
    seen.add(root)
    way, open_ = [root], {root}
    rest = {root: iter(following[root])}
    while way:
        vertex = way[-1]
        target = next(rest[vertex], None)
        if target is None:
            open_.discard(way.pop())
        elif target in open_:
            found.add((vertex, target))
        elif target not in seen:
            seen.add(target)
            way.append(target)
            open_.add(target)
            rest[target] = iter(following[target])


def _depths(count: int, edges: Sequence[Edge]) -> list[int]:
    """The longest way to each vertex, in a graph without cycles."""
    following: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        following[source].append(target)
        waiting[target] += 1
    depths = [0] * count
    ready = [vertex for vertex in range(count) if not waiting[vertex]]
    for vertex in ready:  # grows while it is read
        for target in following[vertex]:
            depths[target] = max(depths[target], depths[vertex] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return depths


def _order_by_neighbours(ordered: Sequence[list[int]], edges: Sequence[Edge]) -> None:
    """Sort each layer by the mean place of what its vertices have edges to, among the layers before it."""
    places: dict[int, float] = {}
    neighbours: dict[int, list[int]] = {}
    for source, target in edges:
        neighbours.setdefault(source, []).append(target)
    for layer in ordered:
        means = {}
        for place, vertex in enumerate(layer):
            known = [places[n] for n in neighbours.get(vertex, ()) if n in places]
            means[vertex] = sum(known) / len(known) if known else float(place)
        layer.sort(key=means.__getitem__)
        places |= {vertex: float(place) for place, vertex in enumerate(layer)}
