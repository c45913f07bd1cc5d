"""What kills or hangs an OpenSIPS 4.0: events raised from within event routes run inside the statement there, and each
takes something from the stack of routes. `route_stack` counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.route_stack import Death, Walk, Ways
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.lang.lints.subscribers import event_routes, subscribed

_CORE_LOG: Final = "E_CORE_LOG"
_PROFILING: Final = "E_PROFILING_SCRIPT"
_PROCESSES: Final = "E_PROFILING_PROC"
_ONCE: Final = "raise at most two events in one run, the others from a timer or startup route"


@rule(
    "inline-raise-crash",
    "OpenSIPS 4.0: a run of this event route kills the server, or hangs it",
    versions=("4.0",),
    fires=(
        """
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); route(report); }
        route[report] { xlog("reported\\n"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        log_event_enabled = yes
        event_route[E_CORE_LOG] { $shv(lines) += 1; }
        event_route[E_A] { raise_event("E_B"); xlog("after\\n"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        'event_route[E_PROFILING_SCRIPT] { xlog("$param(name)\\n"); }',
    ),
    quiet=(
        """
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] { route(report); }
        route[report] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        timer_route[minute, 60] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
    ),
)
def inline_raise_crash(subject: Subject) -> Iterator[Finding]:
    """An event raised in an event route runs at once, inside `raise_event`, and the third one in a run kills the whole
    server: its stack of routes is one shorter after each. In a called route one more is possible, and a second event
    route on the same event counts as a second event. So does a `route(...)` after two. In the same way a line logged
    after such an event kills it where E_CORE_LOG has a route. A route on E_PROFILING_SCRIPT raises that event itself,
    and the worker never returns. Sockets do not count, and neither does what timer, startup and request routes raise:
    that is queued, as all events were in 3.6. Seen on 4.0.1."""
    for block in event_routes(subject):
        if block.name == _PROFILING:
            message = f"every route that runs raises {_PROFILING}, this one too: the worker never returns"
            yield Finding(message, block.header, "subscribe a socket to it")
    seen = set[int]()
    for ways in subject.once(_walked).values():
        for death in ways.fatal if ways.is_fatal else ():
            if id(death.node) not in seen:
                seen.add(id(death.node))
                yield _killed(death)


def _killed(death: Death) -> Finding:
    node = death.node
    if isinstance(node, nodes.Call):
        message = "this kills the server: too many events have been raised in this run"
    elif isinstance(node, nodes.RouteCall):
        message = "this kills the server: no route can be called after so many events were raised in the run"
    else:
        message = f"this line kills the server: it raises {_CORE_LOG} after an event from within"
        return Finding(message, node.span, f"log before raise_event, or remove event_route[{_CORE_LOG}]")
    return Finding(message, node.span, _ONCE)


@rule(
    "inline-raise-may-crash",
    "OpenSIPS 4.0: a run of this event route kills the server if it takes a certain way, or once somebody subscribes",
    severity="info",
    versions=("4.0",),
    fires=(
        """
        event_route[E_A] {
            for ($json(item) in $(json(list)[*])) raise_event("E_B");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] {
            raise_event("E_B"); raise_event("E_B");
            if ($param(urgent) == 1) raise_event("E_B");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        'event_route[E_A] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }',
    ),
    quiet=(
        """
        event_route[E_A] {
            if ($param(urgent) == 1) raise_event("E_B"); else raise_event("E_C");
            raise_event("E_B");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        startup_route { subscribe_event("E_B", "udp:192.0.2.7:9000"); }
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        """,
    ),
)
def inline_raise_may_crash(subject: Subject) -> Iterator[Finding]:
    """As `inline-raise-crash`, but it depends on what happens: how often a loop goes round, which branch is taken,
    whether an event route subscribes that is not there yet. Of each event route the first such place is told."""
    seen = set[int]()
    for ways in subject.once(_walked).values():
        death = None if ways.is_fatal else ways.possible or next(iter(ways.fatal), None)
        if death is not None and id(death.node) not in seen:
            seen.add(id(death.node))
            yield Finding(f"this may kill the server ({death.why}): {_why(death.node)}", death.node.span, _ONCE)
    for block in event_routes(subject):
        if block.name == _PROCESSES:
            message = "with the profile of workers switched on, a worker feeds itself with these events for ever"
            yield Finding(message, block.header, "subscribe a socket to it")
    for block in subject.blocks:
        for call in block.of(nodes.Call):
            event, socket = subscribed(call) or ("", "")
            if event == _PROFILING and socket.startswith("route:"):
                yield Finding("a route on this event raises it itself, without end", call.span, "subscribe a socket")


def _why(node: nodes.Node) -> str:
    if isinstance(node, (nodes.Call, nodes.RouteCall)):
        return "the third event that event routes serve in one run does"
    return f"it raises {_CORE_LOG} after an event from within"


# -- the ways through all event routes --------------------------------------------------------------------------------


def _walked(subject: Subject) -> dict[str, Ways]:
    """What comes of a run of each event route that may raise events."""
    log_kills, log_surely = _logged(subject)
    walk = Walk(subject, log_kills, log_surely, sends=subject.once(sure_to_send))
    names = [block.name for block in event_routes(subject) if walk.may_raise(block)]
    found = {name: walk.event_route(name) for name in names}
    # an error may end the run before
    is_unsure = any(block.kind == "error_route" for block in subject.blocks)
    return {name: _unless(ways, walk, name, is_unsure) for name, ways in found.items()}


def _unless(ways: Ways, walk: Walk, name: str, is_unsure: bool) -> Ways:
    """The ways that are fatal in a run of its own, where the event may come from within: the stack is longer then."""
    is_inner = name in walk.inner or None in walk.inner
    if not ways.is_fatal or not (is_inner or is_unsure):
        return ways
    why = f"where no event route has raised {name}" if is_inner else "unless an error ends the run before"
    return Ways(None, ends=True, possible=Death(ways.fatal[0].node, why))


def _logged(subject: Subject) -> tuple[bool, bool]:
    """Whether a log line may reach a route on E_CORE_LOG, and whether one of an ordinary level surely does."""
    served = {block.name for block in event_routes(subject)} | set(subject.served)
    if _CORE_LOG not in served:
        return False, False
    settings = {i.name: i.value for i in subject.script.items if isinstance(i, nodes.Global)}
    is_on = settings.get("log_event_enabled", 0 if subject.whole else None)
    if is_on is not None and is_on not in (1, "1", "yes", "on", "true"):
        return False, False
    changed = any(name in settings for name in ("log_level", "xlog_level", "log_event_level_filter", "debug_mode"))
    written = any(use.spec.declaration.name in _LEVELS for block in subject.blocks for use in block.written)
    return True, is_on is not None and subject.whole and not changed and not written


_LEVELS: Final = ("log_level", "xlog_level")


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
