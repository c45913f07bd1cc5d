"""OpenSIPS 2.x event routes to 3.x text: `%migrate` and `evroute migrate`.

Works on the places of tokens, never on a re-print of the tree, so that everything else stays as its author wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import unified_diff as _unified_diff

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.migration import renamed, renamed_modules, renamed_variables
from evroute_kernel.lang.migration.avp_functions import avp_functions
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
from evroute_kernel.records import dataclass
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
    """The new text, each change in the order of the old text, and notes on what a reader should look at.

    `doubts` is how many places of the old kind stay as they are, each with a warning among the notes.
    """

    text: str
    changes: tuple[Change, ...]
    notes: tuple[Diagnostic, ...]
    doubts: int = 0

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.changes)

    def in_new_text(self, source: Source) -> list[Diagnostic]:
        """The notes with their places in the new text, which `source` holds."""
        moved = ((note, note.span and self._moved(note.span, source)) for note in self.notes)
        return [replace(note, span=span) for note, span in moved]

    def _moved(self, span: Span, source: Source) -> Span:
        return source.span(self._offset(span.start), self._offset(span.end))

    def _offset(self, old: int) -> int:
        """Where in the new text a character of the old one is; within a change, no further than its end."""
        moved = 0
        for change in self.changes:
            if change.span.start >= old:
                break
            if change.span.end > old:
                return moved + change.span.start + min(old - change.span.start, len(change.after))
            moved += len(change.after) - len(change.before)
        return old + moved


def migrate(text: str | Source) -> Migration:
    """The 3.x form of a script; a text that holds nothing old comes back as it is. Never raises for bad text."""
    source = Source("script", text) if isinstance(text, str) else text
    return made(source, old_forms(Code(source)))


def old_forms(code: Code) -> Iterator[Edit | Remark | Doubt]:
    """What a text of 2.x has that 3.x writes otherwise."""
    yield from renamed_modules.modules(code)
    yield from renamed.functions(code)
    yield from renamed.flags(code)
    yield from renamed.settings(code)
    yield from renamed.parameters(code)
    yield from avp_functions(code)
    yield from renamed_variables.variables(code)
    yield from renamed_variables.words(code)
    yield from fetches(code)
    yield from route_modes(code)
    yield from module_lines(code)
    yield from quoted_arguments(code)
    yield from avp_names(code)


def made(source: Source, forms: Iterable[Edit | Remark | Doubt]) -> Migration:
    """The text with the edits made, and what is to be said of them and of the rest."""
    found = list(forms)
    edits = list(_without_overlaps([e for e in found if isinstance(e, Edit)]))
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
    notes.sort(key=lambda d: d.span.start if d.span else 0)
    doubts = sum(isinstance(e, Doubt) for e in found)
    return Migration(_applied(source.text, edits), tuple(_change(source, e) for e in edits), tuple(notes), doubts)


def _change(source: Source, edit: Edit) -> Change:
    span = source.span(edit.start, edit.end)
    return Change(span, span.text, edit.text, edit.why, edit.code, edit.instead or edit.text)


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


def unified_diff(old: str, new: str, name: str, version: str = "3.x") -> str:
    """What changes between two texts, as `diff -u` shows it; empty when they are equal. `version` is what the new one
    is for."""
    lines = _unified_diff(_lines(old), _lines(new), name, f"{name} ({version})", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines as `patch` counts them; the last one says when its line break is missing."""
    *lines, rest = text.split("\n")
    return [*lines, f"{rest}\n\\ No newline at end of file"] if rest else lines
