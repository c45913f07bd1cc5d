"""Which statements of a notebook a server has to run when it starts, so that its routes find what they found there.

A bare statement in a cell is an experiment, or it prepares something: `$shv(limit) = 3;`. It prepares something if it
writes what lasts (`$shv`, statistics, caches, queues), if a route of the configuration names the same, and if no event
raised before has led to a route that does. What came after that is an act upon a running server, as a raise is. With
such a statement go those before it in its cell that computed what it reads.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.callgraph import CallGraph, Vertex
from evroute_kernel.lang.lexer import Token, tokens
from evroute_kernel.lang.needs import variables
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.lang.scanning import LINE_COMMENT, statement_end
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source, Span

#: a `$shv` whose name is computed
ANY_SHV: Final = "$shv"
#: a comment that ends the line of a statement
_REMARK: Final = re.compile(rf"(?:[ \t]*{LINE_COMMENT})?")

State = frozenset[str]


@dataclass(frozen=True, slots=True)
class Startup:
    """Statements that ran once, when their cell did: its own, or (`route`) those of its startup_route.

    `touched` is the state that routes might have read or changed before.
    """

    source: Source
    statements: tuple[nodes.Statement, ...]
    library: Library
    route: nodes.Route | None = None
    touched: State = frozenset()

    def preparing(self, named: State) -> Startup | None:
        """What of it a server must run, whose routes name a certain state; None when that is nothing."""
        if self.route is not None:
            return self
        chosen: list[nodes.Statement] = []
        read: set[str] = set()
        for statement in reversed(self.statements):
            written = _written(statement, self.library)
            prepares = _overlap(written, named) and not _overlap(written, self.touched)
            if prepares or read & _set_by(statement, self.library):
                chosen.insert(0, statement)
                read |= {_name(spec) for spec in variables(statement, self.library)}
        return replace(self, statements=tuple(chosen)) if chosen else None

    @property
    def needs_route(self) -> bool:
        """Whether they need a route of their own: they may end early, or call what a startup_route must not."""
        parts = [part for statement in self.statements for part in statement.walk()]
        calls = (self.library.functions[part.name] for part in parts if isinstance(part, nodes.Call))
        leaving = (nodes.Return, nodes.Exit, nodes.Drop)
        return any(isinstance(part, leaving) for part in parts) or any("startup" not in f.routes for f in calls)

    @property
    def text(self) -> str:
        """The statements as written, with the comments behind them; of a route all that is in its braces."""
        text = self.source.text
        if self.route is not None:
            brace = next(
                t
                for t in _tokens(self.source, self.library)
                if t.type == "LBRACE" and t.span.start >= self.route.header.end
            )
            return text[brace.span.end : self.route.span.end - 1]
        return "\n".join(text[s.span.start : _line_end(text, s.span.end)] for s in self.statements)


def _line_end(text: str, position: int) -> int:
    """The end of a statement with its semicolon, and with a comment that ends the line."""
    end = statement_end(text, position)
    remark = _REMARK.match(text, end)
    return remark.end() if remark else end


def statement_runs(source: Source, others: Sequence[Span], library: Library) -> list[list[Token]]:
    """The tokens of bare statements, in groups that nothing else divides: `others` are the places of all else."""
    others = sorted(others, key=lambda span: span.start)
    starts = [span.start for span in others]

    def before(token: Token) -> int:
        return bisect_right(starts, token.span.start)

    def is_bare(token: Token) -> bool:
        return not before(token) or token.span.start >= others[before(token) - 1].end

    return [list(run) for _, run in groupby(filter(is_bare, _tokens(source, library)), before)]


def _tokens(source: Source, library: Library) -> list[Token]:
    return tokens(Expanded(source.text, [0], [(source, 0)]), library.version)[0]


# -- state ----------------------------------------------------------------------------------------------------------


def state(node: nodes.Node, library: Library) -> State:
    """What a part of a script reads or writes of that which outlives it."""
    found = set(_kept_by_calls(node, library))
    for spec in variables(node, library):
        if spec.declaration.name == "shv":
            found.add(f"$shv({spec.name})" if isinstance(spec.name, str) else ANY_SHV)
        elif library.modules[spec.declaration.module].keeps_state:
            found.add(spec.declaration.module)
    return frozenset(found)


def reached(graph: CallGraph, start: Vertex) -> set[str] | None:
    """The titles of the routes that an event or a route leads to; None where the name of one is computed."""
    seen = {start: None}
    queue = [start]
    while queue:
        found = {edge.target: None for edge in graph.outgoing(queue.pop()) if edge.target not in seen}
        seen |= found
        queue += found
    if any(vertex.kind == "unknown" for vertex in seen):
        return None
    return {vertex.name for vertex in seen if vertex.kind == "route"}


def _written(node: nodes.Node, library: Library) -> State:
    targets = [part.target for part in node.walk() if isinstance(part, nodes.Assign)]
    kept = _kept_by_calls(node, library)
    return frozenset(kept).union(*(state(target, library) for target in targets))


def _set_by(node: nodes.Node, library: Library) -> set[str]:
    """The variables that a statement may set: it assigns to them, or hands them to a function."""
    parts = list(node.walk())
    targets = [part.target for part in parts if isinstance(part, nodes.Assign)]
    calls = [
        a for part in parts if isinstance(part, nodes.Call) for a in part.arguments if isinstance(a, nodes.Variable)
    ]
    return {_name(spec) for variable in (*targets, *calls) for spec in variables(variable, library)}


def _name(spec: VariableSpec) -> str:
    """A variable without index and transformations."""
    return f"{spec.declaration.name}({spec.name})"


def _kept_by_calls(node: nodes.Node, library: Library) -> Iterator[str]:
    for part in node.walk():
        function = library.functions.get(part.name) if isinstance(part, nodes.Call) else None
        if function is None:
            continue
        if library.modules[function.module].keeps_state:  # each module is taken as one piece of state
            yield function.module
        elif function.name.startswith("cache_"):
            yield "cachedb_local"


def _overlap(one: State, other: State) -> bool:
    if one & other:
        return True
    return any(ANY_SHV in a and any(name.startswith(ANY_SHV) for name in b) for a, b in ((one, other), (other, one)))
