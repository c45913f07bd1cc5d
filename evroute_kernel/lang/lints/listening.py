"""The calls of a text that listen for an event with a filter: notify_on_event() and wait_for_event().

What a filter certainly holds is what the statements before it have put into its AVP, those around an `if` included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.library.catalogue.declared import known_event
from evroute_kernel.records import dataclass

NOTIFY: Final = "notify_on_event"
WAIT: Final = "wait_for_event"
_LISTENING: Final = frozenset({NOTIFY, WAIT})
#: text of an AVP -> what has been put into it, each with the calls that have used it before
Held: TypeAlias = "dict[str, list[tuple[nodes.Assign, int]]]"
#: statements that change no AVP, and behind which the next one runs
_HARMLESS: Final = (nodes.Call, nodes.XLog, nodes.XDbg, nodes.Log, nodes.Assert, nodes.Async, nodes.Launch)
#: statements behind which nothing runs
_ENDS: Final = (nodes.Exit, nodes.Drop, nodes.Return)
_LOOPS: Final = (nodes.While, nodes.ForEach)


@dataclass(frozen=True, slots=True)
class Listening:
    """A call, the statement that it stands in, and what the statements before it have certainly put into AVPs."""

    call: nodes.Call
    statement: nodes.Statement
    held: Held

    @property
    def event(self) -> str | None:
        """The event, if it is a constant."""
        return constant(self.call.arguments[0])

    @property
    def values(self) -> tuple[tuple[nodes.Assign, int], ...]:
        """What is in its filter: values, each with the calls that have used it before."""
        avp = self.call.arguments[1]
        return tuple(self.held.get(avp.text, ())) if isinstance(avp, nodes.Variable) else ()

    @property
    def waits(self) -> bool:
        """Whether a run waits for the event, and no route is subscribed."""
        return self.call.name == WAIT


def constant(given: object) -> str | None:
    """The name of an event that is no expression."""
    return given.value if isinstance(given, nodes.String) and "$" not in given.value else None


def listening(subject: Subject) -> Iterator[Listening]:
    """The calls in a text."""
    return (one for block in listeners(subject) for one in listening_in(block))


def listeners(subject: Subject) -> Sequence[Block]:
    """The blocks that such calls may be in."""
    return () if subject.functions.isdisjoint(_LISTENING) else subject.blocks


def listening_in(block: Block) -> list[Listening]:
    """The calls in a block."""
    return block.once(_listening)


def _listening(block: Block) -> list[Listening]:
    return [] if block.functions.isdisjoint(_LISTENING) else list(_in_order(block.statements, {}))


def _in_order(statements: tuple[nodes.Statement, ...], held: Held) -> Iterator[Listening]:
    """The calls in a list of statements. What may change an AVP elsewhere makes everything uncertain."""
    for statement in statements:
        if isinstance(statement, nodes.Assign):
            _assign(held, statement)
        elif isinstance(statement, nodes.If):
            yield from _calls(statement.test, statement, held)
            for body in (statement.then, statement.orelse):
                yield from _in_order(body, _copied(held))
            _forget(held, statement)
        elif isinstance(statement, nodes.Switch):
            for body in (*(case.body for case in statement.cases), statement.default or ()):
                yield from _in_order(body, _copied(held))
            _forget(held, statement)
        elif isinstance(statement, _LOOPS):
            _forget(held, statement)  # it may come round
            yield from _in_order(statement.body, _copied(held))
        else:
            yield from _calls(statement, statement, held)
            if isinstance(statement, _ENDS):
                return
            if not isinstance(statement, _HARMLESS):
                held.clear()


def _calls(node: nodes.Node, statement: nodes.Statement, held: Held) -> Iterator[Listening]:
    """The calls in a statement, or in a condition."""
    for call in node.walk():
        if isinstance(call, nodes.Call) and call.name in _LISTENING and len(call.arguments) > 1:
            yield Listening(call, statement, _copied(held))
            avp = call.arguments[1]
            name = avp.text if isinstance(avp, nodes.Variable) else ""
            held[name] = [(assign, used + 1) for assign, used in held.get(name, ())]


def _assign(held: Held, statement: nodes.Assign) -> None:
    name = statement.target.text
    if statement.op != "=" or isinstance(statement.value, nodes.Null):
        held.pop(name, None)
    elif name.startswith("$avp("):
        held.setdefault(name, []).append((statement, 0))


def _copied(held: Held) -> Held:
    return {name: list(values) for name, values in held.items()}


def _forget(held: Held, statement: nodes.Statement) -> None:
    """What a statement with others in it may have changed is uncertain."""
    for node in statement.walk():
        if isinstance(node, nodes.Assign):
            held.pop(node.target.text, None)
        elif isinstance(node, nodes.RouteCall | nodes.ForEach):
            held.clear()


def parameters(subject: Subject, event: str) -> list[str] | None:
    """The names of an event's parameters; None where they are not known, or others may come."""
    known = known_event(event, subject.declared_events, subject.library.events)
    return None if known is None or known.dynamic else [parameter.name for parameter in known.params]
