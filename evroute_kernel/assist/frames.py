"""What is open at the end of a text, however broken it is: strings, brackets, variables, comments.

One pass over the text with a few patterns, no grammar. What is left open is repaired as a reader would: a `;` closes
parentheses, `);` at the end of a line closes a string that does not end on its line, and a route header at the start of
a line closes everything.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from evroute_kernel.lang.scanning import BRACKETS, LINE_COMMENT, comment_end, string
from evroute_kernel.lang.scanning import COMMENT as COMMENT_BEGINS
from evroute_kernel.records import dataclass

#: kinds of frame, by what opens them; NAME is the parenthesis behind a variable's name, VARIABLE that of `$(`
BLOCK, PARENTHESIS, SQUARE, STRING, COMMENT = "{", "(", "[", '"', "/*"
NAME, VARIABLE, TRANSFORMATION = "$name(", "$(", "${"
#: a line of another language between the items of a script, such as a magic of a notebook
FOREIGN = "%"

_CLOSES: Final = {closing: opening for opening, closing in BRACKETS.items()}
_IN_VARIABLES: Final = frozenset({NAME, VARIABLE, TRANSFORMATION})
#: how a route begins
HEADER_START: Final = re.compile(r"(?:[a-z]+_)?route[ \t]*\[|(?:startup|error|local)_route[ \t]*\{")
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
#: what is nested more deeply is no script any more; the count begins anew
_DEEPEST: Final = 250
#: tokens that are looked at; so many in so little text are no script, and nothing is known of the place
_MOST_TOKENS: Final = 6000


@dataclass(slots=True)
class Frame:
    """Something open at the cursor. `start` is its first character, `commas` those that parted its arguments so far."""

    kind: str
    start: int
    #: of a string its quote, of a variable its name
    word: str = ""
    commas: int = 0


@lru_cache(8)
def frames_of(text: str, start: int = 0, foreign: re.Pattern[str] | None = None) -> tuple[Frame, ...]:
    """What is open at the end of a text that is read from `start` on, the outermost first.

    A line that begins like `foreign`, outside everything else, is none of the script.
    """
    # front ends ask about the same text several times: completion, then its documentation
    return tuple(_Scan(text, start, foreign).run())


class _Scan:
    def __init__(self, text: str, start: int, foreign: re.Pattern[str] | None) -> None:
        self.text = text
        self.position = start
        self.foreign = foreign
        self.stack: list[Frame] = []

    def run(self) -> list[Frame]:
        if self.foreign is not None:
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
                return stack  # an open comment, or a foreign line with the end in it
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
        """A route header begins anew, and at the top level a foreign line may begin."""
        if self.stack and HEADER_START.match(self.text, position):
            self.stack.clear()
        if self.foreign is not None and not self.stack and self.foreign.match(self.text, position):
            end = self.text.find("\n", position)
            if end < 0:
                self.stack.append(Frame(FOREIGN, position))
            self.position = end if end >= 0 else len(self.text)
