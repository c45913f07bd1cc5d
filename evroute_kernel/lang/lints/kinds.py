"""What is known, without running, about the values of a script: number or text, and where a value came from.

A value has two forms (language manual, "The value model"): a number in a variable has both, a literal or computed number
lacks the text form, text lacks the integer form. Everything here is cautious: `None` means that nothing is certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.subject import Block, Subject, Use
from evroute_kernel.library.catalogue import variables
from evroute_kernel.library.catalogue.facts import EventParam
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_variable

#: calls followed from a parameter to the arguments of its callers
_MAX_DEPTH = 4


class Kind(Enum):
    NUMBER = "a number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class _Writes:
    """All that gives a variable its value: expressions, and whether anything else may write it too."""

    values: tuple[nodes.Assign, ...]
    others: bool


class Kinds:
    """Answers for one script."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def of_variable(self, node: nodes.Variable, block: Block) -> Kind | None:
        spec = read(node)
        return self._of_spec(spec, node, block, _MAX_DEPTH) if spec else None

    def of(self, expression: nodes.Node, block: Block) -> tuple[Kind | None, bool]:
        """The kind of an expression, and whether it is bare: a number that has no text form."""
        return self._of(expression, block, _MAX_DEPTH)

    def _of(self, expression: nodes.Node, block: Block, depth: int) -> tuple[Kind | None, bool]:
        if isinstance(expression, nodes.String):
            return Kind.TEXT, False
        if isinstance(expression, nodes.Variable):
            spec = read(expression)
            return (self._of_spec(spec, expression, block, depth) if spec else None), False
        if isinstance(expression, nodes.BinaryOp):
            return self._of_operation(expression, block, depth)
        if isinstance(expression, (nodes.Number, nodes.UnaryOp, nodes.Comparison, nodes.Action)):
            return Kind.NUMBER, True
        return None, False

    def _of_operation(self, node: nodes.BinaryOp, block: Block, depth: int) -> tuple[Kind | None, bool]:
        """What the operation gives if it does not fail."""
        left, _ = self._of(node.left, block, depth)
        if left is Kind.NUMBER or node.op in ("-", "*", "/", "%"):
            return Kind.NUMBER, True
        if node.op != "+":
            return None, False
        if left is Kind.TEXT:
            return Kind.TEXT, False
        right, bare = self._of(node.right, block, depth)
        return (Kind.NUMBER, True) if right is Kind.NUMBER and bare else (None, False)

    def _of_spec(self, spec: VariableSpec, node: nodes.Variable, block: Block, depth: int) -> Kind | None:
        if spec.transformations:
            return Kind.NUMBER if spec.transformations[-1][0].result == "int" else Kind.TEXT
        name = spec.declaration.name
        if name == "param":
            return self._of_param(spec, block, depth)
        if name in ("var", "avp"):
            return self._of_written(spec, node, block, depth)
        fact = variables().get(name)
        known = {"int": Kind.NUMBER, "string": Kind.TEXT}
        return known.get(fact.type) if fact and fact.in_event_route != "not checked" else None

    def _of_param(self, spec: VariableSpec, block: Block, depth: int) -> Kind | None:
        if block.kind == "event_route":
            param = event_param(spec, block)
            return None if param is None else Kind.NUMBER if param.type == "int" else Kind.TEXT
        position = _position(spec)
        calls = self.subject.calls_of(block.name)
        if position is None or depth == 0 or not block.called or not calls or not self.subject.all_calls_known:
            return None
        kinds = set()
        for caller, call in calls:
            if position > len(call.arguments):
                return None
            kinds.add(self._of(call.arguments[position - 1], caller, depth - 1)[0])
        return kinds.pop() if len(kinds) == 1 else None

    def _of_written(self, spec: VariableSpec, node: nodes.Variable, block: Block, depth: int) -> Kind | None:
        """`$var` and `$avp`: certain when all that is ever assigned is of one kind, and some of it just before."""
        writes = self._writes.get(_key(spec))
        if writes is None or writes.others or depth == 0 or spec.index is not None:
            return None
        if not any(_before(w, node, block) for w in writes.values):
            return None
        kinds = set()
        for assign in writes.values:
            owner = self._owners[id(assign)]
            if not isinstance(assign.value, nodes.Null):
                kinds.add(self._of(assign.value, owner, depth - 1)[0])
        return kinds.pop() if len(kinds) == 1 else None

    def origin(self, node: nodes.Variable, block: Block) -> EventParam | None:
        """The event parameter that a variable holds: `$param(x)`, or what was copied from it and nothing else."""
        spec = read(node)
        if spec is None or spec.transformations or spec.index is not None:
            return None
        if spec.declaration.name == "param":
            return event_param(spec, block)
        writes = self._writes.get(_key(spec)) if spec.declaration.name in ("var", "avp") else None
        if writes is None or writes.others or len(writes.values) != 1:
            return None
        [assign] = writes.values
        source = read(assign.value) if isinstance(assign.value, nodes.Variable) else None
        if source is None or source.declaration.name != "param" or source.transformations:
            return None
        return event_param(source, block) if _before(assign, node, block) else None

    @cached_property
    def _owners(self) -> dict[int, Block]:
        return {id(n): b for b in self.subject.blocks for n in b.nodes if isinstance(n, nodes.Assign)}

    @cached_property
    def _writes(self) -> dict[tuple[str, str], _Writes]:
        values: dict[tuple[str, str], list[nodes.Assign]] = {}
        others: set[tuple[str, str]] = set()
        for block in self.subject.blocks:
            assigns = {id(n.target): n for n in block.nodes if isinstance(n, nodes.Assign)}
            for use in block.uses:
                if use.role == "read":
                    continue
                assign = assigns.get(id(use.node))
                if assign is not None and assign.op in ("=", ":=") and use.spec.index is None:
                    values.setdefault(_key(use.spec), []).append(assign)
                elif not _keeps_kind(assign):
                    others.add(_key(use.spec))
        keys = values.keys() | others
        return {key: _Writes(tuple(values.get(key, ())), key in others or _computed(key, others)) for key in keys}


def _keeps_kind(assign: nodes.Assign | None) -> bool:
    """`+=` and its kin fail where they would change the kind."""
    return assign is not None and assign.op not in ("=", ":=")


def _computed(key: tuple[str, str], others: set[tuple[str, str]]) -> bool:
    """Whether a computed name, `$avp($var(x))`, may mean this variable."""
    return (key[0], "") in others


def _key(spec: VariableSpec) -> tuple[str, str]:
    name = spec.name
    return spec.declaration.name, "" if isinstance(name, VariableSpec) else str(name)


def _before(assign: nodes.Assign, node: nodes.Node, block: Block) -> bool:
    """Whether an assignment stands before a place in the same block."""
    same = block.span.source is assign.span.source and block.span.start <= assign.span.start < block.span.end
    return same and assign.span.end <= node.span.start


def read(node: nodes.Variable) -> VariableSpec | None:
    try:
        return parse_variable(node.text)
    except TemplateError:
        return None


def _position(spec: VariableSpec) -> int | None:
    """The number in `$param(2)`."""
    return spec.name if isinstance(spec.name, int) and spec.name > 0 else None


def event_param(spec: VariableSpec, block: Block) -> EventParam | None:
    """The parameter of the block's event that `$param(...)` reads; None when it is unknown or not certain."""
    event = block.event
    if event is None or block.kind != "event_route":
        return None
    if isinstance(spec.name, str):
        return event.param(spec.name)
    position = _position(spec)
    if position is None or position > len(event.params) or event.dynamic:
        return None
    if any(p.optional for p in event.params[:position]):
        return None
    return event.params[position - 1]


__all__ = ["Kind", "Kinds", "Use", "event_param", "read"]
