"""All findings of a text, errors and lints together, without generating code: for editors and checks.

Where a text has errors, lints look at the routes and settings that have none. What could not be read is hidden from
them, and may hold anything: a lint that rests on something being nowhere in the text asks what is hidden first.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, NoReturn, TypeAlias

from evroute_kernel.errors import Diagnostic, RouteCheckError, RouteSyntaxError, ScriptError
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.checker import check
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.lang.generation.nesting import CERTAINLY_SHALLOW, NestingError, nesting_error
from evroute_kernel.lang.lints import explained, lint
from evroute_kernel.lang.parser import parse
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source, Span

#: as `checker.check` and `lints.lint` are
Check: TypeAlias = Callable[[nodes.Script, Environment], list[Diagnostic]]
Lint: TypeAlias = Callable[[nodes.Script, Environment, Sequence[str]], list[Diagnostic]]

#: objects made since the collector paused
_MANY: Final = 100_000

#: findings that may be mere consequences of what a syntax error swallowed
CONSEQUENCES: Final = frozenset(
    {"unknown-route", "module-not-loaded", "duplicate-route", "empty-block", "missing-socket"}
)


def findings(
    source: Source, environment: Environment, *, scratch: bool = False, files: ScriptFiles | None = None
) -> list[Diagnostic]:
    """Every finding of a text, in its order; never raises, whatever the text.

    With `scratch` the text is a cell: bare statements are accepted. `files` reads what the text includes. Errors are
    those that `compile_script` raises; of a text without errors the findings are those that it gives.
    """
    with collector_paused():
        script, found = parse(source, version=environment.version, scratch=scratch, files=files)
        return judged(source, script, found, environment, check, lint)


def judged(
    source: Source, script: nodes.Script, syntax: list[Diagnostic], environment: Environment, check: Check, lint: Lint
) -> list[Diagnostic]:
    """The findings of a text that has been parsed, whoever checks it and looks for what is doubtful."""
    checked = check(script, environment)
    found = syntax + (certain(syntax, checked) if has_errors(syntax) else checked)
    found += _nested_too_deeply(script, environment) if not has_errors(found) else []
    if not has_errors(found):
        return sorted([*found, *lint(script, environment, ())], key=order)
    sound = _sound(script, [d for d in found if d.severity == "error"])
    lints = lint(sound.script, environment, sound.hidden)
    found = explained(source, found)
    told = {_topic(d) for d in found}
    found += [d for d in lints if sound.holds(d.span) and _topic(d) not in told]
    return sorted(found, key=order)


def complaints(source: Source, environment: Environment) -> list[Diagnostic]:
    """What `compile_script` says of a text, whether it raises it or not, without generating code; never raises."""
    with collector_paused():
        try:
            script, syntax = parse(source, version=environment.version)
            found = examined(source, script, syntax, environment)
        except ScriptError as error:
            return error.diagnostics
        found += _nested_too_deeply(script, environment)
        return sorted(explained(source, found) if has_errors(found) else found, key=order)


def examined(
    source: Source, script: nodes.Script, syntax: Iterable[Diagnostic], environment: Environment
) -> list[Diagnostic]:
    """What the lints say of a parsed text that the server would accept; `syntax` is what the parser has said of it.

    Raises ScriptError with every finding when one of them is an error.
    """
    found = list(syntax)
    if has_errors(found):
        refuse(source, found + certain(found, check(script, environment)), RouteSyntaxError)
    found += check(script, environment)
    if has_errors(found):
        refuse(source, found, RouteCheckError)
    return found + lint(script, environment)


def refuse(source: Source, found: list[Diagnostic], error: type[ScriptError]) -> NoReturn:
    """Raise `error` with all findings, and with what is known of OpenSIPS 2.x text in the place of some."""
    raise error(sorted(explained(source, found), key=order))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Trees of a large script are hundreds of thousands of objects, none of them garbage: looking through them again
    and again takes Python's cycle collector a third of the whole time. Once they are many they count as old afterwards,
    or it would look through all of them at once."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_count()[0] > _MANY and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()  # into the oldest generation
            gc.enable()


def has_errors(found: Iterable[Diagnostic]) -> bool:
    return any(d.severity == "error" for d in found)


def certain(syntax: list[Diagnostic], found: list[Diagnostic]) -> list[Diagnostic]:
    """Of what the checker finds in a text with syntax errors, that which those errors cannot have caused."""
    broken = {d.span.line for d in syntax if d.span}
    return [d for d in found if d.code not in CONSEQUENCES and not (d.span and d.span.line in broken)]


def order(diagnostic: Diagnostic) -> int:
    """Findings in the order of the text."""
    return diagnostic.span.start if diagnostic.span else -1


def _topic(diagnostic: Diagnostic) -> tuple[str, Source | None, int]:
    """What is said of which place: rules about text that is refused and rules about text that runs may say the same."""
    span = diagnostic.span
    return (diagnostic.code, span.source, span.start) if span else (diagnostic.code, None, -1)


def too_deep(error: NestingError) -> Diagnostic:
    """What is said of a route that Python could not run."""
    return Diagnostic("error", "nesting", str(error), error.span, "move the inner part into a route[]")


def _nested_too_deeply(script: nodes.Script, environment: Environment) -> list[Diagnostic]:
    if script.depth is not None and script.depth < CERTAINLY_SHALLOW:
        return []
    bodies = [item.body for item in script.items if isinstance(item, nodes.Route)]
    errors = (nesting_error(body, environment.library) for body in (*bodies, script.scratch) if body)
    return [too_deep(error) for error in errors if error is not None]


# -- what is without errors ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sound:
    """The part of a script that has no errors, and the texts of all else."""

    script: nodes.Script
    hidden: tuple[str, ...]
    places: _Places

    def holds(self, span: Span | None) -> bool:
        """Whether a finding is about what has no errors."""
        return span is not None and self.places.around(span) is not None


class _Places:
    """Spans that do not overlap, found by what lies in them."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans: dict[Source, list[Span]] = {}
        for span in sorted(spans, key=lambda s: s.start):
            self._spans.setdefault(span.source, []).append(span)
        self._starts = {source: [span.start for span in spans] for source, spans in self._spans.items()}

    def around(self, inner: Span) -> Span | None:
        """The span that holds the beginning of another."""
        index = bisect_right(self._starts.get(inner.source, ()), inner.start) - 1
        found = self._spans[inner.source][index] if index >= 0 else None
        return found if found is not None and inner.start < max(found.end, found.start + 1) else None

    def rest(self, source: Source) -> str:
        """The text of a source outside all spans."""
        pieces, position = [], 0
        for span in self._spans.get(source, ()):
            pieces.append(source.text[position : span.start])
            position = max(position, span.end)
        return "\n".join([*pieces, source.text[position:]])


def _sound(script: nodes.Script, errors: Sequence[Diagnostic]) -> _Sound:
    """The script without items that hold an error; without bare statements when an error is outside all items."""
    source = script.span.source
    items = _Places(item.span for item in script.items)
    places = [d.span for d in errors if d.span is not None]
    broken = {around for span in places if (around := items.around(span)) is not None}
    outside = [span for span in places if items.around(span) is None]
    # an error between the items of another file may belong to whatever includes that file
    is_foreign = any(span.source is not source for span in outside)
    kept = tuple(i for i in script.items if i.span not in broken and not (is_foreign and _may_include(i)))
    statements = () if outside or len(places) < len(errors) else script.scratch
    sound = _Places([*(item.span for item in kept), *(s.span for s in statements)])
    sources = dict.fromkeys([source, *(span.source for span in places)])
    part = replace(script, items=kept, scratch=statements)
    return _Sound(part, tuple(sound.rest(each) for each in sources), sound)


def _may_include(item: nodes.TopLevel) -> bool:
    return "_file" in item.span.text
