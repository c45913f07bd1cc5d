"""The events that are published: those that a server with these scripts would know by name, in the order of their ids.

Observed on OpenSIPS 3.6: the core's, the event routes in the order of the script, those of loaded modules, the constant
names given to raise_event() and subscribe_event(), and E_CORE_LOG last. Constants come in the order in which a server
goes through the routes: kind by kind, event routes at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from evroute_kernel.runtime.values import decode

if TYPE_CHECKING:
    from evroute_kernel.engine.session.knowledge import Knowledge

CORE: Final = (
    "E_CORE_SR_STATUS_CHANGED",
    "E_CORE_THRESHOLD",
    "E_CORE_SHM_THRESHOLD",
    "E_CORE_PKG_THRESHOLD",
    "E_CORE_PROC_AUTO_SCALE",
    "E_CORE_TCP_DISCONNECT",
)
LAST: Final = "E_CORE_LOG"
_RAISERS: Final = ("raise_event", "subscribe_event")
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


def published(session: Knowledge) -> list[str]:
    """Names of all published events; the place in the list is the id."""
    routes = map(decode, session.registry.names("event_route"))
    before = dict.fromkeys([*CORE, *routes, *_of_modules(session), *_constants(session), *session.events()])
    before.pop(LAST, None)
    return [*before, LAST]


def _of_modules(session: Knowledge) -> list[str]:
    """The events of the loaded modules, in the order of loading; those of a module, and of modules that need no
    loading here, by name."""
    from evroute_kernel.lang.environment import DEFAULT_MODULES
    from evroute_kernel.library.catalogue import events

    loaded = dict.fromkeys([*session.settings.modules_loaded(), *sorted(DEFAULT_MODULES)])
    place = {module: number for number, module in enumerate(loaded)}
    fixed = (e for e in events().values() if e.module in loaded and "3.6" in e.versions and e.name[:1] != "<")
    return [e.name for e in sorted(fixed, key=lambda e: (place[e.module], e.name))]


def _constants(session: Knowledge) -> Iterator[str]:
    """The names that scripts give to the two functions as constants."""
    for definition in sorted(session.registry, key=lambda definition: _KINDS.index(definition.route.kind)):
        for binding in definition.route.pool:
            match binding:
                case (_, "call", name, (("value", str(event)), *_)) if name in _RAISERS:
                    yield decode(event)
