"""Declares MI commands: one decorated function each. Dispatcher, `which`, `help`, completion, docs read the table."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from evroute_kernel.engine.mi.arguments import Arguments, Recipe
from evroute_kernel.engine.mi.protocol import METHOD_AMBIGUOUS, METHOD_NOT_FOUND, CommandError
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.engine.mi.management import Management

#: what a command does: (what it manages, its arguments) -> the result, anything that JSON can hold
Action: TypeAlias = "Callable[[Management, Arguments], Any]"

#: the order of `which`, by modules; `help` stands apart from the other commands of the core. Observed on 3.6.8
_ORDER: Final = ("statistics", "core", "cache", "evi", "core:help", "cfgutils", "event_flatstore")


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its name in 3.6. `full_name` is `module:name` of 4.0, `exporter` the module that 3.6 names."""

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

    @property
    def module(self) -> str:
        return self.full_name.partition(":")[0]

    @property
    def place(self) -> int:
        """Where it stands in `which`: with the other commands of its module, and those of modules of one's own last."""
        name = self.full_name if self.full_name in _ORDER else self.module
        return _ORDER.index(name) if name in _ORDER else len(_ORDER)

    @property
    def local_name(self) -> str:
        """What 4.0 calls it within its module."""
        return self.full_name.partition(":")[2]

    @property
    def summary(self) -> str:
        """The first sentence of the documentation, without its full stop."""
        return " ".join(self.doc.partition("\n\n")[0].split()).removesuffix(".")

    @property
    def usages(self) -> list[str]:
        """How it is called, one line for each list of parameters."""
        return [" ".join((self.name, *recipe)) for recipe in self.recipes]

    @property
    def params(self) -> list[str]:
        """All names of parameters, in the order of their first use."""
        return list(dict.fromkeys(name for recipe in self.recipes for name in recipe))


#: by the name in 3.6, in the order of `which`
COMMANDS: Final[dict[str, Command]] = {}


def command(
    name: str,
    full_name: str,
    *recipes: str,
    exporter: str = "core",
    array: str | None = None,
    is_quick: bool = False,
) -> Callable[[Action], Action]:
    """Declare a command. Each recipe is a list of parameter names in one text; without any it takes no parameters."""

    def declare(run: Action) -> Action:
        if name in COMMANDS:
            raise ValueError(f"command {name} is declared twice")
        lists = tuple(tuple(recipe.split()) for recipe in recipes or ("",))
        COMMANDS[name] = Command(name, full_name, exporter, lists, cleandoc(run.__doc__ or ""), run, array, is_quick)
        return run

    return declare


def arrange() -> None:
    """Put the commands that are declared into the order of `which`, whichever file declares them."""
    arranged = sorted(COMMANDS.items(), key=lambda item: item[1].place)
    COMMANDS.clear()
    COMMANDS.update(arranged)


def find(name: str) -> Command:
    """The command of a name in 3.6 or 4.0. Raises CommandError: there is none, or 4.0 has several of that name."""
    if name in COMMANDS:
        return COMMANDS[name]
    for command in COMMANDS.values():
        if command.full_name == name:
            return command
    same = [c for c in COMMANDS.values() if c.local_name == name]
    if len(same) > 1:
        same.sort(key=lambda c: c.place)
        names = ", ".join(c.full_name for c in same)
        raise CommandError(METHOD_AMBIGUOUS, "Method ambiguous", f"supported names: {names}")
    if not same:
        raise CommandError(METHOD_NOT_FOUND, "Method not found")
    return same[0]


def names() -> list[str]:
    """Every name that `find` understands without doubt: those of 3.6, then the full ones of 4.0."""
    return list(dict.fromkeys([*COMMANDS, *(c.full_name for c in COMMANDS.values())]))
