"""OpenSIPS 2.x event routes to 3.x text: `%migrate` and `evroute migrate`.

Works on the places of tokens, never on a re-print of the tree, so that everything else stays as its author wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff as _unified_diff

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.migration.commands import renamed_commands
from evroute_kernel.lang.migration.fetching import fetches
from evroute_kernel.lang.migration.legacy import (
    Code,
    Doubt,
    Edit,
    Remark,
    avp_names,
    module_lines,
    quoted_arguments,
    route_modes,
)
from evroute_kernel.lang.migration.outlook import runs_otherwise
from evroute_kernel.lang.migration.upgrade import upgraded
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source, Span


@dataclass(frozen=True, slots=True)
class Change:
    """One replacement; `span` and `before` belong to the old text.

    `code` names the lint of the same matter, `instead` is the new text without what its place needs around it.
    """

    span: Span
    before: str
    after: str
    why: str
    code: str
    instead: str


@dataclass(frozen=True, slots=True)
class Migration:
    """The new text, each change in the order of the old text, and notes on what a reader should look at."""

    text: str
    changes: tuple[Change, ...]
    notes: tuple[Diagnostic, ...]

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.changes)


def migrate(
    text: str | Source, to: ServerVersion = DEFAULT_VERSION, *, environment: Environment | None = None, mi: bool = False
) -> Migration:
    """A script as a version of the server wants it; a text that holds nothing old comes back as it is. Never raises for
    bad text.

    For 4.0 text of 2.x is brought to 3.x as well, and the notes say where events raised in event routes make a
    difference: in the `environment` of the new text, by default that of a file. With `mi` commands of the management
    interface get the names of 4.0, wherever a line shows that it is one, in comments too.
    """
    source = Source("script", text) if isinstance(text, str) else text
    code = Code(source)
    found = [*_found(code), *(upgraded(code) if to == "4.0" else ())]
    found += renamed_commands(source.text) if mi and to == "4.0" else ()
    return _made(source, found, environment or Environment(whole=True, version=to), to)


def migrate_commands(text: str | Source) -> Migration:
    """A shell script whose commands of the management interface get the names of 4.0; nothing else is touched."""
    source = Source("script", text) if isinstance(text, str) else text
    return _made(source, renamed_commands(source.text), None, "4.0")


def _made(
    source: Source, found: Sequence[Edit | Remark | Doubt], environment: Environment | None, to: ServerVersion
) -> Migration:
    edits = list(_without_overlaps([e for e in found if isinstance(e, Edit)]))
    text = _applied(source.text, edits)
    notes = [
        Diagnostic("info", e.code, note, source.span(e.start, e.end), "check this place")
        for e in edits
        for note in e.notes
    ]
    notes += [
        Diagnostic("info", r.code, r.why, source.span(r.start, r.end), "check that nothing counts on it")
        for r in found
        if isinstance(r, Remark)
    ]
    notes += [
        Diagnostic("warning", d.code, f"this stays as it is: {d.why}", source.span(d.start, d.end))
        for d in found
        if isinstance(d, Doubt)
    ]
    if environment is not None and to != DEFAULT_VERSION:
        notes += runs_otherwise(source, text, edits, environment)
    notes.sort(key=lambda d: d.span.start if d.span else 0)
    return Migration(text, tuple(_change(source, e) for e in edits), tuple(notes))


def _change(source: Source, edit: Edit) -> Change:
    span = source.span(edit.start, edit.end)
    return Change(span, span.text, edit.text, edit.why, edit.code, edit.instead or edit.text)


def _found(code: Code) -> Iterator[Edit | Remark | Doubt]:
    yield from fetches(code)
    yield from route_modes(code)
    yield from module_lines(code)
    yield from quoted_arguments(code)
    yield from avp_names(code)


def _without_overlaps(edits: list[Edit]) -> Iterator[Edit]:
    """In the order of the text; of edits that overlap the wider one, which has done the work of the others."""
    done = -1
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if edit.start >= done:
            yield edit
            done = max(done, edit.end)


def _applied(text: str, edits: list[Edit]) -> str:
    parts, done = list[str](), 0
    for edit in edits:
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])


def target(to: ServerVersion) -> str:
    """How the version that a text is for is called: all of 3.x take what 3.6 takes."""
    return "3.x" if to == DEFAULT_VERSION else to


def unified_diff(old: str, new: str, name: str, to: ServerVersion = DEFAULT_VERSION) -> str:
    """What changes between two texts, as `diff -u` shows it; empty when they are equal."""
    lines = _unified_diff(_lines(old), _lines(new), name, f"{name} ({target(to)})", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines as `patch` counts them; the last one says when its line break is missing."""
    *lines, rest = text.split("\n")
    return [*lines, f"{rest}\n\\ No newline at end of file"] if rest else lines
