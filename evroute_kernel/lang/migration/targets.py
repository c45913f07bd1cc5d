"""Text of one version of OpenSIPS as another one wants it: to 3.6, and from there to 4.0."""

from __future__ import annotations

from dataclasses import replace

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.migration.commands import renamed_commands
from evroute_kernel.lang.migration.legacy import Code
from evroute_kernel.lang.migration.migrate import Migration, made, migrate, old_forms
from evroute_kernel.lang.migration.outlook import runs_otherwise
from evroute_kernel.lang.migration.upgrade import upgraded
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source


def migrated(source: Source, environment: Environment, *, mi: bool = False, scratch: bool = False) -> Migration:
    """A script as the version of an environment wants it. Never raises for bad text.

    For 4.0 text of 2.x is brought to 3.x as well, and the notes say where events raised in event routes make a
    difference, among the routes of the environment. With `mi` commands of the management interface get the names of
    4.0, wherever a line shows that it has one, in comments too. With `scratch` the text is a cell.
    """
    if environment.version != "4.0":
        return migrate(source)
    code = Code(source)
    commands = renamed_commands(source.text) if mi else ()
    found = made(source, [*old_forms(code), *upgraded(code), *commands])
    notes = [*found.notes, *runs_otherwise(source, found, environment, scratch=scratch)]
    return replace(found, notes=tuple(sorted(notes, key=lambda d: d.span.start if d.span else 0)))


def migrated_commands(source: Source) -> Migration:
    """A shell script whose commands of the management interface get the names of 4.0; nothing else is touched."""
    return made(source, renamed_commands(source.text))


def called(version: ServerVersion) -> str:
    """How the version that a text is for is called: all of 3.x take what 3.6 takes."""
    return "3.x" if version == "3.6" else version
