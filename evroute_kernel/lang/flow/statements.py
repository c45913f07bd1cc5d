"""The ways through a block, from statement to statement: which may follow which.

Statements are those of which generated code stores the index before they run (`lang.generation.codegen`), calls inside
of expressions among them; the head of a loop comes again at each round. A `switch` is a chain of tests, one for all the
labels that stand before the same body, so that a decision has two ways out; the pair of statements that a run tells of
is then several steps here (`Flow.taken`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final, TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.lang.generation.expressions import DEPTH_LIMIT
from evroute_kernel.lang.generation.nesting import chain
from evroute_kernel.library.behaviour import ALL
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError, parse_variable
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: before the first statement of a block, and after the last one
EDGE: Final = -1

#: from one place of a block to one that may follow it at once
Arc: TypeAlias = tuple[int, int]
#: the places that may come next
Next: TypeAlias = frozenset[int]
#: what a place is known by, whichever tree of the same text it comes from
_Key: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """The ways through one block. A place is an index of `places`: `count` statements, then the tests of cases."""

    title: str
    header: Span
    places: tuple[Span, ...]
    count: int
    arcs: frozenset[Arc]
    #: a pair of statements with tests in between -> the way from the one to the other
    ways: Mapping[Arc, tuple[Arc, ...]] = field(repr=False)
    #: what one says of an arc that is never taken, of those that follow a decision: "never true"
    names: Mapping[Arc, str] = field(repr=False)
    numbers: Mapping[_Key, int] = field(repr=False)

    @property
    def statements(self) -> tuple[Span, ...]:
        return self.places[: self.count]

    def place(self, span: Span | None) -> int | None:
        """The place of a statement; that of None is the edge. None for one that this block does not have."""
        return EDGE if span is None else self.numbers.get(_key(span))

    def taken(self, pairs: Iterable[tuple[Span | None, Span | None]], ended: Iterable[Span | None] = ()) -> set[Arc]:
        """The arcs of statements that came one after the other, None being the edge.

        At those of `ended` the script has ended: that is a way through the block where there is no other (`exit`). What
        is no way through this text (a loop that ran too often) is left out.
        """
        found: set[Arc] = set()
        for before, after in pairs:
            start, end = self.place(before), self.place(after)
            if start is not None and end is not None:
                found.update(self.ways.get((start, end), ((start, end),)))
        several = {start for start, end in self.arcs if end != EDGE}
        found |= {(place, EDGE) for span in ended if (place := self.place(span)) is not None and place not in several}
        return found & self.arcs


def flow_of(route: nodes.Route, library: Library) -> Flow:
    """The ways through a block of a script that has no errors."""
    builder = _Builder(library)
    builder.arcs |= {(EDGE, first) for first in builder.block(route.body, frozenset({EDGE}))}
    count = len(builder.statements)
    shift = {test: count + i for i, test in enumerate(builder.tests)}

    def final(arc: Arc) -> Arc:
        return shift.get(arc[0], arc[0]), shift.get(arc[1], arc[1])

    return Flow(
        route.title,
        route.header,
        (*builder.statements, *builder.tests.values()),
        count,
        frozenset(map(final, builder.arcs)),
        {arc: tuple(map(final, way)) for arc, way in builder.ways.items()},
        {final(arc): name for arc, name in builder.names.items()},
        {_key(span): number for number, span in enumerate(builder.statements)},
    )


def _key(span: Span) -> _Key:
    return span.source.path, span.start, span.end


class _Builder:
    """Goes through a block from its end to its start: what follows a statement is known when it comes to it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.statements: list[Span] = []
        #: numbers below the edge, until it is known how many statements there are
        self.tests: dict[int, Span] = {}
        self.arcs: set[Arc] = set()
        self.ways: dict[Arc, tuple[Arc, ...]] = {}
        self.names: dict[Arc, str] = {}
        #: what follows the innermost loop or switch
        self._after: Next = frozenset({EDGE})

    def block(self, statements: tuple[nodes.Statement, ...], follow: Next) -> Next:
        """Where statements begin, if this follows them."""
        for node in reversed(statements):
            follow = self._statement(node, follow)
        return follow

    def _within(self, statements: tuple[nodes.Statement, ...], follow: Next, after: Next) -> Next:
        """A body that `break` leaves for `after`."""
        saved, self._after = self._after, after
        first = self.block(statements, follow)
        self._after = saved
        return first

    def _new(self, node: nodes.Node) -> int:
        self.statements.append(node.span)
        return len(self.statements) - 1

    def _lead(self, place: int, follow: Next) -> None:
        self.arcs |= {(place, one) for one in follow}

    def _statement(self, node: nodes.Statement, follow: Next) -> Next:
        match node:
            case nodes.If():
                return self._if(node, follow)
            case nodes.While():
                return self._while(node, follow)
            case nodes.ForEach():
                return self._for_each(node, follow)
            case nodes.Switch():
                return self._switch(node, follow)
        place = self._new(node)
        self._lead(place, self._simple(node, follow))
        return frozenset({place})

    def _simple(self, node: nodes.Statement, follow: Next) -> Next:
        """What comes after a statement without a body has begun."""
        match node:
            case nodes.Return() | nodes.Exit() | nodes.Drop() | nodes.Async():
                return frozenset({EDGE})
            case nodes.Break():
                return self._after
            case nodes.Assign():
                return self._expression(node.value, follow)
            case nodes.Assert():
                return self._condition(node.condition, follow, follow)
            case nodes.Display():
                return self._expression(node.expression, follow)
        return follow

    # -- bodies -------------------------------------------------------------------------------------------------------

    def _if(self, node: nodes.If, follow: Next) -> Next:
        """A chain of `else if` from its end, so that its length costs no recursion."""
        links = list(chain(node))
        other = self.block(links[-1].orelse, follow)
        for link in reversed(links):
            place = self._new(link)
            self._decide(place, link.test, self.block(link.then, follow), other)
            other = frozenset({place})
        return other

    def _while(self, node: nodes.While, follow: Next) -> Next:
        place = self._new(node)
        head = frozenset({place})
        # an empty body ends the loop
        body = self._within(node.body, head, follow) if node.body else follow
        self._decide(place, node.test, body, follow)
        return head

    def _decide(self, place: int, test: nodes.Condition, true: Next, false: Next) -> None:
        """A head that leads to one of these by a condition; the last command in it may do so, too."""
        before = len(self.statements)
        self._lead(place, self._condition(test, true, false))
        for one in (place, *range(before, len(self.statements))):
            self._name(one, true - false, "never true")
            self._name(one, false - true, "never false")

    def _name(self, place: int, follow: Next, name: str) -> None:
        self.names |= {(place, one): name for one in follow if (place, one) in self.arcs}

    def _for_each(self, node: nodes.ForEach, follow: Next) -> Next:
        place = self._new(node)
        head = frozenset({place})
        self._lead(place, follow)
        body = self._within(node.body, head, follow)
        if node.body and self._goes_over_all(node.collection):
            self._lead(place, body)
            self._name(place, body - follow, "never entered")
            self._name(place, follow - body, "never left")
        return head

    def _goes_over_all(self, collection: nodes.Variable) -> bool:
        try:
            return parse_variable(collection.text, self._library).index is ALL
        except TemplateError:
            return False

    def _switch(self, node: nodes.Switch, follow: Next) -> Next:
        place = self._new(node)
        other = fall = self._within(node.default or (), follow, follow)
        firsts: list[tuple[Span, Next]] = []  # of each label, the last first, where it leads
        for case in reversed(node.cases):
            fall = self._within(case.body, fall, follow)
            firsts.append((case.span, fall))
        groups: dict[Next, Span] = {}
        for span, first in firsts:
            if first != other:  # a last label without a body decides nothing
                groups[first] = span  # the first of the labels before a body
        self._chain(place, list(reversed(groups.items())), other)
        return frozenset({place})

    def _chain(self, place: int, groups: list[tuple[Next, Span]], other: Next) -> None:
        """Tests one after the other, each leading to its body or to the next test."""
        way: tuple[Arc, ...] = ()
        before = place
        for first, span in groups:
            test = EDGE - 1 - len(self.tests)
            self.tests[test] = span
            way = (*way, (before, test))
            before = test
            self._end(place, way, test, first)
            self._name(test, first, "never matched")
        self._end(place, way, before, other)
        self.arcs |= set(way)
        self.names |= dict.fromkeys(way[1:], "always matched")
        if groups:
            self._name(before, other, "always matched")

    def _end(self, place: int, way: tuple[Arc, ...], test: int, follow: Next) -> None:
        self._lead(test, follow)
        for one in follow:
            if way:
                self.ways[place, one] = (*way, (test, one))

    # -- expressions: only the commands in them are places -------------------------------------------------------------

    def _condition(self, node: nodes.Condition, true: Next, false: Next, depth: int = 1) -> Next:
        """Where a condition begins that leads to one of these."""
        if depth > DEPTH_LIMIT:
            return false
        match node:
            case nodes.Number(value=value):
                return true if value else false
            case nodes.Group(operand=operand):
                return self._condition(operand, true, false, depth + 1)
            case nodes.Not(operand=operand):
                return self._condition(operand, false, true, depth + 1)
            case nodes.BoolOp(op=op, left=left, right=right):
                rest = self._condition(right, true, false, depth + 1)
                ways = (rest, false) if op == "and" else (true, rest)
                return self._condition(left, *ways, depth + 1)
            case nodes.Bracket(operand=nodes.Number(value=value)):
                return true if value else false
            case nodes.Bracket(operand=operand):
                return self._expression(operand, true | false)
        return self._expression(node, true | false)

    def _expression(self, node: Any, follow: Next, depth: int = 1) -> Next:
        """Where an expression begins, if this follows it."""
        if depth > DEPTH_LIMIT:
            return follow
        match node:
            case nodes.Action(statements=statements):
                return self.block(statements, follow)
            case nodes.UnaryOp(operand=operand):
                return self._expression(operand, follow, depth + 1)
            case nodes.BinaryOp(left=left, right=right):
                return self._expression(left, self._expression(right, follow, depth + 1), depth + 1)
        return follow
