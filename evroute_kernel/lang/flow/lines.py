"""The ways through blocks, from line to line, as tools that know of lines have them: coverage.py, LCOV.

Statements on one line are one; what decides between two of them decides nothing then. A line number below 0 is the edge
of the block whose header is on that line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.lang.compiler import RUNNABLE, read_script
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.lang.flow.statements import EDGE, Arc, Flow, flow_of
from evroute_kernel.library import table
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source, Span

#: from one line of a file to the next that runs
LineArc: TypeAlias = tuple[int, int]


def flows_of(
    source: Source, version: ServerVersion, *, scratch: bool = False, files: ScriptFiles | None = None
) -> list[Flow]:
    """The ways through all blocks of a text that can be run here. Of a text with errors, through what can be read."""
    script = read_script(source, version, scratch=scratch, files=files).script
    library = table.of(version)
    routes = [item for item in script.items if isinstance(item, nodes.Route) and item.kind in RUNNABLE and item.body]
    if script.scratch:
        span = script.scratch[0].span
        routes.append(nodes.Route("scratch", "", None, script.scratch, header=span, span=span))
    return [flow_of(route, library) for route in routes]


def statement_lines(flow: Flow) -> Iterator[tuple[str, int]]:
    """File (`Source.path`) and line of each place."""
    return ((span.source.path, span.line) for span in flow.places)


def line_arcs(flow: Flow, arcs: Iterable[Arc]) -> dict[str, set[LineArc]]:
    """The same ways from line to line, by file. One from file to file (an included one) is left out."""
    found: dict[str, set[LineArc]] = {}
    for start, end in arcs:
        (path, first), (other, last) = _line(flow, start), _line(flow, end)
        if path == other and first != last:
            found.setdefault(path, set()).add((first, last))
    return found


def line_names(flow: Flow, path: str) -> dict[LineArc, str]:
    """What one says of ways from line to line of a file when they are never taken, where that is one thing."""
    found: dict[LineArc, set[str]] = {}
    for arc, name in flow.names.items():
        for way in line_arcs(flow, [arc]).get(path, ()):
            found.setdefault(way, set()).add(name)
    return {way: names.pop() for way, names in found.items() if len(names) == 1}


def _line(flow: Flow, place: int) -> tuple[str, int]:
    span: Span = flow.header if place == EDGE else flow.places[place]
    return span.source.path, -span.line if place == EDGE else span.line


def branches(arcs: Iterable[LineArc]) -> dict[int, set[int]]:
    """The lines from which there are several ways, and these."""
    ways: dict[int, set[int]] = {}
    for start, end in arcs:
        if start > 0:
            ways.setdefault(start, set()).add(end)
    return {line: ends for line, ends in ways.items() if len(ends) > 1}
