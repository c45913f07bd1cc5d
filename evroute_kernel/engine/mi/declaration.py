"""Declares MI commands: one decorated function each. Dispatcher, `which`, `help`, completion, docs read the table.

What a name means to a version of the server is asked in `naming`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from evroute_kernel.engine.mi.arguments import Arguments, Recipe
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

if TYPE_CHECKING:
    from evroute_kernel.engine.mi.management import Management

#: what a command does: (what it manages, its arguments) -> the result, anything that JSON can hold
Action: TypeAlias = "Callable[[Management, Arguments], Any]"

#: the order of `which`, by modules; `help` stands apart from the other commands of the core. Observed on 3.6.8, 4.0.1
_MODULES: Final = ("cfgutils", "cachedb_local", "regex", "event_flatstore", "mqueue")
_ORDERS: Final[dict[ServerVersion, tuple[str, ...]]] = {
    "3.6": ("statistics", "core", "cache", "evi", "status_report", "core:help", *_MODULES),
    "4.0": ("statistics", "core", "core:help", "tcp", "cache", "status_report", "evi", *_MODULES),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its name in 3.6. `full_name` is `module:name` of 4.0, `exporter` the module that 3.6 names.

    What only 4.0 has is declared by the name that it has there without its module.
    """

    name: str
    full_name: str
    exporter: str
    recipes: tuple[Recipe, ...]
    doc: str
    run: Action
    #: the parameter that is an array: on a line it takes all words that are left
    array: str | None = None
    #: whether it never waits, neither for another thread nor for a name that is looked up
    is_quick: bool = False
    #: the versions that have it
    versions: tuple[ServerVersion, ...] = VERSIONS
    #: whether it is served only where its module has been loaded
    optional: bool = False

    def is_served(self, version: ServerVersion, loaded: tuple[str, ...]) -> bool:
        """Whether a server of that version has it, which has loaded these modules besides those it begins with."""
        return version in self.versions and (not self.optional or self.module in loaded)

    @property
    def module(self) -> str:
        return self.full_name.partition(":")[0]

    def place_in(self, version: ServerVersion) -> int:
        """Where it stands in `which`: with the other commands of its module, and those of modules of one's own last."""
        order = _ORDERS[version]
        name = self.full_name if self.full_name in order else self.module
        return order.index(name) if name in order else len(order)

    @property
    def local_name(self) -> str:
        """What 4.0 calls it within its module."""
        return self.full_name.partition(":")[2]

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its further names in 4.0: that of 3.6, unless it is what 4.0 calls it within its module."""
        return () if self.name == self.local_name else (self.name,)

    def name_in(self, version: ServerVersion) -> str:
        """The name that `which` has for it."""
        return self.name if version == "3.6" else self.full_name

    def exporter_in(self, version: ServerVersion) -> str:
        """The module that `help` names."""
        return self.exporter if version == "3.6" else self.module

    @property
    def summary(self) -> str:
        """The first sentence of the documentation, without its full stop."""
        return " ".join(self.doc.partition("\n\n")[0].split()).removesuffix(".")

    def usages(self, name: str) -> list[str]:
        """How it is called by one of its names, one line for each list of parameters."""
        return [" ".join((name, *recipe)) for recipe in self.recipes]

    @property
    def params(self) -> list[str]:
        """All names of parameters, in the order of their first use."""
        return list(dict.fromkeys(name for recipe in self.recipes for name in recipe))


#: by the name in 3.6, in the order of its `which`
COMMANDS: Final[dict[str, Command]] = {}


def command(
    name: str,
    full_name: str,
    *recipes: str,
    exporter: str = "core",
    array: str | None = None,
    is_quick: bool = False,
    versions: tuple[ServerVersion, ...] = VERSIONS,
    optional: bool = False,
) -> Callable[[Action], Action]:
    """Declare a command. Each recipe is a list of parameter names in one text; without any it takes no parameters."""

    def declare(run: Action) -> Action:
        if name in COMMANDS:
            raise ValueError(f"command {name} is declared twice")
        lists = tuple(tuple(recipe.split()) for recipe in recipes or ("",))
        doc = cleandoc(run.__doc__ or "")
        COMMANDS[name] = Command(name, full_name, exporter, lists, doc, run, array, is_quick, versions, optional)
        return run

    return declare


def arrange() -> None:
    """Put the commands that are declared into the order of `which`, whichever file declares them."""
    arranged = sorted(COMMANDS.items(), key=lambda item: item[1].place_in("3.6"))
    COMMANDS.clear()
    COMMANDS.update(arranged)
