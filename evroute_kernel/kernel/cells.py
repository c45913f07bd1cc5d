"""Cuts a cell into magic lines and script.

A magic line is a line `%name ...` (or `?name`, `name?`) outside every block, string and comment. A cell whose first
line is `%%name ...` belongs to that magic as a whole. The rest is script. What is no script is blanked out, so that
lines and columns of the script are lines and columns of the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

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

    @property
    def source(self) -> Source:
        return self.span.source


@dataclass(frozen=True, slots=True)
class Cut:
    """A cell in two. `script` is as long as the cell and holds its script alone; blanks stand where magics were."""

    source: Source
    script: str
    magics: tuple[MagicLine, ...] = ()

    @property
    def has_script(self) -> bool:
        return bool(self.script.strip())


#: magics below whose first line stands script all the same
SCRIPT_BELOW: Final = ("check", "migrate")

_CELL_MAGIC: Final = re.compile(r"\s*%%(?P<name>[A-Za-z][\w-]*|)(?P<text>[^\n]*)(?:\n(?P<body>.*))?\Z", re.DOTALL)
_MAGIC: Final = re.compile(r"[ \t]*%%?(?P<name>[A-Za-z][\w-]*)(?P<text>(?:[ \t][^\n]*)?)(?=\n|\Z)")
_QUESTION: Final = re.compile(
    r"""
    [ \t]* (?: \?\??[ \t]*(?P<after> [%$\w.,\[\](){}-]+ )
            | (?P<before> [%$][%$\w.]+(?:\([^()\n]*\))? | \$\([^\n?]*\) | \{[\w.,]+\} | [A-Za-z][\w.\[\]-]* )\?\?? )
    [ \t]*\r?(?=\n|\Z)
    """,
    re.VERBOSE,
)
#: a quick look: without any of these a cell is script only
_CANDIDATE: Final = re.compile(r"^[ \t]*(?:%|\?|[%$\w.,\[\](){}-]+\?)", re.MULTILINE)

_TOKEN: Final = re.compile(
    r"""
      (?P<line>     \n )
    | (?P<plain>    \#[^\n]* | "(?:[^"\\]|\\.)*+"? | '[^']*'? )   # comment, strings
    | (?P<nested>   /\* )
    | (?P<open>     [({\[] )
    | (?P<close>    [)}\]] )
    | (?P<variable> \$[A-Za-z0-9_.]*\( )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK: Final = re.compile(r"/\*|\*/")
_PARENTHESIS: Final = re.compile(r"[()]")


def cut(source: Source) -> Cut:
    """Cut a cell; never fails: what looks like nothing known is left in the script, for the parser to name."""
    text = source.text
    if text.lstrip()[:2] == "%%" and not _QUESTION.fullmatch(text.strip()):
        return Cut(source, "", (_cell_magic(source),))
    if not _CANDIDATE.search(text):
        return Cut(source, text)
    magics = tuple(_magic_line(source, line) for line in _Scan(text).run())
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
        group = "after" if found["after"] else "before"
        span = source.span(*found.span())
        return MagicLine("help", source.span(*found.span(group)), found[group], span, found.start(group))
    start = found.start("name") - 1
    span = source.span(start, found.end())
    return MagicLine(found["name"], source.span(start, found.end("name")), found["text"], span, found.start("text"))


@dataclass(slots=True)
class _Scan:
    """Reads a cell once from front to back, as the script's lexer would, and gathers its magic lines.

    Each method named after a group of _TOKEN takes the match and returns where to go on.
    """

    text: str
    #: brackets open here
    depth: int = 0
    magics: list[re.Match[str]] = field(default_factory=list)

    def run(self) -> list[re.Match[str]]:
        position = self.line_start(0)
        while found := _TOKEN.search(self.text, position):
            position = getattr(self, str(found.lastgroup))(found)
        return self.magics

    def line_start(self, position: int) -> int:
        """Step over a magic line that begins here."""
        if self.depth:
            return position
        found = _MAGIC.match(self.text, position) or _QUESTION.match(self.text, position)
        if found is None:
            return position
        self.magics.append(found)
        return found.end()

    def line(self, found: re.Match[str]) -> int:
        return self.line_start(found.end())

    def plain(self, found: re.Match[str]) -> int:
        return found.end()

    def nested(self, found: re.Match[str]) -> int:
        return _balanced(self.text, found.end(), _COMMENT_MARK)

    def variable(self, found: re.Match[str]) -> int:
        return _balanced(self.text, found.end(), _PARENTHESIS)

    def open(self, found: re.Match[str]) -> int:
        self.depth += 1
        return found.end()

    def close(self, found: re.Match[str]) -> int:
        self.depth = max(0, self.depth - 1)
        return found.end()


def _balanced(text: str, position: int, marks: re.Pattern[str]) -> int:
    """Where what was opened just before `position` is closed, or the end of the text; marks may nest."""
    depth = 1
    for mark in marks.finditer(text, position):
        depth += 1 if mark[0] in {"(", "/*"} else -1
        if depth == 0:
            return mark.end()
    return len(text)
