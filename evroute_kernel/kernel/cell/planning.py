"""The steps of a cell: its magic lines and the parts of its script, in the order in which they take effect.

Definitions of a cell enter together, where its script begins. Statements run where they stand between the magic lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from evroute_kernel.errors import RouteCheckError, RouteSyntaxError, ScriptError
from evroute_kernel.kernel.cell.cells import Cut, MagicLine, blanked
from evroute_kernel.kernel.magics.declaration import MAGICS, Magic, find
from evroute_kernel.lang.scanning import statement_end
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.lang.files import ScriptFiles


@dataclass(frozen=True, slots=True)
class MagicStep:
    """A magic line, and what its reader made of it."""

    offset: int
    magic: Magic
    prepared: Any


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A part of the cell's script, with its places. `defines`: it holds the cell's definitions, if there are any."""

    offset: int
    text: str
    defines: bool


Step: TypeAlias = "MagicStep | ScriptStep"


def script_taken(pieces: Cut) -> Cut:
    """The cell as it is; but beside a magic that takes the cell's script there is nothing else in it."""
    for line in pieces.magics if pieces.has_script else ():
        magic = MAGICS.get(line.name)
        if magic is not None and magic.takes_script:
            return Cut(pieces.source, "", (replace(line, body=pieces.source.text, body_offset=0),))
    return pieces


def read_magics(lines: Sequence[MagicLine]) -> tuple[list[MagicStep], list[ScriptError]]:
    """Read all magic lines, and gather what is wrong with them; nothing takes effect yet."""
    steps: list[MagicStep] = []
    wrong: list[ScriptError] = []
    for line in lines:
        try:
            magic = find(line)
            steps.append(MagicStep(line.span.start, magic, magic.read(line)))
        except ScriptError as error:
            wrong.append(error)
    return steps, wrong


def together(errors: Sequence[ScriptError]) -> ScriptError:
    """Several errors of one cell as one, in the order of the text; its kind is that of the worst."""
    found = [diagnostic for error in errors for diagnostic in error.diagnostics]
    kind = next((k for k in (RouteSyntaxError, RouteCheckError) if any(isinstance(e, k) for e in errors)), ScriptError)
    return kind(sorted(found, key=lambda d: d.span.start if d.span else -1))


def script_steps(pieces: Cut, files: ScriptFiles | None = None) -> list[ScriptStep]:
    """The parts of a cell's script: one, unless statements stand apart from each other or from the definitions.
    `files` reads what it includes; by default any regular file."""
    from evroute_kernel.lang.parser import parse

    source = replace(pieces.source, text=pieces.script)
    script, _ = parse(source, scratch=True, files=files)
    items = [item.span for item in script.items]
    statements = [statement.span for statement in script.scratch]
    starts = [span.start for span in (*items, *statements) if span.source is source]

    def part_of(start: int) -> int:
        """How many magic lines stand before."""
        return sum(line.span.start < start for line in pieces.magics)

    parts: dict[int, list[Span]] = {}
    for span in statements:
        parts.setdefault(part_of(span.start), []).append(span)
    first = min(starts, default=0)
    in_one = parts.keys() <= {part_of(first)}
    # what an included file brings cannot be told apart by place: such a cell stays in one piece
    if in_one or len(starts) < len(items) + len(statements):
        return [ScriptStep(first, pieces.script, True)]
    return [*_definitions(source, items, first), *(_statements(source, items, part) for part in parts.values())]


def _definitions(source: Source, items: list[Span], offset: int) -> list[ScriptStep]:
    """The definitions alone."""
    gaps = zip([0, *(i.end for i in items)], [*(i.start for i in items), len(source.text)], strict=True)
    text = blanked(source.text, [source.span(start, end) for start, end in gaps])
    return [ScriptStep(offset, text, True)] if items else []


def _statements(source: Source, items: list[Span], part: list[Span]) -> ScriptStep:
    """Statements without the definitions between them."""
    start, end = part[0].start, statement_end(source.text, part[-1].end)
    inside = [item for item in items if start <= item.start < end]
    others = [source.span(0, start), *inside, source.span(end, len(source.text))]
    return ScriptStep(start, blanked(source.text, others), False)
