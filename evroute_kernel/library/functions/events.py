"""raise_event and subscribe_event: how a script reaches other event routes and sockets."""

from __future__ import annotations

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.functions.parameters import avp_values, literal
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.limits import EVENT_NAME_LIMIT
from evroute_kernel.runtime.values import Value, int_of, is_int_type


class BadParameters(ValueError):
    """The AVPs given to raise_event make no parameters."""


def _check_name(name: str) -> tuple[str, str | None] | None:
    if len(name) > EVENT_NAME_LIMIT:
        return f"event name {name[:20]}... has {len(name)} bytes, at most {EVENT_NAME_LIMIT} are possible", None
    return None


@function("raise_event", check=literal(0, _check_name))
def raise_event(context: Context, event: str, attrs_avp: Reference | None, vals_avp: Reference | None) -> int:
    """Raise an event. Its routes run after this one has ended; nothing of what they do comes back.

    In 4.0, inside an event_route, they run at once instead, and then the AVPs of this one are gone; the third such
    raise in one run kills a 4.0.1.

    The values of `vals_avp`, newest first, become its parameters; those of `attrs_avp`, newest first, their names. The
    AVPs keep their values. Returns 1, also when nobody handles the event; -1 when a value has no name or a name is an
    integer, or when a socket that subscribed the event cannot be served at once (the others get it).
    """
    process = context.process
    if not process.has_subscribers(event):
        return 1
    try:
        params = _parameters(context, attrs_avp, vals_avp)
    except BadParameters as error:
        context.error(f"cannot raise {event}: {error}")
        return -1
    done = process.raise_event(context, event, params)
    if done is None:
        return 1
    ok, lines = done
    for line in lines:
        context.error(line)
    if not ok:
        context.error("cannot raise event")
    return 1 if ok else -1


def _parameters(
    context: Context, names: Reference | None, values: Reference | None
) -> list[tuple[str | None, Value]] | None:
    """None where no AVP was given."""
    if values is None:
        return None
    found = avp_values(context, values)
    if names is None:
        return [(None, _as_parameter(value)) for value in found]
    known = avp_values(context, names)
    if len(known) == len(found):
        pairs: list[tuple[str | None, Value]] = []
        for value in found:
            name = known[len(pairs)]
            if type(name) is not str or (type(value) is not str and type(value) is not int):
                break
            pairs.append((name, value))
        else:  # by far the most frequent case
            return pairs
    return _named(context, names, known, values, [_as_parameter(value) for value in found])


def _named(
    context: Context, names: Reference, known: list[Value], values: Reference, given: list[Value]
) -> list[tuple[str | None, Value]]:
    """Values with their names, or what is wrong with these."""
    for i in range(len(given)):
        if i >= len(known):
            raise BadParameters(f"{values.text} holds {len(given)} values, {names.text} only {len(known)} names")
        if is_int_type(known[i]):
            raise BadParameters(f"{names.text} holds the integer {known[i]}, but names must be texts")
    if given and len(known) > len(given):
        context.error(f"{names.text} holds {len(known)} names, {values.text} only {len(given)} values")
    return [(str(name), value) for name, value in zip(known, given, strict=False)]


def _as_parameter(value: Value) -> Value:
    return int_of(value) if is_int_type(value) else str(value)


@function("subscribe_event", check=literal(0, _check_name))
def subscribe_event(context: Context, event: str, socket: str, expire: int | None) -> int:
    """Subscribe a socket to an event, for `expire` seconds (left out or 0: for ever).

    `route:NAME` runs another event_route too; others go out of the process: `udp:host:port`, `unix:path`, `tcp:...`,
    `flatstore:/path`, `virtual:POLICY socket ...`, `rabbitmq:...`, `kafka:...`, `xmlrpc:...`. Subscribing a socket
    again renews it; without `expire` it then keeps the one it had. Sockets on other machines are refused unless the
    session says `%config network=on`. Returns 1; -1 for a socket that nothing supports, or that is refused.
    """
    if not event or len(event) > EVENT_NAME_LIMIT:
        context.error(f"{event!r} is no event name: 1 to {EVENT_NAME_LIMIT} bytes are possible")
        return -1
    problem = context.process.subscribe(event, socket, expire or None)
    if problem is None:
        return 1
    if problem:  # some refusals of the server are silent
        context.error(f"cannot subscribe {socket} to {event}: {problem}")
    return -1
