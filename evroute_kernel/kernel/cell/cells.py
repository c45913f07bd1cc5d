"""Cuts a cell into magic lines and script.

A magic line is a line `%name ...` (or `?name`, `name?`, `!command`) outside every block, string and comment. A cell
whose first line is `%%name ...` belongs to that magic as a whole. The rest is script. What is no script is blanked out,
so that lines and columns of the script are lines and columns of the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from evroute_kernel.lang.scanning import next_mark
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source, Span


@dataclass(frozen=True, slots=True)
class MagicLine:
    """`%name text`. `text` is what follows the name, and `body` what follows the line when the magic is `%%name`."""

    name: str
    name_span: Span
    text: str
    span: Span
    #: offset of `text` in the cell
    offset: int
    body: str | None = None
    #: offset of `body` in the cell
    body_offset: int = 0
    #: where ends what a magic stands around, such as `%time STATEMENT`
    closes: bool = False
    #: `%%name` below the first line of the cell: all that follows is its body, and nobody runs it
    is_misplaced: bool = False
    #: of the server whose names it may use: that of the session, which `planning.read_magics` puts here
    version: ServerVersion = DEFAULT_VERSION

    @property
    def source(self) -> Source:
        return self.span.source

    @property
    def without_comment(self) -> MagicLine:
        """The line up to a `#` that follows a blank and stands outside of quotes."""
        found = _COMMENT.match(self.text) if "#" in self.text else None
        return replace(self, text=found["text"]) if found else self


@dataclass(frozen=True, slots=True)
class Cut:
    """A cell in two. `script` is as long as the cell and holds its script alone; blanks stand where magics were."""

    source: Source
    script: str
    magics: tuple[MagicLine, ...] = ()

    @property
    def has_script(self) -> bool:
        return bool(self.script.strip())


#: words before a comment; a quote that is never closed takes all the rest
_PIECE: Final = r"""(?:"(?:[^"\\]|\\.)*+"|'[^']*+'|[^\s"'])"""
_COMMENT: Final = re.compile(rf"(?P<text>(?:\s*+(?!\#){_PIECE}++)*+)(?:\s++|\A)\#", re.DOTALL)
_CELL_MAGIC: Final = re.compile(r"\s*%%(?P<name>[A-Za-z][\w-]*|)(?P<text>[^\n]*)(?:\n(?P<body>.*))?\Z", re.DOTALL)
_MAGIC: Final = re.compile(r"[ \t]*(?P<percent>%%?)(?P<name>[A-Za-z][\w-]*)(?P<text>(?:[ \t][^\n]*)?)(?=\n|\Z)")
_QUESTION: Final = re.compile(
    r"""
    [ \t]* (?: \?\??[ \t]*(?P<after> [%$\w.,\[\](){}-]* )
            | (?P<before> [%$][%$\w.]+(?:\([^()\n]*\))? | \$\([^\n?]*\) | \{[\w.,]+\} | [A-Za-z][\w.\[\]-]* )\?\?? )
    [ \t]*\r?(?=\n|\Z)
    """,
    re.VERBOSE,
)
#: a command, as in IPython; `!name(...)` and `!$var(x)` are conditions of a script, which no statement begins with
SHELL_LINE: Final = re.compile(
    r"[ \t]*(?P<mark>!!?)(?P<text>[ \t]*(?![!=~]|\w+[ \t]*\(|\$\(?[\w.]+\()\S[^\n]*)(?=\n|\Z)"
)
#: a quick look: without any of these a cell is script only
_CANDIDATE: Final = re.compile(r"^[ \t]*(?:[%?!]|[%$\w.,\[\](){}-]+\?)", re.MULTILINE)
_LINES: Final = (_MAGIC, _QUESTION, SHELL_LINE)


def cut(source: Source) -> Cut:
    """Cut a cell; never fails: what looks like nothing known is left in the script, for the parser to name."""
    text = source.text
    if text.lstrip()[:2] == "%%" and not _QUESTION.fullmatch(text.strip()):
        return Cut(source, "", (_cell_magic(source),))
    if not _CANDIDATE.search(text):
        return Cut(source, text)
    magics = tuple(_magic_line(source, line) for line in _magic_lines(text))
    return Cut(source, blanked(text, [m.span for m in magics]), magics)


def blanked(text: str, spans: Iterable[Span]) -> str:
    """The text with blanks in place of the spans, which do not overlap; line breaks stay."""
    kept = []
    position = 0
    for span in sorted(spans, key=lambda s: s.start):
        kept += [text[position : span.start], re.sub(r"[^\r\n]", " ", text[span.start : span.end])]
        position = span.end
    return "".join([*kept, text[position:]])


def _cell_magic(source: Source) -> MagicLine:
    found = _CELL_MAGIC.match(source.text)
    assert found is not None, "the caller has seen the two percent signs"
    body = found["body"] or ""
    offset = len(source.text) - len(body)
    name_span = source.span(found.start("name") - 2, found.end("name"))
    span = source.span(name_span.start, found.end("text"))
    return MagicLine(found["name"], name_span, found["text"], span, found.start("text"), body, offset)


def _magic_line(source: Source, found: re.Match[str]) -> MagicLine:
    if found.re is _QUESTION:
        group = "before" if found["after"] is None else "after"
        span = source.span(*found.span())
        return MagicLine("help", source.span(*found.span(group)), found[group], span, found.start(group))
    if found.re is SHELL_LINE:
        span = source.span(found.start("mark"), found.end())
        return MagicLine("sh", source.span(*found.span("mark")), found["text"], span, found.start("text"))
    name = source.span(found.start("percent"), found.end("name"))
    if found["percent"] == "%":
        span = source.span(name.start, found.end())
        return MagicLine(found["name"], name, found["text"], span, found.start("text"))
    end = len(source.text)
    begin = min(found.end() + 1, end)
    span, body = source.span(name.start, end), source.text[begin:]
    return MagicLine(found["name"], name, found["text"], span, found.start("text"), body, begin, is_misplaced=True)


def _magic_lines(text: str) -> Iterator[re.Match[str]]:
    """The magic lines of a cell, read once from front to back as the script's lexer would.

    Behind a bracket that nothing closes `%name` is a magic line too: that bracket would take all of them along.
    """
    position = 0
    open_at: list[int] = []
    hidden: list[re.Match[str]] = []
    mark: tuple[str, int] | None = ("line", 0)
    while mark is not None:
        kind, position = mark
        if kind == "open":
            open_at.append(position)
        elif kind == "close":
            del open_at[-1:]
        elif open_at and kind == "line":
            hidden += filter(None, [_MAGIC.match(text, position)])
        elif kind == "line":
            found = next(filter(None, (pattern.match(text, position) for pattern in _LINES)), None)
            if found is not None:
                yield found
                position = len(text) if _is_cell_magic(found) else found.end()
        mark = next_mark(text, position)
    for found in hidden if open_at else ():
        if found.start() > open_at[0]:
            yield found
            if _is_cell_magic(found):
                return


def _is_cell_magic(found: re.Match[str]) -> bool:
    return found.re is _MAGIC and found["percent"] == "%%"
