"""Coverage: what the workers tell of pairs of statements becomes what was run of each text."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from evroute_kernel.engine.results.coverage import Block, Covered
from evroute_kernel.engine.state.watches import Told
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.watching.beginning import Begun
from evroute_kernel.lang.flow.lines import flows_of, line_arcs, line_names, statement_lines
from evroute_kernel.lang.flow.statements import Flow
from evroute_kernel.source import Source, Span
from evroute_kernel.worker.watching.covering import EDGE, ENDED


class Covering(Begun):
    """Coverage that is being collected: `engine.state.watches.WatchingSide`. It ends with `close`, or `with`."""

    kind: Final = "coverage"
    asked: Final = ()

    def __init__(self, world: World, origin: object) -> None:
        self._world = world
        self._origin = origin
        self._pairs: dict[int, set[tuple[int, int]]] = {}
        #: the blocks of each text, by where their headers begin: a text is read once
        self._read: dict[Source, dict[int, Flow]] = {}
        self._lock = threading.Lock()
        self._end = world.watches.add(self)

    # -- in the supervisor's thread -----------------------------------------------------------------------------------

    def hear(self, told: Told) -> None:
        slot, before, statement = told.data
        with self._lock:
            self._pairs.setdefault(slot, set()).add((before, statement))

    # -- what was run -------------------------------------------------------------------------------------------------

    def texts(self) -> list[Covered]:
        """How far each text was run that defines routes, or has run statements of its own; also where nothing was."""
        with self._lock:
            pairs = {slot: frozenset(found) for slot, found in self._pairs.items()}
        registry = self._world.registry
        current = {definition.slot: definition.route.source for definition in registry}
        compiled = registry.compiled()
        # those that are in force say what a text is now; others of that name were there before
        sources = {route.source.path: route.source for _, route in compiled}
        sources |= {source.path: source for source in current.values()}
        found = {path: unrun(source, self._flows(source).values()) for path, source in sources.items()}
        for slot, route in compiled:
            covered = found[route.source.path]
            if slot in current or route.source.text == covered.source.text:
                flow = self._flows(route.source).get(route.header.start)
                if flow is not None:
                    _add(covered, flow, route.spans, pairs.get(slot, frozenset()))
        return list(found.values())

    def _flows(self, source: Source) -> dict[int, Flow]:
        found = self._read.get(source)
        if found is None:
            flows = flows_of(source, self._world.settings.version, scratch=True)
            found = self._read[source] = {flow.header.start: flow for flow in flows}
        return found


def unrun(source: Source, flows: Iterable[Flow]) -> Covered:
    """A text with these blocks, of which nothing was run."""
    covered = Covered(source)
    for flow in flows:
        lines = frozenset(line for path, line in statement_lines(flow) if path == source.path)
        if flow.header.source.path == source.path:  # others stand in what it includes
            covered.blocks.append(Block(flow.title, flow.header.line, lines))
        covered.statements |= lines
        covered.arcs |= line_arcs(flow, flow.arcs).get(source.path, set())
        covered.names |= line_names(flow, source.path)
    return covered


def _add(covered: Covered, flow: Flow, spans: tuple[Span, ...], pairs: frozenset[tuple[int, int]]) -> None:
    """What was run of one block."""
    at: dict[int, Span | None] = {**dict(enumerate(spans)), EDGE: None}
    arcs = flow.taken(
        [(at[before], at[after]) for before, after in pairs if after != ENDED],
        [at[before] for before, after in pairs if after == ENDED],
    )
    path = covered.source.path
    covered.taken |= line_arcs(flow, arcs).get(path, set())
    run = {spans[place] for pair in pairs for place in pair if place >= 0}
    passed = {flow.places[place] for arc in arcs for place in arc if place >= 0}
    covered.executed |= {span.line for span in run | passed if span.source.path == path}
