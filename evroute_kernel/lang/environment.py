"""What a script finds when it is checked: routes, modules and module parameters that are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.library.table import Library
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion

#: loaded without being asked for: a session is a server that was started with these. The same in each version
DEFAULT_MODULES: Final = table.of(DEFAULT_VERSION).default_modules


@dataclass(frozen=True, slots=True)
class Environment:
    """What other texts of a session provide.

    `routes` maps (kind, name), such as `("route", "block_ip")`, to whatever tells where it is defined; the text that is
    checked may define them anew. `modules` are loaded; `modparams` holds every value given for (module, parameter), in
    order; `events` are names that users declared as their own, `declared_events` what they said of their parameters.

    `version` is that of the server. A `whole` text is a file as a server reads it: once it loads modules of its own, it
    has those and no others.
    """

    routes: Mapping[tuple[str, str], object] = field(default_factory=dict)
    modules: frozenset[str] = DEFAULT_MODULES
    modparams: Mapping[tuple[str, str], Sequence[int | str]] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    declared_events: Mapping[str, EventDeclaration] = field(default_factory=dict)
    whole: bool = False
    version: ServerVersion = DEFAULT_VERSION
    #: the numbers of the nodes of the cluster, where they are known
    nodes: frozenset[int] = frozenset()

    @property
    def library(self) -> Library:
        """What a script can name there."""
        return table.of(self.version)
