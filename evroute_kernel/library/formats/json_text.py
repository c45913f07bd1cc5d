"""JSON as the library behind `$json` reads and prints it (json-c, not strict).

A node is a dict, a list, a `str` of bytes (latin-1), an `int`, a `bool`, None, or a Real. The parser accepts more than
JSON: single quotes, comments, a comma at the end, words in any case, NaN and Infinity, any text after the first value.
Numbers keep their spelling. Printing escapes `/`.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, Final

from evroute_kernel.library.formats.c_numbers import strtod

DEPTH_LIMIT: Final = 32
BLANKS: Final = " \t\n\r"
INT64_MIN, INT64_MAX, UINT64_MAX = -(2**63), 2**63 - 1, 2**64 - 1
#: words, in any letter case, and the values they stand for
WORDS: Final = (("null", None), ("nan", "NaN"), ("true", True), ("false", False), ("infinity", "Infinity"))
ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
REPLACEMENT: Final = "\ufffd".encode().decode("latin-1")
#: the rest of a comment; an asterisk swallows the next one, so `**/` does not end it
_COMMENTS: Final = {"/": re.compile(r"[^\n]*\n"), "*": re.compile(r"(?:[^*]|\*[^/])*+\*/")}
_HEX4: Final = re.compile("[0-9a-fA-F]{4}")


class Real(str):
    """A number that is no integer, by its spelling."""

    __slots__ = ()


class JsonError(ValueError):
    """The text is no JSON."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at byte {position + 1}")


class _OpenComment(JsonError):
    """The text ends inside a comment."""


class _CutShort(Exception):
    """The text ends inside a comment that follows a value: the server takes that value for the whole."""

    def __init__(self, node: Any) -> None:
        self.node = node


# -- reading ----------------------------------------------------------------------------------------------------------


def parse(text: str) -> Any:
    """The first value of a text; what follows it does not matter, unless it begins like a comment. Raises JsonError."""
    plain = text[:1] in ("{", "[") and "\\u" not in text and "\0" not in text
    if plain and text.count("{") + text.count("[") < DEPTH_LIMIT:
        # Python's own parser accepts a part of what ours does, and is faster
        try:
            node, end = _FAST.raw_decode(text)
        except ValueError:
            pass
        else:
            if "/" not in text[end:]:
                return node
    return _Parser(text.partition("\0")[0]).whole()


def _integer(digits: str) -> int:
    number = int(digits[:400])
    return max(number, INT64_MIN) if digits[0] == "-" else min(number, UINT64_MAX)


_FAST: Final = json.JSONDecoder(parse_float=Real, parse_int=_integer, parse_constant=Real, strict=False)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def fail(self, message: str) -> JsonError:
        if self.position >= len(self.text):
            return JsonError("the text ends too early", self.position)
        return JsonError(message, self.position)

    def peek(self) -> str:
        """The next character after blanks and comments, "" at the end."""
        text = self.text
        while self.position < len(text):
            character = text[self.position]
            if character in BLANKS:
                self.position += 1
            elif character == "/":
                self._comment()
            else:
                return character
        return ""

    def _comment(self) -> None:
        kind = self.text[self.position + 1 : self.position + 2]
        if kind not in ("/", "*"):
            self.position += 1
            raise self.fail("expected a comment after '/'")
        found = _COMMENTS[kind].match(self.text, self.position + 2)
        if found is None:
            raise _OpenComment("a comment is never closed", self.position)
        self.position = found.end()

    def whole(self) -> Any:
        try:
            node = self.value(0)
        except _CutShort as cut:
            return cut.node
        with suppress(_OpenComment):
            self.peek()
        return node

    def value(self, depth: int) -> Any:
        character = self.peek()
        if character in ("{", "["):
            self.position += 1
            return self._object(depth) if character == "{" else self._array(depth)
        if character in ('"', "'"):
            return self._string()
        if character == "-" or "0" <= character <= "9":
            return self._number(depth)
        return self._word(character)

    def _enter(self, depth: int) -> int:
        if depth >= DEPTH_LIMIT - 1:
            raise self.fail(f"more than {DEPTH_LIMIT - 1} levels")
        return depth + 1

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            character = self.peek()
            if character == "}":
                self.position += 1
                return found
            if character not in ('"', "'") or not character:
                raise self.fail("expected a key in quotes")
            key = self._string().partition("\0")[0]
            if self.peek() != ":":
                raise self.fail(f"expected ':' after the key {key!r}")
            self.position += 1
            self.peek()
            found[key] = self.value(self._enter(depth))
            self._separator(found[key], "}")

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while True:
            if self.peek() == "]":
                self.position += 1
                return found
            found.append(self.value(self._enter(depth)))
            self._separator(found[-1], "]")

    def _separator(self, node: Any, closing: str) -> None:
        """What follows a value in a container; a closing bracket stays where it is."""
        try:
            character = self.peek()
        except _OpenComment:
            raise _CutShort(node) from None
        if character == ",":
            self.position += 1
        elif character != closing:
            raise self.fail(f"expected ',' or {closing!r}")

    def _word(self, character: str) -> Any:
        for word, meaning in WORDS:
            if self.text[self.position : self.position + len(word)].lower() == word:
                self.position += len(word)
                return Real(meaning) if isinstance(meaning, str) else meaning
        raise self.fail(f"unexpected {character!r}")

    def _number(self, depth: int) -> Any:
        start = self.position
        self._number_characters()
        written = self.text[start : self.position]
        following = self.text[self.position : self.position + 1]
        if following and depth > 0 and following not in ",]}/iI" + BLANKS:
            raise self.fail(f"unexpected {following!r} in a number")
        if written == "-" and following in ("i", "I"):
            if self.text[self.position : self.position + 8].lower() != "infinity":
                raise self.fail("expected Infinity after '-'")
            self.position += 8
            return Real("-Infinity")
        if "." in written or "e" in written or "E" in written:
            return self._real(written)
        if written == "-":
            raise self.fail("expected digits after '-'")
        return _integer(written)

    def _number_characters(self) -> None:
        """Walk over what may be a number: it may still turn out to be none."""
        exponent = real = False
        signs = "-"
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == "." and not real:
                real, signs = True, "-+"
            elif character in "eE" and not exponent:
                exponent = real = True
                signs = "-+"
            elif "0" <= character <= "9" or character in signs:
                signs = ""
            else:
                return
            self.position += 1

    def _real(self, written: str) -> Real:
        trimmed = written[0] + written[1:].rstrip("eE-+")
        if strtod(trimmed)[1] != len(trimmed):
            raise self.fail(f"{written!r} is no number")
        return Real(trimmed)

    # -- texts ---------------------------------------------------------------------------------------------------------

    def _string(self) -> str:
        quote, text = self.text[self.position], self.text
        self.position += 1
        pieces: list[str] = []
        while True:
            start = self.position
            while self.position < len(text) and text[self.position] not in (quote, "\\"):
                self.position += 1
            pieces.append(text[start : self.position])
            if self.position >= len(text):
                raise self.fail("")
            self.position += 1
            if text[self.position - 1] == quote:
                return "".join(pieces)
            pieces.append(self._escape())

    def _escape(self) -> str:
        character = self.text[self.position : self.position + 1]
        if character == "u":
            return self._code_point()
        if character not in ESCAPES:
            raise self.fail(f"unknown escape '\\{character}'")
        self.position += 1
        return ESCAPES[character]

    def _hex4(self) -> int:
        """Four digits after the `u` at the position."""
        self.position += 1
        found = _HEX4.match(self.text, self.position)
        if found is None:
            end = self.position + 4
            while self.position < end and self.text[self.position : self.position + 1] in "0123456789abcdefABCDEF":
                self.position += 1
                if self.position >= len(self.text):
                    break
            raise self.fail("expected four hexadecimal digits after '\\u'")
        self.position = found.end()
        return int(found[0], 16)

    def _code_point(self) -> str:
        """One character as UTF-8; halves of a pair that do not fit become U+FFFD."""
        code = self._hex4()
        out = ""
        while 0xD800 <= code < 0xDC00:
            if not self.text.startswith("\\u", self.position):
                return out + REPLACEMENT
            self.position += 1
            low = self._hex4()
            if 0xDC00 <= low < 0xE000:
                return out + _utf8(0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF))
            out, code = out + REPLACEMENT, low
        return out + (REPLACEMENT if 0xDC00 <= code < 0xE000 else _utf8(code))


def _utf8(code: int) -> str:
    return chr(code).encode().decode("latin-1")


# -- printing ---------------------------------------------------------------------------------------------------------

_ESCAPED: Final = {
    **{i: f"\\u{i:04x}" for i in range(32)},
    **{ord(plain): f"\\{letter}" for letter, plain in ESCAPES.items()},
}


_PAIR: Final = re.compile(r"\\.")


def quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'


def scalar(node: Any) -> str:
    """A node that holds no others."""
    if type(node) is str:
        return quoted(node)
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node)


def compact(node: Any) -> str:
    """`{"a":[1,2]}`"""
    if type(node) is dict:
        return "{" + ",".join([f"{quoted(k)}:{compact(v)}" for k, v in node.items()]) + "}"
    if type(node) is list:
        return "[" + ",".join([compact(v) for v in node]) + "]"
    return scalar(node)


def unescaped(node: Any) -> str:
    """`{"a":"b/c"}`: as `compact`, with slashes left alone."""
    # a backslash is always one of a pair
    return _PAIR.sub(lambda pair: "/" if pair[0] == "\\/" else pair[0], compact(node))


def spaced(node: Any) -> str:
    """`{ "a": [ 1, 2 ] }`, and `{ }`, `[ ]` for empty ones."""
    if type(node) is dict:
        return "{ " + ", ".join([f"{quoted(k)}: {spaced(v)}" for k, v in node.items()]) + (" }" if node else "}")
    if type(node) is list:
        return "[ " + ", ".join([spaced(v) for v in node]) + (" ]" if node else "]")
    return scalar(node)


def pretty(node: Any, indent: str = "") -> str:
    """One item a line, indented by two blanks; no blank after the colon. Empty ones take two lines inside others."""
    inner = indent + "  "
    if type(node) is dict:
        opening, closing = "{", "}"
        items = [f"{quoted(k)}:{pretty(v, inner)}" for k, v in node.items()]
    elif type(node) is list:
        opening, closing = "[", "]"
        items = [pretty(v, inner) for v in node]
    else:
        return scalar(node)
    lines = ",".join(f"\n{inner}{item}" for item in items)
    return f"{opening}{lines}\n{indent}{closing}"
