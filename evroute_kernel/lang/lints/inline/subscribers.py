"""Who gets an event that a script raises: how many event routes at least and at most, as far as the text tells.

Used for OpenSIPS 4.0, where each route that serves an event takes something from the one that raises it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.records import dataclass

_ROUTE: Final = "route:"
#: statements behind which a startup route surely goes on
_PASSED: Final = (nodes.Assign, nodes.XLog, nodes.XDbg, nodes.Log, nodes.Call)


@dataclass(frozen=True, slots=True)
class Served:
    """How many event routes serve an event. `later`: none does yet, and nothing says that a socket gets it."""

    least: int
    most: int
    later: bool = False


#: an event that nothing is known to subscribe to, and one whose name is known only when the script runs
UNSERVED: Final = Served(0, 1, later=True)
COMPUTED: Final = Served(0, 1)


def subscribers(subject: Subject) -> dict[str, Served]:
    """For each event by name; for others it is `UNSERVED`."""
    sure: defaultdict[str, set[str]] = defaultdict(set)
    possible: defaultdict[str, set[str]] = defaultdict(set)
    for event in subject.served:
        sure[event].add(event)
    for event, is_registered in _event_routes(subject):
        (sure if is_registered else possible)[event].add(event)
    sockets = set[str]()
    for event, socket, is_sure in _subscriptions(subject):
        if socket.startswith(_ROUTE):
            # the route of an event that subscribes once more is called twice
            (sure if is_sure else possible)[event].add(socket)
        else:
            sockets.add(event)
    named = {*sure, *possible, *sockets}
    return {event: Served(len(sure[event]), len(sure[event] | possible[event])) for event in named}


def event_routes(subject: Subject) -> list[Block]:
    """The event routes that are registered; see the lint `empty-route`."""
    found = [block for block in subject.blocks if block.kind == "event_route"]
    first_empty = next((i for i, block in enumerate(found) if not block.statements), len(found))
    return found[:first_empty]


def _event_routes(subject: Subject) -> Iterator[tuple[str, bool]]:
    registered = {id(block) for block in event_routes(subject)}
    for block in subject.blocks:
        if block.kind == "event_route" and block.statements:
            yield block.name, id(block) in registered


def _subscriptions(subject: Subject) -> Iterator[tuple[str, str, bool]]:
    """Event, socket, and whether the server surely subscribes before it runs any event."""
    routes = {block.name for block in event_routes(subject)} | set(subject.served)
    for block in subject.blocks:
        at_start = set(map(id, _surely_run(block))) if block.kind == "startup_route" else set()
        for call in block.of(nodes.Call):
            constants = subscribed(call)
            if constants is not None:
                event, socket = constants
                exists = not socket.startswith(_ROUTE) or socket.removeprefix(_ROUTE) in routes
                yield event, socket, exists and id(call) in at_start and len(call.arguments) == 2


def subscribed(call: nodes.Call) -> tuple[str, str] | None:
    """Event and socket of a `subscribe_event` with constants."""
    if call.name != "subscribe_event" or len(call.arguments) < 2:
        return None
    event, socket = call.arguments[:2]
    if isinstance(event, nodes.String) and isinstance(socket, nodes.String) and "$" not in event.value + socket.value:
        return event.value, socket.value
    return None


def _surely_run(block: Block) -> Iterator[nodes.Statement]:
    for statement in block.statements:
        if not isinstance(statement, _PASSED):
            return
        yield statement


def raised(call: nodes.Call) -> str | None:
    """The event that a `raise_event` raises; None where a variable names it."""
    named = call.arguments[0] if call.arguments else None
    return named.value if isinstance(named, nodes.String) and "$" not in named.value else None
