"""What a name means to a version of the server.

3.6 has one space of names; ours takes the names of 4.0 there too. 4.0 knows a command as `module:command`, as `command`
alone while only one module has that, and by aliases, most of them the names of 3.6. Observed on OpenSIPS 4.0.1: with a
colon a name is exact, without one the name within a module goes before an alias, and letter case counts. So a short
name stops working when a module is loaded that has it too; that counts here as well for commands that are not served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.mi.declaration import COMMANDS, Command
from evroute_kernel.engine.mi.protocol import METHOD_AMBIGUOUS, METHOD_NOT_FOUND, CommandError
from evroute_kernel.library.catalogue.management import CatalogueCommand, mi_commands, mi_names_lost, mi_successors
from evroute_kernel.runtime.versions import ServerVersion

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session

#: always there
_CORE: Final = "core"


def find(session: Session, name: str) -> Command:
    """The command that a name means to a session. Raises CommandError: there is none, or several have that name."""
    if session.version != "3.6":
        return _found_in_4_0(name, session.settings.modules_loaded())
    command = COMMANDS.get(name)
    if command is not None and not command.optional and "3.6" in command.versions:  # so are nearly all requests
        return command
    return _found_in_3_6(name, session.settings.modules_loaded())


def find_in_any(name: str) -> Command:
    """The command that a name means, whatever the version is: in 3.6, or else in 4.0. Raises CommandError."""
    for found, loaded in ((_found_in_3_6, ()), (_found_in_4_0, ()), (_found_in_3_6, _optional())):
        try:
            return found(name, loaded)
        except CommandError as error:
            if error.code == METHOD_AMBIGUOUS:
                raise
    return _found_in_4_0(name, _optional())


def _optional() -> tuple[str, ...]:
    """The modules whose commands are served only where they are loaded."""
    return tuple(dict.fromkeys(command.module for command in COMMANDS.values() if command.optional))


def served(version: ServerVersion, loaded: tuple[str, ...] = ()) -> list[Command]:
    """The commands of a version that are served here, in the order of its `which`; some only where their module has
    been loaded."""
    return list(_served(version, loaded, tuple(COMMANDS)))


@lru_cache(maxsize=8)
def _served(version: ServerVersion, loaded: tuple[str, ...], declared: tuple[str, ...]) -> tuple[Command, ...]:
    found = [command for command in COMMANDS.values() if command.is_served(version, loaded)]
    return tuple(sorted(found, key=lambda command: command.place_in(version)))


def listed(version: ServerVersion, loaded: tuple[str, ...] = ()) -> list[str]:
    """What `which` of a version lists."""
    return list(_listed(version, loaded, tuple(COMMANDS)))


@lru_cache(maxsize=8)
def _listed(version: ServerVersion, loaded: tuple[str, ...], declared: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(command.name_in(version) for command in _served(version, loaded, declared))


def names(version: ServerVersion, loaded: tuple[str, ...] = ()) -> list[str]:
    """Every name by which a version finds a command that is served here, but for short ones of 4.0, which may be those
    of several: what `which` lists, then further ones."""
    further = [command.full_name if version == "3.6" else command.name for command in served(version, loaded)]
    return list(dict.fromkeys([*listed(version, loaded), *further]))


def why_not(name: str, version: ServerVersion) -> str | None:
    """What there is to say about a name that is not served under a version; None where nothing is known of it."""
    with_module = next((c for c in COMMANDS.values() if c.optional and name in (c.name, c.full_name)), None)
    if with_module is not None:
        return f"a command of module {with_module.module}, which is not loaded: %node NAME makes a cluster"
    facts = [fact for fact in mi_commands(version) if name in (fact.name, *fact.aliases)]
    if not facts and version == "4.0":
        facts = [fact for fact in mi_commands(version) if fact.local_name == name]
    if facts:
        return f"a command of {_of_modules(facts)}, which is not served here{_also(name, version)}"
    if version == "4.0" and (successors := mi_successors().get(name)):
        return f"gone since 4.0: use {' or '.join(fact.name for fact in successors)}"
    if version == "3.6":
        return _from_4_0(name)
    return None


def _from_4_0(name: str) -> str | None:
    """What there is to say under 3.6 about a name of 4.0."""
    fact = next((fact for fact in mi_commands("4.0") if name in (fact.name, fact.local_name, *fact.aliases)), None)
    if fact is None:
        return None
    return f"in 3.6 it is {fact.was[0]}, which is not served here" if fact.was else "new in 4.0"


def _also(name: str, version: ServerVersion) -> str:
    """What 4.0 calls a command of 3.6, where that is no name of its own any more."""
    if version != "3.6" or name not in mi_names_lost():
        return ""
    return f"; in 4.0 it is {' or '.join(fact.name for fact in mi_successors()[name])}"


def _of_modules(facts: list[CatalogueCommand]) -> str:
    names = list(dict.fromkeys(fact.module for fact in facts))
    return "the core" if names == [_CORE] else f"module {' and '.join(names)}"


def _found_in_3_6(name: str, loaded: tuple[str, ...]) -> Command:
    command = COMMANDS.get(name)
    if command is not None and command.is_served("3.6", loaded):
        return command
    known = served("3.6", loaded)
    same = [command for command in known if command.full_name == name]
    same = same or [command for command in known if command.local_name == name]
    if len(same) > 1:
        raise _ambiguous(command.full_name for command in same)
    if not same:
        raise CommandError(METHOD_NOT_FOUND, "Method not found")
    return same[0]


def _found_in_4_0(name: str, loaded: tuple[str, ...]) -> Command:
    known = _known(loaded, tuple(COMMANDS))
    full_names = known.get(name)
    if full_names is None:
        raise CommandError(METHOD_NOT_FOUND, "Method not found")
    if len(full_names) > 1:
        raise _ambiguous(full_names)
    command = _served_by_full_name(loaded, tuple(COMMANDS)).get(full_names[0])
    if command is None:
        raise CommandError(METHOD_NOT_FOUND, "Method not found", f"{full_names[0]} is not served here")
    return command


def _ambiguous(full_names: Iterable[str]) -> CommandError:
    return CommandError(METHOD_AMBIGUOUS, "Method ambiguous", f"supported names: {', '.join(full_names)}")


@lru_cache(maxsize=8)
def _known(loaded: tuple[str, ...], declared: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Each name that a 4.0 with these modules knows, and the full names of the commands that it means."""
    local: dict[str, dict[str, None]] = {}
    further: dict[str, dict[str, None]] = {}
    for full_name, aliases in _names_in_4_0(loaded):
        local.setdefault(full_name.partition(":")[2], {})[full_name] = None
        for alias in aliases:
            further.setdefault(alias, {})[full_name] = None
    exact = {full_name: (full_name,) for full_names in local.values() for full_name in full_names}
    return {name: tuple(full_names) for name, full_names in (further | local).items()} | exact


def _names_in_4_0(loaded: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Full names and aliases of the core's commands, of those of loaded modules in their order, of the modules that
    need no loading here, and of what is served besides."""
    from evroute_kernel.lang.environment import DEFAULT_MODULES

    by_module: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for fact in mi_commands("4.0"):
        by_module.setdefault(fact.module, []).append((fact.name, fact.aliases))
    for module in dict.fromkeys((_CORE, *loaded, *sorted(DEFAULT_MODULES))):
        yield from by_module.get(module, ())
    yield from ((command.full_name, command.aliases) for command in served("4.0", loaded))


@lru_cache(maxsize=8)
def _served_by_full_name(loaded: tuple[str, ...], declared: tuple[str, ...]) -> dict[str, Command]:
    return {command.full_name: command for command in served("4.0", loaded)}
