"""Where in a text the cursor is, however broken the text: in which strings, brackets, variables, call and route."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from evroute_kernel.assist.frames import BLOCK, HEADER_START, PARENTHESIS, SQUARE, STRING, Frame, frames_of
from evroute_kernel.records import dataclass

_WORD_BEFORE: Final = re.compile(r"([A-Za-z_]\w*)\s*\Z")
_HEADER_BEFORE: Final = re.compile(
    r"(?P<kind>(?:[a-z]+_)?route)\s*(?:\[\s*[\"']?(?P<name>[^\[\]\"'\n,]*+)[^\[\]\n]*+\]?+)?\s*\Z"
)
#: characters that a route header, or a name at the cursor, may take up
_REACH: Final = 300
#: characters before the cursor that are looked at
_WINDOW: Final = 30_000
_HEADER: Final = re.compile(rf"^(?:{HEADER_START.pattern})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Header:
    """The route whose body the cursor is in: ("event_route", "E_X")."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """The call whose arguments the cursor is in; `argument` counts from 0, `start` is where the parenthesis stands."""

    name: str
    argument: int
    start: int


@dataclass(frozen=True)
class Place:
    """The cursor's place. `text` is all of the text, `start` where the script that was looked at begins."""

    text: str
    cursor: int
    frames: tuple[Frame, ...]
    start: int = 0

    @property
    def top(self) -> str:
        """The kind of the innermost frame; empty at the top level."""
        return self.frames[-1].kind if self.frames else ""

    @property
    def before(self) -> str:
        """What stands before the cursor, back to the start of the innermost frame that is no bracket."""
        opened = [f.start for f in self.frames if f.kind not in (BLOCK, PARENTHESIS, SQUARE)]
        return self.text[max(self.start, opened[-1] if opened else 0) : self.cursor]

    @property
    def near(self) -> str:
        """`before`, but no more of it than a name can take up."""
        return self.before[-_REACH:]

    @property
    def string(self) -> Frame | None:
        return next((f for f in reversed(self.frames) if f.kind == STRING), None)

    @cached_property
    def route(self) -> Header | None:
        """The route whose body the cursor is in."""
        block = next((f for f in self.frames if f.kind == BLOCK), None)
        if block is None:
            return None
        found = _HEADER_BEFORE.search(self.text[max(0, block.start - _REACH) : block.start])
        return Header(found["kind"], (found["name"] or "").strip()) if found else None

    @cached_property
    def call(self) -> Call | None:
        """The innermost call; `if (...)` and `route(...)` count as calls, brackets without a name do not."""
        for frame in reversed(self.frames):
            if frame.kind == BLOCK:
                return None
            if frame.kind == PARENTHESIS and (name := self.word_before(frame.start)):
                return Call(name, frame.commas, frame.start)
        return None

    def word_before(self, position: int) -> str:
        """The word that stands right before a position; empty when something else does."""
        found = _WORD_BEFORE.search(self.text[max(self.start, position - _REACH) : position])
        return found[1] if found else ""


def place_at(text: str, cursor: int, start: int = 0, foreign: re.Pattern[str] | None = None) -> Place:
    """The place of a cursor, which may be anywhere, in the script from `start` on; `foreign` as in `frames_of`."""
    cursor = max(start, min(cursor, len(text)))
    before = text[:cursor]
    return Place(text, cursor, frames_of(before, start or _window(before), foreign), start)


def _window(text: str) -> int:
    """Where to begin: at the start, but in a long text at a route header not far from the cursor."""
    far = len(text) - _WINDOW
    if far <= 0:
        return 0
    found = _HEADER.search(text, far)
    return found.start() if found else far
