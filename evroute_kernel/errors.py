"""What is told to the user about a script: diagnostics, and the errors that carry them.

Imports `source` and `spelling` only. Messages are lower case, name the thing, say what was expected; the hint says what
to do next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, TypeAlias, TypeVar

from evroute_kernel.records import dataclass
from evroute_kernel.source import Span, blank, window
from evroute_kernel.spelling import Words

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a script. `code` is a stable short word such as "syntax" or "unknown-variable"."""

    severity: Severity
    code: str
    message: str
    span: Span | None = None
    hint: str | None = None

    @property
    def place(self) -> str:
        """`name:line:column`, or an empty text when the finding has no position."""
        return "" if self.span is None else f"{self.span.source.name}:{self.span.line}:{self.span.column}"

    def __str__(self) -> str:
        place = f"{self.place}: " if self.span else ""
        hint = f" ({shortened(self.hint)})" if self.hint else ""
        return f"{place}{self.severity}: {shortened(self.message)}{hint}"

    def render(self) -> str:
        """The finding with the line it is about and a caret, several lines of plain text."""
        return as_text(parts(self))


# -- what is told of one finding, in which order ---------------------------------------------------------------------

#: what a piece of a finding's lines is; `rendering` gives each its look
Role = Literal["error", "warning", "info", "", "tag", "place", "gutter", "marked", "carets", "label"]
#: a line that is told: its pieces, whose texts make the line as plain text
Line: TypeAlias = tuple[tuple[Role, str], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is told of a finding, part by part: what it is, where, the line with carets, what to do.

    Text, colours for terminals and HTML are all made of these, so that findings read alike everywhere.
    """

    severity: Severity
    title: Line
    place: Line = ()
    excerpt: tuple[Line, ...] = ()
    hint: Line = ()

    @property
    def lines(self) -> list[Line]:
        return [line for line in (self.title, self.place, *self.excerpt, self.hint) if line]


def parts(found: Diagnostic, width: int | None = None, tag: str | None = None, label: str | None = None) -> Parts:
    """The parts of a finding; of its line not more than `width` characters.

    `tag`: a word behind the message; by default the code of what is no error, about which `?CODE` tells more. `label`:
    what stands in front of the message instead of the severity.
    """
    tag = found.code if tag is None and found.severity != "error" else tag
    title: Line = (found.severity, f"{label or found.severity}:"), ("", f" {shortened(found.message)}")
    if tag:
        title = *title, ("tag", f" [{tag}]")
    hint: Line = (("label", "  hint:"), ("", f" {shortened(found.hint)}")) if found.hint else ()
    if found.span is None:
        return Parts(found.severity, title, hint=hint)
    shown = excerpt(found.span, width or WIDTH)
    before, marked, after = shown.split()
    line: Line = ("gutter", shown.gutter), ("", before), ("marked", marked), ("", after)
    below: Line = ("gutter", shown.margin), ("", shown.indent), ("carets", shown.carets)
    return Parts(found.severity, title, (("place", f"  {found.place}"),), (line, below), hint)


def as_text(told: Parts) -> str:
    """Plain text, several lines."""
    return "\n".join("".join(text for _, text in line) for line in told.lines)


# -- how much of it is shown ----------------------------------------------------------------------------------------

# One text can have thousands of findings, one line thousands of characters: what people read of them is bounded here,
# for notebooks and terminals alike.

#: characters of a source line that an excerpt shows
WIDTH: Final = 120
#: findings that are shown in full; the rest is counted
MOST_FINDINGS: Final = 20
#: characters that are shown of a message or a hint
LONGEST: Final = 2_000

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line of source as it is shown, and the line of carets below it.

    `gutter` holds the line's number and is as wide as `margin`; `indent` is as wide as what stands before the carets.
    """

    gutter: str
    text: str
    margin: str
    indent: str
    carets: str

    def split(self) -> tuple[str, str, str]:
        """What stands before, above and behind the carets."""
        start = len(self.indent)
        end = start + len(self.carets)
        return self.text[:start], self.text[start:end], self.text[end:]


def excerpt(span: Span, width: int = WIDTH) -> Excerpt:
    """The first line of a span with carets under it; of a long line the part around the span.

    Where a line is wrapped, carets stand below nothing: who knows that there is little room says so by `width`.
    """
    number, column = span.line, span.column
    line = span.source.shown_line(number)
    left, right = window(line, column - 1, width)
    shown, before = _printable(line[left:right]), line[left : column - 1]
    cut = "…" if left else ""
    gutter = f"{number:>5} | "
    indent = " " * len(cut) + blank(before)
    carets = "^" * max(1, min(span.end - span.start, len(shown) - len(before)))
    text = cut + shown + ("…" if right < len(line) else "")
    return Excerpt(gutter, text, " " * (len(gutter) - 2) + "| ", indent, carets)


def shortened(text: str) -> str:
    """A message or hint as it is shown."""
    return _printable(text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)")


def _printable(text: str) -> str:
    """The text, as long as it was, without what UTF-8 has no bytes for: half a surrogate pair cannot be printed."""
    return text if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def leading(findings: Sequence[Diagnostic], most: int = MOST_FINDINGS) -> list[Diagnostic]:
    """The findings that are shown of many: errors before others, in the order that they have."""
    if len(findings) <= most:
        return list(findings)
    chosen = sorted(range(len(findings)), key=lambda i: findings[i].severity != "error")[:most]
    return [findings[i] for i in sorted(chosen)]


def first_of(items: Sequence[T], show: Callable[[T], str], noun: str = "finding") -> list[str]:
    """The first of many things as text, and how many more there are."""
    left = len(items) - MOST_FINDINGS
    return [show(item) for item in items[:MOST_FINDINGS]] + ([more(left, noun)] if left > 0 else [])


def more(count: int, noun: str = "finding") -> str:
    """What stands for those that are not shown."""
    return f"... and {count:,} more {noun}{'s' * (count != 1)}"


def rendered(findings: Sequence[Diagnostic], show: Callable[[Diagnostic], str] = Diagnostic.render) -> list[str]:
    """Findings as text, the first of many in full."""
    left = len(findings) - MOST_FINDINGS
    return [show(found) for found in leading(findings)] + ([more(left)] if left > 0 else [])


# -- what was meant -------------------------------------------------------------------------------------------------


def near_misses(word: str, known: Iterable[str] | Words, count: int = 3) -> list[str]:
    """Known words that `word` may have been meant for, best first; letter case is forgiven. Who asks often about the
    same words hands over `Words`."""
    return (known if isinstance(known, Words) else Words(known)).near(word, count)


def did_you_mean(word: str, known: Iterable[str] | Words) -> str | None:
    """A hint naming the nearest known word, or None when nothing is near."""
    found = near_misses(word, known, 1)
    return f"did you mean {found[0]!r}?" if found else None


class ScriptError(Exception):
    """A script (or a command about scripts) was refused. Nothing of it has taken effect.

    `diagnostics` holds every finding, errors and warnings, in the order of the text.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic] | str) -> None:
        if isinstance(diagnostics, str):
            diagnostics = [Diagnostic("error", "script", diagnostics)]
        super().__init__(list(diagnostics))
        self.diagnostics: list[Diagnostic] = list(diagnostics)

    def __str__(self) -> str:
        return "\n".join(rendered(self.diagnostics, str))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def render(self) -> str:
        """What is wrong, several lines for each finding; of many the first."""
        return "\n".join(rendered(self.diagnostics))


class RouteSyntaxError(ScriptError):
    """The text is no OpenSIPS script."""


class RouteCheckError(ScriptError):
    """The text parses, but names something unknown or uses it in a way the server refuses at start."""
