"""Perl-compatible patterns on byte strings, as PCRE2 understands them without UTF mode, on top of the `regex` package.

The syntax of the two is close; this module rewrites what differs: `\\z` and `\\Z`, `\\h`, `\\v`, `\\Q...\\E`,
`\\x{..}`, braces that are no quantifier, brackets inside classes, and refuses what PCRE2 refuses. Not covered: a
look-behind of no fixed length is accepted, verbs such as `(*COMMIT)` that `regex` does not know are refused, and the
limit on backtracking is not simulated.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from evroute_kernel.runtime.patterns.portable import POSIX_CLASSES

if TYPE_CHECKING:
    import regex

#: what may follow a backslash with the same meaning in both
SAME: Final = frozenset("dDwWsSbBAGKRX")
CONTROLS: Final = {"a": "\a", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
CLASSES: Final = {
    "h": r"\t \xa0",
    "v": r"\n\x0b\f\r\x85",
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": r" \t-\r",
}
POSIX: Final = {**POSIX_CLASSES, "ascii": r"\x00-\x7f", "word": "0-9A-Za-z_"}
OCTAL: Final = "01234567"
HEXADECIMAL: Final = "0123456789abcdefABCDEF"
_QUANTIFIER: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_EXTENSION: Final = re.compile(
    r"""\(\?(?: (?P<comment>\#[^)]*\))
      | (?P<reference> P[=>]\w+\) | &\w+\) | R\) | [+-]?\d+\) )
      | \^?[imsxnJ]*(?:-[imsxnJ]*)?[:)] | [=!>|] | <[=!] | P?<[A-Za-z_]\w*> | '[A-Za-z_]\w*'
      | \((?:\w+|<\w+>|'\w+')\) )""",
    re.VERBOSE,
)
_CAPTURING: Final = re.compile(r"(?<!\\)\((?!\?|\*)|\(\?P?<(?![=!])|\(\?'")
_POSIX: Final = re.compile(r"\[:(\^?)([a-z]+):\]")
LARGEST_COUNT: Final = 65535
NESTING_LIMIT: Final = 250


class PcreError(ValueError):
    """The text is no pattern. `offset` is where it goes wrong, in bytes from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (at offset {offset})")
        self.offset = offset


@lru_cache(1024)
def compile(
    pattern: str, *, caseless: bool = False, multiline: bool = False, dotall: bool = False, extended: bool = False
) -> regex.Pattern[str]:
    """A pattern whose `search` decides as PCRE2 does. Raises PcreError."""
    import regex  # not before: few scripts have such a pattern, and it takes a tenth of a start

    flags = regex.VERSION1 | regex.ASCII
    for wanted, flag in (
        (caseless, regex.IGNORECASE),
        (multiline, regex.MULTILINE),
        (dotall, regex.DOTALL),
        (extended, regex.VERBOSE),
    ):
        flags |= flag if wanted else 0
    translated = _Translation(pattern.partition("\0")[0]).result()
    try:
        return regex.compile(translated, flags)
    except regex.error as error:
        message = str(error).partition(" at position ")[0]
        # the translation differs from the pattern, so that the offset is only where it cannot be later
        raise PcreError(message, len(pattern)) from None
    except RecursionError:
        raise PcreError("the pattern is too deeply nested", len(pattern)) from None


class _Translation:
    """Walks over a pattern once and writes it anew."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.groups = _capturing(pattern)
        self.depth = 0
        #: whether a quantifier may follow: "item", "quantified" (only `?` and `+`), or "" (none)
        self.state = ""

    def result(self) -> str:
        pieces: list[str] = []
        while self.position < len(self.pattern):
            pieces.append(self._piece())
        return "".join(pieces)

    def _peek(self, ahead: int = 0) -> str:
        return self.pattern[self.position + ahead : self.position + ahead + 1]

    def _piece(self) -> str:
        character = self._peek()
        if character in "*+?":
            self.position += 1
            return self._quantified(character)
        if character == "{" and (found := _QUANTIFIER.match(self.pattern, self.position)) is not None:
            self.position = found.end()
            return self._quantified(self._counts(found))
        if character == "(" and self._peek(1) == "?":
            return self._extension()
        before, self.state = self.state, "item"
        if character == "\\":
            return self._escape(before)
        if character == "[":
            return self._class()
        self.position += 1
        self._nest({"(": 1, ")": -1}.get(character, 0))
        if character in "^$|(":
            self.state = ""
        return "\\" + character if character in "{}]" else character

    def _extension(self) -> str:
        """What begins with `(?`: flags, a comment, the opening of a group, or a whole reference."""
        found = _EXTENSION.match(self.pattern, self.position)
        if found is None:
            raise PcreError("unrecognized character after (? or (?-", self.position + 2)
        self.position = found.end()
        if found["comment"] is None:
            self.state = "item" if found["reference"] else ""
        self._nest(not found[0].endswith(")"))
        return found[0]

    def _nest(self, step: int) -> None:
        self.depth += step
        if self.depth > NESTING_LIMIT:
            raise PcreError("parentheses are too deeply nested", self.position - 1)

    def _quantified(self, written: str) -> str:
        modifies = self.state == "quantified" and written in "?+"
        if self.state != "item" and not modifies:
            raise PcreError("quantifier does not follow a repeatable item", self.position - 1)
        self.state = "" if modifies else "quantified"
        return written

    def _counts(self, found: re.Match[str]) -> str:
        low, high = int(found[1]), int(found[2]) if found[2] else None
        if max(low, high or 0) > LARGEST_COUNT:
            raise PcreError("number too big in {} quantifier", found.end() - 1)
        if high is not None and high < low:
            raise PcreError("numbers out of order in {} quantifier", found.end() - 1)
        return found[0]

    # -- escapes -------------------------------------------------------------------------------------------------------

    def _escape(self, before: str) -> str:
        letter = self._peek(1)
        self.position += 2
        if not letter:
            raise PcreError("\\ at end of pattern", len(self.pattern))
        if letter in "bBAGKzZ":
            self.state = ""
        if letter in SAME:
            return "\\" + letter
        if letter in "zZ":
            return r"\Z" if letter == "z" else r"(?=\n?\Z)"
        if letter in "hHvV":
            return f"[{'^' if letter.isupper() else ''}{CLASSES[letter.lower()]}]"
        if letter in "pP":
            return f"[{inside}]" if (inside := self._property(letter)) else "(?!)"
        if letter == "N":
            if self._peek() == "{" and not _QUANTIFIER.match(self.pattern, self.position):
                raise PcreError("\\N{name} is not supported", self.position)
            return r"[^\n]"
        if letter == "Q":
            text = self._quoted()
            self.state = "item" if text else before
            return "".join(map(_literal, text))
        if letter == "E":
            self.state = before
            return ""
        if letter == "g":
            return self._group_reference()
        if letter == "k":
            return self._named_reference()
        if letter in "123456789" and self._is_reference(letter):
            return self._numbered_reference(letter)
        return _literal(self._character(letter))

    def _property(self, letter: str) -> str:
        """`\\p{Lu}`, `\\pL`, `\\P{^L}`: the bytes that have a Unicode property as Latin-1 characters."""
        import regex

        name = self._delimited("}") if self._peek() == "{" else self._peek()
        if len(name) == 1 and self.pattern[self.position - 1] != "}":
            self.position += 1
        if name.startswith("^"):
            letter, name = letter.swapcase(), name[1:]
        try:
            test = regex.compile(rf"\{letter}{{{name.replace('L&', 'LC')}}}")
        except regex.error:
            raise PcreError("unknown property after \\P or \\p", self.position) from None
        # spelt out, because the package's own properties know ASCII alone in its ASCII mode
        return "".join(_literal(chr(c)) for c in range(256) if test.match(chr(c)))

    def _quoted(self) -> str:
        end = self.pattern.find("\\E", self.position)
        text = self.pattern[self.position : end if end >= 0 else len(self.pattern)]
        self.position = end + 2 if end >= 0 else len(self.pattern)
        return text

    def _is_reference(self, first: str) -> bool:
        digits = first + self._run("0123456789")
        return int(digits) < 10 or int(digits) <= self.groups

    def _run(self, characters: str, limit: int = 100) -> str:
        """The characters at the position that are among some, without moving."""
        end = self.position
        while end < len(self.pattern) and end - self.position < limit and self.pattern[end] in characters:
            end += 1
        return self.pattern[self.position : end]

    def _numbered_reference(self, first: str) -> str:
        digits = first + self._run("0123456789")
        self.position += len(digits) - 1
        if int(digits) > self.groups:
            raise PcreError("reference to non-existent subpattern", self.position)
        return f"(?:\\{digits})"

    def _group_reference(self) -> str:
        """`\\g1`, `\\g{-1}`, `\\g{name}` as they stand; `\\g<1>` calls a group."""
        if self._peek() in ("<", "'"):
            name = self._delimited({"<": ">", "'": "'"}[self._peek()])
            return f"(?{name})" if name.lstrip("+-").isdecimal() else f"(?&{name})"

        name = self._delimited("}") if self._peek() == "{" else self._signed_number()
        if name.startswith(("-", "+")):
            name = str(_capturing(self.pattern[: self.position]) + int(name) + (name[0] == "-"))
        if name.isdecimal() and not 0 < int(name) <= self.groups:
            raise PcreError("reference to non-existent subpattern", self.position)
        return rf"(?:\g<{name}>)"

    def _signed_number(self) -> str:
        sign = self._peek() if self._peek() in ("+", "-") else ""
        self.position += len(sign)
        digits = self._run("0123456789")
        if not digits:
            raise PcreError("a numbered reference must not be zero", self.position)
        self.position += len(digits)
        return sign + digits

    def _named_reference(self) -> str:
        closing = {"{": "}", "<": ">", "'": "'"}.get(self._peek())
        if closing is None:
            raise PcreError("\\k is not followed by a braced, angle-bracketed, or quoted name", self.position)
        return rf"(?P={self._delimited(closing)})"

    def _delimited(self, closing: str) -> str:
        end = self.pattern.find(closing, self.position + 1)
        if end < 0:
            raise PcreError(f"{closing} is missing", len(self.pattern))
        name = self.pattern[self.position + 1 : end]
        self.position = end + 1
        return name

    def _character(self, letter: str) -> str:
        """The one character that an escape means, inside a class or outside."""
        if letter in CONTROLS:
            return CONTROLS[letter]
        if letter == "x":
            return self._hexadecimal()
        if letter == "o":
            return self._braced(OCTAL, 8)
        if letter == "c":
            return self._control()
        if letter in OCTAL:
            digits = letter + self._run(OCTAL, 2)
            self.position += len(digits) - 1
            return self._byte(int(digits, 8))
        if letter.isascii() and letter.isalnum():
            raise PcreError("unrecognized character follows \\", self.position - 1)
        return letter

    def _hexadecimal(self) -> str:
        if self._peek() == "{" and (digits := self._braced_digits(HEXADECIMAL)) is not None:
            return self._byte(int(digits, 16))
        digits = self._run(HEXADECIMAL, 2)
        self.position += len(digits)
        return self._byte(int(digits or "0", 16))

    def _braced_digits(self, allowed: str) -> str | None:
        end = self.pattern.find("}", self.position)
        digits = self.pattern[self.position + 1 : end]
        if end < 0 or not digits or any(d not in allowed for d in digits):
            return None
        self.position = end + 1
        return digits

    def _braced(self, allowed: str, base: int) -> str:
        digits = self._braced_digits(allowed) if self._peek() == "{" else None
        if digits is None:
            raise PcreError("missing digits in braces", self.position)
        return self._byte(int(digits, base))

    def _byte(self, code: int) -> str:
        if code > 0xFF:
            raise PcreError("character code point value in \\x{} or \\o{} is too large", self.position)
        return chr(code)

    def _control(self) -> str:
        letter = self._peek()
        if not " " <= letter <= "~":
            raise PcreError("\\c must be followed by a printable ASCII character", self.position)
        self.position += 1
        return chr(ord(letter.upper()) ^ 0x40)

    # -- classes -------------------------------------------------------------------------------------------------------

    def _class(self) -> str:
        self.position += 1
        negated = self._peek() == "^"
        self.position += negated
        members: list[str] = []
        first = True
        while self._peek() and (self._peek() != "]" or first):
            if self._peek() == "\\" and self._peek(1) in ("Q", "E"):
                self.position += 2
                quoted = self._quoted() if self.pattern[self.position - 1] == "Q" else ""
                members += map(_literal, quoted)
                first = first and not quoted
                continue
            members.append(self._member())
            first = False
        if not self._peek():
            raise PcreError("missing terminating ] for character class", len(self.pattern))
        self.position += 1
        inside = "".join(members)
        if not inside:
            return r"[\s\S]" if negated else "(?!)"
        return f"[{'^' if negated else ''}{inside}]"

    def _member(self) -> str:
        posix = _POSIX.match(self.pattern, self.position)
        if posix is not None:
            if posix[2] not in POSIX:
                raise PcreError("unknown POSIX class name", self.position)
            self.position = posix.end()
            return f"[^{POSIX[posix[2]]}]" if posix[1] else POSIX[posix[2]]
        low = self._class_character()
        if len(low) != 1 or self._peek() != "-" or self._peek(1) in ("]", ""):
            return _literal(low) if len(low) == 1 else low
        mark = self.position
        self.position += 1
        high = self._class_character() if not _POSIX.match(self.pattern, self.position) else ""
        if len(high) != 1:
            self.position = mark + 1
            return _literal(low) + r"\-"
        if high < low:
            raise PcreError("range out of order in character class", self.position - 1)
        return f"{_literal(low)}-{_literal(high)}"

    def _class_character(self) -> str:
        """One character as itself, or several as the inside of a class."""
        character = self._peek()
        self.position += 1
        if character != "\\":
            return character
        letter = self._peek()
        self.position += 1
        if not letter:
            raise PcreError("\\ at end of pattern", len(self.pattern))
        if letter.lower() in CLASSES:
            inside = CLASSES[letter.lower()]
            return f"[^{inside}]" if letter.isupper() else f"[{inside}]"
        if letter in "pP":
            return self._property(letter)
        if letter == "b":
            return "\b"
        if letter in "89g":
            return letter
        return self._character(letter)


def _capturing(pattern: str) -> int:
    """Capturing groups, roughly: enough to tell `\\12` the reference from `\\12` the octal number."""
    return len(_CAPTURING.findall(pattern))


def _literal(character: str) -> str:
    """A character that means itself, wherever it stands."""
    return f"\\x{ord(character):02x}" if not character.isalnum() or not character.isascii() else character
