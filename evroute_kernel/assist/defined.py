"""What is defined beyond the text that somebody is writing. Whoever asks fills it: the kernel, or an editor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field

from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import EventDeclaration, known_event
from evroute_kernel.library.catalogue.facts import Event
from evroute_kernel.library.table import Library
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source, Span


@dataclass(frozen=True, slots=True)
class DefinedRoute:
    """A route of another text, or an earlier one of this text. Names are as people read them.

    `runs`: how often it has run; None where nobody counts.
    """

    kind: str
    name: str
    header: Span
    span: Span
    runs: int | None = None

    @property
    def title(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind

    @property
    def owner(self) -> str:
        """What people call the text that holds it."""
        return self.header.source.name


@dataclass(frozen=True, slots=True)
class Defined:
    """What a text can refer to beyond itself, under a version of the server.

    `events`: those that users declared. `modules`: those that texts have loaded, beyond what every session has.
    `settings`: globals that are heeded, with their values. `texts`: other texts,
    whose names of variables, routes and parameters are worth offering. `shared`, `dialog_values` and `given` are asked
    only when the answer is needed: names of `$shv` that hold something, names of values that dialogs have, and
    parameters that an event has been raised with.
    """

    routes: Sequence[DefinedRoute] = ()
    events: Mapping[str, EventDeclaration] = field(default_factory=dict)
    modules: frozenset[str] = frozenset()
    settings: Mapping[str, object] = field(default_factory=dict)
    texts: Sequence[Source] = ()
    collections: Sequence[str] = ("local",)
    shared: Callable[[], Iterable[str]] = tuple
    dialog_values: Callable[[], Iterable[str]] = tuple
    given: Callable[[str], Iterable[str]] = field(default=lambda event: ())
    #: whether events are raised here, so that it matters what handles them
    runs: bool = False
    version: ServerVersion = DEFAULT_VERSION

    @property
    def library(self) -> Library:
        """What a script can name there."""
        return table.of(self.version)

    def event(self, name: str) -> Event | None:
        """What is known about an event, from the catalogue and from declarations."""
        return known_event(name, self.events, self.library.events)

    def named(self, kind: str) -> list[DefinedRoute]:
        """The routes of one kind."""
        return [route for route in self.routes if route.kind == kind]

    def find(self, name: str) -> list[DefinedRoute]:
        """The routes of this title or name."""
        return [route for route in self.routes if name in (route.title, route.name)]
