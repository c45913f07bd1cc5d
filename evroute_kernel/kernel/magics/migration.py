"""Scripts of OpenSIPS for a later version: 2.x to 3.x, 3.6 to 4.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.display.sources import diff_bundle
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.kernel.magics.findings import script_of
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import ServerVersion, server_version
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.lang.migration.migrate import Change


@dataclass(frozen=True, slots=True)
class MigrateRequest:
    """What `%migrate` is to do: `script` has the places of the cell, `line` is the magic's own, with its line break."""

    script: str
    line: Span
    is_applied: bool
    #: None: the version of the session
    to: ServerVersion | None = None
    mi: bool = False


def read_request(arguments: Arguments) -> MigrateRequest:
    """Raises ArgumentError when there is nothing that could be migrated."""
    line = arguments.line
    script = "" if line.body is None else script_of(line)
    if not script.strip():
        hint = "write %%migrate above a script of an earlier OpenSIPS, in its cell"
        raise ArgumentError("there is no script in this cell", line.name_span, hint)
    end = line.source.text.find("\n", line.span.end) + 1 or line.span.end
    here = line.source.span(line.span.start, end)
    flags = arguments.flags
    return MigrateRequest(script, here, "apply" in flags, _version(flags), "mi" in flags)


def _version(flags: Mapping[str, Word | None]) -> ServerVersion | None:
    """What `--to` says, or `--mi` alone, which is about 4.0."""
    word = flags.get("to")
    if word is None:
        return "4.0" if "mi" in flags else None
    try:
        version = server_version(word.text)
    except ValueError as error:
        raise ArgumentError(str(error), word.span) from None
    if "mi" in flags and version != "4.0":
        raise ArgumentError("--mi gives commands the names of 4.0", word.span, "write --to 4.0")
    return version


@magic("migrate", "[--to 3.6|4.0] [--mi] [--apply]", convert=read_request, body="script", takes_script=True)
async def migrate(cell: Cell, request: MigrateRequest) -> None:
    """Show how the script of this cell is written for a later OpenSIPS; nothing of the cell runs.

    Names and positions of parameters come from the catalogue of events. What needs a look is listed below the
    changes, and so are the errors that the new text still has. For 4.0 that includes where events raised in event
    routes make a difference.

    --to VERSION  3.6 or 4.0, by default the version of the session (%config version=)
    --mi          give commands of the management interface the names of 4.0, in comments and texts too
    --apply       put the new text into the cell, in place of the old one and of this line
    """
    from evroute_kernel.lang.findings import findings
    from evroute_kernel.lang.migration.migrate import unified_diff
    from evroute_kernel.lang.migration.targets import called, migrated

    name, text = cell.source.name, cell.source.text
    to = request.to or cell.session.version
    environment = replace(cell.session.environment(cell.owner), version=to)
    script = Source(name, request.script)
    found = await cell.compute(lambda: migrated(script, environment, mi=request.mi, scratch=True))
    old, new = replaced(text, (), request.line), replaced(text, found.changes, request.line)
    if not found:
        cell.outlet.write("there is nothing to migrate\n")
    elif request.is_applied:
        cell.replace(new)
        count = len(found.changes)
        cell.outlet.write(f"{count} place{'s' * (count != 1)} changed: the cell holds the new text\n")
    else:
        cell.outlet.display(diff_bundle(unified_diff(ended(old), ended(new), name, called(to))))
    cell.tell(found.notes)
    source = Source(f"{name} ({called(to)})", replaced(request.script, found.changes, request.line))
    left = await cell.compute(lambda: findings(source, environment, scratch=True))
    cell.tell([finding for finding in left if finding.severity == "error"])


def ended(text: str) -> str:
    """The text with a line break at its end, which cells lack and diffs remark upon."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def replaced(text: str, changes: Iterable[Change], line: Span) -> str:
    """The text with the changes made, and without one line."""
    edits = [(change.span.start, change.span.end, change.after) for change in changes]
    for start, end, after in sorted([*edits, (line.start, line.end, "")], reverse=True):
        text = text[:start] + after + text[end:]
    return text
