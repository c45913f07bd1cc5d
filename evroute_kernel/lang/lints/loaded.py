"""Which dialog is loaded where, on every way through a route: what the lints about dialogs rest on."""

from __future__ import annotations

from typing import Final, TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.lang.lints.texts import variable_of
from evroute_kernel.records import dataclass

LOAD: Final = "load_dialog_ctx"
UNLOAD: Final = "unload_dialog_ctx"
#: kinds of blocks after which a process is free for the next event
WHOLE: Final = frozenset({"event_route", "timer_route", "scratch"})
#: variables that tell whether a dialog was found
_TELLING: Final = frozenset({"rc", "retcode", "dlg_val"})
_TELLING_PREFIX: Final = "DLG_"
#: what ends the whole route
_ENDS: Final = (nodes.Exit, nodes.Drop, nodes.Return)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A dialog that is loaded on every way that leads here. `is_sure`: a condition has said so; else it is, if it was
    found."""

    call: nodes.Call
    is_sure: bool


#: None where no dialog is loaded, MAYBE where it depends
State: TypeAlias = "Loaded | str | None"
MAYBE: Final = "maybe"
#: no way leads here
NOWHERE: Final = "nowhere"


def loads(block: Block) -> list[nodes.Call]:
    """The calls in a block that load a dialog."""
    return [call for call in block.of(nodes.Call) if call.name == LOAD]


class Reach:
    """Which blocks call which functions, themselves or through the routes that they call."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def may(self, block: Block, name: str) -> bool:
        """Whether a block may come to call a function: it or a route that it calls does, or one that is not known."""
        seen: dict[int, Block] = {}
        waiting = [block]
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen[id(one)] = one
            if any(call.name == name for call in one.of(nodes.Call)) or any(True for _ in one.of(nodes.Async)):
                return True
            for call in one.of(nodes.RouteCall):
                target = self.target(call)
                if target is None:
                    return True
                waiting.append(target)
        return False

    def target(self, call: nodes.RouteCall) -> Block | None:
        """The block that a call leads to; None where that is not known."""
        return self._subject.routes.get(call.target.text) if isinstance(call.target, nodes.Name) else None

    def changes(self, node: nodes.Node) -> bool:
        """Whether a part of a block may load or unload a dialog."""
        for part in node.walk():
            if isinstance(part, nodes.Call) and part.name in (LOAD, UNLOAD):
                return True
            if isinstance(part, nodes.RouteCall):
                target = self.target(part)
                if target is None or self.may(target, LOAD) or self.may(target, UNLOAD):
                    return True
        return False


class Paths:
    """Follows all ways through a block."""

    def __init__(self, block: Block, reach: Reach) -> None:
        self._reach = reach
        self._library = block.library
        self._block = block
        self._left: list[tuple[nodes.Call, nodes.Statement | None]] = []
        #: what holds where a `break` leads to, for each loop or switch around
        self._breaks: list[State] = []

    def left(self) -> list[tuple[nodes.Call, nodes.Statement | None]]:
        """The calls whose dialog is surely loaded at the end of a block (None) or at a statement that ends it."""
        end = self._run(self._block.statements, None)
        if isinstance(end, Loaded):
            self._left.append((end.call, None))
        return self._left

    def _run(self, statements: tuple[nodes.Statement, ...], state: State) -> State:
        for statement in statements:
            if state == NOWHERE:
                break
            state = self._step(statement, state)
        return state

    def _step(self, statement: nodes.Statement, state: State) -> State:
        if isinstance(statement, nodes.Call):
            return self._called(statement, state)
        if isinstance(statement, _ENDS):
            if isinstance(state, Loaded):
                self._left.append((state.call, statement))
            return NOWHERE
        if isinstance(statement, nodes.Async):
            return NOWHERE
        if isinstance(statement, nodes.Break):
            if self._breaks:
                self._breaks[-1] = _joined(self._breaks[-1], state)
            return NOWHERE
        if isinstance(statement, nodes.If):
            yes, no = self._split(statement.test, state)
            return _joined(self._run(statement.then, yes), self._run(statement.orelse, no))
        if isinstance(statement, (nodes.While, nodes.ForEach)):
            return self._loop(statement, state)
        if isinstance(statement, nodes.Switch):
            return self._switch(statement, state)
        return MAYBE if self._is_unsure(statement, state) else state

    def _called(self, call: nodes.Call, state: State, *, is_sure: bool = False) -> State:
        if call.name == LOAD:
            return state if isinstance(state, Loaded) else Loaded(call, is_sure)
        return None if call.name == UNLOAD else state

    def _is_unsure(self, node: nodes.Node, state: State) -> bool:
        """Whether it may change what is loaded, or may tell the ways on which a dialog was found from the others."""
        if self._reach.changes(node):
            return True
        return isinstance(state, Loaded) and not state.is_sure and self._tells(node)

    def _tells(self, node: nodes.Node) -> bool:
        specs = (variable_of(part.text, self._library) for part in node.walk() if isinstance(part, nodes.Variable))
        names = {spec.declaration.name for spec in specs if spec is not None}
        return bool(names & _TELLING) or any(name.startswith(_TELLING_PREFIX) for name in names)

    def _loop(self, loop: nodes.While | nodes.ForEach, state: State) -> State:
        """Where the body changes something the next round may begin otherwise: then nothing is certain."""
        if any(self._reach.changes(part) for part in loop.body):
            state = MAYBE
        yes = no = state
        if isinstance(loop, nodes.While):
            yes, no = self._split(loop.test, state)
        self._breaks.append(NOWHERE)
        after = self._run(loop.body, yes)
        return _joined(_joined(no, after), self._breaks.pop())

    def _switch(self, switch: nodes.Switch, state: State) -> State:
        if self._is_unsure(switch.subject, state):
            state = MAYBE
        self._breaks.append(NOWHERE)
        before: State = NOWHERE
        for case in switch.cases:
            before = self._run(case.body, _joined(before, state))
        last = (
            self._run(switch.default, _joined(before, state)) if switch.default is not None else _joined(before, state)
        )
        return _joined(last, self._breaks.pop())

    def _split(self, test: nodes.Condition, state: State) -> tuple[State, State]:
        """What holds where a condition is true, and where it is not."""
        if isinstance(test, nodes.Group):
            return self._split(test.operand, state)
        if isinstance(test, nodes.Not):
            yes, no = self._split(test.operand, state)
            return no, yes
        if isinstance(test, nodes.BoolOp):
            yes, no = self._split(test.left, state)
            if test.op == "and":
                both, neither = self._split(test.right, yes)
                return both, _joined(no, neither)
            either, neither = self._split(test.right, no)
            return _joined(yes, either), neither
        if isinstance(test, nodes.Action) and len(test.statements) == 1:
            (only,) = test.statements
            if isinstance(only, nodes.Call) and only.name in (LOAD, UNLOAD):
                return self._called(only, state, is_sure=True), state if only.name == LOAD else None
        return (MAYBE, MAYBE) if self._is_unsure(test, state) else (state, state)


def _joined(one: State, other: State) -> State:
    """What holds where two ways meet."""
    if one in (NOWHERE, other):
        return other
    return one if other == NOWHERE else MAYBE
