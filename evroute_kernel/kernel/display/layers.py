"""Places the vertices of a graph in layers, each edge leading to a later layer where there is no cycle.

Pure functions over numbers: vertices are 0, 1, 2, ... and edges pairs of them. Small graphs only: a notebook's routes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
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

    def steps(self) -> list[Edge]:
        """From layer to layer: the edges that lead forward, cut at the points they pass."""
        return [step for (a, b), way in self.ways.items() for step in pairwise([a, *way, b])]


def components(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """The vertices in groups that no edge connects, each in ascending order, by their first vertex."""
    group = list(range(count))

    def first(vertex: int) -> int:
        while group[vertex] != vertex:
            group[vertex] = vertex = group[group[vertex]]
        return vertex

    for source, target in edges:
        low, high = sorted((first(source), first(target)))
        group[high] = low
    found: dict[int, list[int]] = {}
    for vertex in range(count):
        found.setdefault(first(vertex), []).append(vertex)
    return list(found.values())


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
    found = Layout(layers, ways, frozenset(back))
    steps = found.steps()
    for _ in range(SWEEPS):
        _order_by_neighbours(layers, [(b, a) for a, b in steps])
        _order_by_neighbours(layers[::-1], steps)
    return found


def spread(found: Layout, sizes: Mapping[int, float], gap: float) -> dict[int, float]:
    """Where the middle of each vertex and point is, across the layers, so that edges are as straight as may be.

    `sizes`: how much room one takes there; `gap`: what stays free between two. The least edge of all is at 0.
    """
    distances = [[(sizes[a] + sizes[b]) / 2 + gap for a, b in pairwise(layer)] for layer in found.layers]
    places: dict[int, float] = {}
    for layer, between in zip(found.layers, distances, strict=True):
        width = sum(between)
        places |= dict(zip(layer, (place - width / 2 for place in accumulate(between, initial=0.0)), strict=True))
    before: dict[int, list[int]] = {}
    behind: dict[int, list[int]] = {}
    for source, target in found.steps():
        behind.setdefault(source, []).append(target)
        before.setdefault(target, []).append(source)
    rows = list(zip(found.layers, distances, strict=True))
    for _ in range(SWEEPS):
        for neighbours, ordered in ((before, rows), (behind, rows[::-1])):
            for layer, between in ordered:
                wanted = [_mean(places, neighbours.get(vertex, [vertex])) for vertex in layer]
                places |= dict(zip(layer, _apart(wanted, between), strict=True))
    least = min((place - sizes[vertex] / 2 for vertex, place in places.items()), default=0.0)
    return {vertex: place - least for vertex, place in places.items()}


def _mean(places: Mapping[int, float], vertices: Sequence[int]) -> float:
    return sum(places[vertex] for vertex in vertices) / len(vertices)


def _apart(wanted: Sequence[float], distances: Sequence[float]) -> list[float]:
    """The places nearest to those wanted (by least squares) of which each is so far behind the one before."""
    offsets = list(accumulate(distances, initial=0.0))
    pools: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets, strict=True):
        mean, size = place - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, size = (mean * size + other * more) / (size + more), size + more
        pools.append((mean, size))
    pooled = [mean for mean, size in pools for _ in range(size)]
    return [place + offset for place, offset in zip(pooled, offsets, strict=True)]


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
