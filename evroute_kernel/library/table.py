"""The one table of what scripts can name, for each version of the server: facts plus behaviour.

The facts are those of the catalogue, the behaviour is what `library.behaviour` has registered, or none. `of(version)`
is the `Library` of a version; checker, code generator, completion, inspection, highlighting and documents are handed
one, and ask it. It is whole once `library.everything` is imported. A record is made when it is first asked for.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Final, TypeVar

from evroute_kernel.library import catalogue, entries
from evroute_kernel.library.catalogue import Event, ScriptGlobal
from evroute_kernel.library.catalogue.modules import SQL_URL, Modparams, Requirement
from evroute_kernel.library.catalogue.names import (
    CatalogueFunction,
    CatalogueTransformation,
    CatalogueVariable,
    Param,
)
from evroute_kernel.library.catalogue.nearness import EventNames
from evroute_kernel.library.catalogue.on_demand import OnDemand
from evroute_kernel.library.entries import Function, Module, Transformation, Variable
from evroute_kernel.library.successors import fate
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion
from evroute_kernel.spelling import Words

__all__ = [
    "ANY_ROUTE",
    "ROUTE_KINDS",
    "SQL_URL",
    "Function",
    "Library",
    "Modparams",
    "Module",
    "Param",
    "Requirement",
    "Transformation",
    "Variable",
    "also_known",
    "forget",
    "in_process",
    "of",
    "warm",
]

ROUTE_KINDS: Final = ("request", "failure", "onreply", "branch", "error", "local", "startup", "timer", "event")
ANY_ROUTE: Final = frozenset(ROUTE_KINDS)

Fact = TypeVar("Fact")

#: names of our own, beside those of every server; see `also_known`
_OWN_FUNCTIONS: Final[dict[str, CatalogueFunction]] = {}
_OWN_VARIABLES: Final[dict[str, CatalogueVariable]] = {}
_OWN_TRANSFORMATIONS: Final[dict[str, CatalogueTransformation]] = {}


class Library:
    """All that a script can name under one version of the server. There is one for each version: see `of`."""

    def __init__(self, version: ServerVersion) -> None:
        """Raises LookupError for a version of which there are no facts."""
        self.version: Final = version
        self.facts: Final = catalogue.of(version)
        #: functions by name
        self.functions: Final = OnDemand(self._functions, entries.function)
        #: variables by name without `$`, aliases too
        self.variables: Final = OnDemand(self._variables, entries.variable)
        #: transformations by their full name, such as `s.len`
        self.transformations: Final = OnDemand(self._transformations, entries.transformation)
        #: what `loadmodule` takes, by name, and `core`
        self.modules: Final = OnDemand(lambda: self.facts.modules, entries.module)
        self._by_class: Final[dict[str, list[Transformation]]] = {}

    def __repr__(self) -> str:
        return f"Library({self.version!r})"

    # -- facts alone ----------------------------------------------------------------------------------------------

    @property
    def statements(self) -> Mapping[str, CatalogueFunction]:
        """What is written like a call and has a grammar of its own."""
        return self.facts.statements

    @property
    def globals(self) -> Mapping[str, ScriptGlobal]:
        """Global settings by name."""
        return self.facts.globals

    @property
    def events(self) -> Mapping[str, Event]:
        """Events by name."""
        return self.facts.events

    # -- what follows ---------------------------------------------------------------------------------------------

    def transformations_of(self, cls: str) -> list[Transformation]:
        """All transformations of a class, whose name is compared without regard to letter case."""
        head = f"{cls.lower()}."
        found = self._by_class.get(head)
        if found is None:
            found = [self.transformations[name] for name in self.transformations if name.startswith(head)]
            if found:  # of classes there are few, of mistakes there may be many
                self._by_class[head] = found
        return found

    @cached_property
    def contexts(self) -> Mapping[str, str]:
        """Contexts of variables, such as `reply` of `$(<reply>rs)`, and the module that brings each."""
        return {context: name for name, module in self.modules.items() for context in module.contexts}

    def transport_module(self, protocol: str) -> str:
        """The module that brings a protocol of the event interface: `event_datagram` for "udp"."""
        found = (module.name for module in self.modules.values() if protocol in module.protocols)
        return next(found, f"event_{protocol}")

    @cached_property
    def default_modules(self) -> frozenset[str]:
        """Modules that are loaded without being asked for: a session is a server that was started with these."""
        return frozenset(name for name, module in self.modules.items() if module.loaded)

    @cached_property
    def known_modules(self) -> frozenset[str]:
        """Names that `loadmodule` accepts."""
        return frozenset(self.modules) - {"core"}

    @cached_property
    def module_words(self) -> Words:
        """The same, to look up what a wrong name was meant for."""
        return Words(sorted(self.known_modules))

    @cached_property
    def _event_names(self) -> EventNames:
        return EventNames(self.events)

    def likely_events(self, name: str, others: Collection[str] = ()) -> list[str]:
        """Events that `name` may be a mistake for, `others` among them; see `EventNames.likely`."""
        return (EventNames([*self.events, *others]) if others else self._event_names).likely(name)

    @cached_property
    def _event_words(self) -> Words:
        return Words(self.events)

    def near_events(self, name: str, count: int = 3) -> list[str]:
        """Names of events that are spelt like `name`, best first."""
        return self._event_words.near(name, count)

    @property
    def others(self) -> list[Library]:
        """The libraries of the other versions, to say what is otherwise there."""
        return [of(version) for version in VERSIONS if version != self.version]

    def successor(self, kind: str, name: str, module: str | None = None) -> str | None:
        """What became of a name that this version does not have; see `successors.fate`."""
        return fate(self.version, kind, name, module)

    # -- joining --------------------------------------------------------------------------------------------------

    def _functions(self) -> Mapping[str, CatalogueFunction]:
        return _with_own(_OWN_FUNCTIONS, self.facts.functions)

    def _variables(self) -> Mapping[str, CatalogueVariable]:
        return _with_own(_OWN_VARIABLES, self.facts.variables)

    def _transformations(self) -> Mapping[str, CatalogueTransformation]:
        return _with_own(_OWN_TRANSFORMATIONS, self.facts.transformations)

    def forget(self) -> None:
        """Join facts and behaviour anew when they are next asked for."""
        for table in (self.functions, self.variables, self.transformations, self.modules):
            table.forget()
        self._by_class.clear()


def _with_own(own: dict[str, Fact], facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    return ChainMap(own, facts) if own else facts  # type: ignore[arg-type]  # nothing is written to the second


_LIBRARIES: Final[dict[str, Library]] = {}


def of(version: ServerVersion) -> Library:
    """The library of a version, always the same object. Raises LookupError where there are no facts about it."""
    found = _LIBRARIES.get(version)
    if found is None:
        found = _LIBRARIES.setdefault(version, Library(version))
    return found


def in_process(process: Process) -> Library:
    """The library of the server that a process of it belongs to."""
    return of(process.settings.version)


def warm(version: ServerVersion) -> None:
    """Read the facts that linking a route needs, so that processes forked from this one share them."""
    library = of(version)
    library.variables.get("var")
    library.transformations_of("s")


@contextmanager
def also_known(*facts: CatalogueFunction | CatalogueVariable | CatalogueTransformation) -> Iterator[None]:
    """For a while this process knows names that no server has: a test's own function, for one.

    Their behaviour is registered as that of any other name. Workers that run already do not learn of it.
    """
    for fact in facts:
        if isinstance(fact, CatalogueFunction):
            _OWN_FUNCTIONS[fact.name] = fact
        elif isinstance(fact, CatalogueVariable):
            _OWN_VARIABLES.update(dict.fromkeys((fact.name, *fact.aliases), fact))
        else:
            _OWN_TRANSFORMATIONS[fact.full_name] = fact
    forget()
    try:
        yield
    finally:
        for own in (_OWN_FUNCTIONS, _OWN_VARIABLES, _OWN_TRANSFORMATIONS):
            own.clear()
        forget()


def forget() -> None:
    """Join facts and behaviour anew when they are next asked for."""
    for library in tuple(_LIBRARIES.values()):
        library.forget()
