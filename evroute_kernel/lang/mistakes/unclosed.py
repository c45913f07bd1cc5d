"""Which string it is that is never closed.

A quote that lacks is noticed at the end of the text: the string takes all up to the quote that opens the next one, that
ends where the one after it was meant to begin, and so on. What lies between is read inside out. The first string that
ends where one begins is the one without its end; all behind it is as good as hidden, as behind any text without an end.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from evroute_kernel.lang.lexer import Lexer, Token
from evroute_kernel.lang.mistakes.pieces import places
from evroute_kernel.source import Source

CODE: Final = "unclosed-string"

#: what stands before a text in quotes
_BEFORE: Final = re.compile(r"(?:[(,=~+<>\[|&^]|\b(?:and|or|case|return))[ \t]*\Z")
#: what follows a text in quotes, on its line
_BEHIND: Final = re.compile(r"[ \t]*(?:[)\],;:}\]#\r\n]|/\*|\Z|(?:and|or)\b|[-+*/|&^=!<>%]=?(?:[ \t]|[$\"'(]))")

_END: Final = Token("$END", "", Source("", "").span(0, 0))


def blame(lexer: Lexer) -> None:
    """Let the string that lacks its end be the one without an end, where the lexer has found another one to be it."""
    found = lexer.diagnostics[-1] if lexer.diagnostics else None
    if found is None or found.code != CODE:
        return
    for index in range(_last_piece(lexer.tokens), len(lexer.tokens)):
        token = lexer.tokens[index]
        if token.type == "STRING" and _ends_where_one_begins(token):
            source, start = token.span.source, token.span.start
            at = source.span(start, start + 1)
            lexer.diagnostics[-1] = replace(found, span=at, hint=f"add the missing {token.text[0]}")
            del lexer.tokens[index:]
            lexer.strays = [count for count in lexer.strays if count <= index]
            return


def _ends_where_one_begins(token: Token) -> bool:
    """Whether the quote that ends a string looks like one that opens another: something stands before it that a text
    follows, and what comes next cannot follow a text."""
    text, end = token.span.source.text, token.span.end
    return _BEFORE.search(token.text[1:-1]) is not None and _BEHIND.match(text, end) is None


def _last_piece(tokens: list[Token]) -> int:
    """Where what follows the last whole route begins: all before that is closed."""
    *_, (first, _) = places([*tokens, _END])
    return first
