"""SDP bodies as OpenSIPS 3.6 reads them: lines by their letter, and the media streams."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from evroute_kernel.records import dataclass

_ADDRESS_FAMILY: Final = ("IP4", "IP6")
_BLANKS: Final = " \t"
_TRIMMED: Final = " \t\r\n\0"
_LINE_END: Final = re.compile(r"\n")
_WORD: Final = re.compile(r"[^ \t\r\n]+")
_MEDIA: Final = re.compile(r"(?P<media>[^ \t\r\n]+)[ \t]+(?P<port>[^ \t\r\n]+)[ \t]+(?P<protocol>[^ \t\r\n]+)")


class BadSdp(ValueError):
    """The text is no SDP body with streams; the message says why."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A media stream: characters `start` to `end` of the body, from its `m=` line up to the next."""

    media: str
    start: int
    end: int


def find_line(body: str, letter: str, start: int = 0, end: int | None = None) -> int:
    """Where the first line `letter=` at or after `start` begins, -1 for none."""
    limit = len(body) if end is None else end
    at = body.find(letter + "=", start, limit)
    while at > 0 and body[at - 1] not in "\r\n":
        at = body.find(letter + "=", at + 2, limit)
    return at


def find_nth_line(body: str, letter: str, index: int) -> int:
    """Where line number `index` (from 0) of a letter begins, -1 for none."""
    at = find_line(body, letter)
    while at >= 0 and index > 0:
        at = find_line(body, letter, at + 2) if len(body) - at >= 3 else -1
        index -= 1
    return at


@lru_cache(32)
def parse_streams(body: str) -> tuple[Stream, ...]:
    """The media streams of a body. Raises BadSdp where the server does: much may be missing, addresses may not."""
    session_start = _session_start(body)
    origin = find_line(body, "o", session_start)
    if origin < 0:
        raise BadSdp("it has no line o=")
    first = find_line(body, "m", origin)
    if first < 0:
        raise BadSdp("it has no line m=")
    _check_address(body, origin)
    session_address = find_line(body, "c", origin, first)
    if session_address >= 0:
        _check_address(body, session_address)
    return tuple(_streams(body, first, session_address >= 0))


def _session_start(body: str) -> int:
    """Where `v=` is: at the beginning, behind at most two line break characters."""
    start = len(body) - len(body[:2].lstrip("\r\n") + body[2:])
    if len(body) - start < 2:
        raise BadSdp("it is too short")
    if not body.startswith("v=", start):
        raise BadSdp(f"it starts with {body[start : start + 2]!r}, expected 'v='")
    return start


def _streams(body: str, start: int, has_address: bool) -> list[Stream]:
    streams: list[Stream] = []
    while start < len(body):
        following = find_line(body, "m", start + 2) if len(body) - start >= 3 else -1
        end = following if following >= 0 else len(body)
        address = find_line(body, "c", start, end)
        if address >= 0:
            _check_address(body, address)
        elif not has_address:
            raise BadSdp("neither the session nor the stream has a line c=")
        streams.append(Stream(_media(body, start, end), start, end))
        start = end
    return streams


def _line(body: str, start: int) -> str:
    """What follows `x=` in the line at `start`, trimmed."""
    found = _LINE_END.search(body, start)
    return body[start + 2 : found.end() if found else len(body)].rstrip(_TRIMMED).lstrip(_BLANKS)


def _check_address(body: str, start: int) -> None:
    """A line o= or c= needs a word IP4 or IP6 and one after it."""
    words = _WORD.findall(_line(body, start))
    if any(word in _ADDRESS_FAMILY for word in words[:-1]):
        return
    raise BadSdp(f"the line {body[start : start + 2]} has no address after IP4 or IP6")


def _media(body: str, start: int, end: int) -> str:
    """The media type of the line m= at `start`, which needs a port and a protocol too."""
    found = _MEDIA.match(_line(body[:end], start))
    if found is None:
        raise BadSdp(f"the line {_line(body[:end], start)!r} lacks media type, port or protocol")
    return found["media"]
