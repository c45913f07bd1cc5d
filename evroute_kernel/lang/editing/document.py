"""A text that is edited, and its findings after each edit: what did not change is not looked at again.

For editors, which ask at every key. An edit changes some routes; the others keep what was read of them (`segments`),
what the checker says (as long as the routes and settings around them are the same) and what those lints say that look
at one route alone. The other lints see all routes each time, with each route's variables and statements sorted out
already. The findings are those that `findings` gives for the whole text, which is also what happens where a text cannot
be taken apart: while a brace or a string is open, and where files are included.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.checker import check, check_one
from evroute_kernel.lang.checks.scope import Scope
from evroute_kernel.lang.editing.segments import Checked, Segment, read, read_broken
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.lang.findings import collector_paused, findings, has_errors, judged, order
from evroute_kernel.lang.lints import Memory, lint
from evroute_kernel.lang.recovery import MAX_ERRORS
from evroute_kernel.source import Source, Span


class Document:
    """One text under a name, as `Source` has it. Not for several threads at once."""

    def __init__(
        self, name: str, environment: Environment, *, path: str = "", files: ScriptFiles | None = None
    ) -> None:
        self._environment = environment
        self._files = files
        #: its text changes; what is given out belongs to another one
        self._source = Source(name, "", path)
        #: the text that `_segments` are of
        self._text = ""
        self._segments: list[Segment] = []
        self._memory = Memory()
        self._segment_of: dict[int, Segment] = {}
        self._context: object = None

    def update(self, text: str) -> list[Diagnostic]:
        """The findings of the text as it is now, in its order; never raises."""
        shown = Source(self._source.name, text, self._source.path)
        with collector_paused():
            segments = self._read(text)
            if segments is None or sum(len(segment.syntax) for segment in segments) >= MAX_ERRORS:
                return self._whole(shown)
            found = self._judged(segments)
        return [_told(diagnostic, shown) for diagnostic in found]

    def _whole(self, shown: Source) -> list[Diagnostic]:
        found = findings(shown, self._environment, files=self._files)
        if not has_errors(found):  # nothing is open: the next one begins anew
            self._text, self._segments = "", []
        return found

    # -- reading -----------------------------------------------------------------------------------------------------

    def _read(self, text: str) -> list[Segment] | None:
        """The pieces of a new text, those that did not change as they were. None where it cannot be taken apart."""
        if "_file" in text:
            return None
        self._replace(text)
        self._forget()
        front, back = self._unchanged(text)
        by = len(text) - len(self._text)
        changed = self._between(front, back, by)
        if changed is None:  # what was a border may be none any more
            front, back = front[:-1], back[1:]
            changed = self._between(front, back, by)
        if changed is None:
            return self._broken(front)
        if by:
            back = [piece for segment in back for piece in self._moved(segment, by)]
        self._text, self._segments = text, [*front, *changed, *back]
        return self._segments

    def _broken(self, front: list[Segment]) -> list[Segment] | None:
        """The pieces while something is not closed, as it is at every second key: those that are hidden by that are
        kept for when it is."""
        if any(segment.syntax for segment in front):
            return None  # which may be told otherwise while braces are open
        rest = read_broken(self._source, front[-1].end if front else 0, self._environment.version)
        return None if rest is None else [*front, *rest]

    def _replace(self, text: str) -> None:
        object.__setattr__(self._source, "text", text)
        for name in ("line_starts", "is_plain"):
            self._source.__dict__.pop(name, None)

    def _forget(self) -> None:
        """Let go what is known of routes that are gone: others may get their identities."""
        known = self._memory.blocks
        for gone in known.keys() - {id(item) for segment in self._segments for item in segment.items}:
            del known[gone]

    def _unchanged(self, text: str) -> tuple[list[Segment], list[Segment]]:
        """The pieces before and behind all that has changed."""
        old = self._text
        head = _common(old, text)
        tail = _common(old[head:][::-1], text[head:][::-1])
        front = [segment for segment in self._segments[:-1] if segment.end <= head]
        return front, [segment for segment in self._segments[len(front) :] if segment.start >= len(old) - tail]

    def _between(self, front: list[Segment], back: list[Segment], by: int) -> list[Segment] | None:
        start = front[-1].end if front else 0
        end = back[0].start + by if back else len(self._source.text)
        return read(self._source, start, end, not back, self._environment.version)

    def _moved(self, segment: Segment, by: int) -> list[Segment]:
        """A piece that stands elsewhere now."""
        if segment.names_line:
            is_last = segment is self._segments[-1]
            version = self._environment.version
            again = read(self._source, segment.start + by, segment.end + by, is_last, version)
            if again is not None:
                return again
        blocks = (self._memory.blocks.get(id(item)) for item in segment.items)
        segment.move(by, [d for block in blocks if block is not None for d in block.findings or ()])
        return [segment]

    # -- judging -----------------------------------------------------------------------------------------------------

    def _judged(self, segments: list[Segment]) -> list[Diagnostic]:
        items = tuple(chain.from_iterable(segment.items for segment in segments))
        strays = tuple(chain.from_iterable(segment.strays for segment in segments))
        depth = max(segment.depth for segment in segments)
        script = nodes.Script(items, (), strays, depth, span=self._source.span(0, len(self._source.text)))
        self._segment_of = {id(item): segment for segment in segments for item in segment.items}
        self._context = tuple(_outside(item) for item in items)
        syntax = sorted(chain.from_iterable(segment.syntax for segment in segments), key=order)
        return judged(self._source, script, syntax, self._environment, self._check, self._lint)

    def _check(self, script: nodes.Script, environment: Environment) -> list[Diagnostic]:
        return check(script, environment, self._check_body)

    def _check_body(self, scope: Scope, route: nodes.Route) -> None:
        """Check a route, unless it was checked before and nothing around it has changed that it can see."""
        segment = self._segment_of[id(route)]
        if segment.context != self._context:
            segment.checked, segment.context = {}, self._context
        known, lacking = segment.checked.get(id(route)), frozenset(scope.lacking)
        if known is not None and known.before == lacking:
            scope.found += known.found
            scope.lacking |= known.after
        else:
            before = len(scope.found)
            check_one(scope, route)
            segment.checked[id(route)] = Checked(scope.found[before:], lacking, frozenset(scope.lacking))

    def _lint(self, script: nodes.Script, environment: Environment, hidden: Sequence[str]) -> list[Diagnostic]:
        return lint(script, environment, hidden, self._memory)


def _outside(item: nodes.TopLevel) -> object:
    """What other routes can see of an item."""
    return (item.kind, item.name, bool(item.body)) if isinstance(item, nodes.Route) else item


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginnings on."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _told(diagnostic: Diagnostic, shown: Source) -> Diagnostic:
    span = diagnostic.span
    where = None if span is None else Span(shown, span.start, span.end)
    return Diagnostic(diagnostic.severity, diagnostic.code, diagnostic.message, where, diagnostic.hint)
