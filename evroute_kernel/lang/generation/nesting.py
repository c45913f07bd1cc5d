"""How deeply blocks and loops may nest: limits of Python, into which routes are compiled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.library.behaviour import ALL
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError, parse_variable
from evroute_kernel.source import Span

#: blocks inside blocks; Python's own compiler and stack set the order of magnitude
BLOCK_LIMIT: Final = 90
#: loops and switches inside each other: Python's compiler allows 20 statically nested blocks
LOOP_LIMIT: Final = 18

#: symbols of the grammar that are open at once where no limit can be exceeded: an `if` or a loop inside another has its
#: word, two parentheses and what stands between them before it
CERTAINLY_SHALLOW: Final = 4 * LOOP_LIMIT

#: statements, the blocks and the loops around each of them, and the loop whose body they are
Body: TypeAlias = "tuple[tuple[nodes.Statement, ...], int, int, nodes.Statement | None]"


class NestingError(Exception):
    """The script nests deeper than can be compiled."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.span = span

    @classmethod
    def of_blocks(cls, first: nodes.Statement) -> NestingError:
        return cls(f"blocks nest more than {BLOCK_LIMIT} deep", first.span)

    @classmethod
    def of_loops(cls, loop: nodes.Statement) -> NestingError:
        return cls(f"loops and switches nest more than {LOOP_LIMIT} deep", loop.span)


def nesting_error(body: tuple[nodes.Statement, ...], library: Library) -> NestingError | None:
    """What the code generator would say of a body, without generating its code."""
    pending: list[Body] = [(body, 1, 0, None)]
    while pending:
        statements, blocks, loops, loop = pending.pop()
        if loops > LOOP_LIMIT and loop is not None:
            return NestingError.of_loops(loop)
        if statements and blocks > BLOCK_LIMIT:
            return NestingError.of_blocks(statements[0])
        held = (statement for statement in statements if type(statement) not in nodes.WITHOUT_STATEMENTS)
        inner = [found for statement in held for found in _inside(statement, blocks + 1, loops, library)]
        pending += reversed(inner)
    return None


def _inside(node: nodes.Statement, blocks: int, loops: int, library: Library) -> Iterator[Body]:
    """The bodies of one statement; a block in an expression becomes a function of its own, where loops begin anew."""
    match node:
        case nodes.If():
            links = list(chain(node))
            for link in links:
                yield from _in_expression(link.test, blocks)
                yield link.then, blocks, loops, None
            yield links[-1].orelse, blocks, loops, None
        case nodes.While():
            yield from _in_expression(node.test, blocks)
            yield node.body, blocks, loops + 1, node
        case nodes.ForEach():
            if node.body and _goes_over_all(node.collection, library):
                yield node.body, blocks, loops + 1, node
        case nodes.Switch():
            yield (), blocks, loops + 1, node
            for case in node.cases:
                yield case.body, blocks, loops + 1, node
            yield node.default or (), blocks, loops + 1, node
        case _:
            yield from _in_expression(node, blocks)


def _goes_over_all(collection: nodes.Variable, library: Library) -> bool:
    try:
        return parse_variable(collection.text, library).index is ALL
    except TemplateError:
        return False


def _in_expression(node: nodes.Node, blocks: int) -> Iterator[Body]:
    stack: list[nodes.Node] = [node]
    while stack:
        inner = stack.pop()
        if type(inner) in nodes.WITHOUT_STATEMENTS:
            continue
        if not isinstance(inner, nodes.Action):
            stack += reversed(list(inner.children()))
        elif len(inner.statements) != 1 or not isinstance(inner.statements[0], (nodes.Call, nodes.RouteCall)):
            yield inner.statements, blocks, 0, None


def chain(node: nodes.If) -> Iterator[nodes.If]:
    """The ifs of an `if ... else if ... else if ...` chain."""
    yield node
    while len(node.orelse) == 1 and isinstance(node.orelse[0], nodes.If):
        node = node.orelse[0]
        yield node
