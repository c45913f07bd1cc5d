"""Script text to tokens, by the lexical rules of OpenSIPS (language manual, chapter 1); words by the server's version.

The lexer never fails: what starts no token is dropped, as on the server, and what the server refuses (an unclosed
string, comment or variable; a NUL byte) becomes a Diagnostic. It knows nothing of the grammar.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import language
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.lang.scanning import BLANK, COMMENT, LINE_COMMENT, STRING, VARIABLE, comment_end, variable_end
from evroute_kernel.runtime.values import encode
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Span

OPERATORS: Final[dict[str, str]] = {
    "==": "EQUALS",
    "!=": "DIFFERS",
    "<": "ORDER",
    ">": "ORDER",
    "<=": "ORDER",
    ">=": "ORDER",
    "=~": "MATCH",
    "!~": "MATCH",
    "=": "ASSIGN",
    ":=": "COLON_ASSIGN",
    **dict.fromkeys(("+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="), "CHANGE"),
    "+": "PLUS",
    "-": "MINUS",
    "*": "STAR",
    "/": "SLASH",
    "%": "PERCENT",
    **dict.fromkeys(("&", "|", "^", "<<", ">>"), "BIT"),
    "~": "TILDE",
    "!": "NOT",
    "&&": "AND",
    "||": "OR",
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    "{": "LBRACE",
    "}": "RBRACE",
    ",": "COMMA",
    ";": "SEMICOLON",
    ":": "COLON",
    ".": "DOT",
}

_HEX = "[0-9a-fA-F]{1,4}"
_IPV6 = rf"(?:(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,7}}(?::{_HEX}){{1,7}}|:(?::{_HEX}){{1,7}}|(?:{_HEX}:){{1,7}}:|::)"
_DECIMAL = "(?:0|[1-9][0-9]*)"
_IPV4 = rf"{_DECIMAL}(?:\.{_DECIMAL}){{3}}"

# blanks and comments of one line, then a token; nothing at the end of the text. HYPHENATED: words that are no names
_TOKEN: Final = rf"""
    (?: {BLANK} | \n | \\\n | {LINE_COMMENT} )*+
    (?: (?P<VARIABLE> {VARIABLE} )
    | (?P<STRING> {STRING} )
    | (?P<IPV6> (?=[0-9a-fA-F]{{0,4}}:) {_IPV6} (?: / (?: {_IPV6} | {_DECIMAL} ) )? )
    | (?P<IPV4> {_IPV4} (?: / (?: {_IPV4} | {_DECIMAL} ) )? )
    | (?P<WORD> HYPHENATED | [a-zA-Z][a-zA-Z0-9_]*+ )
    | (?P<NUMBER> 0x[0-9a-fA-F]++ | 0[0-7]++ | {_DECIMAL} )
    | (?P<COMMENT> {COMMENT} )
    | (?P<OPERATOR> ==|=~|=|:=|:|!=|!~|!|<=|<<|<|>=|>>|>|&&|&=|&|\|\||\|=|\||[-+*/%^]=?|[~()\[\]{{}},;.] )
    | (?P<OPEN> ["'] )
    | (?P<STRAY> . )
    | \Z )
    """

# words that swallow a blank on either side (`cycles` only before); they serve sockets and scaling profiles
_BLANK_WORD = re.compile(
    rf"""
    (?P<ON> on|ON ) {BLANK} | (?P<AS> as|AS ) {BLANK} | (?P<SOCKET_TOS> tos|TOS ) {BLANK}
    | (?P<USE_WORKERS> use_workers|USE_WORKERS ) {BLANK}
    | (?P<USE_PROFILE> use_auto_scaling_profile|USE_AUTO_SCALING_PROFILE ) {BLANK}
    | (?P<SCALE_UP> (?:scale|SCALE) {BLANK}+ (?:up|UP) {BLANK}+ (?:to|TO) ) {BLANK}
    | (?P<SCALE_DOWN> (?:scale|SCALE) {BLANK}+ (?:down|DOWN) {BLANK}+ (?:to|TO) ) {BLANK}
    | (?P<CYCLES_WITHIN> (?:cycles|CYCLES) {BLANK}+ (?:within|WITHIN) ) {BLANK}
    | (?P<CYCLES> cycles|CYCLES )
    """,
    re.VERBOSE,
)
_BLANKS: Final = frozenset(" \t\b\r")
_BLANK_WORD_STARTS: Final = frozenset(
    "on ON as AS tos TOS use_workers USE_WORKERS use_auto_scaling_profile USE_AUTO_SCALING_PROFILE scale SCALE".split()
)
_CYCLES: Final = frozenset({"cycles", "CYCLES"})
#: groups of `_TOKEN` that are no type of a token, or not yet the whole one
_SPECIAL: Final = frozenset({"VARIABLE", "IPV6", "IPV4", "WORD", "COMMENT", "OPEN", "STRAY"})


class Token:
    """One token: its `type` (a terminal of the grammar), its `text` as written, and where it stands."""

    __slots__ = ("span", "text", "type")

    def __init__(self, type: str, text: str, span: Span) -> None:
        self.type = type
        self.text = text
        self.span = span

    def __repr__(self) -> str:
        return f"Token({self.type}, {self.text!r})"


@cache
def _pattern(version: ServerVersion) -> re.Pattern[str]:
    words = language.of(version).hyphenated
    letters = "".join(sorted({word[0] for word in words}))
    # the first letter is looked at once for all of them
    hyphenated = rf"(?=[{letters}])(?:{'|'.join(map(re.escape, words))})"
    return re.compile(_TOKEN.replace("HYPHENATED", hyphenated), re.VERBOSE | re.DOTALL)


def tokens(expanded: Expanded, version: ServerVersion) -> tuple[list[Token], list[Diagnostic]]:
    """All tokens of a text, and what no lexer could make sense of. Unclosed things end the list of tokens."""
    lexer = Lexer(expanded, version)
    lexer.run()
    return lexer.tokens, lexer.diagnostics


class Lexer:
    """Goes through one text. `strays`: how many tokens came before each character that belongs to none."""

    def __init__(self, expanded: Expanded, version: ServerVersion) -> None:
        self._finditer = _pattern(version).finditer
        self._keywords = language.of(version).keywords
        self.expanded = expanded
        self.text = expanded.text
        self.whole = expanded.whole
        self.tokens: list[Token] = []
        self.diagnostics: list[Diagnostic] = []
        self.strays: list[int] = []
        self.blanks_from = 0  # blanks before this offset belong to a token already

    def run(self, start: int = 0) -> None:
        """Take all tokens from an offset on, where none may have begun before it."""
        position, end = start, len(self.text)
        while position < end:
            position = self._scan(position)

    def _scan(self, position: int) -> int:
        """Take tokens from an offset on, up to one that ends elsewhere than its pattern does; gives where to go on."""
        text, whole, taken, keyword = self.text, self.whole, self.tokens.append, self._keywords.get
        for found in self._finditer(text, position):
            kind, index = found.lastgroup, found.lastindex
            if kind is None or index is None:
                break
            start, end = found.span(index)
            word = found[index]
            if kind == "OPERATOR":
                kind = OPERATORS[word]
            elif kind == "WORD" and word not in _BLANK_WORD_STARTS and (word[0] not in "cC" or word[:6] not in _CYCLES):
                kind = keyword(word, "ID")
            elif kind in _SPECIAL and (kind != "VARIABLE" or text[end : end + 1] == "("):
                position = self._special(kind, start, end)
                if position != end:
                    return position
                continue
            span = Span(whole, start, end) if whole is not None else self.expanded.span(start, end)
            taken(Token(kind, word, span))
        return len(text)

    def _special(self, kind: str, start: int, end: int) -> int:
        """Take a token of which more must be known than its pattern tells; gives where the next one begins."""
        if kind == "WORD":
            return self._word(self.text[start:end], start, end)
        if kind == "VARIABLE":
            return self._variable(start, end)
        if kind == "COMMENT":
            return self._comment(start)
        if kind == "OPEN":
            return self._unclosed("string", start, 1, f"add the missing {self.text[start]}")
        if kind == "STRAY":
            self._stray(start)
        else:
            self._add("NETWORK" if "/" in self.text[start:end] else kind, start, end)
        return end

    def stretches(self) -> tuple[tuple[int, int], ...] | None:
        """Where characters stand that belong to no token: from the end of one token to the start of the next.

        None where tokens do not tell, because files were included or something is never closed."""
        if self.whole is None or any(d.code.startswith("unclosed") for d in self.diagnostics):
            return None
        return tuple(map(self._between, self.strays))

    def _between(self, count: int) -> tuple[int, int]:
        """The stretch behind the first so many tokens."""
        start = self.tokens[count - 1].span.end if count else 0
        return start, self.tokens[count].span.start if count < len(self.tokens) else len(self.text)

    def _add(self, type: str, start: int, end: int) -> None:
        whole = self.whole
        span = Span(whole, start, end) if whole is not None else self.expanded.span(start, end)
        self.tokens.append(Token(type, self.text[start:end], span))

    def _word(self, word: str, start: int, end: int) -> int:
        if (word in _BLANK_WORD_STARTS or word[:6] in _CYCLES) and start > self.blanks_from:
            blank = _BLANK_WORD.match(self.text, start) if self.text[start - 1] in _BLANKS else None
            if blank is not None and blank.lastgroup is not None:
                self._add(blank.lastgroup, start, blank.end(blank.lastgroup))
                self.blanks_from = blank.end()
                return blank.end()
        self._add(self._keywords.get(word, "ID"), start, end)
        return end

    def _variable(self, start: int, end: int) -> int:
        whole = variable_end(self.text, end)
        if whole.missing:
            width = end - start
            return self._unclosed("variable", start, width, "the parenthesis of a variable takes all up to its ')'")
        self._add("VARIABLE", start, whole.position)
        return whole.position

    def _comment(self, start: int) -> int:
        end = comment_end(self.text, start)
        if not end.missing:
            return end.position
        hint = "block comments nest: every /* needs a */ of its own" if end.missing > 1 else "end it with */"
        return self._unclosed("comment", start, 2, hint)

    def _unclosed(self, what: str, start: int, width: int, hint: str) -> int:
        span = self.expanded.span(start, start + width)
        message = f"this {what} is never closed"
        self.diagnostics.append(Diagnostic("error", f"unclosed-{what}", message, span, hint))
        return len(self.text)

    def _stray(self, start: int) -> None:
        count = len(self.tokens)
        if self.strays[-1:] != [count]:
            self.strays.append(count)
        if self.text[start] == "\0" and not any(d.code == "nul-byte" for d in self.diagnostics):
            message, hint = "a NUL byte: a script may not hold any", "remove it; a text may hold \\x00, which ends it"
            span = self.expanded.span(start, start + 1)
            self.diagnostics.append(Diagnostic("error", "nul-byte", message, span, hint))


# -- values of tokens -------------------------------------------------------------------------------------------------

_ESCAPE = re.compile(r'\\(?:x([0-9a-fA-F]{1,2})|([0-7]{2,3})|([nrat"\\])|(\n))|\n')
_SIMPLE: Final = {"n": "\n", "r": "\r", "a": "\a", "t": "\t", '"': '"', "\\": "\\"}
_MARKER: Final = "__OSSPP_LINE__ "
_TRUE: Final = frozenset({"yes", "true", "on", "enable"})

#: digits from which on a number may not fit into 32 bits
_SAFE: Final = 10


def number_value(text: str) -> int:
    """The 32 bits that the server makes of a number: it reads at most 63 bits, then keeps the low 32."""
    if text[0] in "123456789" and len(text) < _SAFE:
        return int(text)
    if text[0] not in "0123456789":
        return 1 if text in _TRUE else 0
    base = 16 if text.startswith("0x") else 8 if len(text) > 1 and text[0] == "0" else 10
    # int() refuses texts beyond 4300 digits, and 25 digits of any base are more than 63 bits
    digits = text[2:] if base == 16 else text
    digits = digits.lstrip("0") or "0"
    value = 2**63 - 1 if len(digits) > 25 else min(int(digits, base), 2**63 - 1)
    return ((value + 2**31) & 0xFFFFFFFF) - 2**31


def string_value(token: Token) -> tuple[str, Sequence[int]]:
    """The bytes of a string literal (one character each), and the character offset of each byte and of the end.

    A NUL escape ends the text. A line break keeps what the server's preprocessor makes of it: after a backslash it
    leaves the marker with the number of the next line in the text (unless the text so far ends with a line break).
    """
    text, start = token.text, token.span.start
    body = text[1:-1]
    if "\\" not in body or text[0] == "'":
        if body.isascii():
            return body, range(start + 1, start + 2 + len(body))
        return _in_bytes([(body, start + 1, 1)], start + len(text) - 1)
    pieces: list[tuple[str, int, int]] = []  # text, its offset, step: 1 character by character, 0 all at one place
    done = 1
    for found in _ESCAPE.finditer(text, 1, len(text) - 1):
        pieces.append((text[done : found.start()], start + done, 1))
        value = _escaped(found, token, pieces)
        if value == "\0":
            return _in_bytes(pieces, start + found.start())
        pieces.append((value, start + found.start(), 0))
        done = found.end()
    pieces.append((text[done:-1], start + done, 1))
    return _in_bytes(pieces, start + len(text) - 1)


def _escaped(found: re.Match[str], token: Token, pieces: list[tuple[str, int, int]]) -> str:
    if found[0] == "\n":
        return "\n"
    if found[4] is not None:
        if next((text[-1] for text, _, _ in reversed(pieces) if text), "") == "\n":
            return ""
        return f"{_MARKER}{token.span.source.position(token.span.start + found.end())[0]}\n"
    if found[3] is not None:
        return _SIMPLE[found[3]]
    code = int(found[1], 16) if found[1] is not None else int(found[2], 8) & 0xFF
    # a byte of 128 and more stands for itself: the surrogate that `encode` turns into that byte
    return chr(code) if code < 128 else chr(0xDC00 + code)


def _in_bytes(pieces: list[tuple[str, int, int]], end: int) -> tuple[str, tuple[int, ...]]:
    values: list[str] = []
    offsets: list[int] = []
    for text, offset, step in pieces:
        if step and text.isascii():
            values.append(text)
            offsets += range(offset, offset + len(text))
            continue
        for character in text:
            data = byte_text(character)
            values.append(data)
            offsets.extend([offset] * len(data))
            offset += step
    offsets.append(end)
    return "".join(values), tuple(offsets)


def byte_text(text: str) -> str:
    """Text as written -> one character per byte. A lone surrogate that stands for no byte becomes U+FFFD."""
    try:
        return encode(text)
    except UnicodeEncodeError:
        return "".join(_one_byte_text(c) for c in text)


def _one_byte_text(character: str) -> str:
    try:
        return encode(character)
    except UnicodeEncodeError:
        return "\xef\xbf\xbd"


def variable_text(token: Token) -> str:
    """The bytes of a variable token. Line breaks inside keep the marker that the server's preprocessor leaves there."""
    text = token.text
    if "\n" in text:
        starts = token.span.source.line_starts
        line = bisect_right(starts, token.span.start)
        parts = text.split("\n")
        text = parts[0] + "".join(f"\n{_MARKER}{line + i}\n{part}" for i, part in enumerate(parts[1:], 1))
    return byte_text(text)
