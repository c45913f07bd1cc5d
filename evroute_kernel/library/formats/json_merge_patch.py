"""JSON merge patches (RFC 7396) as json_merge() applies them, with a parser and printer of their own (cJSON).

They differ from those of `$json`: numbers are doubles, keys compare without regard to letter case, members that a patch
touches move to the end, and a text needs no closing quote at its very end. A node is a list of [key, node] pairs in an
Object, a list, a `str`, a float, a bool or None.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from evroute_kernel.library.formats.c_numbers import strtod
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, fold

#: levels of nesting; the server knows no limit but its stack
DEPTH_LIMIT: Final = 200
#: smallest difference between 1 and the next double
EPSILON: Final = 2.0**-52
#: beyond this a double does not fit the 64-bit integer it is rounded with
LARGEST_ROUNDED: Final = 2.0**63

_STRING: Final = re.compile(r'"(?P<body>(?:[^"\\]|\\.)*+)(?P<end>"?)', re.S)
_ESCAPE: Final = re.compile(r"\\(?:u(?P<hex>[0-9a-fA-F]{4})|(?P<letter>.))", re.S)
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_PRINTED: Final = {
    **{i: f"\\u{i:04x}" for i in range(1, 32)},
    **{ord(plain): f"\\{letter}" for letter, plain in _ESCAPES.items() if letter != "/"},
}
_WORDS: Final = (("null", None), ("false", False), ("true", True))


class PatchError(ValueError):
    """One of the texts is no JSON."""


class Object(list[list[Any]]):
    """Members in order, as [key, node]; a key may stand there twice."""

    def take(self, key: str) -> Any:
        """Remove the first member of that key and return its node; None when there is none."""
        wanted = fold(key)
        for i, (name, node) in enumerate(self):
            if fold(name) == wanted:
                del self[i]
                return node
        return None


def merge(target: str, patch: str) -> str:
    """The target with the patch applied, compact. Raises PatchError."""
    return printed(_merge(parse(target, "the first text"), parse(patch, "the patch")))


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, Object):
        return patch
    merged = target if isinstance(target, Object) else Object()
    for key, change in patch:
        old = merged.take(key)
        if change is not None:
            merged.append([key, _merge(old, change)])
    return merged


# -- reading ----------------------------------------------------------------------------------------------------------


def parse(text: str, what: str) -> Any:
    """The first value of a text, called `what` in the message; text behind it is ignored. Raises PatchError."""
    try:
        return _Reader(text.partition("\0")[0]).value(0)
    except PatchError as error:
        raise PatchError(f"{what} is no JSON: {error}") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def skip(self) -> str:
        """The next character that is no blank or control character, "" at the end."""
        while self.text[self.position : self.position + 1] and self.text[self.position] <= " ":
            self.position += 1
        return self.text[self.position : self.position + 1]

    def fail(self, message: str) -> PatchError:
        return PatchError(f"{message} at byte {self.position + 1}")

    def value(self, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise self.fail(f"more than {DEPTH_LIMIT} levels")
        first = self.skip()
        for word, meaning in _WORDS:
            if self.text.startswith(word, self.position):
                self.position += len(word)
                return meaning
        if first == '"':
            return self.string()
        if first == "-" or "0" <= first <= "9":
            return self.number()
        if first == "[":
            return self.array(depth)
        if first == "{":
            return self.object(depth)
        raise self.fail(f"unexpected {first!r}" if first else "the text ends too early")

    def number(self) -> float:
        number, end = strtod(self.text, self.position)
        if end == self.position:
            raise self.fail("expected digits")
        self.position = end
        return number

    def array(self, depth: int) -> list[Any]:
        self.position += 1
        found: list[Any] = []
        if self.skip() == "]":
            self.position += 1
            return found
        while True:
            found.append(self.value(depth + 1))
            if self.next_is("]"):
                return found

    def object(self, depth: int) -> Object:
        self.position += 1
        found = Object()
        if self.skip() == "}":
            self.position += 1
            return found
        while True:
            if self.skip() != '"':
                raise self.fail("expected a key in double quotes")
            key = self.string()
            if self.skip() != ":":
                raise self.fail("expected ':'")
            self.position += 1
            found.append([key, self.value(depth + 1)])
            if self.next_is("}"):
                return found

    def next_is(self, closing: str) -> bool:
        """Step over a comma or the closing bracket; whether it was the latter."""
        character = self.skip()
        if character not in (",", closing):
            raise self.fail(f"expected ',' or {closing!r}")
        self.position += 1
        return character == closing

    def string(self) -> str:
        found = _STRING.match(self.text, self.position)
        assert found is not None  # the quote has been seen
        if not found["end"] and found.end() < len(self.text):
            raise self.fail("a backslash ends the text")
        self.position = found.end()
        return self._unescape(found["body"])

    def _unescape(self, body: str) -> str:
        pieces: list[str] = []
        position = 0
        while (found := _ESCAPE.search(body, position)) is not None:
            pieces.append(body[position : found.start()])
            position = found.end()
            if found["hex"]:
                code, position = self._pair(body, int(found["hex"], 16), position)
                pieces.append(chr(code).encode().decode("latin-1"))
            elif found["letter"] in _ESCAPES:
                pieces.append(_ESCAPES[found["letter"]])
            else:
                raise self.fail(f"unknown escape {found[0]!r} before the text that ends")
        return "".join(pieces) + body[position:]

    def _pair(self, body: str, code: int, position: int) -> tuple[int, int]:
        """The character of a `\\u` escape, with the second half of a pair where it is the first."""
        if code == 0 or 0xDC00 <= code < 0xE000:
            raise self.fail(f"\\u{code:04x} is no character")
        if not 0xD800 <= code < 0xDC00:
            return code, position
        second = _ESCAPE.match(body, position)
        low = int(second["hex"], 16) if second and second["hex"] else 0
        if second is None or not 0xDC00 <= low < 0xE000:
            raise self.fail(f"\\u{code:04x} lacks its second half")
        return 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF), second.end()


# -- printing ---------------------------------------------------------------------------------------------------------


def printed(node: Any) -> str:
    """A node as the server prints it: compact, numbers as doubles."""
    if isinstance(node, Object):
        return "{" + ",".join(f"{_quoted(key)}:{printed(value)}" for key, value in node) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(printed, node)) + "]"
    if isinstance(node, str):
        return _quoted(node)
    if node is None or isinstance(node, bool):
        return next(word for word, meaning in _WORDS if meaning is node)
    return _printed_number(node)


def _quoted(text: str) -> str:
    return f'"{text.translate(_PRINTED)}"'


def _printed_number(number: float) -> str:
    if number == 0:
        return "0"
    if not math.isfinite(number):
        return "null"
    if INT_MIN <= number <= INT_MAX and abs(int(number) - number) <= EPSILON:
        return str(int(number))
    if abs(number) < LARGEST_ROUNDED and abs(_rounded_down(number) - number) <= EPSILON:
        return f"{number:.0f}"
    return f"{number:e}" if abs(number) < 1e-6 or abs(number) > 1e9 else f"{number:f}"


def _rounded_down(number: float) -> int:
    """The server's own floor; of a large negative number it is one too low."""
    return int(number) if number > 0 else int(number - 0.9999999999999999)
