"""What reads otherwise under OpenSIPS 4.0 because an event raised in an event route runs at once, in the same run: what
was there before it is gone, what the inner route leaves is there, and what is set behind it comes too late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.inline.raises import Raise, inline_raises
from evroute_kernel.lang.lints.inline.subscribers import event_routes
from evroute_kernel.lang.lints.registry import Finding
from evroute_kernel.lang.lints.subject import Block, Subject, Use

_ROUTE_NAMES: Final = ("route", "route.name", "route.type")
#: statements that are passed whatever happens
_PASSED: Final = (nodes.Assign, nodes.XLog, nodes.XDbg, nodes.Log, nodes.Call)
#: ("avp", "x")
Named = tuple[str, str]


def after_inline_raise(subject: Subject) -> Iterator[Finding]:
    """See the lint of this name."""
    told = set[int]()
    for one in inline_raises(subject):
        for use in _read_behind(one):
            name = use.spec.declaration.name
            is_gone = (name == "avp" and _is_given_before(one, _key(use))) or (
                name in _ROUTE_NAMES and use.spec.index is None
            )
            if is_gone and id(use.node) not in told:
                told.add(id(use.node))
                message = f'{use.spec.text} is null here: raise_event("{one.event}") took it away'
                yield Finding(message, use.span, "put it into a $var before, or raise the event last")


def _is_given_before(one: Raise, name: Named) -> bool:
    """Whether the block writes something above the raise."""
    return one.block.once(_first_written).get(name, one.call.span.end) < one.call.span.start


def _first_written(block: Block) -> dict[Named, int]:
    """Where each variable of a constant name is written first."""
    written = (use for use in block.written if use.role == "write" and use.name is not None)
    return {_key(use): use.node.span.start for use in sorted(written, key=lambda use: -use.node.span.start)}


def _read_behind(one: Raise) -> Iterator[Use]:
    """What is read behind the raise, up to where it may be written again."""
    uses = _uses_by_node(one.block)
    written = set[Named]()
    for statement in one.behind:
        found = [use for node in statement.walk() for use in uses.get(id(node), ())]
        now = {(use.spec.declaration.name, use.name or "") for use in found if use.role != "read"}
        if not isinstance(statement, _PASSED):
            written |= now
        yield from (use for use in found if use.role == "read" and _key(use) not in written)
        written |= now
        if any(isinstance(node, nodes.RouteCall) for node in statement.walk()):
            return  # which may write anything


def _key(use: Use) -> Named:
    return use.spec.declaration.name, use.name or ""


def _uses_by_node(block: Block) -> dict[int, list[Use]]:
    return block.once(_all_uses_by_node)


def _all_uses_by_node(block: Block) -> dict[int, list[Use]]:
    found: dict[int, list[Use]] = {}
    for use in block.uses:
        found.setdefault(id(use.node), []).append(use)
    return found


def avp_loop_raise(subject: Subject) -> Iterator[Finding]:
    """See the lint of this name."""
    raises = {id(one.call): one for one in inline_raises(subject)}
    for loop in subject.of(nodes.ForEach):
        passed = loop.body[: next((i for i, s in enumerate(loop.body) if not isinstance(s, _PASSED)), len(loop.body))]
        one = next((raises[id(statement)] for statement in passed if id(statement) in raises), None)
        if one is not None and loop.collection.text.startswith("$(avp("):
            message = f'the loop ends after the first item: raise_event("{one.event}") takes the AVPs away'
            yield Finding(message, loop.collection.span, "raise one event that holds all items, such as a JSON text")


def _with_routes(subject: Subject) -> Iterator[tuple[Raise, Block]]:
    """The raises whose event another route of the text serves, and that route."""
    routes = {block.name: block for block in event_routes(subject)}
    for one in inline_raises(subject):
        inner = routes.get(one.event)
        if inner is not None and inner is not one.block:
            yield one, inner


def inline_raise_var(subject: Subject) -> Iterator[Finding]:
    """See the lint of this name."""
    told = set[int]()
    for one, inner in _with_routes(subject):
        shared = inner.once(_surely_written)
        for use in _read_behind(one):
            is_shared = use.spec.declaration.name == "var" and _key(use) in shared and _is_given_before(one, _key(use))
            if is_shared and id(use.node) not in told:
                told.add(id(use.node))
                message = f"{use.spec.text} is what event_route[{one.event}] has left in it"
                yield Finding(message, use.span, "use another name in one of the two routes")


def _surely_written(block: Block) -> set[Named]:
    uses = _uses_by_node(block)
    found = set[Named]()
    for statement in block.statements:
        if not isinstance(statement, _PASSED):
            break
        if isinstance(statement, nodes.Assign) and isinstance(statement.value, (nodes.String, nodes.Number)):
            found |= {_key(use) for use in uses.get(id(statement.target), ()) if use.role == "write"}
    return found


def _surely_read(block: Block) -> set[Named]:
    """What a route reads that it does not surely write before."""
    return {_key(use) for use in block.uses if use.role == "read" and use.name is not None} - _surely_written(block)


def late_for_inline_raise(subject: Subject) -> Iterator[Finding]:
    """See the lint of this name."""
    told = set[int]()
    for one, inner in _with_routes(subject):
        read = inner.once(_surely_read)
        for statement in one.behind:
            if isinstance(statement, nodes.Assign) and statement.op in ("=", ":=") and id(statement) not in told:
                keys = read.intersection(map(_key, _uses_by_node(one.block).get(id(statement.target), ())))
                if any(key[0] in ("var", "shv") and not _is_given_before(one, key) for key in keys):
                    told.add(id(statement))
                    message = f"event_route[{one.event}] has read {statement.target.text} before this"
                    yield Finding(message, statement.span, "set it before raise_event")
