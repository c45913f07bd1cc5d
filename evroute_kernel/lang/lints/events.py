"""Names of events, and what raises them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.inline_effects import inline_raises
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.library.catalogue.declared import known_event
from evroute_kernel.library.successors import kamailio_event
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_variable
from evroute_kernel.source import Span


@rule(
    "unknown-event",
    "the name of an event is nearly, but not quite, that of an event of OpenSIPS",
    local=True,
    fires=(
        """
        event_route[E_PIKE_BLOKED] {
            xlog("$param(ip) is blocked\\n");
        }
        """,
        """
        event_route[E_DISPATCHER_CHANGED] {
            xlog("$param(address) changed\\n");
        }
        """,
        'subscribe_event("E_DIALOG_STATE_CHANGED", "udp:127.0.0.1:9000");',
        'event_route["dispatcher:dst-down"] { xlog("down\\n"); }',
    ),
    quiet=(
        """
        event_route[E_PIKE_BLOCKED] {
            xlog("$param(ip) is blocked\\n");
        }
        """,
        """
        event_route[E_NIGHTLY_REPORT] {
            xlog("$shv(calls) calls\\n");
        }
        """,
    ),
)
def unknown_event(subject: Subject) -> Iterator[Finding]:
    """An event_route for a name that nothing raises is accepted and never runs. A name unlike all events of OpenSIPS is
    taken as an event of your own; `%event declare` makes any name known."""
    for name, span in _event_names(subject):
        if known_event(name, subject.declared_events, subject.library.events) is not None:
            continue
        foreign = kamailio_event(name)
        if foreign is not None:
            yield Finding(f"{foreign[0]}: nothing raises it", span, foreign[1])
            continue
        elsewhere = subject.library.successor("event", name)
        if elsewhere is not None:
            yield Finding(f"OpenSIPS {subject.library.version} has no event {name}: nothing raises it", span, elsewhere)
            continue
        near = subject.library.likely_events(name, subject.declared_events)
        if near:
            choice = near[0] if len(near) == 1 else f"{', '.join(near[:-1])} or {near[-1]}"
            hint = f"did you mean {choice}? an event of your own: %event declare {name}, in a file as a comment"
            yield Finding(f"OpenSIPS has no event {name}, so nothing raises it by itself", span, hint)


def _event_names(subject: Subject) -> Iterator[tuple[str, Span]]:
    for block in subject.blocks:
        if block.kind == "event_route":
            yield block.name, block.header
    for node in subject.of(nodes.Call):
        if node.name in ("raise_event", "subscribe_event") and node.arguments:
            event = node.arguments[0]
            if isinstance(event, nodes.String) and "$" not in event.value:
                yield event.value, event.span


@rule(
    "empty-route",
    "a block that holds nothing but `;` is not registered, and takes others with it",
    fires="event_route[E_PIKE_BLOCKED] { ; }",
    quiet='event_route[E_PIKE_BLOCKED] { xlog("$param(ip)\\n"); }',
)
def empty_route(subject: Subject) -> Iterator[Finding]:
    """The server accepts such a block, does not register it for its event, and then skips the registration of every
    event_route after it: they never run, without a word."""
    blocks = subject.blocks
    for index, block in enumerate(blocks):
        if block.statements or block.kind not in ("event_route", "route"):
            continue
        later = [b.title for b in blocks[index + 1 :] if b.kind == "event_route" and b.statements]
        if block.kind == "event_route":
            message = f"{block.title} holds no statement: it does not run"
        else:
            message = f"{block.title} holds no statement: the server takes it as not defined"
        if later:
            message += f", and neither does any event_route after it ({', '.join(later)})"
        yield Finding(message, block.header, "remove it, or give it a statement such as exit;")


@rule(
    "raise-one-avp",
    "`raise_event(name, $avp(x))` with one AVP raises the event without parameters",
    local=True,
    fires="""
        $avp(ip) = $param(ip);
        raise_event("E_BAN", $avp(ip));
    """,
    quiet="""
        $avp(ip) = $param(ip);
        raise_event("E_BAN", , $avp(ip));
    """,
)
def raise_one_avp(subject: Subject) -> Iterator[Finding]:
    """The second argument holds the names and the third the values. Names without values are no parameters."""
    for call in _raises(subject):
        names, values = _avps(call)
        if names is not None and values is None:
            hint = f"for values without names write raise_event(..., , {names.text})"
            yield Finding("names without values: the event is raised without parameters", names.span, hint)


@rule(
    "raise-order",
    "parameters of `raise_event` arrive in the reverse of the order in which they were assigned",
    fires="""
        event_route[E_PIKE_BLOCKED] {
            $avp(n) = "ip";    $avp(v) = $param(ip);
            $avp(n) = "count"; $avp(v) = 1;
            raise_event("E_BAN", $avp(n), $avp(v));
        }
        event_route[E_BAN] {
            xlog("$param(1) was seen $param(2) times\\n");
        }
    """,
    quiet="""
        event_route[E_PIKE_BLOCKED] {
            $avp(n) = "ip";    $avp(v) = $param(ip);
            $avp(n) = "count"; $avp(v) = 1;
            raise_event("E_BAN", $avp(n), $avp(v));
        }
        event_route[E_BAN] {
            xlog("$param(ip) was seen $param(count) times\\n");
        }
    """,
)
def raise_order(subject: Subject) -> Iterator[Finding]:
    """AVPs are stacks and `raise_event` reads them from the top: the value assigned last becomes `$param(1)`. Only
    reading by name is safe; a route that reads positions gets them backwards."""
    handlers = {b.name: b for b in reversed(subject.blocks) if b.kind == "event_route"}
    positional = {name for name, handler in handlers.items() if _reads_positions(handler)}
    for call, pushes in (found for block in subject.blocks if _may_raise(block) for found in _pushes(block)):
        event = call.arguments[0]
        if pushes < 2 or not isinstance(event, nodes.String) or event.value not in positional:
            continue
        hint = f"read names in {handlers[event.value].title}, or assign the values in reverse"
        message = f"the {pushes} values arrive in reverse: $param(1) of {event.value} is the one assigned last"
        yield Finding(message, call.span, hint)


@rule(
    "raise-leftovers",
    "a second `raise_event` sends again what is still in the AVPs of the first",
    fires="""
        $avp(n) = "ip"; $avp(v) = $param(ip);
        raise_event("E_BAN", $avp(n), $avp(v));
        $avp(n) = "reason"; $avp(v) = "flood";
        raise_event("E_NOTE", $avp(n), $avp(v));
    """,
    quiet="""
        $avp(n) = "ip"; $avp(v) = $param(ip);
        raise_event("E_BAN", $avp(n), $avp(v));
        $avp(n) := "reason"; $avp(v) := "flood";
        raise_event("E_NOTE", $avp(n), $avp(v));
    """,
)
def raise_leftovers(subject: Subject) -> Iterator[Finding]:
    """`raise_event` leaves its AVPs as they are, and `=` pushes on top of them. The next event of the same run then
    holds the parameters of both. The first assignment of the next round should be `:=`. (In 4.0 an event route that
    serves the event takes them away, if an event route has raised it.)"""
    taken = {id(one.call) for one in inline_raises(subject)} if subject.library.version == "4.0" else set()
    for body in (body for block in subject.blocks if _may_raise(block) for body in block.bodies()):
        raised: dict[str, nodes.Call] = {}
        for statement in body:
            if isinstance(statement, nodes.Assign) and (
                statement.op == ":=" or isinstance(statement.value, nodes.Null)
            ):
                raised.pop(_bare(statement.target.text, subject.library), None)
            if not isinstance(statement, nodes.Call) or statement.name != "raise_event":
                continue
            _, values = _avps(statement)
            if values is None:
                continue
            if values.text in raised:
                message = f"{values.text} still holds what the raise_event in line {raised[values.text].span.line} sent"
                yield Finding(message, values.span, f"begin with {values.text} := ... (and its names too)")
            if id(statement) in taken:
                raised.clear()
            else:
                raised[values.text] = statement


def _raises(subject: Subject) -> Iterator[nodes.Call]:
    for node in subject.of(nodes.Call):
        if node.name == "raise_event" and node.arguments:
            yield node


def _may_raise(block: Block) -> bool:
    return any(call.name == "raise_event" for call in block.of(nodes.Call))


def _avps(call: nodes.Call) -> tuple[nodes.Variable | None, nodes.Variable | None]:
    """The arguments that hold names and values."""
    found = [a if isinstance(a, nodes.Variable) else None for a in call.arguments[1:3]]
    names, values = (*found, None, None)[:2]
    return names, values


_PUSHING: Final[tuple[type[nodes.Assign | nodes.Call], ...]] = (nodes.Assign, nodes.Call)


def _pushes(block: Block) -> Iterator[tuple[nodes.Call, int]]:
    """Each raise_event that sends values, and how many of them the block pushes before it."""
    counts: dict[str, int] = {}
    for node in block.of(*_PUSHING):
        if isinstance(node, nodes.Assign):
            is_null = isinstance(node.value, nodes.Null)
            before = counts.get(node.target.text, 0)
            counts[node.target.text] = 1 if node.op == ":=" else 0 if is_null else before + 1
        elif node.name == "raise_event" and node.arguments:
            _, values = _avps(node)
            if values is not None:
                yield node, counts.get(values.text, 0)


def _reads_positions(block: Block) -> bool:
    return any(spec.declaration.name == "param" and isinstance(spec.name, int) for spec in block.variables)


def _bare(text: str, library: Library) -> str:
    """`$(avp(x)[*])` -> `$avp(x)`."""
    try:
        spec = parse_variable(text, library)
    except TemplateError:
        return text
    name = spec.name.text if isinstance(spec.name, VariableSpec) else spec.name
    return f"${spec.declaration.name}({name})"
