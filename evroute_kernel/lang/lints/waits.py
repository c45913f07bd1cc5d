"""wait_for_event(): waits that kill or hang the server, and ends of waits that look like something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.blocks import name_of
from evroute_kernel.lang.lints.listening import (
    NOTIFY,
    Listening,
    constant,
    listeners,
    listening,
    listening_in,
    parameters,
)
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.library.template import VariableSpec

_MODULES: Final = 'loadmodule "event_routing.so"\nloadmodule "tm.so"\n'
_GOT: Final = '\nroute[got] { xlog("$avp(ip)\\n"); }'
_BEGIN: Final = (
    _MODULES
    + 'event_route[E_UL_AOR_INSERT] { notify_on_event("E_UL_AOR_INSERT", $avp(none), "begin", 60); }'
    + "\nevent_route[E_PIKE_BLOCKED] { exit; }\n"
)
#: kinds of routes in which the server can leave a run and take it up again
_OF_MESSAGES: Final = ("route", "onreply_route")
_KILLS: Final = "the server dies when the event comes, or the time is over"
_INSTEAD: Final = "subscribe a route with notify_on_event(), and wait in that: it counts as the route of a request"


@rule(
    "wait-outside-request",
    "`async(wait_for_event())` where there is no SIP request kills the server when the event comes",
    fires=(
        _MODULES + 'event_route[E_PIKE_BLOCKED] { async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got); }' + _GOT,
        _MODULES
        + 'timer_route[t, 60] { route(w); }\nroute[w] { async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got); }'
        + _GOT,
    ),
    quiet=_BEGIN + 'route[begin] { async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got); }' + _GOT,
)
def wait_outside_request(subject: Subject) -> Iterator[Finding]:
    """The route goes on at once, as if the event had come, and what was left behind is taken up when it comes, or when
    the time is over. The kernel ends that run with an error instead. A route that notify_on_event() has subscribed
    counts as one of a SIP request, and so does what goes on after async() in it."""
    for block in listeners(subject) if _may_have_tm(subject) else ():
        waits = [one for one in listening_in(block) if one.waits and isinstance(one.statement, nodes.Async)]
        if waits and (outside := _outside(subject, block)) is not None:
            for one in waits:
                where = "" if outside is block else f", which {outside.title} calls"
                message = f"{block.title}{where} has no SIP request to wait with: {_KILLS}"
                yield Finding(message, one.statement.span, _INSTEAD)


@rule(
    "wait-launched",
    "`launch(wait_for_event())` kills the server when the event comes",
    local=True,
    fires=_MODULES
    + 'event_route[E_PIKE_BLOCKED] { launch(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got); }'
    + _GOT,
    quiet=_MODULES + 'event_route[E_PIKE_BLOCKED] { notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 5); }' + _GOT,
)
def wait_launched(subject: Subject) -> Iterator[Finding]:
    """It returns 1 and the script goes on; of the event, or of the timeout, the server dies. The kernel ends that run
    with an error instead."""
    for one in listening(subject):
        if one.waits and isinstance(one.statement, nodes.Launch):
            message = f"wait_for_event() in launch() leaves nothing that could go on: {_KILLS}"
            yield Finding(message, one.statement.span, "notify_on_event() runs a route for each event that comes")


@rule(
    "wait-in-startup",
    "OpenSIPS 4.0: `wait_for_event()` in startup_route hangs the server for ever",
    versions=("4.0",),
    fires=_MODULES + 'startup_route { wait_for_event("E_PIKE_BLOCKED", $avp(f), 5); }',
    quiet=_MODULES + 'event_route[E_PIKE_BLOCKED] { wait_for_event("E_UL_AOR_INSERT", $avp(f), 5); }',
)
def wait_in_startup(subject: Subject) -> Iterator[Finding]:
    """No timer runs yet, and no event comes: the server does not start. The kernel ends the run with an error."""
    for block in listeners(subject):
        if block.kind == "startup_route" or (block.called and _kinds(subject, block) == {"startup_route"}):
            for one in listening_in(block):
                if one.waits and not isinstance(one.statement, nodes.Async | nodes.Launch):
                    message = "the server waits here for ever and does not start: no timer runs yet"
                    yield Finding(message, one.call.span, "wait in an event route, or in a timer_route")


@rule(
    "wait-timeout-code",
    "the route after `async(wait_for_event())` looks at `$rc`, which is 1 without an event, too",
    fires=_BEGIN
    + """route[begin] { async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got); }
    route[got] { if ($rc == 1) xlog("$avp(ip)\\n"); }""",
    quiet=_BEGIN
    + """route[begin] { async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got); }
    route[got] { if ($avp(ip) != NULL) xlog("$avp(ip)\\n"); }""",
)
def wait_timeout_code(subject: Subject) -> Iterator[Finding]:
    """When no event comes in time the route runs all the same, with `$rc` 1 as after an event. Only an event that does
    not exist gives -1. What the event brings tells one from the other, if it is cleared before the wait."""
    for target in {one.route: None for one in _async_waits(subject)}:
        block = subject.routes.get(target)
        first = block.statements[0] if block is not None and block.statements else None
        if isinstance(first, nodes.If):
            for node in first.test.walk():
                if isinstance(node, nodes.Comparison) and node.left.text in ("$rc", "$retcode") and _is_positive(node):
                    message = "$rc is 1 here whether the event has come or the time is over"
                    yield Finding(message, node.span, "test an AVP that the event brings: if ($avp(name) != NULL)")


def _is_positive(node: nodes.Comparison) -> bool:
    """Whether a comparison of the code is meant to tell that an event has come, or that none has."""
    value = node.right.value if isinstance(node.right, nodes.Number) else None
    return not (value == -1 or (value == 0 and node.op == "<"))


@rule(
    "wait-stale-avp",
    "an AVP that an event brings holds an old value already, so that a timeout looks like the event",
    fires=(
        _BEGIN
        + """route[begin] {
            $avp(ip) = "unknown";
            async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got);
        }"""
        + _GOT,
        _MODULES
        + """event_route[E_UL_AOR_INSERT] { notify_on_event("E_PIKE_BLOCKED", $avp(none), "begin", 60); }
        route[begin] { async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got); }"""
        + _GOT,
    ),
    quiet=_BEGIN
    + """route[begin] {
        $avp(ip) = NULL;
        async(wait_for_event("E_PIKE_BLOCKED", $avp(f), 5), got);
    }"""
    + '\nroute[got] { if ($avp(ip) != NULL) xlog("$avp(ip)\\n"); }',
)
def wait_stale_avp(subject: Subject) -> Iterator[Finding]:
    """The route that goes on runs when the time is over, too, and finds what was there before: a value that the script
    has set, or what the event has brought for which its route was notified. Reported where the parameters of the events
    are known, and the route reads that AVP."""
    for one in _async_waits(subject):
        target = subject.routes.get(one.route)
        brought = parameters(subject, one.event) if one.event else None
        if target is None or not brought:
            continue
        for name in dict.fromkeys(use.name or "" for use in target.uses_of(_is_avp)):
            if name in brought and (where := _stale(subject, one, name)):
                message = f"$avp({name}) is there before {one.event} comes ({where}): a timeout looks like the event"
                yield Finding(message, one.statement.span, f"clear it before: $avp({name}) = NULL;")


class _AsyncWait:
    """A wait in async(), and the route that goes on."""

    __slots__ = ("block", "event", "held", "route", "statement")

    def __init__(self, block: Block, one: Listening, statement: nodes.Async) -> None:
        self.block, self.statement = block, statement
        self.event, self.held, self.route = one.event, one.held, statement.route.text


def _async_waits(subject: Subject) -> list[_AsyncWait]:
    return subject.once(_all_async_waits)


def _all_async_waits(subject: Subject) -> list[_AsyncWait]:
    return [
        _AsyncWait(block, one, one.statement)
        for block in listeners(subject)
        for one in listening_in(block)
        if one.waits and isinstance(one.statement, nodes.Async)
    ]


def _is_avp(spec: VariableSpec) -> bool:
    return spec.declaration.name == "avp" and name_of(spec) is not None


def _stale(subject: Subject, one: _AsyncWait, name: str) -> str:
    """Where an old value comes from; empty where none is certain."""
    if one.held.get(f"$avp({name})"):
        return "it has been set above"
    if any(isinstance(n, nodes.Assign) and n.target.text == f"$avp({name})" for n in one.block.of(nodes.Assign)):
        return ""
    for notified in listening(subject):
        given, event = notified.call.arguments, notified.event
        is_it = notified.call.name == NOTIFY and len(given) > 2 and constant(given[2]) == one.block.name
        if is_it and event and name in (parameters(subject, event) or ()):
            return f"{event} has brought it"
    return ""


def _may_have_tm(subject: Subject) -> bool:
    """Whether async() may do anything: without module tm the script ends there."""
    paths = [item.path for item in subject.script.items if isinstance(item, nodes.LoadModule)]
    return not subject.whole or any(path.rpartition("/")[2] == "tm.so" for path in paths)


# -- where a block runs -----------------------------------------------------------------------------------------------


def _outside(subject: Subject, block: Block) -> Block | None:
    """The block, or one that calls it, which makes it run where there is no request; None where it may be in one."""
    if not block.called:
        return None if block.kind in _OF_MESSAGES else block
    if block.name in started(subject) or not subject.all_calls_known(block):
        return None
    callers = [caller for caller, _ in subject.calls_of(block.name)]
    found = [_outside(subject, caller) for caller in callers if caller is not block]
    return found[0] if found and None not in found else None


def _kinds(subject: Subject, block: Block, seen: tuple[str, ...] = ()) -> set[str]:
    """The kinds of routes that lead to a route[]; an empty text stands for what is not known."""
    if block.name in started(subject) or not subject.all_calls_known(block) or block.name in seen:
        return {""}
    callers = [caller for caller, _ in subject.calls_of(block.name)]
    kinds = [_kinds(subject, caller, (*seen, block.name)) if caller.called else {caller.kind} for caller in callers]
    return set().union(*kinds) or {""}


def started(subject: Subject) -> frozenset[str]:
    """The routes that something else than route() begins: a subscription, async() or launch()."""
    return subject.once(_started)


def _started(subject: Subject) -> frozenset[str]:
    kinds: tuple[type[nodes.Async | nodes.Launch], ...] = (nodes.Async, nodes.Launch)
    names = {node.route.text for node in subject.of(*kinds) if node.route is not None}
    for one in listening(subject):
        if one.call.name == NOTIFY and len(one.call.arguments) > 2:
            route = one.call.arguments[2]
            # a computed name may be any
            names |= (
                {route.value} if isinstance(route, nodes.String) and "$" not in route.value else set(subject.routes)
            )
    return frozenset(names)
