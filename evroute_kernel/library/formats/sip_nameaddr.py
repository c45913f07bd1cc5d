"""Name-addr headers (From, To, Contact ...) as OpenSIPS 3.6 reads lists of them: `"Al" <sip:a@b>;tag=1, <sip:c@d>`."""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import Final

from evroute_kernel.records import dataclass

#: blanks, with line breaks that a blank follows
_SPACE: Final = re.compile(r"(?:[ \t]|(?:\r\n|[\r\n])[ \t])*")
_BLANKS: Final = re.compile(r"[ \t]*")
_QUOTED: Final = re.compile(r'"(?:[^"\\\r\n\0]|\\.)*+"', re.DOTALL)
_ENCLOSED: Final = re.compile(r"<[ \t]*(?P<uri>[^ \t\r\n\0\\<>\",;][^ \t\r\n\0\\<>\"]*)[ \t]*>")
#: a word of a display name, or a URI without brackets
_WORD: Final = re.compile(r"[^ \t\r\n\0\\<>\",;]+")
_LATER_WORD: Final = re.compile(r"[^ \t\r\n\0\\<>\",;][^ \t\r\n\0\\<>\",]*")
_PARAM_NAME: Final = re.compile(r"[^ \t\r\n\0\\\",;=]+")
_PARAM_TOKEN: Final = re.compile(r"[^ \t\r\n\0\\\",;=]+")
_PARAM_STRING: Final = re.compile(r'"(?P<value>(?:[^"\\\r\n]|\\[^\r\n])*+)"')
_TAG: Final = "tag"


class BadNameAddr(ValueError):
    """The text is no name-addr header; the message says why."""


@dataclass(slots=True)
class NameAddr:
    """One entry of the list.

    `name` is the display name with its quotes. `length` is what the server takes for the length of name and address:
    right when parameters follow, two too many at the end of the text, 0 before a comma. `values` holds (name, value) in
    order, quotes taken off; `params` is their text, None without any.
    """

    uri: str = ""
    name: str = ""
    length: int = 0
    params: str | None = None
    values: list[tuple[str, str]] = field(default_factory=list)


@lru_cache(64)
def parse_nameaddrs(text: str) -> tuple[tuple[NameAddr, ...], str | None]:
    """The entries of a header, at least one, and what is wrong with the last one though the others can be used.

    Callers must not change the entries. Raises BadNameAddr.
    """
    reader = _Reader(text + "\r\n")
    entries = [reader.entry()]
    while reader.at_comma():
        entries.append(reader.entry())
    return tuple(entries), reader.complaint


class _StrayText(ValueError):
    """Something stands after a complete parameter. The server overlooks that in all entries but the first."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.entries = 0
        self.complaint: str | None = None

    def entry(self) -> NameAddr:
        entry = NameAddr()
        self.at = self._match_end(_BLANKS, self.at)
        start = self.at
        bare = self._address(entry)
        if not bare:
            self.at = self._match_end(_SPACE, self.at)
        character = self.text[self.at]
        if character == ";":
            entry.length = self.at - start
            self._all_params(entry)
        elif character != ",":
            self._end(entry, start)
        self.entries += 1
        return entry

    def at_comma(self) -> bool:
        if self.text[self.at : self.at + 1] != ",":
            return False
        self.at += 1
        return True

    def _match_end(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self.text, at)
        return found.end() if found else at

    def _unexpected(self) -> BadNameAddr:
        found = self.text[self.at : self.at + 1]
        if not found or self.at >= len(self.text) - 2:
            return BadNameAddr("it ends too early")
        return BadNameAddr(f"unexpected {found!r} after {self.text[: self.at]!r}")

    # -- name and address -----------------------------------------------------------------------------------------

    def _address(self, entry: NameAddr) -> bool:
        """Display name and URI, or a URI alone; True for the latter, with the blanks after it skipped."""
        if self.text[self.at] == '"':
            quoted = _QUOTED.match(self.text, self.at)
            if quoted is None:
                raise BadNameAddr("the quotes of the name are not closed")
            entry.name = quoted[0]
            self.at = self._match_end(_SPACE, quoted.end())
        elif self.text[self.at] != "<":
            return self._name_or_uri(entry)
        self._enclosed(entry)
        return False

    def _enclosed(self, entry: NameAddr) -> None:
        found = _ENCLOSED.match(self.text, self.at)
        if found is None:
            if self.text[self.at] == "<":
                raise BadNameAddr("the URI after '<' is not complete, expected '>'")
            raise self._unexpected()
        entry.uri, self.at = found["uri"], found.end()

    def _name_or_uri(self, entry: NameAddr) -> bool:
        start = self.at
        self.at = end = self._match_end(_WORD, start)
        if end == start:
            raise self._unexpected()
        self.at = self._match_end(_SPACE, end)
        if self.text[self.at] in ";\r\n":
            entry.uri = self.text[start:end]
            return True
        if self.text[self.at] == ",":
            # the server counts the blanks before a comma to the URI
            entry.uri = self.text[start : self.at]
            return True
        while self.text[self.at] != "<":
            end = self._match_end(_LATER_WORD, self.at)
            if end == self.at:
                raise self._unexpected()
            self.at = self._match_end(_SPACE, end)
        entry.name = self.text[start:end]
        self._enclosed(entry)
        return False

    def _end(self, entry: NameAddr, start: int) -> None:
        """The end of the header: of the text, or a line that does not go on."""
        if self.text[self.at] not in "\r\n":
            raise self._unexpected()
        self._line_end()
        entry.length = self.at - start
        self.at = len(self.text)

    def _line_end(self) -> None:
        """Past the line break that ends the header. What follows is another header, but no comma or backslash may."""
        self.at += 1 + self.text.startswith("\r\n", self.at)
        if self.text[self.at : self.at + 1] in (",", "\\"):
            raise self._unexpected()

    # -- parameters -----------------------------------------------------------------------------------------------

    def _all_params(self, entry: NameAddr) -> None:
        start = end = -1
        try:
            while self.text[self.at : self.at + 1] == ";":
                name_start, end = self._param(entry)
                start = name_start if start < 0 else start
                self._after_param()
        except _StrayText as error:
            if self.entries == 0:
                raise BadNameAddr(str(error)) from None
            self.complaint = str(error)
            entry.values.clear()
            self.at = len(self.text)
            return
        if self.text[self.at : self.at + 1] in ("\r", "\n"):
            self._line_end()
            self.at = len(self.text)
        # the closing quote of the last value belongs to the text
        end += self.text[end : end + 1] in ('"', "'")
        entry.params = self.text[start:end]

    def _param(self, entry: NameAddr) -> tuple[int, int]:
        """One parameter after the `;` at `at`: where its name starts and its value ends, quotes left out."""
        start = self._match_end(_SPACE, self.at + 1)
        end = self.at = self._match_end(_PARAM_NAME, start)
        if end == start:
            raise self._unexpected()
        name = self.text[start:end]
        self.at = self._match_end(_SPACE, end)
        is_tag = name.lower() == _TAG
        if self.at == end and self.text[end] in ";," and _TAG.startswith(name.lower()):
            raise self._unexpected()
        value = ""
        if self.text[self.at] == "=":
            value, end = self._value(end)
        elif self.text[self.at] in ";,":
            end = self.at
        elif self.text[self.at] not in "\r\n":
            raise self._unexpected()
        if is_tag and not value and self.text[self.at - 1] != '"':
            raise BadNameAddr("the tag has no value")
        entry.values.append((name, value))
        return start, end

    def _value(self, name_end: int) -> tuple[str, int]:
        """The value after the `=` at `at`, and where it ends; without one, the place where the server sees its end."""
        self.at = self._match_end(_SPACE, self.at + 1)
        if self.text[self.at] == '"':
            found = _PARAM_STRING.match(self.text, self.at)
            if found is None:
                raise BadNameAddr("the quotes of a parameter are not closed")
            self.at = found.end()
            return found["value"], found.end("value")
        start = self.at
        self.at = self._match_end(_PARAM_TOKEN, start)
        if self.at > start:
            if self.text[self.at] in '"=\\':
                raise self._unexpected()
            return self.text[start : self.at], self.at
        if self.text[start] in "\r\n":
            return "", name_end
        if self.text[start] not in ";,":
            raise self._unexpected()
        return "", start

    def _after_param(self) -> None:
        self.at = self._match_end(_SPACE, self.at)
        if self.text[self.at : self.at + 1] not in (";", ",", "\r", "\n"):
            raise _StrayText(f"unexpected {self.text[self.at]!r} after a parameter")
