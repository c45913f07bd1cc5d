"""The routes as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.cell.notebook import HOME
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.patterns import chosen
from evroute_kernel.runtime.versions import ServerVersion

if TYPE_CHECKING:
    from evroute_kernel.engine.state.registry import Definition
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.lang.callgraph import CallGraph
    from evroute_kernel.lang.compiler import CompiledRoute
    from evroute_kernel.lang.nodes import Route, Script
    from evroute_kernel.runtime.versions import ServerVersion
    from evroute_kernel.source import Source


def of_pattern(arguments: Arguments) -> Arguments:
    """`--direct` says something of a pattern only. Raises ArgumentError."""
    if "direct" in arguments.flags and arguments.first is None:
        message, hint = "--direct needs a pattern: whose neighbours are meant?", "such as %graph E_PIKE* --direct"
        raise ArgumentError(message, arguments.line.span, hint)
    return arguments


@magic(
    "graph",
    "[PATTERN] [--direct] [--text]",
    convert=of_pattern,
    offers=Offers(words={"PATTERN": lambda asked: asked.routes()}),
)
async def graph(cell: Cell, arguments: Arguments) -> None:
    """Draw which route raises, calls and handles what.

    A pattern such as `E_PIKE*` or `*[ban]` keeps the events and routes whose name matches, with all that leads to them
    and all that they lead to; with `--direct` their direct neighbours only. `?` stands for a name that is known only
    when the script runs. `--text` shows the same as a tree, without the drawing. Of several nodes (%node) all are
    drawn, and who asks and answers whom.
    """
    from evroute_kernel.kernel.display.formats import text_bundle
    from evroute_kernel.kernel.display.graph import bundle, tree

    found = await cell.compute(lambda: _drawn(cell))
    if arguments.first is not None:
        found = part(found, arguments.first.text, is_direct="direct" in arguments.flags)
        if not found.vertices:
            message = f"no route and no event matches {arguments.first.text}"
            raise failure("UnknownRoute", message, arguments.first.span, "%routes lists what is defined")
    if "text" in arguments.flags:
        cell.outlet.display(text_bundle(tree(found)))
    else:
        cell.outlet.display(await cell.compute(lambda: bundle(found)))


def _drawn(cell: Cell) -> CallGraph:
    """The graph of all that is defined, on all nodes."""
    from evroute_kernel.kernel.display.cluster_graph import NodeRoutes, cluster_graph
    from evroute_kernel.lang.callgraph import call_graph

    cluster = cell.notebook.cluster
    if cluster is None:
        return call_graph(trees(list(cell.session.registry), cell.session.version))
    sessions = {name: cluster[name] for name in cluster}
    return cluster_graph(
        NodeRoutes(cluster.ids[name], tuple(trees(list(s.registry), s.version)), "" if name == HOME else name)
        for name, s in sessions.items()
    )


def part(found: CallGraph, pattern: str, *, is_direct: bool = False) -> CallGraph:
    """The part of a graph around what a pattern matches; the whole title matches, or the name inside it."""
    wanted = chosen(found.vertices, pattern, lambda vertex: (vertex.name, _inner(vertex.name)))
    return found.beside(wanted) if is_direct else found.around(wanted)


def _inner(title: str) -> str:
    return title[title.index("[") + 1 : -1] if title.endswith("]") and "[" in title else title


def trees(definitions: Iterable[Definition], version: ServerVersion) -> Iterator[Route]:
    """The tree of each route, read again from the text that defined it. Takes about as long as compiling it."""
    from evroute_kernel.lang.parser import parse

    scripts: dict[Source, Script] = {}
    for definition in definitions:
        source = definition.route.source
        if source not in scripts:
            scripts[source], _ = parse(source, version=version, scratch=True)
        yield _tree(definition.route, scripts[source])


def _tree(route: CompiledRoute, script: Script) -> Route:
    from evroute_kernel.lang.nodes import Route

    for item in script.items:
        if isinstance(item, Route) and (item.header.source, item.header.start) == (route.source, route.header.start):
            return item
    # one that begins in an included file and ends in another: it is in no text as a whole
    return Route(route.kind, route.name, route.interval, (), header=route.header, span=route.span)
