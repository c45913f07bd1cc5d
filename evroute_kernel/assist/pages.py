"""What is told about one thing: as text, as HTML that fits light and dark themes, and as Markdown for editors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Final

from evroute_kernel.records import dataclass
from evroute_kernel.rendering import CODE

_CODE: Final = re.compile("`([^`\n]+)`")
_BACKQUOTES: Final = re.compile(r"`+")
#: what Markdown takes for markup
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>#|~&$]")
#: lines of a source that are shown unless all of it is asked for
SOURCE_LINES: Final = 30

PREFORMATTED: Final = f"white-space: pre-wrap; {CODE}"

_PRE: Final = f' style="margin: 0.4em 0; background: none; {PREFORMATTED}"'
# front ends put a table that is less wide than its page into the middle
_TABLE: Final = ' style="margin: 0 0 0.4em 0"'
_CELL: Final = ' style="text-align: left; vertical-align: top; padding: 0 1em 0 0; border: none"'
_MARK: Final = ' style="text-decoration: underline; color: var(--jp-brand-color1, inherit)"'
_QUIET: Final = ' style="color: var(--jp-ui-font-color2, inherit)"'


@dataclass(frozen=True, slots=True)
class Page:
    """One thing: its title (a signature, of which a part may be marked), what it is, prose, rows, source."""

    title: str
    #: kind and origin, such as "function of cfgutils"
    about: str = ""
    paragraphs: tuple[str, ...] = ()
    #: a heading, and rows of equally many cells below it
    tables: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    source: str = ""
    #: characters of the title that stand out
    mark: tuple[int, int] | None = None

    def shortened(self) -> Page:
        """The page with the beginning of its source only."""
        lines = self.source.splitlines()
        if len(lines) <= SOURCE_LINES:
            return self
        return replace(self, source="\n".join([*lines[:SOURCE_LINES], f"... {len(lines) - SOURCE_LINES} more lines"]))

    def text(self) -> str:
        lines = [f"{self.title}: {self.about}" if self.about else self.title]
        if self.mark:
            start, end = self.mark
            lines = [self.title, " " * start + "^" * (end - start), *([self.about] if self.about else [])]
        for paragraph in self.paragraphs:
            lines += ["", paragraph]
        for heading, rows in self.tables:
            lines += ["", f"{heading}:", *_aligned(rows)]
        if self.source:
            lines += ["", self.source]
        return "\n".join(lines)

    def html(self) -> str:
        parts = [f"<pre{_PRE}><b>{self._marked_title()}</b></pre>"]
        if self.about:
            parts.append(f"<div{_QUIET}>{escape(self.about)}</div>")
        parts += (f'<p style="white-space: pre-wrap">{_prose(paragraph)}</p>' for paragraph in self.paragraphs)
        for heading, rows in self.tables:
            parts.append(f"<div{_QUIET}>{escape(heading)}</div><table{_TABLE}>{''.join(map(_row, rows))}</table>")
        if self.source:
            parts.append(f"<pre{_PRE}>{escape(self.source)}</pre>")
        return f"<div>{''.join(parts)}</div>"

    def markdown(self) -> str:
        """The page for front ends that render Markdown; the marked part of a title has no mark there."""
        parts = [fenced(self.title)]
        if self.about:
            parts.append(f"*{_plain_markdown(self.about)}*")
        parts += map(_markdown_prose, self.paragraphs)
        for heading, rows in self.tables:
            parts.append(f"**{heading}**\n\n" + "\n".join(f"- {_markdown_row(row)}" for row in rows))
        if self.source:
            parts.append(fenced(self.source))
        return "\n\n".join(parts)

    def _marked_title(self) -> str:
        if self.mark is None:
            return escape(self.title)
        start, end = self.mark
        marked = f"<span{_MARK}>{escape(self.title[start:end])}</span>"
        return escape(self.title[:start]) + marked + escape(self.title[end:])


def bundle(pages: Sequence[Page]) -> dict[str, str]:
    """Several pages as text/plain and text/html."""
    return {"text/plain": plain(pages), "text/html": "<hr>".join(page.html() for page in pages)}


def plain(pages: Sequence[Page]) -> str:
    return "\n\n".join(page.text() for page in pages)


def markdown(pages: Sequence[Page]) -> str:
    """Several pages as one Markdown text."""
    return "\n\n---\n\n".join(page.markdown() for page in pages)


def fenced(text: str) -> str:
    """Script in a fence that is longer than any run of backquotes in it."""
    longest = max(map(len, _BACKQUOTES.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}opensips\n{text}\n{fence}"


def _markdown_prose(text: str) -> str:
    """Prose with its `code` as such; whatever else it holds stays text."""
    pieces = _CODE.split(text)
    return "".join(f"`{p}`" if i % 2 else _plain_markdown(p) for i, p in enumerate(pieces))


def _plain_markdown(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def _markdown_row(cells: Sequence[str]) -> str:
    return " ".join(_markdown_prose(cell) for cell in cells if cell)


def _prose(text: str) -> str:
    """Prose with its `code` as such."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _row(cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<td{_CELL}>{_prose(cell)}</td>" for cell in cells) + "</tr>"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines; all cells but the last of a row have the width of their column."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return ["  " + "  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in rows]
