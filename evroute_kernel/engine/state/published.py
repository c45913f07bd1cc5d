"""The events that are published: those that a server with these scripts would know by name, in the order of their ids.

Observed on OpenSIPS 3.6 and 4.0: the core's, the event routes in the order of the script, in 4.0 those of profiling,
those of loaded modules, the constant names given to raise_event() and subscribe_event(), and E_CORE_LOG last. Constants
come in the order in which a server goes through the routes: kind by kind, event routes at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, Protocol

from evroute_kernel.engine.state.registry import Registry
from evroute_kernel.engine.state.settings import SessionSettings
from evroute_kernel.errors import did_you_mean
from evroute_kernel.runtime.values import decode

CORE: Final = (
    "E_CORE_SR_STATUS_CHANGED",
    "E_CORE_THRESHOLD",
    "E_CORE_SHM_THRESHOLD",
    "E_CORE_PKG_THRESHOLD",
    "E_CORE_PROC_AUTO_SCALE",
    "E_CORE_TCP_DISCONNECT",
)
#: of 4.0
PROFILING: Final = ("E_PROFILING_SCRIPT", "E_PROFILING_PROC")
LAST: Final = "E_CORE_LOG"
_RAISERS: Final = frozenset({"raise_event", "subscribe_event"})
#: whose constants name the events of event-based routing
ROUTING_FUNCTIONS: Final = frozenset({"notify_on_event", "wait_for_event"})
#: kinds of routes in the order in which a server goes through them
_KINDS: Final = (
    "route",
    "onreply_route",
    "failure_route",
    "branch_route",
    "error_route",
    "local_route",
    "startup_route",
    "timer_route",
    "event_route",
)


class Scripts(Protocol):
    """What is defined, loaded and subscribed: a session, or its world."""

    @property
    def registry(self) -> Registry:
        """The routes."""

    @property
    def settings(self) -> SessionSettings:
        """Also the modules that are loaded."""

    def events(self) -> list[str]:
        """Names of the events that somebody has subscribed."""


def published(scripts: Scripts) -> list[str]:
    """Names of all published events; the place in the list is the id."""
    routes = map(decode, scripts.registry.names("event_route"))
    profiling = () if scripts.settings.version == "3.6" else PROFILING
    before = dict.fromkeys([*CORE, *routes, *profiling, *_of_modules(scripts), *_constants(scripts), *scripts.events()])
    before.pop(LAST, None)
    return [*before, LAST]


def not_published(scripts: Scripts, event: str) -> str:
    """What a route is told that asks for an event (readable text) which nobody publishes: what makes it known."""
    from evroute_kernel.library import table

    events = table.of(scripts.settings.version).events
    module = events[event].module if event in events else None
    way = f"define event_route[{event}]"
    if module is not None:
        way = f'write loadmodule "{module}.so", or {way}'
    elif near := did_you_mean(event, published(scripts)):
        way = f"{near} else {way}"
    return f"no event {event} is known; {way}"


def _of_modules(scripts: Scripts) -> list[str]:
    """The events of the loaded modules, in the order of loading; those of a module, and of modules that need no
    loading here, by name."""
    from evroute_kernel.library import table

    library = table.of(scripts.settings.version)
    loaded = dict.fromkeys([*scripts.settings.modules_loaded(), *sorted(library.default_modules)])
    place = {module: number for number, module in enumerate(loaded)}
    fixed = (e for e in library.events.values() if e.module in loaded and e.name[:1] != "<")
    return [e.name for e in sorted(fixed, key=lambda e: (place[e.module], e.name))]


def _constants(scripts: Scripts) -> Iterator[str]:
    """The names that scripts give to the two functions as constants."""
    return map(decode, named_in_calls(scripts, _RAISERS))


def named_in_calls(scripts: Scripts, functions: Collection[str]) -> Iterator[str]:
    """The names (byte strings) that scripts give to functions as constant first arguments."""
    for definition in sorted(scripts.registry, key=lambda definition: _KINDS.index(definition.route.kind)):
        for binding in definition.route.pool:
            match binding:
                case (_, "call" | "deferred", name, (("value", str(event)), *_)) if name in functions:
                    yield event
