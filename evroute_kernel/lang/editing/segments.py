"""Pieces of a text that can be read each by itself: a route with the settings before it, or what follows the last one.

Between two pieces stands the closing brace of a route, behind which a route or a setting begins. There no token, string
or comment goes on, and the parser has nothing but whole items on its stack; so a piece means the same wherever it
stands, and what is read of it can be kept until its own text changes. Where that is not certain, `read` gives nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import chain, takewhile
from typing import Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import language, nodes
from evroute_kernel.lang.lexer import Lexer, Token
from evroute_kernel.lang.mistakes import is_header
from evroute_kernel.lang.mistakes.pieces import places
from evroute_kernel.lang.placement import misplaced
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.lang.recovery import Run, item_begins
from evroute_kernel.lang.tables import tables
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source, Span

#: tokens after one that does not fit that are looked at to say why
_AHEAD: Final = 5
#: characters in which the next of them are looked for first
_HEAD: Final = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checker says of a route, where modules that the file lacks were told already `before` it and `after`."""

    found: list[Diagnostic]
    before: frozenset[str]
    after: frozenset[str]


@dataclass(slots=True, eq=False)
class Segment:
    """One piece. Its places are those of the text in which it stands now; `move` changes them."""

    start: int
    end: int
    items: list[nodes.TopLevel]
    syntax: list[Diagnostic]
    strays: list[tuple[int, int]]
    depth: int
    #: whether something in it holds the number of its line, as the server's preprocessor writes it into texts
    names_line: bool
    #: what the checker says of its routes, by their identity (after a mistake there may be several), and what stood
    #: around them then
    checked: dict[int, Checked] = field(default_factory=dict)
    context: object = None
    _spans: dict[int, Span] = field(default_factory=dict)
    _strings: list[nodes.String] = field(default_factory=list)

    def move(self, by: int, others: Sequence[Diagnostic]) -> None:
        """Shift every place of it by some characters; `others` are further findings about it."""
        self.start += by
        self.end += by
        self.strays = [(start + by, end + by) for start, end in self.strays]
        spans = dict(self._spans)
        said = chain(self.syntax, *(checked.found for checked in self.checked.values()), others)
        spans.update((id(d.span), d.span) for d in said if d.span is not None)
        for span in spans.values():
            span.start += by  # type: ignore[misc]  # nobody else has them: `Document` gives out copies
            span.end += by  # type: ignore[misc]
        for string in self._strings:
            string.offsets = _moved(string.offsets, by)  # type: ignore[misc]

    def keep(self) -> None:
        """Remember which places it has."""
        for node in (node for item in self.items for node in item.walk()):
            self._spans[id(node.span)] = node.span
            if isinstance(node, nodes.String):
                self._strings.append(node)
            elif isinstance(node, nodes.Call):
                self._spans[id(node.name_span)] = node.name_span
            elif isinstance(node, nodes.Route):
                self._spans[id(node.header)] = node.header


def _moved(offsets: Sequence[int], by: int) -> Sequence[int]:
    if isinstance(offsets, range):
        return range(offsets.start + by, offsets.stop + by)
    return tuple(offset + by for offset in offsets)


def read(source: Source, start: int, end: int, tail: bool, version: ServerVersion) -> list[Segment] | None:
    """The pieces of a part of a text; with `tail` the last one is what follows the last route. None where that part
    cannot be read by itself: it breaks off in the middle of something, or a mistake in it reaches to its end."""
    if start == end and not tail:
        return []
    lexer = Lexer(Expanded(source.text[:end], [0], [(source, 0)]), version)
    lexer.run(start)
    tokens = [*lexer.tokens, _end(source, end)]
    if lexer.diagnostics or _is_open(tokens) or (start and not _begins_anew(tokens)):
        return None
    if not tail and not _closes(tokens, end):
        return None
    return _pieces(tokens, start, lexer.strays, version, tail=tail)


def read_broken(source: Source, start: int, version: ServerVersion) -> list[Segment] | None:
    """The pieces of the rest of a text in which a string, comment or variable is never closed, so that it takes all up
    to the end. None where none is, or where a route begins inside of another: how that is told depends on all braces.
    """
    lexer = Lexer(Expanded(source.text, [0], [(source, 0)]), version)
    lexer.run(start)
    if lexer.diagnostics:
        from evroute_kernel.lang.mistakes.unclosed import blame

        blame(lexer)
    tokens = [*lexer.tokens, _end(source, len(source.text))]
    if not any(d.code.startswith("unclosed") for d in lexer.diagnostics) or (start and not _begins_anew(tokens)):
        return None
    if _has_inner_route(tokens):
        return None
    # of what is swallowed, behind the last token, nothing is said but that
    strays = [count for count in lexer.strays if count < len(lexer.tokens)]
    found = _pieces(tokens, start, strays, version, tail=True, cut=True)
    if found is not None:
        found[-1].syntax = [*lexer.diagnostics, *found[-1].syntax]
    return found


def _pieces(
    tokens: list[Token], start: int, strays: Sequence[int], version: ServerVersion, *, tail: bool, cut: bool = False
) -> list[Segment] | None:
    """The pieces of some tokens, of which the last is `$END`. `strays` as `Lexer` has them; `cut` as `Run` takes it."""
    end = tokens[-1].span.end
    gaps = [(tokens[n - 1].span.end if n else start, tokens[n].span.start) for n in dict.fromkeys(strays)]
    found: list[Segment] = []
    for first, last in places(tokens):
        is_last = last == len(tokens)
        if is_last and not tail:  # what is left is `$END`, or no whole piece
            return found if last - first == 1 else None
        stop = end if is_last else tokens[last - 1].span.end
        given, source = tokens[first : last - is_last], tokens[-1].span.source
        segment = _parsed(given, source, start, stop, version, cut=cut and is_last)
        if segment is None:
            return None
        segment.strays = [gap for gap in gaps if segment.start <= gap[0] and gap[1] <= segment.end]
        found.append(segment)
        start = segment.end
    return found


def _begins_anew(tokens: list[Token]) -> bool:
    return tokens[0].type == "$END" or item_begins(tokens, 0)


def _closes(tokens: list[Token], end: int) -> bool:
    """Whether the last token is a brace, at the very end."""
    return len(tokens) > 1 and tokens[-2].type == "RBRACE" and tokens[-2].span.end == end


def _is_open(tokens: list[Token]) -> bool:
    depth = 0
    for token in tokens:
        depth += {"LBRACE": 1, "RBRACE": -1}.get(token.type, 0)
        if depth < 0:
            return True
    return depth != 0


def _has_inner_route(tokens: list[Token]) -> bool:
    depth = 0
    for index, token in enumerate(tokens):
        depth += {"LBRACE": 1, "RBRACE": -1}.get(token.type, 0)
        if depth > 0 and is_header(tokens, index):
            return True
    return False


def _parsed(
    tokens: list[Token], source: Source, start: int, end: int, version: ServerVersion, *, cut: bool
) -> Segment | None:
    # something stands before it, as in the whole text
    before = [Token("BAD_ITEM", "", source.span(start, start))] if start else []
    given = [*before, *tokens, _end(source, end)]
    run = Run(tables("script"), given, language.of(version), scratch=False, cut=cut)
    result = run.parse()
    if run.diagnostics and not cut:
        ahead = _following(source, end, version)
        given = [*before, *tokens, *ahead, _end(source, end)]
        run = Run(tables("script"), given, language.of(version), scratch=False, cut=bool(ahead))
        result = run.parse()
        # a repair that takes a brace away is felt in the rest of the text, where braces are counted
        if _is_open(given) or (end < len(source.text) and run.farthest + _AHEAD >= len(given)):
            return None
    # of an end that comes too early the whole text is asked, for the brace that lacks may be any
    if any(d.code != "syntax" for d in run.diagnostics):
        return None
    found = result[0] if result else run.finished()
    items = [item for item in found if type(item) is not Token and item.span.start < end]
    syntax = run.diagnostics
    if any(token.type == "BREAK" for token in tokens):
        syntax = syntax + misplaced(nodes.Script(tuple(items), span=source.span(start, end)))
    names_line = any("\n" in t.text for t in tokens if t.type == "VARIABLE") or any(
        "\\\n" in t.text for t in tokens if t.type == "STRING"
    )
    segment = Segment(start, end, items, syntax, [], run.deepest, names_line)
    segment.keep()
    return segment


def _end(source: Source, end: int) -> Token:
    return Token("$END", "", source.span(end, end))


def _following(source: Source, start: int, version: ServerVersion) -> list[Token]:
    """The words with which the next piece begins, without its brace: why something does not fit may show in them."""
    for size in (_HEAD, len(source.text)):
        lexer = Lexer(Expanded(source.text[: start + size], [0], [(source, 0)]), version)
        lexer.run(start)
        if not lexer.diagnostics:
            break
    return list(takewhile(lambda token: token.type != "LBRACE", lexer.tokens[: _AHEAD - 1]))
