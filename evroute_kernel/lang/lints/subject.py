"""What lints look at: a script, its blocks, and what is known around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Final, TypeVar

from evroute_kernel.lang import nodes as tree
from evroute_kernel.lang.lexer import tokens
from evroute_kernel.lang.lints.blocks import Block, Use, name_of
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.library.catalogue.declared import EventDeclaration, known_event
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.source import Source

__all__ = ["Block", "Memory", "Subject", "Use", "name_of"]

NodeT = TypeVar("NodeT", bound=tree.Node)
T = TypeVar("T")

#: a call of a route in text that could not be read
_HIDDEN_CALL: Final = re.compile(r"\broute\s*+\(\s*+[\"']?(?P<name>[^\s,()\"']++)")
#: a use of `$var` or `$avp` there; without a name where another variable computes it
_HIDDEN_VARIABLE: Final = re.compile(r"\$\(?(?P<variable>var|avp)\((?P<name>[^()$]*)")


class Memory:
    """What is known of the routes of a text that is looked at again: each block by the identity of its route."""

    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}
        self._declared: Mapping[str, EventDeclaration] | None = None
        self._library: Library | None = None

    def expect(self, declared: Mapping[str, EventDeclaration], library: Library) -> None:
        """Forget what was said while other events were known, or under another version."""
        if declared != self._declared or library is not self._library:
            self.blocks.clear()
        self._declared, self._library = declared, library


class Subject:
    """A script that the server would accept, and what is known around it. `hidden` is text that could not be read."""

    def __init__(
        self,
        script: tree.Script,
        library: Library,
        declared_events: Mapping[str, EventDeclaration],
        hidden: Sequence[str] = (),
        others: Collection[str] = (),
        memory: Memory | None = None,
        served: Collection[str] = (),
        whole: bool = False,
        node_ids: frozenset[int] = frozenset(),
    ) -> None:
        self.script = script
        self.library = library
        #: events that routes of other texts handle
        self.served = served
        #: whether there are no other texts: it is a file as a server reads it
        self.whole = whole
        #: the numbers of the nodes of the cluster, where they are known
        self.nodes = node_ids
        #: names of routes that other texts define
        self.others = others
        self.declared_events = declared_events
        self.hidden = hidden
        self.blocks = tuple(self._blocks(memory or Memory()))
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

    def alone(self, block: Block) -> Subject:
        """The same script, of which rules see one block."""
        single = copy(self)
        single.blocks = (block,)
        single._once = {}
        return single

    def _blocks(self, memory: Memory) -> Iterator[Block]:
        memory.expect(self.declared_events, self.library)
        for item in self.script.items:
            if isinstance(item, tree.Route):
                block = memory.blocks.get(id(item))
                if block is None:
                    block = memory.blocks[id(item)] = self._block(item)
                yield block
        if self.script.scratch:
            first, last = self.script.scratch[0].span, self.script.scratch[-1].span
            yield Block("scratch", "", self.script.scratch, first.until(last), first, self.library)

    def _block(self, item: tree.Route) -> Block:
        is_event = item.kind == "event_route"
        event = known_event(item.name, self.declared_events, self.library.events) if is_event else None
        return Block(item.kind, item.name, item.body, item.span, item.header, self.library, event)

    @cached_property
    def routes(self) -> dict[str, Block]:
        """Blocks that `route(name)` calls, by name."""
        return {b.name: b for b in self.blocks if b.called}

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions that the script calls: rules about a few functions need look no further without them."""
        return frozenset[str]().union(*(block.functions for block in self.blocks))

    def uses_of(self, is_meant: Callable[[VariableSpec], bool]) -> Iterator[Use]:
        """The uses of some variables; not in the order of the text."""
        return (use for block in self.blocks for use in block.uses_of(is_meant))

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
            found, _ = tokens(Expanded(source.text, [0], [(source, 0)]), self.library.version)
            signs = {"LPAR": 1, "RPAR": -1}
            self._parentheses[source] = [(t.span.start, signs[t.type]) for t in found if t.type in signs]
        return self._parentheses[source]

    def setting(self, name: str, default: int) -> int | None:
        """The value of a global of this text; None where it may be hidden."""
        if self.hides(name):
            return None
        found = [i.value for i in self.script.items if isinstance(i, tree.Global) and i.name == name]
        return found[-1] if found and isinstance(found[-1], int) else default
