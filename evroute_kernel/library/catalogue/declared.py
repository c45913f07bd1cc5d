"""Events of one's own: `%event declare E_X ip port:int [reason] ...` says what the catalogue cannot know.

A declaration is a name and parameters, separated by blanks or commas:

    ip            a string
    port:int      an integer; `:string` may be written too
    [reason]      may be absent
    ...           at the end: the event may hold others besides
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from evroute_kernel.library.catalogue.facts import Event, EventParam
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import EVENT_NAME_LIMIT
from evroute_kernel.runtime.values import encode

_PARAM = re.compile(r"(?P<name>[^\s:\[\],]+)(?::(?P<type>\w+))?")
_USAGE = "write NAME, NAME:int or [NAME]"


@dataclass(frozen=True, slots=True)
class DeclaredParam:
    name: str
    type: Literal["int", "string"] = "string"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class EventDeclaration:
    """An event that somebody other than OpenSIPS raises; `open` ones may hold more parameters than are listed."""

    name: str
    params: tuple[DeclaredParam, ...] = ()
    open: bool = False

    @classmethod
    def parse(cls, text: str) -> EventDeclaration:
        """Read `E_X ip port:int [reason] ...`; raises ValueError that says what is wrong."""
        words = text.replace(",", " ").split()
        if not words:
            raise ValueError("an event needs a name: E_NAME param param:int [optional]")
        name, *rest = words
        if len(encode(name)) > EVENT_NAME_LIMIT:
            raise ValueError(f"event name {name!r} is longer than {EVENT_NAME_LIMIT} bytes")
        is_open = rest[-1:] == ["..."]
        params = tuple(_params(rest[:-1] if is_open else rest))
        return cls(name, params, is_open)

    def event(self) -> Event:
        """The declaration in the form of the catalogue; samples are made up from names and types."""
        params = tuple(
            EventParam(p.name, p.type, "", 1 if p.type == "int" else p.name, optional=p.optional) for p in self.params
        )
        return Event(self.name, "declared", "Declared in this session.", params, dynamic=self.open)

    def __str__(self) -> str:
        return self.event().signature.replace("(", " ").removesuffix(")").replace(", ", " ").rstrip() + (
            " ..." if self.open else ""
        )


def _params(words: list[str]) -> Iterator[DeclaredParam]:
    seen: set[str] = set()
    for word in words:
        optional = word.startswith("[") and word.endswith("]")
        found = _PARAM.fullmatch(word[1:-1] if optional else word)
        if word == "...":
            raise ValueError("'...' may only come last")
        if found is None:
            raise ValueError(f"{word!r} is no parameter: {_USAGE}")
        kind = found["type"] or "string"
        if kind not in ("int", "string"):
            raise ValueError(f"parameter {found['name']!r} has the unknown type {kind!r}: int or string")
        if found["name"] in seen:
            raise ValueError(f"parameter {found['name']!r} is declared twice")
        seen.add(found["name"])
        yield DeclaredParam(found["name"], "int" if kind == "int" else "string", optional)


def known_event(name: str, declared: Mapping[str, EventDeclaration], events: Mapping[str, Event]) -> Event | None:
    """The event of a name: one of `events` of the catalogue, the session's, or both together; None when nobody knows
    it.

    A declaration of an event of the catalogue adds parameters to it, as `extra_fields` of the acc module does.
    """
    catalogued, own = events.get(name), declared.get(name)
    if catalogued is None or own is None:
        return catalogued or (own.event() if own else None)
    added = tuple(p for p in own.event().params if catalogued.param(p.name) is None)
    return Event(
        name,
        catalogued.module,
        catalogued.description,
        catalogued.params + added,
        catalogued.dynamic or bool(added) or own.open,
        catalogued.extra_params,
        catalogued.notes,
    )
