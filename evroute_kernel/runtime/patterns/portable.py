"""POSIX extended patterns for systems whose C library is not glibc: translated for the `regex` package.

Used by `runtime.patterns.posix` only. The POSIX flag gives leftmost-longest matches. Known differences from glibc:
groups inside repeats may report another of several equally long divisions, and a back-reference inside its own group is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.runtime.patterns.protocol import RegexError, Spans

_ESCAPES: Final = {
    "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]",
    "s": r"[ \t-\r]",
    "S": r"[^ \t-\r]",
    "b": r"\b",
    "B": r"\B",
    "<": r"\b(?=\w)",
    ">": r"\b(?<=\w)",
    "`": r"\A",
    "'": r"\Z",
}
#: members of the character classes, in the C locale, as they stand between brackets
POSIX_CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_REPEAT_LIMIT: Final = 0x7FFF


class PortableRegex:
    """A pattern compiled by the `regex` package."""

    __slots__ = ("_at_start", "_elsewhere", "groups", "pattern")

    def __init__(self, pattern: str, newline: bool, icase: bool) -> None:
        import regex  # not before: `POSIX_CLASSES` is wanted on every system

        self.pattern = pattern
        translator = _Translator(pattern, newline, icase)
        try:
            translated = translator.alternatives(0)
        except RecursionError:
            raise RegexError("Regular expression too big") from None
        flags = regex.POSIX | regex.ASCII | regex.VERSION0
        flags |= (regex.IGNORECASE if icase else 0) | (regex.MULTILINE if newline else regex.DOTALL)
        try:
            self._at_start = regex.compile(translated.replace(_START, _AT_START[newline]).encode("latin-1"), flags)
            self._elsewhere = regex.compile(translated.replace(_START, _ELSEWHERE[newline]).encode("latin-1"), flags)
        except (regex.error, RecursionError) as error:
            raise RegexError(str(error)) from error
        self.groups = translator.groups

    def search(self, text: str) -> bool:
        return self._at_start.search(_bytes(text)) is not None

    def spans(self, text: str, start: int = 0, notbol: bool = False, groups: int | None = None) -> Spans | None:
        found = (self._elsewhere if notbol else self._at_start).search(_bytes(text[start:]))
        if found is None:
            return None
        wanted = range((self.groups if groups is None else groups) + 1)
        inner = [found.span(i) if i <= self.groups else (-1, -1) for i in wanted]
        return [(a + start, b + start) if a >= 0 else (-1, -1) for a, b in inner]

    def each(self, text: str, groups: int | None = None) -> Iterator[Spans]:
        start, notbol = 0, False
        while found := self.spans(text, start, notbol, groups):
            yield found
            begin, end = found[0]
            if begin == end:
                return
            start, notbol = end, text[end - 1] not in "\r\n"


def _bytes(text: str) -> bytes:
    """A text as the C functions see it: it ends at its first NUL."""
    return text.partition("\0")[0].encode("latin-1")


# `^` has two meanings, chosen once the whole pattern is translated; the mark cannot come from a pattern (no NULs there)
_START: Final = "\0"
_AT_START: Final = {False: r"\A", True: "^"}
_ELSEWHERE: Final = {False: "(?!)", True: r"(?<=\n)"}


class _Translator:
    """Recursive descent over one pattern. Raises RegexError where glibc does."""

    def __init__(self, pattern: str, newline: bool, icase: bool) -> None:
        self.pattern = pattern.partition("\0")[0]
        self.newline = newline
        self.icase = icase
        self.at = 0
        self.groups = 0
        self.closed: set[int] = set()

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1 : self.at]

    def alternatives(self, depth: int) -> str:
        """`a|b|c`, up to the end or the closing parenthesis."""
        branches = [self.branch(depth)]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.branch(depth))
        return "|".join(branches)

    def branch(self, depth: int) -> str:
        pieces: list[str] = []
        while (c := self.peek()) and c != "|" and not (c == ")" and depth):
            pieces.append(self.repeated(depth))
        return "".join(pieces)

    def repeated(self, depth: int) -> str:
        """One element with the repeats after it."""
        element, repeatable = self.element(depth)
        while (c := self.peek()) and c in "*+?{":
            if not repeatable:
                raise RegexError("Invalid preceding regular expression")
            self.at += 1
            element = f"(?:{element}){c if c != '{' else self.bounds()}"
        return element

    def element(self, depth: int) -> tuple[str, bool]:
        """One element and whether a repeat may follow it."""
        c = self.take()
        if c in "*+?{":
            raise RegexError("Invalid preceding regular expression")
        if c == "(":
            return self.group(depth), True
        if c == "[":
            return self.bracket(), True
        if c == "\\":
            return self.escape()
        if c == "^":
            return _START, False
        if c == "$":
            return ("$" if self.newline else r"\Z"), False
        # without DOTALL, `.` already stops at line breaks
        return (c if c == "." else _quoted(c)), True

    def group(self, depth: int) -> str:
        self.groups += 1
        number = self.groups
        inner = self.alternatives(depth + 1)
        if self.take() != ")":
            raise RegexError("Unmatched ( or \\(")
        self.closed.add(number)
        return f"({inner})"

    def escape(self) -> tuple[str, bool]:
        c = self.take()
        if not c:
            raise RegexError("Trailing backslash")
        if c in "123456789":
            if int(c) not in self.closed:
                raise RegexError("Invalid back reference")
            return f"(?:\\{c})", True
        if c in _ESCAPES:
            return _ESCAPES[c], c not in "bB<>`'"
        # glibc compares in upper case but leaves an escaped letter as it is: `\d` matches nothing, `\D` matches d and D
        return ("(?!)" if self.icase and "a" <= c <= "z" else _quoted(c)), True

    def bounds(self) -> str:
        end = self.pattern.find("}", self.at)
        if end < 0:
            raise RegexError("Unmatched \\{")
        text, self.at = self.pattern[self.at : end], end + 1
        low, comma, high = text.partition(",")
        if not all(n.isdecimal() for n in (low, high) if n) or not (low or comma):
            raise RegexError("Invalid content of \\{\\}")
        least = int(low or 0)
        most = int(high) if high else least if not comma else None
        if most is not None and most < least:
            raise RegexError("Invalid content of \\{\\}")
        if max(least, most or 0) > _REPEAT_LIMIT:
            raise RegexError("Regular expression too big")
        return f"{{{least},{'' if most is None else most}}}"

    def bracket(self) -> str:
        """`[...]`, whose inside knows no escapes."""
        negated = self.peek() == "^"
        self.at += negated
        members: list[str] = ["\\n"] if negated and self.newline else []
        first = True
        while first or self.peek() != "]":
            first = False
            low, is_class = self.member()
            if self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high, high_is_class = self.member()
                if is_class or high_is_class or low > high:
                    raise RegexError("Invalid range end")
                members.append(f"{_quoted(low)}-{_quoted(high)}")
            else:
                members.append(POSIX_CLASSES[low] if is_class else _quoted(low))
        self.at += 1
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def member(self) -> tuple[str, bool]:
        """One member of a bracket expression: a character, or the name of a class and True."""
        c = self.take()
        kind = self.peek() if c == "[" else ""
        if not c:
            raise RegexError("Unmatched [, [^, [:, [., or [=")
        if kind not in (":", ".", "="):
            return c, False
        end = self.pattern.find(kind + "]", self.at + 1)
        if end < 0:
            raise RegexError("Unmatched [, [^, [:, [., or [=")
        name, self.at = self.pattern[self.at + 1 : end], end + 2
        if kind == ":":
            if name not in POSIX_CLASSES:
                raise RegexError("Invalid character class name")
            return name, True
        if len(name) != 1:
            raise RegexError("Invalid collation character")
        return name, False


def _quoted(c: str) -> str:
    return c if c.isalnum() and c.isascii() else f"\\x{ord(c):02x}"
