"""Filters of notify_on_event() and wait_for_event(): those that kill the server, are wider than meant, or still hold an
earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.listening import constant, listening, parameters
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Subject
from evroute_kernel.lang.lints.waits import started

_MODULE: Final = 'loadmodule "event_routing.so"\n'
_ROUTE: Final = '\nroute[got] { xlog("$avp(ip)\\n"); }'


def _key(assign: nodes.Assign) -> tuple[str, str] | None:
    """Key and pattern of a filter that is a constant; of the key at least."""
    if not isinstance(assign.value, nodes.String):
        return None
    key, separator, pattern = assign.value.value.partition("=")
    return (key, pattern) if separator and "$" not in key else None


@rule(
    "filter-integer",
    "an integer among the filters of `notify_on_event()` or `wait_for_event()` kills the server",
    local=True,
    fires=_MODULE
    + 'event_route[E_PIKE_BLOCKED] { $avp(f) = 5; notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60); }'
    + _ROUTE,
    quiet=_MODULE
    + """event_route[E_PIKE_BLOCKED] {
        $avp(f) = 5;
        $avp(f) = NULL;
        $avp(f) = "ip=192.0.2.*";
        notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
    }"""
    + _ROUTE,
)
def filter_integer(subject: Subject) -> Iterator[Finding]:
    """All values of the AVP are filters, `key=pattern` as text. The kernel ends the run with an error instead."""
    for one in listening(subject):
        for assign, _ in one.values:
            if isinstance(assign.value, nodes.Number):
                message = f"this integer is a filter of the {one.call.name}() below, which kills the server"
                hint = f'a filter is a text such as "key={assign.value.span.text}"'
                yield Finding(message, assign.span, hint)


@rule(
    "filter-stale",
    "a filter of `notify_on_event()` or `wait_for_event()` that an earlier call has used is still there",
    local=True,
    fires=_MODULE
    + """event_route[E_PIKE_BLOCKED] {
        $avp(f) = "ip=192.0.2.*";
        notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
        $avp(f) = "ip=198.51.100.*";
        notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
    }"""
    + _ROUTE,
    quiet=_MODULE
    + """event_route[E_PIKE_BLOCKED] {
        $avp(f) = "ip=192.0.2.*";
        notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
        $avp(f) = NULL;
        $avp(f) = "ip=198.51.100.*";
        notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
    }"""
    + _ROUTE,
)
def filter_stale(subject: Subject) -> Iterator[Finding]:
    """An assignment adds a value to an AVP, and all its values are filters that must match. Reported where two of them
    ask for different values of one key."""
    for one in listening(subject):
        fresh = {filter[0].lower(): filter for a, used in one.values if not used and (filter := _key(a))}
        for assign, used in one.values:
            old = _key(assign)
            new = fresh.get(old[0].lower()) if old and used else None
            if old and new and new[1] != old[1]:
                message = f"the filter {old[0]}={old[1]} is still in it, so that both must match"
                avp = assign.target.text
                yield Finding(message, one.call.span, f"clear it before the new one: {avp} = NULL;")
                break


@rule(
    "filter-unknown-key",
    "a filter for a parameter that the event does not have lets everything through",
    local=True,
    fires=(
        _MODULE
        + """event_route[E_PIKE_BLOCKED] {
            $avp(f) = "source=192.0.2.*";
            notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
        }"""
        + _ROUTE,
        _MODULE
        + """event_route[E_PIKE_BLOCKED] {
            $avp(f) = "source=192.0.2.*";
            if ($param(ip) != NULL) {
                xlog("more of $param(ip)\n");
                notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
            }
        }"""
        + _ROUTE,
    ),
    quiet=_MODULE
    + """event_route[E_PIKE_BLOCKED] {
        $avp(f) = "IP=192.0.2.*";
        notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
    }"""
    + _ROUTE,
)
def filter_unknown_key(subject: Subject) -> Iterator[Finding]:
    """The server ignores a filter whose key the event lacks, without a word. Letter case does not count here. Nothing
    is said of events whose parameters are not known."""
    for one in listening(subject):
        names = parameters(subject, one.event) if one.event else None
        if names is None:
            continue
        for assign, _ in one.values:
            key = _key(assign)
            if key and key[0] and key[0].lower() not in map(str.lower, names):
                has = f"it has {', '.join(names)}" if names else "it has none"
                message = f"{one.event} has no parameter {key[0]!r}, so this filter lets everything through"
                yield Finding(message, assign.span, did_you_mean(key[0], names) or has)


@rule(
    "notified-without-parameters",
    "an event without parameters kills the server where `notify_on_event()` or `wait_for_event()` listens for it",
    fires=(
        _MODULE
        + """event_route[E_PIKE_BLOCKED] { notify_on_event("E_DONE", $avp(f), "got", 60); }
        event_route[E_PIKE_UNBLOCKED] { raise_event("E_DONE"); }"""
        + _ROUTE,
    ),
    quiet=(
        _MODULE
        + """event_route[E_PIKE_BLOCKED] { notify_on_event("E_DONE", $avp(f), "got", 60); }
        event_route[E_PIKE_UNBLOCKED] {
            $avp(n) = "ip";
            $avp(v) = $param(ip);
            raise_event("E_DONE", $avp(n), $avp(v));
        }"""
        + _ROUTE,
    ),
)
def notified_without_parameters(subject: Subject) -> Iterator[Finding]:
    """It does so while a subscription lasts, whatever its filter. One AVP names parameters and gives none. The kernel
    ends the run with an error instead."""
    subscribed = {one.event: one.call.name for one in listening(subject) if one.event is not None}
    for block in subject.blocks if subscribed else ():
        is_called = bool(subject.calls_of(block.name)) or block.name in started(subject)
        if block.called and not is_called and subject.all_calls_known(block):
            continue
        for call in block.of(nodes.Call):
            given = call.arguments
            event = constant(given[0]) if given else None
            listener = subscribed.get(event) if event is not None else None
            if listener and call.name == "raise_event" and not any(given[2:]):
                message = f"{listener}() listens for this event, and one without parameters kills the server"
                yield Finding(
                    message, call.span, "give it names and values: raise_event(name, $avp(names), $avp(values))"
                )
