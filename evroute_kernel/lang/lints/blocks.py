"""The blocks of a script as lints see them: their nodes by kind, and every variable in them with its exact place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, Final, Literal, TypeVar

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes as tree
from evroute_kernel.lang.lints.texts import FORMAT_OWNERS, formats_of, outputs, variable_of, variables_in
from evroute_kernel.library.catalogue.facts import Event
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import CACHE_SIZE, VariableSpec
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span, record

Role = Literal["read", "write", "output"]
NodeT = TypeVar("NodeT", bound=tree.Node)
T = TypeVar("T")


@record
class Use:
    """One variable at one place. `offset` is where it begins in the text of its node.

    `role`: "output" is an argument that a function may write. `quoted`: it stands in a format string. `in_caller`: it
    is read as the caller of the block would read it, as the inner one of `$param($param(1))` is. `nested`: it stands
    inside another variable.
    """

    spec: VariableSpec
    node: tree.Variable | tree.String
    offset: int
    role: Role
    block: Block
    in_caller: bool = False
    nested: bool = False

    @property
    def quoted(self) -> bool:
        return isinstance(self.node, tree.String)

    @property
    def span(self) -> Span:
        return self.part(0, len(self.spec.text))

    def part(self, start: int, end: int) -> Span:
        """The place of characters start..end of the variable's text."""
        start, end = start + self.offset, end + self.offset
        if isinstance(self.node, tree.String):
            return self.node.part(start, end)
        whole = self.node.span
        if len(self.node.text) != whole.end - whole.start:  # bytes are no characters here
            return whole
        return Span(whole.source, whole.start + start, whole.start + end)

    @property
    def name_span(self) -> Span:
        """The place of the text in parentheses: `ip` of `$param(ip)`."""
        text = self.spec.text
        opening = text.find("(", 2 if text.startswith("$(") else 0)
        name = self.name
        if opening < 0 or name is None or text[opening + 1 : opening + 1 + len(name)] != name:
            return self.span
        return self.part(opening + 1, opening + 1 + len(name))

    @property
    def name(self) -> str | None:
        """The text in parentheses; None when there is none or a variable computes it."""
        return name_of(self.spec)


@lru_cache(CACHE_SIZE)
def name_of(spec: VariableSpec) -> str | None:
    """The text in a variable's parentheses; None when there is none or a variable computes it."""
    return None if isinstance(spec.name, VariableSpec) or spec.name is None else _in_parentheses(spec.text)


@lru_cache(CACHE_SIZE)
def _parts(spec: VariableSpec) -> tuple[tuple[VariableSpec, int, bool], ...]:
    """The variables inside one, where they stand in its text, and whether it reads them as its caller would."""
    parts: list[tuple[VariableSpec, int, bool]] = []
    cursor = 1
    for inner in spec.parts():
        found = spec.text.find(inner.text, cursor)
        if found >= 0:
            cursor = found + 1
            in_caller = inner is spec.name and spec.declaration.behaviour.name_in_callers_scope
            parts.append((inner, found, in_caller))
    return tuple(parts)


def _in_parentheses(text: str) -> str | None:
    """What stands in the first parentheses of a variable, apart from those around `$( )`."""
    opening = text.find("(", 2 if text.startswith("$(") else 0)
    depth = 0
    for position in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return text[opening + 1 : position]
    return None


@dataclass(eq=False)
class Block:
    """A route, or the bare statements of a cell (`kind` "scratch")."""

    kind: str
    name: str
    statements: tuple[tree.Statement, ...]
    span: Span
    header: Span
    library: Library
    event: Event | None = None
    #: what local rules have said of it
    findings: list[Diagnostic] | None = None
    _once: dict[Callable[[Block], Any], Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind

    @property
    def called(self) -> bool:
        """Whether it runs by `route(name)` only, so that `$param` means the arguments of that call."""
        return self.kind == "route" and self.name != "0"

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions that it calls."""
        return frozenset(call.name for call in self.of(tree.Call))

    def once(self, work: Callable[[Block], T]) -> T:
        """What rules need to know of the block alone, worked out once for as long as it stays the same."""
        if work not in self._once:
            self._once[work] = work(self)
        return self._once[work]  # type: ignore[no-any-return]

    @cached_property
    def _walked(self) -> tuple[list[tree.Node], dict[type[tree.Node], list[int]]]:
        """The nodes in the order of the text, and for each kind which of them are of it."""
        nodes: list[tree.Node] = []
        by_kind: defaultdict[type[tree.Node], list[int]] = defaultdict(list)
        stack: list[tree.Node | None] = list(reversed(self.statements))
        while stack:  # as `Node.walk` does it
            node = stack.pop()
            if node is None:
                continue
            kind = node.__class__
            by_kind[kind].append(len(nodes))
            nodes.append(node)
            for name in tree.HOLDERS_BACKWARDS[kind]:
                value = getattr(node, name)
                if value.__class__ is tuple:
                    stack += value[::-1]
                else:
                    stack.append(value)
        return nodes, dict(by_kind)

    def of(self, *kinds: type[NodeT]) -> Iterator[NodeT]:
        """The nodes of some kinds, in the order of the text. All rules share one walk, which sorts nodes by kind."""
        nodes, by_kind = self._walked
        found = [by_kind[kind] for kind in kinds if kind in by_kind]
        wanted = found[0] if len(found) == 1 else sorted(chain.from_iterable(found))
        return map(nodes.__getitem__, wanted)  # type: ignore[arg-type]

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every variable, those inside other variables and inside format strings too."""
        return tuple(self._uses())

    @cached_property
    def written(self) -> tuple[Use, ...]:
        """The variables that something is written to, or that a function may write."""
        return tuple(use for use in self.uses if use.role != "read")

    @cached_property
    def _by_variable(self) -> dict[VariableSpec, list[Use]]:
        found: defaultdict[VariableSpec, list[Use]] = defaultdict(list)
        for use in self.uses:
            found[use.spec].append(use)
        return dict(found)

    @property
    def variables(self) -> Iterable[VariableSpec]:
        """The variables of all uses."""
        return self._by_variable

    def uses_of(self, is_meant: Callable[[VariableSpec], bool]) -> Iterator[Use]:
        """The uses of some variables, each of which is asked about once, however often it is used. Not in the order of
        the text."""
        return (use for spec, uses in self._by_variable.items() if is_meant(spec) for use in uses)

    def _uses(self) -> Iterator[Use]:
        roles = dict(self._roles())
        formats = {id(text) for owner in self.of(*FORMAT_OWNERS) for text in formats_of(owner, self.library)}
        for node in self.of(*_READING):
            if isinstance(node, tree.Variable):
                spec = variable_of(node.text, self.library)
                if spec is not None:
                    yield Use(spec, node, 0, roles.get(id(node), "read"), self)
                    if _parts(spec):
                        yield from self._inner(spec, node, 0)
            elif id(node) in formats:
                for offset, spec in variables_in(node.value, self.library):
                    yield Use(spec, node, offset, "read", self)
                    if _parts(spec):
                        yield from self._inner(spec, node, offset)

    def _inner(self, spec: VariableSpec, node: tree.Variable | tree.String, offset: int) -> Iterator[Use]:
        for inner, found, in_caller in _parts(spec):
            yield Use(inner, node, offset + found, "read", self, in_caller, nested=True)

    def _roles(self) -> Iterator[tuple[int, Role]]:
        for assign in self.of(tree.Assign):
            yield id(assign.target), "write"
        for loop in self.of(tree.ForEach):
            yield id(loop.iterator), "write"
        for call in self.of(tree.Call):
            for argument in outputs(call, self.library):
                yield id(argument), "output"

    def bodies(self) -> Iterator[tuple[tree.Statement, ...]]:
        """Every list of statements: that of the block and those of the statements in it."""
        yield self.statements
        for node in self.of(*_WITH_BODIES):
            if isinstance(node, tree.If):
                yield from (node.then, node.orelse)
            elif isinstance(node, (tree.While, tree.ForEach, tree.Case)):
                yield node.body
            elif isinstance(node, tree.Switch) and node.default:
                yield node.default
            elif isinstance(node, tree.Action):
                yield node.statements


_READING: Final[tuple[type[tree.Variable | tree.String], ...]] = (tree.Variable, tree.String)
_WITH_BODIES: Final[tuple[type[tree.Node], ...]] = (
    tree.If, tree.While, tree.ForEach, tree.Case, tree.Switch, tree.Action,
)  # fmt: skip
