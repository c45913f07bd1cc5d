"""The statements that raise events: those that cannot fail, and those whose event runs inside them under 4.0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.inline.subscribers import raised, subscribers
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.records import dataclass

#: so many statements behind a raise are looked at
_FAR: Final = 40


@dataclass(frozen=True, slots=True)
class Raise:
    """A statement `raise_event(...)` whose event an event route of the script surely serves, inside the statement."""

    call: nodes.Call
    event: str
    block: Block
    #: the next statements behind it in the same body
    behind: tuple[nodes.Statement, ...]


def inline_raises(subject: Subject) -> list[Raise]:
    """Those in event routes, and in routes that only they call."""
    return subject.once(_inline_raises)


def _inline_raises(subject: Subject) -> list[Raise]:
    served, sends = subject.once(subscribers), subject.once(sure_to_send)
    found = []
    for block in subject.blocks:
        calls = {id(call) for call in block.of(nodes.Call) if call.name == "raise_event"} & sends
        if not calls or not (block.kind == "event_route" or (block.called and subject.only_for_events(block))):
            continue
        for body in block.bodies():
            for index, statement in enumerate(body):
                event = raised(statement) if isinstance(statement, nodes.Call) and id(statement) in calls else None
                if event in served and served[event].least:
                    assert isinstance(statement, nodes.Call)
                    assert event is not None
                    found.append(Raise(statement, event, block, body[index + 1 : index + 1 + _FAR]))
    return found


def sure_to_send(subject: Subject) -> frozenset[int]:
    """The calls of `raise_event` that cannot fail: names without values are none; values without names are sent as they
    are; a value that has no name is an error."""
    unsure = set(_unpaired(subject))
    calls = (call for block in subject.blocks for call in block.of(nodes.Call) if call.name == "raise_event")
    return frozenset(id(call) for call in calls if not unsure.intersection(_named(call)))


def _named(call: nodes.Call) -> Iterable[str]:
    """The AVPs of names and values of a `raise_event` that has both."""
    given = [a.text for a in call.arguments[1:3] if isinstance(a, nodes.Variable)]
    return given if len(given) == 2 else ()


def _unpaired(subject: Subject) -> Iterator[str]:
    """The AVPs that do not get, all over the script, a name and then a value, each time in the same way."""
    pairs = {tuple(_named(call)) for block in subject.blocks for call in block.of(nodes.Call)} - {()}
    if not pairs:
        return
    for names, values in pairs:
        if not all(_is_paired(block, names, values) for block in subject.blocks):
            yield from (names, values)


def _is_paired(block: Block, names: str, values: str) -> bool:
    """Whether each name that a block assigns is a text, and a value follows at once, by the same operator."""
    given = {id(n): n for n in block.of(nodes.Assign) if n.target.text in (names, values)}
    paired = set[int]()
    for body in block.bodies():
        for first, second in pairwise(body):
            if id(first) in given and id(second) in given:
                assert isinstance(first, nodes.Assign)
                assert isinstance(second, nodes.Assign)
                is_pair = (first.target.text, second.target.text) == (names, values) and first.op == second.op
                if is_pair and isinstance(first.value, nodes.String):
                    paired |= {id(first), id(second)}
    handed = {id(a) for call in block.of(nodes.Call) if call.name == "raise_event" for a in call.arguments}
    is_output = any(
        use.spec.declaration.name == "avp" and use.role == "output" and id(use.node) not in handed
        for use in block.written
    )
    return paired == set(given) and not is_output
