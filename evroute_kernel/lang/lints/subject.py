"""What lints look at: the blocks of a script, and every variable in them with its exact place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, Literal, TypeVar

from evroute_kernel.lang import nodes as tree
from evroute_kernel.lang.lexer import tokens
from evroute_kernel.lang.lints.texts import FORMAT_OWNERS, formats_of, outputs, variable_of, variables_in
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.library.catalogue.declared import EventDeclaration, known_event
from evroute_kernel.library.catalogue.facts import Event
from evroute_kernel.library.template import CACHE_SIZE, VariableSpec
from evroute_kernel.source import Source, Span, record

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
        if isinstance(self.spec.name, VariableSpec) or self.spec.name is None:
            return None
        return _in_parentheses(self.spec.text)


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


@lru_cache(CACHE_SIZE)
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
    event: Event | None = None

    @property
    def title(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind

    @property
    def called(self) -> bool:
        """Whether it runs by `route(name)` only, so that `$param` means the arguments of that call."""
        return self.kind == "route" and self.name != "0"

    @cached_property
    def nodes(self) -> tuple[tree.Node, ...]:
        """Every node, in the order of the text."""
        return tuple(node for statement in self.statements for node in statement.walk())

    @cached_property
    def _by_kind(self) -> dict[type[tree.Node], list[tuple[int, Any]]]:
        """The nodes of each kind, with their number in the order of the text."""
        found: dict[type[tree.Node], list[tuple[int, Any]]] = {}
        for numbered in enumerate(self.nodes):
            found.setdefault(numbered[1].__class__, []).append(numbered)
        return found

    def of(self, *kinds: type[NodeT]) -> Iterator[NodeT]:
        """The nodes of some kinds, in the order of the text. All rules share one walk, which sorts nodes by kind."""
        found = [self._by_kind[kind] for kind in kinds if kind in self._by_kind]
        numbered = found[0] if len(found) == 1 else sorted(chain(*found), key=itemgetter(0))
        return (node for _, node in numbered)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every variable, those inside other variables and inside format strings too."""
        return tuple(self._uses())

    def _uses(self) -> Iterator[Use]:
        roles = dict(self._roles())
        formats = {id(text) for owner in self.of(*FORMAT_OWNERS) for text in formats_of(owner)}
        for node in self.of(*_READING):
            if isinstance(node, tree.Variable):
                spec = variable_of(node.text)
                if spec is not None:
                    yield Use(spec, node, 0, roles.get(id(node), "read"), self)
                    yield from self._inner(spec, node, 0)
            elif id(node) in formats:
                for offset, spec in variables_in(node.value):
                    yield Use(spec, node, offset, "read", self)
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
            for argument in outputs(call):
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

#: a call of a route in text that could not be read
_HIDDEN_CALL: Final = re.compile(r"\broute\s*+\(\s*+[\"']?(?P<name>[^\s,()\"']++)")
#: a use of `$var` or `$avp` there; without a name where another variable computes it
_HIDDEN_VARIABLE: Final = re.compile(r"\$\(?(?P<variable>var|avp)\((?P<name>[^()$]*)")


class Subject:
    """A script that the server would accept, and what is known around it. `hidden` is text that could not be read."""

    def __init__(
        self,
        script: tree.Script,
        declared_events: Mapping[str, EventDeclaration],
        hidden: Sequence[str] = (),
        others: Collection[str] = (),
    ) -> None:
        self.script = script
        #: names of routes that other texts define
        self.others = others
        self.declared_events = declared_events
        self.hidden = hidden
        self.blocks = tuple(self._blocks())
        self._parentheses: dict[Source, list[tuple[int, int]]] = {}
        self._once: dict[Callable[[Subject], Any], Any] = {}

    @property
    def source(self) -> Source:
        return self.script.span.source

    def once(self, work: Callable[[Subject], T]) -> T:
        """What several rules need to know of the script, worked out once."""
        if work not in self._once:
            self._once[work] = work(self)
        return self._once[work]  # type: ignore[no-any-return]

    def _blocks(self) -> Iterator[Block]:
        for item in self.script.items:
            if isinstance(item, tree.Route):
                event = known_event(item.name, self.declared_events) if item.kind == "event_route" else None
                yield Block(item.kind, item.name, item.body, item.span, item.header, event)
        if self.script.scratch:
            first, last = self.script.scratch[0].span, self.script.scratch[-1].span
            yield Block("scratch", "", self.script.scratch, first.until(last), first)

    @cached_property
    def routes(self) -> dict[str, Block]:
        """Blocks that `route(name)` calls, by name."""
        return {b.name: b for b in self.blocks if b.called}

    def of(self, *kinds: type[NodeT]) -> Iterator[NodeT]:
        """The nodes of some kinds, in the order of the text."""
        return (node for block in self.blocks for node in block.of(*kinds))

    @cached_property
    def calls(self) -> tuple[tuple[Block, tree.RouteCall], ...]:
        """Every `route(...)` and the block it stands in."""
        return tuple((b, n) for b in self.blocks for n in b.of(tree.RouteCall))

    @cached_property
    def _calls_by_name(self) -> dict[str, list[tuple[Block, tree.RouteCall]]]:
        found: dict[str, list[tuple[Block, tree.RouteCall]]] = {}
        for block, call in self.calls:
            if isinstance(call.target, tree.Name):
                found.setdefault(call.target.text, []).append((block, call))
        return found

    def calls_of(self, name: str) -> list[tuple[Block, tree.RouteCall]]:
        return self._calls_by_name.get(name, [])

    def all_calls_known(self, block: Block) -> bool:
        """Whether `calls_of` gives all calls of a block: none computes its name, and none is hidden."""
        return self._all_calls_named and block.name not in self._hidden_calls

    @cached_property
    def _all_calls_named(self) -> bool:
        is_named = all(isinstance(call.target, tree.Name) for _, call in self.calls)
        return is_named and not any("$" in name for name in self._hidden_calls)

    @cached_property
    def _hidden_calls(self) -> frozenset[str]:
        return frozenset(found["name"] for text in self.hidden for found in _HIDDEN_CALL.finditer(text))

    @cached_property
    def hidden_variables(self) -> frozenset[tuple[str, str]]:
        """("var", "x") for each `$var(x)` and `$avp(x)` that is hidden; the name is empty where it is computed."""
        uses = (found for text in self.hidden for found in _HIDDEN_VARIABLE.finditer(text))
        return frozenset((found["variable"], found["name"]) for found in uses)

    def hides(self, word: str) -> bool:
        """Whether what is hidden mentions something."""
        return any(word in text for text in self.hidden)

    def only_for_events(self, block: Block) -> bool:
        """Whether a block runs for events alone: an event route, or a route that such blocks alone call."""
        return id(block) not in self._for_others

    @cached_property
    def _for_others(self) -> set[int]:
        """The blocks that may run for something else, and those that they call."""
        others = [b for b in self.blocks if b.kind != "event_route" and self._has_unknown_callers(b)]
        called: dict[int, list[Block]] = {}
        for name, calls in self._calls_by_name.items():
            targets = self._called_blocks.get(name, [])
            for caller, _ in calls:
                called.setdefault(id(caller), []).extend(targets)
        found = set(map(id, others))
        while others:
            for block in called.get(id(others.pop()), ()):
                if id(block) not in found:
                    found.add(id(block))
                    others.append(block)
        return found

    def _has_unknown_callers(self, block: Block) -> bool:
        return not block.called or not self.calls_of(block.name) or not self.all_calls_known(block)

    @cached_property
    def _called_blocks(self) -> dict[str, list[Block]]:
        found: dict[str, list[Block]] = {}
        for block in self.blocks:
            if block.called:
                found.setdefault(block.name, []).append(block)
        return found

    def parentheses(self, source: Source) -> list[tuple[int, int]]:
        """Where each parenthesis of the code stands: (offset, 1) for an opening one, (offset, -1) for a closing one."""
        if source not in self._parentheses:
            found, _ = tokens(Expanded(source.text, [0], [(source, 0)]))
            signs = {"LPAR": 1, "RPAR": -1}
            self._parentheses[source] = [(t.span.start, signs[t.type]) for t in found if t.type in signs]
        return self._parentheses[source]

    def setting(self, name: str, default: int) -> int | None:
        """The value of a global of this text; None where it may be hidden."""
        if self.hides(name):
            return None
        found = [i.value for i in self.script.items if isinstance(i, tree.Global) and i.name == name]
        return found[-1] if found and isinstance(found[-1], int) else default
