"""What kills or hangs an OpenSIPS 4.0: events raised from within event routes run inside the statement there, and each
takes something from the stack of routes. `route_stack` counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.inline.raises import sure_to_send
from evroute_kernel.lang.lints.inline.route_stack import Walk
from evroute_kernel.lang.lints.inline.subscribers import event_routes, subscribed
from evroute_kernel.lang.lints.inline.ways import Death, Ways
from evroute_kernel.lang.lints.registry import Finding
from evroute_kernel.lang.lints.subject import Subject

_CORE_LOG: Final = "E_CORE_LOG"
_PROFILING: Final = "E_PROFILING_SCRIPT"
_PROCESSES: Final = "E_PROFILING_PROC"
_ONCE: Final = "raise at most two events in one run, the others from a timer or startup route"


def inline_raise_crash(subject: Subject) -> Iterator[Finding]:
    """See the lint of this name."""
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


def inline_raise_may_crash(subject: Subject) -> Iterator[Finding]:
    """See the lint of this name."""
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
    """Whether a log line may reach a route on E_CORE_LOG, and whether one of an ordinary level surely kills by that.

    It does where `xlog_level` lets the server's own words out, which are logged while it raises the event. At the
    server's own level the line is one more event, and a run may have room for it. Seen on 4.0.1.
    """
    served = {block.name for block in event_routes(subject)} | set(subject.served)
    if _CORE_LOG not in served:
        return False, False
    settings = {i.name: i.value for i in subject.script.items if isinstance(i, nodes.Global)}
    is_on = settings.get("log_event_enabled", 0 if subject.whole else None)
    if is_on is not None and is_on not in (1, "1", "yes", "on", "true"):
        return False, False
    changed = any(name in settings for name in ("log_event_level_filter", "debug_mode"))
    levels = _number(settings.get("log_level"), 2) == 2 and _number(settings.get("xlog_level"), 2) == _DEBUG
    written = any(use.spec.declaration.name in _LEVELS for block in subject.blocks for use in block.written)
    return True, is_on is not None and subject.whole and levels and not changed and not written


def _number(value: object, default: int) -> int:
    return default if value is None else int(value) if str(value).isdigit() else -1  # type: ignore[call-overload]


_DEBUG: Final = 4
_LEVELS: Final = ("log_level", "xlog_level")
