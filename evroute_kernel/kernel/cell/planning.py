"""The steps of a cell: its magic lines and the parts of its script, in the order in which they take effect.

Definitions of a cell enter together, where its script begins. Statements run where they stand between the magic lines.
The script is parsed once. Parts of it are checked once more, parsed as they are, when they take effect: what stands
before them may have changed what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import Diagnostic, RouteCheckError, RouteSyntaxError, ScriptError
from evroute_kernel.kernel.cell.cells import Cut, MagicLine, blanked, cut
from evroute_kernel.kernel.magics.declaration import MAGICS, Entrance, Magic, find
from evroute_kernel.lang.scanning import statement_end
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.lang import nodes
    from evroute_kernel.lang.compiler import Parsed, Unit
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.lang.files import ScriptFiles

#: makes a unit of a text that was parsed, for what is around it; raises ScriptError
Compile: TypeAlias = "Callable[[Parsed, Environment], Unit]"


#: magics around each other that a line may hold
DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class MagicStep:
    """A magic line, and what its reader made of it."""

    offset: int
    magic: Magic
    prepared: Any


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A part of the cell's script. `defines`: it holds the cell's definitions, if there are any.

    `checked`: the whole script as it was compiled when the cell was planned, where it is one part, and what was around
    it then. `places`: where in the text the part stands, of several.
    """

    offset: int
    parsed: Parsed
    defines: bool
    compile: Compile
    checked: tuple[Environment, Unit] | None = None
    places: tuple[Span, ...] = ()

    def compiled(self, environment: Environment) -> Unit:
        """The part as it is to take effect now: compiled anew only when something has changed since. ScriptError."""
        if self.checked is not None and self.checked[0] == environment:
            return self.checked[1]
        unit = self.compile(self.parsed, environment)
        return replace(unit, diagnostics=tuple(filter(self._is_about, unit.diagnostics))) if self.places else unit

    def _is_about(self, found: Diagnostic) -> bool:
        """Whether a finding about the text is one about this part."""
        span = found.span
        return span is None or any(place.start <= span.start < place.end for place in self.places)


Step: TypeAlias = "MagicStep | ScriptStep"


def script_taken(pieces: Cut) -> Cut:
    """The cell as it is; but what magics stand around is laid open, and beside a magic that takes the cell's script
    there is nothing else in it."""
    pieces = _opened(pieces)
    for line in pieces.magics if pieces.has_script else ():
        magic = MAGICS.get(line.name)
        if magic is not None and magic.takes_script:
            return Cut(pieces.source, "", (replace(line, body=pieces.source.text, body_offset=0),))
    return pieces


def at_the_head(pieces: Cut) -> list[tuple[Entrance, MagicLine]]:
    """The magics that say, before anything of a cell is read, what world it is run in. Raises ArgumentError for one
    that stands further down."""
    found: list[tuple[Entrance, MagicLine]] = []
    for number, line in enumerate(pieces.magics):
        magic = MAGICS.get(line.name)
        if magic is None or magic.entrance is None or not magic.entrance.is_meant(line):
            continue
        if number > len(found) or pieces.script[: line.span.start].strip() or (found and line.body is None):
            what = f"%{line.name} says where the whole cell runs: it stands once, above everything else"
            raise ArgumentError(what, line.span)
        found.append((magic.entrance, line))
    return found


def _opened(pieces: Cut, depth: int = 0) -> Cut:
    """The cell with what stands in the lines of magics that are around it, such as `%time STATEMENT`: of each of them
    a line that begins it and one that ends it are left. What is in itself too often stays as it is, to be refused."""
    around = [line for line in pieces.magics if _is_around(line)]
    if not around or depth == DEEPEST:
        return pieces
    source = pieces.source
    text = blanked(source.text, [line.name_span if line.without_comment.text.strip() else line.span for line in around])
    inside = _opened(cut(replace(source, text=text)), depth + 1)
    lines = (_moved(line, source) for line in inside.magics)
    ends = [len(source.text) if line.body is not None else line.span.end for line in around]
    closing = (replace(line, span=source.span(end, end), closes=True) for line, end in zip(around, ends, strict=True))
    opening = (replace(line, span=line.name_span, text=_without_comments(line), body=None) for line in around)
    return Cut(source, inside.script, tuple(sorted([*opening, *lines, *closing], key=lambda line: line.span.start)))


def _without_comments(line: MagicLine) -> str:
    """What stands in a line and below it, but lines that are comments."""
    lines = f"{line.text}\n{line.body or ''}".split("\n")
    return "\n".join(each for each in lines if not each.lstrip().startswith("#"))


def _is_around(line: MagicLine) -> bool:
    magic = MAGICS.get(line.name)
    return magic is not None and magic.is_around and help_asked(line) is None


def _moved(line: MagicLine, source: Source) -> MagicLine:
    """The line as one of another text, in which it stands at the same place."""
    name, span = line.name_span, line.span
    return replace(line, name_span=source.span(name.start, name.end), span=source.span(span.start, span.end))


def read_magics(
    lines: Sequence[MagicLine], version: ServerVersion, *, is_version_fixed: bool = False
) -> tuple[list[MagicStep], list[ScriptError]]:
    """Read all magic lines for a server of this version, or of one that a line above chooses unless it is fixed; gather
    what is wrong with them. Nothing takes effect yet."""
    steps: list[MagicStep] = []
    wrong: list[ScriptError] = []
    for written in lines:
        line = help_asked(written) or written
        try:
            magic = find(line)
            step = MagicStep(line.span.start, magic, magic.read(replace(line, version=version)))
            steps.append(step)
            version = version if is_version_fixed else _version_below(step, version)
        except ScriptError as error:
            wrong.append(error)
    return steps, wrong


def help_asked(line: MagicLine) -> MagicLine | None:
    """The `%help` line that `%name --help` means, or `%name -h`, as of any program; None for another line."""
    magic = MAGICS.get(line.name)
    words = line.without_comment.text.split()
    is_asked = words == ["-h"] or "--help" in words[: 1 if magic and magic.has_own_reader else None]
    if magic is None or not is_asked:
        return None
    asking = cut(replace(line.source, text=f"%help %{line.name}")).magics[0]
    return replace(asking, span=line.span)


def _version_below(step: MagicStep, version: ServerVersion) -> ServerVersion:
    if step.magic.prepares is None:
        return version
    from evroute_kernel.lang.environment import Environment

    return step.magic.prepares(step.prepared, Environment(version=version)).version


def together(errors: Sequence[ScriptError]) -> ScriptError:
    """Several errors of one cell as one, in the order of the text; its kind is that of the worst."""
    found = [diagnostic for error in errors for diagnostic in error.diagnostics]
    kind = next((k for k in (RouteSyntaxError, RouteCheckError) if any(isinstance(e, k) for e in errors)), ScriptError)
    return kind(sorted(found, key=lambda d: d.span.start if d.span else -1))


def planned(
    pieces: Cut,
    environment: Environment,
    *,
    files: ScriptFiles | None = None,
    compile: Compile | None = None,
    is_version_fixed: bool = False,
) -> list[Step]:
    """What a cell does, in order, all of it read and checked. Raises ScriptError with all that is wrong with it.

    `files` reads what the script includes; by default any regular file. With `is_version_fixed` the script is one of
    the environment's version, whatever a line of the cell says.
    """
    from evroute_kernel.lang.compiler import compile_parsed, read_script

    compile = compile or compile_parsed
    magics, wrong = read_magics(pieces.magics, environment.version, is_version_fixed=is_version_fixed)
    if not is_version_fixed:
        environment = _prepared(environment, magics, len(pieces.script) - len(pieces.script.lstrip()))
    source = replace(pieces.source, text=pieces.script, shown=pieces.source.text)
    parsed = read_script(source, environment.version, scratch=True, files=files)
    try:
        unit = compile(parsed, environment)
    except ScriptError as error:
        if not wrong:
            raise
        raise together([*wrong, error]) from error
    if wrong:
        raise together(wrong)
    return sorted([*_parts(pieces, parsed, compile, (environment, unit)), *magics], key=_offset)


def _prepared(environment: Environment, magics: Sequence[MagicStep], start: int) -> Environment:
    """What the script of a cell will find, which begins there: what the lines above it say is heeded."""
    for step in magics:
        if step.magic.prepares is not None and step.offset < start:
            environment = step.magic.prepares(step.prepared, environment)
    return environment


def _offset(step: Step) -> int:
    return step.offset


def _parts(pieces: Cut, parsed: Parsed, compile: Compile, checked: tuple[Environment, Unit]) -> Sequence[ScriptStep]:
    """The parts of a cell's script: one, unless statements stand apart from each other or from the definitions."""
    source, script = parsed.source, parsed.script
    starts = [part.span.start for part in (*script.items, *script.scratch) if part.span.source is source]

    def part_of(start: int) -> int:
        """How many magic lines stand before."""
        return sum(line.span.start < start for line in pieces.magics)

    parts: dict[int, list[nodes.Statement | nodes.Display]] = {}
    for statement in script.scratch:
        parts.setdefault(part_of(statement.span.start), []).append(statement)
    first = min(starts, default=0)
    in_one = parts.keys() <= {part_of(first)}
    # what an included file brings cannot be told apart by place: such a cell stays in one piece
    if in_one or len(starts) < len(script.items) + len(script.scratch):
        return [ScriptStep(first, parsed, True, compile, checked)]
    return [*_definitions(parsed, compile, first), *(_statements(parsed, compile, part) for part in parts.values())]


def _definitions(parsed: Parsed, compile: Compile, offset: int) -> Iterator[ScriptStep]:
    """The definitions alone."""
    if items := parsed.script.items:
        yield ScriptStep(offset, parsed.part(items, ()), True, compile, places=tuple(item.span for item in items))


def _statements(parsed: Parsed, compile: Compile, part: Sequence[nodes.Statement | nodes.Display]) -> ScriptStep:
    """Statements without the definitions between them."""
    source = parsed.source
    start, end = part[0].span.start, statement_end(source.text, part[-1].span.end)
    inside = [item.span for item in parsed.script.items if start <= item.span.start < end]
    gaps = zip([start, *(i.end for i in inside)], [*(i.start for i in inside), end], strict=True)
    places = tuple(source.span(first, last) for first, last in gaps if first < last)
    return ScriptStep(start, parsed.part((), part), False, compile, places=places)
