"""Where in a cell the cursor is, however broken the cell: in which strings, brackets, variables and route.

One pass over the text before the cursor with a few patterns, no grammar. What is left open is repaired as a reader
would: a `;` closes parentheses, `);` at the end of a line closes a string that does not end on its line, and a route
header at the beginning of a line closes everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from evroute_kernel.kernel.cells import SCRIPT_BELOW
from evroute_kernel.lang.scanning import BRACKETS, LINE_COMMENT, comment_end, string
from evroute_kernel.lang.scanning import COMMENT as COMMENT_BEGINS

#: kinds of frame, by what opens them; NAME is the parenthesis behind a variable's name, VARIABLE that of `$(`
BLOCK, PARENTHESIS, SQUARE, STRING, COMMENT, MAGIC = "{", "(", "[", '"', "/*", "%"
NAME, VARIABLE, TRANSFORMATION = "$name(", "$(", "${"

_CLOSES: Final = {closing: opening for opening, closing in BRACKETS.items()}
_IN_VARIABLES: Final = frozenset({NAME, VARIABLE, TRANSFORMATION})
_MAGIC_START: Final = re.compile(r"[ \t]*(?:%|\?)")
_HEADER_START: Final = re.compile(r"(?:[a-z]+_)?route[ \t]*\[|(?:startup|error|local)_route[ \t]*\{")
# whole strings and variables are one token each; only what is open, or of several lines, is looked into
_CODE: Final = re.compile(
    rf"""
      {string('"', one_line=True)} | {string("'", one_line=True)}
    | \$[\w.]*\((?:[\w./]*\))? | [\"'\n;,(){{}}\[\]] | {LINE_COMMENT} | {COMMENT_BEGINS}
    """,
    re.VERBOSE,
)
_STRINGS: Final = {
    '"': re.compile(r"\\[\"\\]|\"|\$[\w.]*\(|\)[ \t]*;[ \t\r]*(?=\n)|\n(?=(?:[a-z]+_)?route[ \t]*\[)"),
    "'": re.compile(r"'|\$[\w.]*\(|\)[ \t]*;[ \t\r]*(?=\n)|\n(?=(?:[a-z]+_)?route[ \t]*\[)"),
}
_VARIABLE: Final = re.compile(r"[\"'\n(){}]|\$[\w.]*\(|(?<![\w.])[\w.]+\(")
_WORD_BEFORE: Final = re.compile(r"([A-Za-z_]\w*)\s*\Z")
_HEADER_BEFORE: Final = re.compile(
    r"(?P<kind>(?:[a-z]+_)?route)\s*(?:\[\s*[\"']?(?P<name>[^\[\]\"'\n,]*+)[^\[\]\n]*+\]?+)?\s*\Z"
)
#: characters that a route header, or a name at the cursor, may take up
_REACH: Final = 300
#: what is nested more deeply is no script any more; the count begins anew
_DEEPEST: Final = 250
#: tokens that are looked at; so many in so little text are no script, and nothing is known of the place
_MOST_TOKENS: Final = 6000
#: characters before the cursor that are looked at
_WINDOW: Final = 30_000
_HEADER: Final = re.compile(rf"^(?:{_HEADER_START.pattern})", re.MULTILINE)
#: the first line of a cell whose rest is script all the same
_SCRIPT_BELOW: Final = re.compile(rf"\s*%%(?:{'|'.join(SCRIPT_BELOW)})\b[^\n]*\n")


@dataclass(slots=True)
class Frame:
    """Something open at the cursor. `start` is its first character, `commas` those that parted its arguments so far."""

    kind: str
    start: int
    #: of a string its quote, of a variable its name
    word: str = ""
    commas: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """The route whose body the cursor is in: ("event_route", "E_X")."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """The call whose arguments the cursor is in; `argument` counts from 0, `start` is where the parenthesis stands."""

    name: str
    argument: int
    start: int


@dataclass(frozen=True)
class Place:
    """The cursor's place. `text` is the cell, `start` where the script that was looked at begins."""

    text: str
    cursor: int
    frames: tuple[Frame, ...]
    start: int = 0

    @property
    def top(self) -> str:
        """The kind of the innermost frame; empty at the top level."""
        return self.frames[-1].kind if self.frames else ""

    @property
    def before(self) -> str:
        """What stands before the cursor, back to the start of the innermost frame that is no bracket."""
        opened = [f.start for f in self.frames if f.kind not in (BLOCK, PARENTHESIS, SQUARE)]
        return self.text[max(self.start, opened[-1] if opened else 0) : self.cursor]

    @property
    def near(self) -> str:
        """`before`, but no more of it than a name can take up."""
        return self.before[-_REACH:]

    @property
    def string(self) -> Frame | None:
        return next((f for f in reversed(self.frames) if f.kind == STRING), None)

    @cached_property
    def route(self) -> Header | None:
        """The route whose body the cursor is in."""
        block = next((f for f in self.frames if f.kind == BLOCK), None)
        if block is None:
            return None
        found = _HEADER_BEFORE.search(self.text[max(0, block.start - _REACH) : block.start])
        return Header(found["kind"], (found["name"] or "").strip()) if found else None

    @cached_property
    def call(self) -> Call | None:
        """The innermost call; `if (...)` and `route(...)` count as calls, brackets without a name do not."""
        for frame in reversed(self.frames):
            if frame.kind == BLOCK:
                return None
            if frame.kind == PARENTHESIS and (name := self.word_before(frame.start)):
                return Call(name, frame.commas, frame.start)
        return None

    def word_before(self, position: int) -> str:
        """The word that stands right before a position; empty when something else does."""
        found = _WORD_BEFORE.search(self.text[max(self.start, position - _REACH) : position])
        return found[1] if found else ""


def place_at(text: str, cursor: int, start: int = 0) -> Place:
    """Look at a cell up to the cursor, which may be anywhere; from `start` on all is script, without magic lines."""
    below = _SCRIPT_BELOW.match(text)
    if below is not None and start < below.end() <= cursor:
        start = below.end()
    cursor = max(start, min(cursor, len(text)))
    before = text[:cursor]
    return Place(text, cursor, _frames(before, start or _window(before), start == 0), start)


def _window(text: str) -> int:
    """Where to begin: at the start, but in a long text at a route header not far from the cursor."""
    far = len(text) - _WINDOW
    if far <= 0 or text.lstrip().startswith("%%"):
        return 0
    found = _HEADER.search(text, far)
    return found.start() if found else far


@lru_cache(8)
def _frames(text: str, start: int, has_magics: bool) -> tuple[Frame, ...]:
    # front ends ask about the same text several times: completion, then its documentation
    return tuple(_Scan(text, start, has_magics).run())


class _Scan:
    def __init__(self, text: str, start: int, has_magics: bool) -> None:
        self.text = text
        self.position = start
        self.has_magics = has_magics
        self.stack: list[Frame] = []

    def run(self) -> list[Frame]:
        if self.has_magics and self.text.lstrip().startswith("%%"):
            return [Frame(MAGIC, len(self.text) - len(self.text.lstrip()))]
        if self.has_magics:
            self._line_start(self.position)
        text, stack = self.text, self.stack
        for _ in range(_MOST_TOKENS):
            top = stack[-1] if stack else None
            if top is None or top.kind in (BLOCK, PARENTHESIS, SQUARE):
                pattern, take = _CODE, self._code
            elif top.kind == STRING:
                pattern, take = _STRINGS[top.word], self._string
            elif top.kind in _IN_VARIABLES:
                pattern, take = _VARIABLE, self._variable
            else:
                return stack  # an open comment, or a magic line with the cursor in it
            found = pattern.search(text, self.position)
            if found is None:
                return stack
            self.position = found.end()
            take(found[0], found.start())
            if len(stack) > _DEEPEST:
                stack.clear()
        return []

    def _code(self, token: str, start: int) -> None:
        first = token[0]
        if first == "\n":
            self._line_start(self.position)
        elif first in "\"'":
            if len(token) == 1:
                self.stack.append(Frame(STRING, start, token))
        elif first == "$":
            if token[-1] == "(":
                self._open_variable(token, start)
        elif first in "({[":
            self.stack.append(Frame(first, start))
        elif first in ")}]":
            self._close(_CLOSES[first])
        elif first == ",":
            if self.stack:
                self.stack[-1].commas += 1
        elif first == ";":
            while self.stack and self.stack[-1].kind != BLOCK:
                self.stack.pop()
        elif first == "#":
            if self.position == len(self.text):
                self.stack.append(Frame(COMMENT, start))
        else:
            self._comment(start)

    def _string(self, token: str, start: int) -> None:
        if token[0] == "$":
            self._open_variable(token, start)
        elif token[0] in ")\n":  # the closing quote lacks
            self.stack.pop()
            self.position = start
        elif token[0] != "\\":
            self.stack.pop()

    def _variable(self, token: str, start: int) -> None:
        kind = self.stack[-1].kind
        if token[0] in "\"'":
            self._quote_in_variable(token)
        elif token == "\n":
            if not any(f.kind == STRING for f in self.stack):
                self._leave_variables()
                self.position = start
        elif token[0] == "$":
            self._open_variable(token, start)
        elif token[-1] == "(":
            self.stack.append(Frame(NAME, start, token[:-1]))
        elif token == "{":
            if kind == VARIABLE:
                self.stack.append(Frame(TRANSFORMATION, start))
        elif token == "}":
            if kind == TRANSFORMATION:
                self.stack.pop()
        elif kind != TRANSFORMATION:
            self.stack.pop()

    def _open_variable(self, token: str, start: int) -> None:
        name = token[1:-1]
        self.stack.append(Frame(NAME, start, name) if name else Frame(VARIABLE, start))

    def _quote_in_variable(self, quote: str) -> None:
        """The quote that ends the string around a variable ends the variable too."""
        string = next((f for f in reversed(self.stack) if f.kind == STRING), None)
        if string is not None and string.word == quote:
            self._leave_variables()
            self.stack.pop()

    def _leave_variables(self) -> None:
        while self.stack and self.stack[-1].kind in _IN_VARIABLES:
            self.stack.pop()

    def _close(self, kind: str) -> None:
        """Close the innermost bracket of this kind and what is open inside; `)` and `]` stay in their block."""
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index].kind == kind:
                del self.stack[index:]
                return
            if self.stack[index].kind == BLOCK:
                return

    def _comment(self, start: int) -> None:
        end = comment_end(self.text, start)
        if end.missing:
            self.stack.append(Frame(COMMENT, start))
        else:
            self.position = end.position

    def _line_start(self, position: int) -> None:
        """A route header begins anew, and at the top level a magic line may begin."""
        if self.stack and _HEADER_START.match(self.text, position):
            self.stack.clear()
        if self.has_magics and not self.stack and _MAGIC_START.match(self.text, position):
            end = self.text.find("\n", position)
            if end < 0:
                self.stack.append(Frame(MAGIC, position))
            self.position = end if end >= 0 else len(self.text)


# -- other looks at the text -----------------------------------------------------------------------------------------

_CALLS: Final = re.compile(
    r"\broute\s*\(\s*(?P<quote>[\"']?)(?P<name>[^\s,()\"']+)(?P=quote)\s*(?:,(?P<rest>[^;\n]*))?"
)
_ARGUMENT_MARK: Final = re.compile(r"\"(?:[^\"\\]|\\.)*+\"?|'[^']*'?|[(){},]", re.DOTALL)


def route_calls(text: str) -> Iterator[tuple[str, list[str]]]:
    """The name and arguments of each `route(name, ...)` of a text, as written."""
    for found in _CALLS.finditer(text):
        yield found["name"], split_arguments(found["rest"]) if found["rest"] is not None else []


def split_arguments(text: str) -> list[str]:
    """What stands between commas, up to the parenthesis that closes the call."""
    pieces: list[str] = []
    depth = begin = 0
    for mark in _ARGUMENT_MARK.finditer(text):
        if mark[0] in ("(", "{"):
            depth += 1
        elif mark[0] in (")", "}"):
            depth -= 1
            if depth < 0:
                return [*pieces, text[begin : mark.start()].strip()]
        elif mark[0] == "," and depth == 0:
            pieces.append(text[begin : mark.start()].strip())
            begin = mark.end()
    return [*pieces, text[begin:].strip()]
