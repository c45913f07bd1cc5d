"""What is known, without running, about the values of a script: number or text, and where a value came from.

A value has two forms (language manual, "The value model"): a number in a variable has both, a literal or computed
number lacks the text form, text lacks the integer form. Everything here is cautious: `None` means that nothing is
certain.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from enum import Enum

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.lang.lints.texts import variable_of
from evroute_kernel.library.catalogue.facts import EventParam
from evroute_kernel.library.table import Transformation
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.records import dataclass

#: steps followed from a variable to what it was assigned, or to what the callers of a route passed
_MAX_DEPTH = 20
#: transformations that leave an integer an integer
_PASS_NUMBERS = frozenset({"s.trim", "s.triml", "s.trimr"})


class Kind(Enum):
    NUMBER = "a number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class _Writes:
    """All that gives a variable its value: expressions, and whether anything else may write it too."""

    values: tuple[nodes.Assign, ...]
    others: bool


class _Assignments:
    """All assignments of a script."""

    def __init__(self, subject: Subject) -> None:
        #: the block of each plain assignment
        self.owners: dict[int, Block] = {}
        values: dict[tuple[str, str], list[nodes.Assign]] = {}
        others = set(subject.hidden_variables)
        for block in subject.blocks:
            for key, assign in block.once(_written_in):
                if assign is None:
                    others.add(key)
                else:
                    values.setdefault(key, []).append(assign)
                    self.owners[id(assign)] = block
        keys = values.keys() | others
        self.writes = {k: _Writes(tuple(values.get(k, ())), k in others or _computed(k, others)) for k in keys}


def _first_written_in(block: Block) -> dict[tuple[str, str], nodes.Assign]:
    """For each variable the plain assignment in the block's own text that ends first."""
    found: dict[tuple[str, str], nodes.Assign] = {}
    for key, assign in block.once(_written_in):
        if assign is not None and _within(assign, block):
            first = found.setdefault(key, assign)
            if assign.span.end < first.span.end:
                found[key] = assign
    return found


def _written_in(block: Block) -> list[tuple[tuple[str, str], nodes.Assign | None]]:
    """The variables that a block writes, with the plain assignments to them; None for what else gives them a value."""
    found: list[tuple[tuple[str, str], nodes.Assign | None]] = []
    assigns = {id(n.target): n for n in block.of(nodes.Assign)}
    for use in block.written:
        assign = assigns.get(id(use.node))
        if assign is not None and assign.op in ("=", ":=") and use.spec.index is None:
            found.append((_key(use.spec), assign))
        elif not _keeps_kind(assign):
            found.append((_key(use.spec), None))
    return found


class Kinds:
    """Answers for one script.

    What is asked for while it is being worked out (a variable assigned from itself, a route that calls itself) counts
    as unknown there.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        found = subject.once(_Assignments)
        self._owners, self._writes = found.owners, found.writes
        self._known: dict[object, Kind | None] = {}
        self._values: dict[int, tuple[Kind | None, bool]] = {}
        self._pending = 0

    def of_variable(self, node: nodes.Variable, block: Block) -> Kind | None:
        spec = variable_of(node.text, self.subject.library)
        return self._of_spec(spec, node, block) if spec else None

    def of(self, expression: nodes.Node, block: Block) -> tuple[Kind | None, bool]:
        """The kind of an expression, and whether it is bare: a number that has no text form."""
        # operators nest deeply on the left, so their operands are worked out first, without recursion
        found = self._values if not self._pending else {}
        for node in reversed(list(_operations(expression, found))):
            if isinstance(node, nodes.BinaryOp):
                found[id(node)] = _of_operation(node.op, found[id(node.left)], found[id(node.right)])
            else:
                found[id(node)] = self._of_operand(node, block)
        return found[id(expression)]

    def _of_operand(self, node: nodes.Node, block: Block) -> tuple[Kind | None, bool]:
        if isinstance(node, nodes.String):
            return Kind.TEXT, False
        if isinstance(node, nodes.Variable):
            return self.of_variable(node, block), False
        if isinstance(node, (nodes.Number, nodes.UnaryOp, nodes.Comparison, nodes.Action)):
            return Kind.NUMBER, True
        return None, False

    def _of_spec(self, spec: VariableSpec, node: nodes.Variable, block: Block) -> Kind | None:
        if spec.transformations:
            return _of_result([t[0] for t in spec.transformations])
        name = spec.declaration.name
        if name == "param":
            return self._of_param(spec, block)
        if name in ("var", "avp"):
            return self._of_written(spec, node, block)
        known = {"int": Kind.NUMBER, "string": Kind.TEXT}
        return None if spec.declaration.in_event_route == "not checked" else known.get(spec.declaration.type)

    def _of_param(self, spec: VariableSpec, block: Block) -> Kind | None:
        if block.kind == "event_route":
            param = event_param(spec, block)
            return None if param is None else Kind.NUMBER if param.type == "int" else Kind.TEXT
        position = _position(spec)
        if position is None or not block.called or not self.subject.all_calls_known(block):
            return None
        return self._once((block.name, position), lambda: self._passed(block.name, position))

    def _passed(self, name: str, position: int) -> Iterator[Kind | None]:
        """The kinds of an argument in all calls of a route."""
        for caller, call in self.subject.calls_of(name):
            if position > len(call.arguments):
                yield None
            else:
                yield self.of(call.arguments[position - 1], caller)[0]

    def _of_written(self, spec: VariableSpec, node: nodes.Variable, block: Block) -> Kind | None:
        """`$var` and `$avp`: certain when all that is ever assigned is of one kind, and some of it just before."""
        writes = self._writes.get(_key(spec))
        if writes is None or writes.others or spec.index is not None:
            return None
        first = block.once(_first_written_in).get(_key(spec))
        if first is None or first.span.end > node.span.start:
            return None
        return self._once(_key(spec), lambda: self._assigned(writes))

    def _assigned(self, writes: _Writes) -> Iterator[Kind | None]:
        for assign in writes.values:
            if not isinstance(assign.value, nodes.Null):
                yield self.of(assign.value, self._owners[id(assign)])[0]

    def _once(self, key: object, kinds: Callable[[], Iterator[Kind | None]]) -> Kind | None:
        """The one kind of them all, worked out once."""
        if key in self._known:
            return self._known[key]
        if self._pending >= _MAX_DEPTH:
            return None
        self._known[key] = None
        self._pending += 1
        found = set(kinds())
        self._pending -= 1
        self._known[key] = found.pop() if len(found) == 1 else None
        return self._known[key]

    def origin(self, node: nodes.Variable, block: Block) -> EventParam | None:
        """The event parameter that a variable holds: `$param(x)`, or what was copied from it and nothing else."""
        spec = variable_of(node.text, self.subject.library)
        if spec is None or spec.transformations or spec.index is not None:
            return None
        if spec.declaration.name == "param":
            return event_param(spec, block)
        writes = self._writes.get(_key(spec)) if spec.declaration.name in ("var", "avp") else None
        if writes is None or writes.others or len(writes.values) != 1:
            return None
        [assign] = writes.values
        given = assign.value.text if isinstance(assign.value, nodes.Variable) else ""
        source = variable_of(given, self.subject.library)
        if source is None or source.declaration.name != "param" or source.transformations:
            return None
        return event_param(source, block) if _before(assign, node, block) else None


def _operations(expression: nodes.Node, known: Container[int]) -> Iterator[nodes.Node]:
    """An expression, its operands, theirs, and so on, without the known ones: those above before those below."""
    stack = [expression]
    while stack:
        node = stack.pop()
        if id(node) in known:
            continue
        yield node
        if isinstance(node, nodes.BinaryOp):
            stack += [node.right, node.left]


def _of_operation(op: str, left: tuple[Kind | None, bool], right: tuple[Kind | None, bool]) -> tuple[Kind | None, bool]:
    """What an operation gives if it does not fail."""
    if left[0] is Kind.NUMBER or op in ("-", "*", "/", "%"):
        return Kind.NUMBER, True
    if op != "+":
        return None, False
    if left[0] is Kind.TEXT:
        return Kind.TEXT, False
    return (Kind.NUMBER, True) if right == (Kind.NUMBER, True) else (None, False)


def _of_result(chain: list[Transformation]) -> Kind | None:
    """What a chain of transformations gives; what trims gives back a number as it is."""
    last = chain[-1]
    if last.result == "int":
        return Kind.NUMBER
    return None if last.full_name in _PASS_NUMBERS else Kind.TEXT


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
    return _within(assign, block) and assign.span.end <= node.span.start


def _within(assign: nodes.Assign, block: Block) -> bool:
    return block.span.source is assign.span.source and block.span.start <= assign.span.start < block.span.end


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
