"""Where the strings, comments, variables and brackets of a script end (language manual, chapter 1).

Written once: the lexer makes tokens of it, the kernel cuts cells by it, and completion finds the place of the cursor by
it. Patterns are for `re.VERBOSE`; what nests is no regular language, so that its end is found by a function. All of it
takes time in proportion to the text that it passes.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: one blank between tokens, line breaks apart
BLANK: Final = r"[ \t\b\r]"
LINE_COMMENT: Final = r"\#[^\n]*+"
#: how a comment begins that `comment_end` ends
COMMENT: Final = r"/\*"
#: opening bracket -> the closing one
BRACKETS: Final[dict[str, str]] = {"(": ")", "[": "]", "{": "}"}

# a variable's name without parentheses ends at blanks, operators and operator words, whatever stands around them
_NAME: Final = r"(?:(?!and|or|not|:=)[^ \t\r\n()=<>!~&|^+\-*/%;,])*+"
#: a variable with what its parentheses hold, up to one level of others inside; `variable_end` follows the rest
VARIABLE: Final = rf"\${_NAME} (?: \( [^()]*+ (?: \( [^()]*+ \) [^()]*+ )*+ \) )?"


def string(quote: str, *, one_line: bool = False) -> str:
    """The pattern of a string in these quotes; with `one_line` it ends on the line where it begins.

    A backslash takes the character after it along in double quotes; in single ones it is a character like others.
    """
    never = r"\n" if one_line else ""
    if quote == "'":
        return rf"'[^'{never}]*+'"
    escaped = r"[^\n]" if one_line else r"[\s\S]"
    return rf'"[^"\\{never}]*+(?:\\{escaped}[^"\\{never}]*+)*+"'


STRING: Final = f"""{string('"')} | {string("'")}"""

_COMMENT_MARK: Final = re.compile(r"/\*|\*/")
_PARENTHESIS: Final = re.compile(r"[()]")


class End(NamedTuple):
    """Where something that nests is over. `missing`: how many of its closing marks the text lacks; it is over with the
    text then."""

    position: int
    missing: int = 0


def comment_end(text: str, start: int) -> End:
    """The end of the comment that begins at `start`; every `/*` in it needs a `*/` of its own."""
    return _balanced(text, start, _COMMENT_MARK, "/*")


def variable_end(text: str, end: int) -> End:
    """The end of a variable of which VARIABLE has matched what is before `end`.

    Its parenthesis takes all up to the one that closes it: quotes, comments and line breaks in there are plain text.
    """
    if text[end : end + 1] == "(" and text[end - 1] != ")":
        return _balanced(text, end, _PARENTHESIS, "(")
    return End(end)


def _balanced(text: str, start: int, marks: re.Pattern[str], opening: str) -> End:
    depth = 0
    for mark in marks.finditer(text, start):
        depth += 1 if mark[0] == opening else -1
        if depth == 0:
            return End(mark.end())
    return End(len(text), depth)


# blanks and line comments; what is no ASCII blank the server drops, so that it parts nothing either
_PASSED: Final = re.compile(rf"(?: \s | {BLANK} | \\\n | {LINE_COMMENT} )*+", re.VERBOSE)


def after_blanks(text: str, position: int) -> int:
    """Where the next token begins: behind blanks, line breaks and whole comments."""
    while True:
        found = _PASSED.match(text, position)
        position = found.end() if found else position
        if not text.startswith("/*", position):
            return position
        comment = comment_end(text, position)
        if comment.missing:
            return position
        position = comment.position


def statement_end(text: str, position: int) -> int:
    """Where a statement that ends at `position` is over: behind its semicolon, where it has one."""
    semicolon = after_blanks(text, position)
    return semicolon + 1 if text.startswith(";", semicolon) else position


_MARK: Final = re.compile(
    rf"""
      (?P<line>     \n )
    | (?P<open>     [({{\[] )
    | (?P<close>    [)}}\]] )
    | (?P<passed>   {LINE_COMMENT} | {STRING} )
    | (?P<variable> {VARIABLE} )
    | (?P<comment>  {COMMENT} )
    | (?P<unclosed> ["'] )
    """,
    re.VERBOSE,
)


def next_mark(text: str, position: int) -> tuple[str, int] | None:
    """What a reader of lines and brackets meets next, and where it is over; None when nothing more comes.

    "line", "open" and "close" are what they say; "whole" is a string, a comment or a variable. One that is never closed
    takes all the rest, as it does for the lexer.
    """
    found = _MARK.search(text, position)
    if found is None:
        return None
    kind = str(found.lastgroup)
    if kind in ("line", "open", "close"):
        return kind, found.end()
    if kind == "comment":
        return "whole", comment_end(text, found.start()).position
    if kind == "variable":
        return "whole", variable_end(text, found.end()).position
    return "whole", found.end() if kind == "passed" else len(text)
