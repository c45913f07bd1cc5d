"""What goes on and on: loops, events that raise each other; and what comes to nothing: routes that resume nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.lang import nodes
from evroute_kernel.lang.generation.loops import never_ends
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject

_NOTIFY: Final = "notify_on_event"
#: statements that may end what runs, so that nothing behind them is sure to be reached
_ENDS: Final = (nodes.Return, nodes.Exit, nodes.Drop, nodes.Assert, nodes.Async)


@rule(
    "endless-loop",
    "a `while` whose condition nothing in its body changes",
    local=True,
    foretells=("is left: nothing in the loop",),
    fires=(
        'while ($var(i) < 3) { xlog("$var(i)\\n"); }',
        'while (1) { xlog("again\\n"); }',
        "while ($var(i) < 3 and $avp(next) != NULL) { $var(j) = $var(j) + 1; }",
    ),
    quiet=(
        "while ($var(i) < 3) { $var(i) += 1; }",
        "while (1) { if ($var(i) > 3) break; $var(i) += 1; }",
        "while ($shv(ready) == 0) { usleep(1000); }",
        """
        event_route[E_X] { while ($var(i) < 3) { route(next); } }
        route[next] { $var(i) += 1; }
        """,
        'while ($avp(x) != NULL) { cache_fetch("local", "k", $avp(x)); }',
    ),
)
def endless_loop(subject: Subject) -> Iterator[Finding]:
    """Once it runs it runs 10,000 times (the global max_while_loops): the server then says so in an error, and leaves
    it. Calls of routes and functions that may change the condition count as changes."""
    for node in subject.of(nodes.While):
        why = never_ends(node) if node.body else None
        if why is not None:
            span = node.span.source.span(node.span.start, node.test.span.end)
            yield Finding(f"{why}: the server leaves it after 10,000 rounds", span, "change it in the body, or break")


@rule(
    "raise-each-other",
    "events whose routes raise each other, whatever happens",
    fires=(
        """
        event_route[E_PING] { raise_event("E_PONG"); }
        event_route[E_PONG] { xlog("pong\\n"); raise_event("E_PING"); }
        """,
        """
        event_route[E_AGAIN] { route(again); }
        route[again] { raise_event("E_AGAIN"); }
        """,
    ),
    quiet=(
        """
        event_route[E_PING] { raise_event("E_PONG"); }
        event_route[E_PONG] { if ($shv(n) < 3) raise_event("E_PING"); }
        """,
        """
        event_route[E_PING] { if ($shv(n) > 3) exit; raise_event("E_PONG"); }
        event_route[E_PONG] { raise_event("E_PING"); }
        """,
    ),
)
def raise_each_other(subject: Subject) -> Iterator[Finding]:
    """An event that is raised in a route is queued and runs after it, so the two never end: they keep a worker busy for
    ever. A condition before the `raise_event` ends it. (4.0 runs the one inside the other, and gives up with an error
    when there are a hundred.)"""
    how = "without end" if subject.library.version == "3.6" else "until a hundred run inside each other, an error"
    raised = {block.name: dict(_raised(subject, block, ())) for block in subject.blocks if block.kind == "event_route"}
    for event, targets in raised.items():
        for target, call in targets.items():
            way = _way(raised, target, event)
            if way is not None:
                through = " > ".join([event, *way])
                message = f"{through}: these events raise each other {how}"
                yield Finding(message, call.span, "raise the event under a condition")


def _raised(subject: Subject, block: Block, callers: tuple[str, ...]) -> Iterator[tuple[str, nodes.Call]]:
    """The events that a block raises whenever it runs, by itself or in routes that it calls."""
    for event, statement in block.once(_surely):
        if isinstance(statement, nodes.RouteCall):
            called = subject.routes.get(statement.target.text) if isinstance(statement.target, nodes.Name) else None
            if called is None or called.name in callers or called.once(_may_end_somewhere):
                return
            yield from _raised(subject, called, (*callers, called.name))
        else:
            yield event, statement


def _surely(block: Block) -> list[tuple[str, nodes.Call | nodes.RouteCall]]:
    """The events that a block raises itself whenever it runs, and the routes that it calls, up to where it may end."""
    found: list[tuple[str, nodes.Call | nodes.RouteCall]] = []
    raises = any(call.name == "raise_event" for call in block.of(nodes.Call))
    for statement in block.statements if raises or any(block.of(nodes.RouteCall)) else ():
        if isinstance(statement, nodes.Call) and statement.name == "raise_event" and statement.arguments:
            named = statement.arguments[0]
            if isinstance(named, nodes.String) and "$" not in named.value:
                found.append((named.value, statement))
        elif isinstance(statement, nodes.RouteCall):
            found.append(("", statement))
        elif _may_end([statement]):
            break
    return found


def _may_end_somewhere(block: Block) -> bool:
    return any(block.of(*_ENDS, nodes.RouteCall))


def _may_end(statements: Iterable[nodes.Statement]) -> bool:
    """Whether what runs may end there; a call inside of something may do so too."""
    return any(isinstance(node, (*_ENDS, nodes.RouteCall)) for statement in statements for node in statement.walk())


def _way(raised: dict[str, dict[str, nodes.Call]], start: str, end: str) -> list[str] | None:
    """The events from one to another."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == end:
            return way
        for following in raised.get(way[-1], {}):
            if following not in seen or following == end:
                seen.add(following)
                ways.append([*way, following])
    return None


@rule(
    "notified-of-its-own",
    "a route of `notify_on_event()` that raises the event which it is run for, whatever happens",
    fires="""
        loadmodule "event_routing.so"
        event_route[E_UL_CONTACT_INSERT] { notify_on_event("E_CALL", $avp(none), "again", 60); }
        event_route[E_CALL] { xlog("$param(id)\\n"); }
        route[again] { $avp(name) = "id"; raise_event("E_CALL", $avp(name), $avp(id)); }
    """,
    quiet=(
        """
        loadmodule "event_routing.so"
        event_route[E_UL_CONTACT_INSERT] { notify_on_event("E_CALL", $avp(none), "again", 60); }
        event_route[E_CALL] { xlog("$param(id)\\n"); }
        route[again] { $avp(name) = "id"; if ($avp(id) != "end") raise_event("E_CALL", $avp(name), $avp(id)); }
        """,
        """
        loadmodule "event_routing.so"
        event_route[E_UL_CONTACT_INSERT] { $avp(f) = "id=1"; notify_on_event("E_CALL", $avp(f), "again", 60); }
        event_route[E_CALL] { xlog("$param(id)\\n"); }
        route[again] { $avp(name) = "id"; $avp(id) = 2; raise_event("E_CALL", $avp(name), $avp(id)); }
        """,
    ),
)
def notified_of_its_own(subject: Subject) -> Iterator[Finding]:
    """Each event leads to the next, so the worker is kept busy until the subscription expires. A condition before the
    `raise_event` ends it, or a filter that the raised event does not pass; none is reported whose AVP gets a value."""
    for block in subject.blocks if _NOTIFY in subject.functions else ():
        for call in block.of(nodes.Call):
            match call.arguments if call.name == _NOTIFY else ():
                case (nodes.String(value=event), nodes.Variable(text=avp), nodes.String(value=name), *_):
                    route = subject.routes.get(name)
                    raised = (
                        dict(_raised(subject, route, ())).get(event) if route and not _is_set(subject, avp) else None
                    )
                    if raised is not None:
                        message = (
                            f"route[{name}] raises {event}, for which notify_on_event() runs it: this goes on and on"
                        )
                        yield Finding(message, raised.span, "raise the event under a condition")


def _is_set(subject: Subject, avp: str) -> bool:
    return any(assign.target.text == avp for block in subject.blocks for assign in block.of(nodes.Assign))


@rule(
    "undefined-resume-route",
    "`async` or `launch` names a route that is not defined",
    fires=(
        """
        event_route[E_X] { async(usleep(10), later); }
        """,
        """
        event_route[E_X] { launch(usleep(10), later); }
        route[latter] { xlog("late\\n"); }
        """,
    ),
    quiet="""
        event_route[E_X] { async(usleep(10), later); }
        route[later] { xlog("late\\n"); }
    """,
)
def undefined_resume_route(subject: Subject) -> Iterator[Finding]:
    """The server starts with it. When the function is done nothing runs: after `async` the script ends there, and
    `launch` says that it ignores the route. In the route of a SIP request, and in one that notify_on_event() has
    subscribed, the server dies of such an `async`; there the kernel ends the run with an error."""
    known = {*subject.routes, *subject.others}
    started: tuple[type[nodes.Async | nodes.Launch], ...] = (nodes.Async, nodes.Launch)
    for node in subject.of(*started):
        name = node.route
        if name is not None and name.text not in known and not subject.hides(name.text):
            hint = did_you_mean(name.text, sorted(known)) or f"define route[{name.text}] {{ ... }}"
            yield Finding(f"no route is named {name.text!r}: nothing runs when this is done", name.span, hint)
