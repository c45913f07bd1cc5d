"""What is told to the user about a script: diagnostics, and the errors that carry them.

Imports `source` only. Messages are lower case, name the thing, say what was expected; the hint says what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from evroute_kernel.source import Span

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
        return f"{place}{self.severity}: {self.message}" + (f" ({self.hint})" if self.hint else "")

    def render(self) -> str:
        """The finding with the line it is about and a caret, several lines of plain text."""
        lines = [f"{self.severity}: {self.message}"]
        if self.span is not None:
            lines += excerpt(self.span)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def excerpt(span: Span) -> list[str]:
    """Where a span lies, its (first) line, and carets under it."""
    line, column = span.line, span.column
    text = span.source.line(line)
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    gutter = f"{line:>5} | "
    # tabs stay tabs, so that the caret stands under its character whatever the tab width
    indent = "".join("\t" if c == "\t" else " " for c in text[: column - 1])
    return [
        f"  {span.source.name}, line {line}, column {column}",
        gutter + text,
        " " * (len(gutter) - 2) + "| " + indent + "^" * width,
    ]


def near_misses(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Known words that `word` may have been meant for, best first; letter case is forgiven."""
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(name.lower(), name)
    return [by_folded[m] for m in get_close_matches(word.lower(), list(by_folded), n=count, cutoff=0.6)]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
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
        return "\n".join(str(d) for d in self.diagnostics)

    def render(self) -> str:
        return "\n".join(d.render() for d in self.diagnostics)


class RouteSyntaxError(ScriptError):
    """The text is no OpenSIPS script."""


class RouteCheckError(ScriptError):
    """The text parses, but names something unknown or uses it in a way the server refuses at start."""
