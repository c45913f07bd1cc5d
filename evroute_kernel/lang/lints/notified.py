"""notify_on_event(): filters that kill the server, that are wider than meant, or that still hold an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.library.catalogue.declared import known_event
from evroute_kernel.records import dataclass

_NOTIFY: Final = "notify_on_event"
_MODULE: Final = 'loadmodule "event_routing.so"\n'
_ROUTE: Final = '\nroute[got] { xlog("$avp(ip)\\n"); }'


@dataclass(frozen=True, slots=True)
class Subscribing:
    """A call of notify_on_event(), and what the statements before it have certainly put into its filter: values, each
    with the calls that have used it before."""

    call: nodes.Call
    values: tuple[tuple[nodes.Assign, int], ...]

    @property
    def event(self) -> str | None:
        """The event, if it is a constant."""
        return _constant(self.call.arguments[0])


def _constant(given: object) -> str | None:
    """The name of an event that is no expression."""
    return given.value if isinstance(given, nodes.String) and "$" not in given.value else None


def _subscribed(subject: Subject) -> Iterator[Subscribing]:
    """The calls of notify_on_event() in a text."""
    return (one for block in subject.blocks for one in block.once(_subscribing))


def _subscribing(block: Block) -> list[Subscribing]:
    return [found for statements in block.bodies() for found in _in_order(statements)]


def _in_order(statements: tuple[nodes.Statement, ...]) -> Iterator[Subscribing]:
    """The calls in a list of statements. What may change an AVP elsewhere makes everything uncertain."""
    held: dict[str, list[tuple[nodes.Assign, int]]] = {}
    for statement in statements:
        if isinstance(statement, nodes.Assign):
            _assign(held, statement)
        elif isinstance(statement, nodes.Call) and statement.name == _NOTIFY and len(statement.arguments) > 1:
            avp = statement.arguments[1]
            name = avp.text if isinstance(avp, nodes.Variable) else ""
            yield Subscribing(statement, tuple(held.get(name, ())))
            held[name] = [(assign, used + 1) for assign, used in held.get(name, ())]
        elif not isinstance(statement, nodes.Call):
            held.clear()


def _assign(held: dict[str, list[tuple[nodes.Assign, int]]], statement: nodes.Assign) -> None:
    name = statement.target.text
    if statement.op != "=" or isinstance(statement.value, nodes.Null):
        held.pop(name, None)
    elif name.startswith("$avp("):
        held.setdefault(name, []).append((statement, 0))


def _key(assign: nodes.Assign) -> tuple[str, str] | None:
    """Key and pattern of a filter that is a constant; of the key at least."""
    if not isinstance(assign.value, nodes.String):
        return None
    key, separator, pattern = assign.value.value.partition("=")
    return (key, pattern) if separator and "$" not in key else None


@rule(
    "filter-integer",
    "an integer among the filters of `notify_on_event()` kills the server",
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
    for one in _subscribed(subject):
        for assign, _ in one.values:
            if isinstance(assign.value, nodes.Number):
                message = "this integer is a filter of the notify_on_event() below, which kills the server"
                hint = f'a filter is a text such as "key={assign.value.span.text}"'
                yield Finding(message, assign.span, hint)


@rule(
    "filter-stale",
    "a filter of `notify_on_event()` that an earlier call has used is still there",
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
    for one in _subscribed(subject):
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
    "a filter of `notify_on_event()` for a parameter that the event does not have lets everything through",
    local=True,
    fires=_MODULE
    + """event_route[E_PIKE_BLOCKED] {
        $avp(f) = "source=192.0.2.*";
        notify_on_event("E_PIKE_BLOCKED", $avp(f), "got", 60);
    }"""
    + _ROUTE,
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
    for one in _subscribed(subject):
        event = one.event and known_event(one.event, subject.declared_events, subject.library.events)
        if not event or event.dynamic:
            continue
        names = [param.name for param in event.params]
        for assign, _ in one.values:
            key = _key(assign)
            if key and key[0] and key[0].lower() not in map(str.lower, names):
                has = f"it has {', '.join(names)}" if names else "it has none"
                message = f"{event.name} has no parameter {key[0]!r}, so this filter lets everything through"
                yield Finding(message, assign.span, did_you_mean(key[0], names) or has)


@rule(
    "notified-without-parameters",
    "an event that is raised without parameters, and that `notify_on_event()` subscribes, kills the server",
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
    calls = [call for call in subject.of(nodes.Call) if call.name == _NOTIFY and call.arguments]
    subscribed = {event for call in calls if (event := _constant(call.arguments[0])) is not None}
    for block in subject.blocks if subscribed else ():
        if block.called and not subject.calls_of(block.name) and subject.all_calls_known(block):
            continue
        for call in block.of(nodes.Call):
            given = call.arguments
            if call.name == "raise_event" and given and not any(given[2:]) and _constant(given[0]) in subscribed:
                message = "notify_on_event() subscribes this event, and one without parameters kills the server"
                yield Finding(
                    message, call.span, "give it names and values: raise_event(name, $avp(names), $avp(values))"
                )
