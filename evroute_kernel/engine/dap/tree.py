"""Values that stand still as the tree that front ends unfold.

What can be unfolded has a number (`variablesReference`), which stays the same until its worker goes on, also when some
value has been changed meanwhile. A value's `type` is `str` or `int`: JupyterLab shows the name of any other type
instead of the value.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from evroute_kernel.records import dataclass

#: scopes of front ends -> the scopes of a worker in them; what one run sees, and what all processes share
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "Run": ("run", "$param", "$var", "$avp", "$json"),
    "Shared": ("$shv",),
}
#: how scripts write a variable of a scope of a worker; others have the names of what is in them
_NAMES: Final = {
    "$param": "$param({})",
    "$var": "$var({})",
    "$avp": "$avp({})",
    "$shv": "$shv({})",
    "$json": "$json({})",
}
#: what no script can set, or not so
_FIXED: Final = ("run", "$param")
#: keys that can stand in the path of a $json
_KEY: Final = re.compile(r"[\w-]+")

Scopes = tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be unfolded: a scope of a frame, and the names that lead to it from there."""

    worker: int
    frame: int
    scope: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, what it is called below what it stands in, and how scripts write it, "" where they cannot."""

    name: str
    written: str
    value: Any
    is_fixed: bool

    @property
    def is_many(self) -> bool:
        """Whether it is an AVP with its values, or a JSON array or object."""
        return isinstance(self.value, tuple)


class Tree:
    """The places that have a number. Any thread may use it."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}
        self._numbers: dict[Place, int] = {}
        self._count = 0
        self._lock = threading.Lock()

    def __getitem__(self, reference: int) -> Place | None:
        return self._places.get(reference)

    def add(self, place: Place) -> int:
        """The number of a place."""
        with self._lock:
            if place not in self._numbers:
                self._count += 1
                self._numbers[place] = self._count
                self._places[self._count] = place
            return self._numbers[place]

    def forget(self, worker: int) -> None:
        """It goes on: its values are others from now on."""
        with self._lock:
            self._places = {number: place for number, place in self._places.items() if place.worker != worker}
            self._numbers = {place: number for number, place in self._places.items()}

    def shown(self, place: Place, scopes: Scopes) -> Iterator[dict[str, Any]]:
        """What is below a place, as the protocol has it. `scopes`: what is in its frame."""
        for entry in entries(place, scopes):
            yield {**self.value(place, entry), "name": entry.name}

    def value(self, place: Place, entry: Entry) -> dict[str, Any]:
        """The value of what stands below a place, as the protocol has it."""
        below = Place(place.worker, place.frame, place.scope, (*place.path, entry.name))
        return {
            "value": text_of(entry.value),
            "type": "int" if isinstance(entry.value, int) else "str",
            "variablesReference": self.add(below) if _has_entries(entry.value) else 0,
            **({"evaluateName": entry.written} if entry.written else {}),
            **({"presentationHint": {"attributes": ["readOnly"]}} if entry.is_fixed else {}),
        }


def entries(place: Place, scopes: Scopes) -> Iterator[Entry]:
    """What is below a place; nothing if it is not there any more."""
    found = _scope(place.scope, scopes)
    for name in place.path:
        entry = next((each for each in found if each.name == name), None)
        if entry is None:
            return
        found = _below(entry)
    yield from found


def _scope(name: str, scopes: Scopes) -> Iterator[Entry]:
    for kind, pairs in scopes:
        if kind in SCOPES.get(name, ()):
            for label, value in pairs:
                written = _NAMES[kind].format(label) if kind in _NAMES else label
                yield Entry(written, written if written.startswith("$") else "", value, kind in _FIXED)


def _below(entry: Entry) -> Iterator[Entry]:
    written = entry.written
    for name, value in _pairs(entry.value):
        if written.startswith("$avp("):
            yield Entry(name, f"$({written[1:]}{name})", value, False)
        elif not written or not (name.startswith("[") or _KEY.fullmatch(name)):
            yield Entry(name, "", value, True)
        else:
            step = name if name.startswith("[") else f"/{name}"
            yield Entry(name, f"{written[:-1]}{step})", value, False)


def _pairs(value: Any) -> tuple[tuple[str, Any], ...]:
    if not isinstance(value, tuple):
        return ()
    kind, parts = value
    return tuple((f"[{i}]", each) for i, each in enumerate(parts)) if kind == "list" else parts


def _has_entries(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value[1])


def text_of(value: Any) -> str:
    """A value on one line: text stands in quotes where it is inside of something."""
    return "<null>" if value is None else value if isinstance(value, str) else _inside(value)


def _inside(value: Any) -> str:
    if isinstance(value, tuple):
        kind, parts = value
        if kind == "list":
            return "[" + ", ".join(map(_inside, parts)) + "]"
        return "{" + ", ".join(f"{json.dumps(name)}: {_inside(each)}" for name, each in parts) + "}"
    return "<null>" if value is None else json.dumps(value, ensure_ascii=False)
