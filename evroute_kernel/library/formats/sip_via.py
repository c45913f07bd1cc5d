"""Via headers as OpenSIPS 3.6 reads them: `SIP/2.0/UDP host:port;params (comment), next`."""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import Final

from evroute_kernel.records import dataclass

#: blanks, with line breaks that a blank follows
_LWS: Final = r"(?:[ \t]|(?:\r\n|[\r\n])[ \t])*"
_SPACE: Final = re.compile(_LWS)
#: the transport's first letter may not be one of other keywords; what starts as a known transport must not stop halfway
_PROTOCOL: Final = re.compile(
    rf"{_LWS}(?P<name>sip){_LWS}/{_LWS}(?P<version>2\.0){_LWS}/{_LWS}"
    r"(?P<transport>(?!(?:ud?|t[cl]?|s(?:ct?)?|w)[ \t\r\n])[^ \t\r\n/ipdcl2.0][^ \t\r\n/]*)(?=[ \t\r\n])",
    re.IGNORECASE,
)
_HOST: Final = re.compile(rf"{_LWS}(?P<host>\[[0-9A-Fa-f:]+\]|[-.0-9A-Za-z]+)(?=[ \t\r\n:;,(])")
_PORT: Final = re.compile(rf"{_LWS}(?::{_LWS}(?P<port>[0-9]+))?(?=[ \t\r\n;,(])")
_NAME: Final = re.compile(r"[^ \t\r\n=;,]+")
_TOKEN: Final = re.compile(r"[^ \t\r\n;,=\"]+")
#: a comment starts with its first character that is neither blank nor a parenthesis
_COMMENT_START: Final = re.compile(r"(?:[ \t(]|(?:\r\n|[\r\n])[ \t])*")
_STRING: Final = re.compile(r"(?:[^\",\r\n]|(?:\r\n|[\r\n])[ \t])*")

#: parameters that never have a value, and those that must have one
_FLAGS: Final = ("hidden", "alias")
_VALUED: Final = ("branch", "ttl", "maddr", "received", "i")
_PORT_DIGITS: Final = 5


def _kinds() -> dict[str, str]:
    """Name in lower case -> the parameter that the server takes it for, where it is one of those it knows.

    On its way to `alias` the server's reader passes through states that mean other parameters: `a` counts as hidden,
    `al` as ttl, `ali` as branch, `alia` as maddr, and whatever stands for one of these may be continued alike.
    """
    kinds = {kind: kind for kind in ("received", "rport", "i")}
    passed: list[str] = ["a"]
    for kind, following in (("hidden", "l"), ("ttl", "i"), ("branch", "a"), ("maddr", "s")):
        names = [kind, *passed]
        kinds.update(dict.fromkeys(names, kind))
        passed = [name + following for name in names]
    return kinds | dict.fromkeys(passed, "alias")


_KINDS: Final = _kinds()


class BadVia(ValueError):
    """The text is no Via header; the message says why."""


@dataclass(slots=True)
class Via:
    """The first Via of a header. `params` is their text, None without any; `values` holds (name, value) in order.

    `known` holds the values of parameters the server knows, by their name in lower case, the last one of each.
    """

    name: str
    version: str
    transport: str
    host: str = ""
    port: str | None = None
    params: str | None = None
    comment: str | None = None
    values: list[tuple[str, str | None]] = field(default_factory=list)
    known: dict[str, str | None] = field(default_factory=dict)


@lru_cache(64)
def parse_via(text: str) -> Via:
    """The first Via of a header; the others are read too and must be right. Callers must not change the result.

    Raises BadVia.
    """
    # What follows the header in a message: its end is where a line starts with no blank.
    reader = _Reader(f"{text}\r\nA")
    first = reader.via()
    while reader.more():
        reader.via()
    return first


class _Reader:
    """Reads Vias from left to right; `at` is the place reached."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ended = False

    def via(self) -> Via:
        found = _PROTOCOL.match(self.text, self.at)
        if found is None:
            raise BadVia("expected SIP/2.0/ and a transport")
        via = Via(found["name"], found["version"], found["transport"])
        self.ended = False
        self._host(via, found.end())
        self._rest(via)
        return via

    def more(self) -> bool:
        """Whether another Via follows; skips to it."""
        if self.ended or self.text[self.at] != ",":
            return False
        while self.text[self.at] == ",":
            self.at = self._skip(self.at + 1)
        return True

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _host(self, via: Via, at: int) -> None:
        host = _HOST.match(self.text, at)
        if host is None:
            raise BadVia("expected a host after the transport")
        via.host = host["host"]
        port = _PORT.match(self.text, host.end())
        if port is None or len(port["port"] or "") > _PORT_DIGITS:
            raise BadVia(f"expected a port, parameters or the end after {via.host!r}")
        via.port, self.at = port["port"], port.end()

    def _rest(self, via: Via) -> None:
        """Parameters and comments, up to a comma or the end."""
        params_start = params_end = -1
        while not self.ended:
            self.at = self._skip(self.at)
            character = self.text[self.at]
            if character in "\r\n,":
                break
            if character == ";" and via.comment is None:
                params_start = self.at + 1 if params_start < 0 else params_start
                params_end = self._param(via)
            elif character == "(":
                params_end = self.at
                self._comment(via)
            else:
                raise BadVia(f"unexpected {character!r}")
        if params_start >= 0:
            via.params = self.text[params_start:params_end]

    def _comment(self, via: Via) -> None:
        opened = _COMMENT_START.match(self.text, self.at)
        start = opened.end() if opened else self.at
        at, depth = self.at + 1, 1
        while depth:
            character = self.text[at]
            if character in "\r\n" and self._skip(at) == at:
                raise BadVia("the comment is not closed")
            depth += (character == "(") - (character == ")")
            at += 1
        via.comment, self.at = self.text[start : at - 1], at

    def _param(self, via: Via) -> int:
        """One parameter after the `;` at `at`; returns where its text ends."""
        start = self._skip(self.at + 1)
        found = _NAME.match(self.text, start)
        if found is None or found[0][0] in "()[]:":
            raise BadVia("expected the name of a parameter after ';'")
        name = found[0]
        kind = _KINDS.get(name.lower(), "")
        value: str | None = None
        end = self.at = found.end()
        if kind in _FLAGS:
            if self.text[end] == "=":
                raise BadVia(f"parameter {name} takes no value")
        elif self.text[end] not in ";,":
            value, end = self._value(kind, name, start)
        elif kind in _VALUED:
            raise BadVia(f"parameter {name} needs a value")
        via.values.append((name, value))
        if kind:
            via.known[kind] = value
        return end

    def _value(self, kind: str, name: str, start: int) -> tuple[str | None, int]:
        """The value of a parameter whose name ends at `at`, and where its text ends."""
        optional = kind not in _VALUED
        equals = self._skip(self.at)
        at = self._skip(equals + 1) if self.text[equals] == "=" else equals
        character = self.text[at]
        self.at = at
        if character in "\r\n" and optional:
            self.ended = True
            return None, at
        if at == equals and not (kind == "rport" and character in ";,"):
            raise BadVia(f"unexpected {character!r} after parameter {name}")
        if character == '"':
            return self._string(name, optional, start)
        token = _TOKEN.match(self.text, at)
        if token is None:
            if character == ";" or (at == equals and character == ","):
                return None, at
            raise BadVia(f"parameter {name} lacks its value")
        self.at = token.end()
        if self.text[self.at] in '="':
            raise BadVia(f"unexpected {self.text[self.at]!r} in the value of {name}")
        return token[0], self.at

    def _string(self, name: str, optional: bool, start: int) -> tuple[str | None, int]:
        """A value in quotes. The text of all parameters ends before the closing quote; a comma ends the header."""
        found = _STRING.match(self.text, self.at + 1)
        end = found.end() if found else self.at + 1
        if self.text[end] == '"':
            value, self.at = self.text[self.at + 1 : end], end + 1
            return value, end
        if not optional:
            raise BadVia(f"the quotes of {name} are not closed")
        self.at, self.ended = end, True
        return "", start if self.text[end] == "," else end
