"""OpenSIPS 2.x scripts to 3.x."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import rendered
from evroute_kernel.kernel.cell.output import STDERR, STDOUT
from evroute_kernel.kernel.display.formats import text_bundle
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.kernel.magics.findings import script_of
from evroute_kernel.records import dataclass
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


def read_request(arguments: Arguments) -> MigrateRequest:
    """Raises ArgumentError when there is nothing that could be migrated."""
    line = arguments.line
    script = "" if line.body is None else script_of(line)
    if not script.strip():
        hint = "write %%migrate above a script of OpenSIPS 2.x, in its cell"
        raise ArgumentError("there is no script in this cell", line.name_span, hint)
    end = line.source.text.find("\n", line.span.end) + 1 or line.span.end
    return MigrateRequest(script, line.source.span(line.span.start, end), "apply" in arguments.flags)


@magic("migrate", "[--apply]", convert=read_request, body="script", takes_script=True)
async def migrate(cell: Cell, request: MigrateRequest) -> None:
    """Show how the script of this cell is written for OpenSIPS 3.x; nothing of the cell runs.

    Names and positions of parameters come from the catalogue of events. What needs a look is listed below the
    changes, and so are the errors that the new text still has.

    --apply  put the new text into the cell, in place of the old one and of this line
    """
    from evroute_kernel.lang.migration.migrate import migrate as migrated
    from evroute_kernel.lang.migration.migrate import unified_diff

    name, text = cell.source.name, cell.source.text
    found = await cell.compute(lambda: migrated(Source(name, request.script)))
    old, new = replaced(text, (), request.line), replaced(text, found.changes, request.line)
    if not found:
        cell.outlet.write("there is nothing to migrate\n")
    elif request.is_applied:
        cell.replace(new)
        count = len(found.changes)
        cell.outlet.write(f"{count} place{'s' * (count != 1)} changed: the cell holds the new text\n")
    else:
        cell.outlet.display(text_bundle(unified_diff(ended(old), ended(new), name)))
    for stream, is_warning in ((STDOUT, False), (STDERR, True)):
        for text in rendered([note for note in found.notes if (note.severity == "warning") is is_warning]):
            cell.outlet.write(text + "\n", stream)
    source = Source(f"{name} (3.x)", replaced(request.script, found.changes, request.line))
    left = await cell.compute(lambda: cell.session.check(source, owner=cell.owner))
    for text in rendered([finding for finding in left if finding.severity == "error"]):
        cell.outlet.write(text + "\n", STDERR)


def ended(text: str) -> str:
    """The text with a line break at its end, which cells lack and diffs remark upon."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def replaced(text: str, changes: Iterable[Change], line: Span) -> str:
    """The text with the changes made, and without one line."""
    edits = [(change.span.start, change.span.end, change.after) for change in changes]
    for start, end, after in sorted([*edits, (line.start, line.end, "")], reverse=True):
        text = text[:start] + after + text[end:]
    return text
