"""What goes on for ever, or nowhere: loops without an end, events that raise each other, routes that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.lang.lints.texts import outputs, variable_of
from evroute_kernel.library.template import VariableSpec

#: what ends a loop, or may change any variable
_LEAVING: Final = (
    nodes.Break, nodes.Return, nodes.Exit, nodes.Drop, nodes.Assert, nodes.RouteCall, nodes.Async,
)  # fmt: skip
#: what a condition may hold that changes only where the script changes it
_STEADY: Final = (
    nodes.Comparison, nodes.Variable, nodes.Number, nodes.String, nodes.Null, nodes.Not, nodes.BoolOp, nodes.Group,
    nodes.Bracket, nodes.BinaryOp, nodes.UnaryOp,
)  # fmt: skip


@rule(
    "unchanged-condition",
    "a `while` whose condition nothing in its body changes",
    fires=(
        """
        $var(i) = 0;
        while ($var(i) < 3) {
            xlog("round $var(i)\\n");
            $var(n) += 1;
        }
        """,
        "while (1) { usleep(10); }",
    ),
    quiet=(
        "$var(i) = 0;\nwhile ($var(i) < 3) { $var(i) += 1; }",
        "while ($shv(ready) == 0) { usleep(1000); }",
        "while (1) { $var(i) += 1; if ($var(i) > 3) break; }",
        'while ($var(found) == 0) { cache_counter_fetch("local", "calls", $var(found)); }',
        "while ($(avp(list)[0]) != NULL) { $avp(list) = NULL; }",
    ),
)
def unchanged_condition(subject: Subject) -> Iterator[Finding]:
    """Once it is true it stays true: the server goes round until `max_while_loops` stops it, with an error in the log,
    and goes on behind the loop. `$shv` is left alone: another process may change it."""
    for node in subject.of(nodes.While):
        if node.body and _is_steady(node):
            hint = "change what it compares, or leave the loop with break"
            yield Finding("nothing in the body changes this condition", node.test.span, hint)


def _is_steady(loop: nodes.While) -> bool:
    """Whether the condition has one value for all rounds, as far as the text tells."""
    condition = list(loop.test.walk())
    if not all(isinstance(node, _STEADY) for node in condition):
        return False
    read: set[tuple[str, str]] = set()
    for node in condition:
        if isinstance(node, nodes.Variable):
            key = _steady_variable(node)
            if key is None:
                return False
            read.add(key)
    inside = [node for statement in loop.body for node in statement.walk()]
    if any(isinstance(node, _LEAVING) for node in inside):
        return False
    return not any(_changes(node, read) for node in inside)


def _steady_variable(node: nodes.Variable) -> tuple[str, str] | None:
    """A variable of a fixed name that only statements change; None for any other."""
    spec = variable_of(node.text)
    if spec is None or any(True for _ in spec.parts()) or spec.declaration.name not in ("var", "avp", "param"):
        return None
    return spec.declaration.name, str(spec.name)


def _changes(node: nodes.Node, read: set[tuple[str, str]]) -> bool:
    written: list[nodes.Variable] = []
    if isinstance(node, nodes.Assign):
        written = [node.target]
    elif isinstance(node, nodes.ForEach):
        written = [node.iterator]
    elif isinstance(node, nodes.Call):
        written = list(outputs(node))
        if any(kind == "avp" for kind, _ in read):  # modules write AVPs that their parameters name
            return True
    return any(_may_be(variable_of(variable.text), read) for variable in written)


def _may_be(spec: VariableSpec | None, read: set[tuple[str, str]]) -> bool:
    if spec is None or isinstance(spec.name, VariableSpec):
        return True
    return (spec.declaration.name, str(spec.name)) in read


@rule(
    "raise-loop",
    "events that raise each other, without a condition",
    fires=(
        """
        event_route[E_PING] { raise_event("E_PONG"); }
        event_route[E_PONG] { raise_event("E_PING"); }
        """,
        """
        route[again] { raise_event("E_PING"); }
        event_route[E_PING] { route(again); }
        """,
    ),
    quiet=(
        """
        event_route[E_PING] { raise_event("E_PONG"); }
        event_route[E_PONG] { if ($shv(round) < 3) raise_event("E_PING"); }
        """,
        """
        event_route[E_PING] { raise_event("E_PONG"); }
        event_route[E_PONG] { xlog("pong\\n"); }
        """,
    ),
)
def raise_loop(subject: Subject) -> Iterator[Finding]:
    """Each event of the circle raises the next one, so that the first never ends: the processes of the server do
    nothing else from then on. A raise behind a condition is left alone."""
    own = {id(block): _Unconditional(block) for block in subject.blocks}
    raised = {b.name: _raised(subject, own, b) for b in subject.blocks if b.kind == "event_route"}
    for event, calls in raised.items():
        for target, call in calls.items():
            circle = _way_back(raised, target, event)
            if circle:
                ring = " -> ".join([event, *circle])
                yield Finding(f"this never ends: {ring}", call.span, "raise it under a condition that becomes false")


class _Unconditional:
    """What a block does whatever happens: the events that it raises, the routes that it calls."""

    def __init__(self, block: Block) -> None:
        self.raises: dict[str, nodes.Node] = {}
        self.calls: dict[str, nodes.Node] = {}
        for statement in block.statements:
            if isinstance(statement, nodes.Call) and statement.name == "raise_event" and statement.arguments:
                name = statement.arguments[0]
                if isinstance(name, nodes.String) and "$" not in name.value:
                    self.raises.setdefault(name.value, statement)
            elif isinstance(statement, nodes.RouteCall) and isinstance(statement.target, nodes.Name):
                self.calls.setdefault(statement.target.text, statement)
            if any(isinstance(node, (nodes.Return, nodes.Exit, nodes.Drop)) for node in statement.walk()):
                return


def _raised(subject: Subject, own: dict[int, _Unconditional], block: Block) -> dict[str, nodes.Node]:
    """The events that a block and the routes that it calls raise, each with the statement of the block that does."""
    found = dict(own[id(block)].raises)
    for name, statement in own[id(block)].calls.items():
        waiting, seen = [name], {name}
        for called in waiting:
            target = subject.routes.get(called)
            if target is not None:
                found |= {event: statement for event in own[id(target)].raises if event not in found}
                following = [route for route in own[id(target)].calls if route not in seen]
                seen.update(following)
                waiting += following
    return found


def _way_back(raised: dict[str, dict[str, nodes.Node]], start: str, goal: str) -> list[str]:
    """The events from one to another, both included; empty where no way leads there."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] == goal:
            return way
        for following in raised.get(way[-1], ()):
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


@rule(
    "resume-route",
    "`async()` or `launch()` names a route that is not there",
    fires="""
        route[answered] { xlog("$var(code)\\n"); }
        event_route[E_PIKE_BLOCKED] {
            async(usleep(10), answred);
        }
    """,
    quiet="""
        route[answered] { xlog("$var(code)\\n"); }
        event_route[E_PIKE_BLOCKED] {
            async(usleep(10), answered);
        }
    """,
)
def resume_route(subject: Subject) -> Iterator[Finding]:
    """The server starts with it, and nothing goes on when the function has its answer."""
    for name in (*(n.route for n in subject.of(nodes.Async)), *(n.route for n in subject.of(nodes.Launch))):
        if name is None or name.text in subject.routes or name.text in subject.elsewhere or subject.hides(name.text):
            continue
        near = did_you_mean(name.text, [route for route in subject.routes if subject.routes[route].statements])
        hint = near or f"define route[{name.text}] {{ ... }}"
        yield Finding(f"no route is named {name.text!r}: nothing goes on after the answer", name.span, hint)
