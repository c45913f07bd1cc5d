"""Reads SIP, SIPS, TEL and URN service URIs as OpenSIPS 3.6 does, what it forgives and what it refuses included.

Used by `$ru` and its kin, and by whatever else needs the parts of a URI. The text is a byte string (latin-1).
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import Final

from evroute_kernel.library.formats.c_numbers import LOW_DIGITS
from evroute_kernel.records import dataclass

#: scheme -> prefix of the text; the letters of the first two and of `tel` may be of either case
SCHEMES: Final = {"sips": "sips:", "sip": "sip:", "tel": "tel:", "urn:service": "urn:service:"}
NENA: Final = "urn:nena:service"
#: transport -> default port, in the server's order of protocol numbers, udp being 1
PROTOCOLS: Final = {"udp": 5060, "tcp": 5060, "tls": 5061, "sctp": 5060, "ws": 80, "wss": 443}
#: number of a transport that the server does not know
OTHER_PROTOCOL: Final = 15
PORT_LIMIT: Final = 65535
#: parameters the server knows; the second group may stand without a value, the third never may
VALUED: Final = ("transport", "ttl", "user", "method", "maddr")
BARE: Final = ("lr", "r2", "gr", "pn-provider")
STRICT: Final = ("pn-prid", "pn-param", "pn-purr")
#: the server refuses a text that ends in a parameter of one of these names
UNFINISHED: Final = ("ma", "mad", "madd", "maddr")

_USER_END = re.compile(r"[@:;?\[\]]")
_ALPHA_END = re.compile(r"[@:;?\[\]]")
_HOST_END = re.compile(r"[:;?&@]")
_HOST6_END = re.compile(r"[\]\[&@;?]")
_DIGITS = re.compile(r"[0-9]*")


class BadUri(ValueError):
    """The text is no URI; the message says why."""


@dataclass(slots=True)
class SipUri:
    """The parts of a URI. A part that is not there is None, one that is there but empty is "".

    `start` is where the user begins, or the host of a URI without user. `known` holds the parameters that the server
    knows, by name in lower case: (whole parameter, value or None).
    """

    text: str
    scheme: str
    start: int = 0
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: str | None = None
    params: str | None = None
    headers: str | None = None
    known: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def transport(self) -> str | None:
        """The value of the parameter `transport`."""
        return self.known.get("transport", ("", None))[1]

    @property
    def protocol(self) -> str:
        """The transport protocol: what `transport` names, else that of the scheme; "" for one the server lacks."""
        if self.transport is not None:
            name = self.transport.lower()
            return name if name in PROTOCOLS else ""
        return "tls" if self.scheme == "sips" else "udp"

    @property
    def protocol_number(self) -> int:
        """The server's number of the protocol, 1 for udp."""
        name = self.protocol
        return list(PROTOCOLS).index(name) + 1 if name else OTHER_PROTOCOL

    @property
    def port_number(self) -> int:
        """The port as a number; the protocol's default where none (or 0) is given."""
        return int((self.port or "0")[-LOW_DIGITS:]) & PORT_LIMIT or PROTOCOLS.get(self.protocol, 0)


@lru_cache(512)
def parse_uri(text: str) -> SipUri:
    """The parts of a URI; callers must not change the result. Raises BadUri."""
    if len(text) < 5:
        raise BadUri("it is too short")
    scheme = _scheme(text)
    start = len(NENA) + 1 if scheme == NENA else len(SCHEMES[scheme])
    if start >= len(text):
        raise BadUri("nothing follows the scheme")
    uri = _Reader(text, scheme, start).read()
    if scheme == "tel":
        uri.user, uri.host = uri.host, ""
    elif scheme == NENA:
        uri.user = None
    return uri


def _scheme(text: str) -> str:
    for scheme, prefix in SCHEMES.items():
        if text[: len(prefix)] == prefix or (len(scheme) < 5 and text[: len(prefix)].lower() == prefix):
            return scheme
    if text[3:].startswith(NENA[3:] + ":") and text[:3].lower() == "urn":
        return NENA
    raise BadUri("it starts with no known scheme (sip:, sips:, tel:)")


class _Reader:
    """Reads one URI from left to right.

    What looks like host, parameters or headers turns out to be the user when an `@` follows, so parts are assigned as
    they are met and taken back if need be.
    """

    def __init__(self, text: str, scheme: str, start: int) -> None:
        self.text = text
        self.start = start
        self.end = len(text)
        self.has_user = False
        self.uri = SipUri(text, scheme, start)

    def read(self) -> SipUri:
        if self.text[self.start] == "[":
            self._host6(self.start)
        elif self.text[self.start] in "]:@":
            raise self._bad(self.start)
        else:
            self._user()
        self.uri.known = _known_parameters(self.uri.params)
        last = (self.uri.params or "").rpartition(";")[2].lower()
        if last in UNFINISHED and self.uri.headers is None:
            raise BadUri(f"parameter {last} needs a value")
        return self.uri

    def _bad(self, position: int) -> BadUri:
        return BadUri(f"{self.text[position]!r} may not stand after {self.text[:position]!r}")

    def _find(self, pattern: re.Pattern[str], position: int) -> int:
        found = pattern.search(self.text, position)
        return found.start() if found else self.end

    def _user(self) -> None:
        """The user, or the host where there is no user."""
        stop = self._find(_USER_END, self.start + 1)
        character = self.text[stop : stop + 1]
        part = self.text[self.start : stop]
        if character == "@":
            self.uri.user = part
            self._host(stop + 1)
        elif character == ":":
            self._password(part, stop + 1)
        elif character in ("[", "]"):
            raise self._bad(stop)
        else:
            self.uri.host = part
            self._after_host(stop)

    def _password(self, part: str, position: int) -> None:
        """After `user:` or `host:`: a password if an `@` ends it, else a port."""
        stop = _DIGITS.match(self.text, position).end()  # type: ignore[union-attr]
        if stop < self.end and self.text[stop] not in "@;?":
            if self.text[stop] in "[]:":
                raise self._bad(stop)
            stop = self._find(_ALPHA_END, stop)
            if self.text[stop : stop + 1] != "@":
                raise BadUri(f"{self.text[position:stop]!r} is no port")
        if self.text[stop : stop + 1] == "@":
            self.uri.user, self.uri.password = part, self.text[position:stop]
            self._host(stop + 1)
            return
        self.has_user = True
        self.uri.host = part
        self.uri.port = self.text[position:stop]
        if stop == self.end:  # the server looks at the size of this port only here
            self._check_port()
        self._after_host(stop)

    def _host(self, position: int) -> None:
        """After the `@`."""
        self.has_user = True
        if self.text[position : position + 1] == "[":
            self._host6(position)
            return
        stop = self._find(_HOST_END, position + 1)
        if position >= self.end or self.text[position] in ":;?&@":
            raise BadUri("the host is missing")
        self._end_host(position, stop)

    def _host6(self, position: int) -> None:
        stop = self._find(_HOST6_END, position + 1)
        if self.text[stop : stop + 1] != "]":
            raise BadUri("the bracket of the IPv6 address is not closed")
        if stop + 1 < self.end and self.text[stop + 1] not in ":;?":
            raise self._bad(stop + 1)
        self._end_host(position, stop + 1)

    def _end_host(self, position: int, stop: int) -> None:
        self.uri.host = self.text[position:stop]
        character = self.text[stop : stop + 1]
        if character in ("&", "@"):
            raise self._bad(stop)
        if character == ":":
            position, stop = stop + 1, _DIGITS.match(self.text, stop + 1).end()  # type: ignore[union-attr]
            if stop < self.end and self.text[stop] not in ";?":
                raise BadUri(f"{self.text[stop]!r} may not stand in a port")
            self.uri.port = self.text[position:stop]
            self._check_port()
        self._after_host(stop)

    def _check_port(self) -> None:
        digits = (self.uri.port or "").lstrip("0")
        if len(digits) > len(str(PORT_LIMIT)) or int(digits or "0") > PORT_LIMIT:
            raise BadUri(f"port {self.uri.port} is larger than {PORT_LIMIT}")

    def _after_host(self, position: int) -> None:
        """Parameters from a `;`, headers from a `?`; an `@` on the way means that all so far was the user."""
        if position >= self.end:
            return
        part_start, in_headers = position + 1, self.text[position] == "?"
        colon: int | None = None
        broken_headers = False
        for place in range(position + 1, self.end):
            character = self.text[place]
            if character == "@":
                self._was_user(place, colon)
                return
            if character not in ":;?":
                continue
            if character == ";" and in_headers:
                broken_headers = True
                if self.has_user or colon is not None:
                    raise self._bad(place)
            elif character == ":" and colon is None and not self.has_user:
                colon = place
            elif colon is not None:
                self.has_user, colon = True, None
            if character == "?" and not in_headers:
                self.uri.params = self.text[part_start:place]
                part_start, in_headers = place + 1, True
        if broken_headers:
            raise BadUri("';' may not stand in the headers")
        if in_headers:
            self.uri.headers = self.text[part_start:]
        else:
            self.uri.params = self.text[part_start:]

    def _was_user(self, place: int, colon: int | None) -> None:
        """An `@` behind what looked like parameters or headers."""
        if self.has_user:
            raise self._bad(place)
        self.uri = SipUri(self.text, self.uri.scheme, self.start)
        self.uri.user = self.text[self.start : place if colon is None else colon]
        if colon is not None:
            self.uri.password = self.text[colon + 1 : place]
        self._host(place + 1)


def _known_parameters(params: str | None) -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for parameter in (params or "").split(";"):
        name, equals, value = parameter.partition("=")
        name = name.lower()
        strict = next((known for known in STRICT if name.startswith(known)), None)
        if strict and not (name == strict and equals):
            # the server demands `=` right behind these names
            raise BadUri(f"parameter {strict} needs a value")
        if (value and name in VALUED + BARE + STRICT) or (name in BARE and not equals):
            found[name] = (parameter, value if equals else None)
    return found
