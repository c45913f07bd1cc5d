"""The subscriptions of notify_on_event() and wait_for_event(), and which of them an event reaches.

Observed on OpenSIPS 3.6 and 4.0: all filters must match, but one whose key the event lacks is ignored; a key is
compared without case, a value as fnmatch() does, integers as the text of an unsigned number; of a parameter that comes
twice the first counts; the latest subscription is the first to be served, and one counts until the clock, in whole
seconds, has passed its last second.

Most filters name one value, or a part of it, so subscriptions are found by that: of ten thousand that wait for
different calls an event looks at those that wait for its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from heapq import heappop, heappush
from operator import attrgetter
from typing import Final, Literal, NamedTuple, TypeAlias

from evroute_kernel.library.functions.glob import glob_pattern
from evroute_kernel.runtime.values import Value

#: number (unique in a session, growing), event, filters as (key, pattern), route, last second of the epoch, and the
#: worker in which a run waits: 0 for a subscription, which stays
Entry: TypeAlias = "tuple[int, str, tuple[tuple[str, str], ...], str, int, int]"
#: key in lower case, pattern, and what matches it where it is no plain text
Filter: TypeAlias = "tuple[str, str, re.Pattern[str] | None]"

_UNSIGNED: Final = 2**64
_SPECIAL: Final = re.compile(r"[*?\[\\]")
#: what a pattern begins and ends with, and is taken as it stands
_ENDS: Final = re.compile(r"([^*?\[\\]*).*?([^*?\[\]\\]*)", re.DOTALL)
#: characters of a part that are looked at: there are few lengths, and so few places to look at
_LONGEST: Final = 32


class Place(NamedTuple):
    """Where subscriptions lie that want a whole value, or so many characters at its beginning, at its end, or in it."""

    key: str
    part: Literal["whole", "beginning", "end", "inside"]
    length: int = 0

    def parts(self, value: str) -> Collection[str]:
        """The parts of a value that may be wanted."""
        if self.part == "whole":
            return (value,)
        if self.part == "beginning":
            return (value[: self.length],)
        if self.part == "end":
            return (value[-self.length :],)
        return {value[at : at + self.length] for at in range(len(value) - self.length + 1)}


class Subscription:
    """One call of notify_on_event() or wait_for_event()."""

    __slots__ = ("filters", "last", "number", "route", "worker")

    def __init__(self, entry: Entry) -> None:
        self.number, _, filters, self.route, self.last, self.worker = entry
        self.filters: tuple[Filter, ...] = tuple(
            (lower(key), pattern, glob_pattern(pattern) if _SPECIAL.search(pattern) else None)
            for key, pattern in filters
        )

    @property
    def place(self) -> tuple[Place, str] | None:
        """Where it is found, and by which text: that of the filter that lets the least through. None where no filter
        names any text."""
        found = max(map(_place_of, self.filters), key=lambda found: found[0].length, default=None)
        return found if found is not None and found[0].length else None

    def fits(self, values: dict[str, str]) -> bool:
        """Whether an event with these parameters reaches it."""
        for key, text, pattern in self.filters:
            value = values.get(key)
            if value is None:
                continue
            if (value != text) if pattern is None else (pattern.fullmatch(value) is None):
                return False
        return True


def _place_of(filter: Filter) -> tuple[Place, str]:
    """Where a subscription with this filter may lie; of length 0 where it names no text."""
    key, text, pattern = filter
    if pattern is None:
        return Place(key, "whole", sys.maxsize), text
    ends = _ENDS.fullmatch(text)
    assert ends is not None
    first, last = ends[1][:_LONGEST], ends[2][-_LONGEST:]
    # between brackets nothing stands for itself
    inside = "" if "[" in text or "\\" in text else max(re.split("[*?]", text), key=len)[:_LONGEST]
    if len(inside) > len(first) and len(inside) > len(last):
        return Place(key, "inside", len(inside)), inside
    if len(first) >= len(last):
        return Place(key, "beginning", len(first)), first
    return Place(key, "end", len(last)), last


class Audience:
    """The subscriptions to one event."""

    def __init__(self) -> None:
        self._all: dict[int, Subscription] = {}
        #: those that have no place, and the others by place and text
        self._others: dict[int, Subscription] = {}
        self._placed: dict[Place, dict[str, dict[int, Subscription]]] = {}
        self._ends: list[tuple[int, int]] = []

    def add(self, entry: Entry) -> None:
        """One more, unless it is there already."""
        if entry[0] in self._all:
            return
        subscription = Subscription(entry)
        self._all[entry[0]] = subscription
        found = subscription.place
        here = self._others if found is None else self._placed.setdefault(found[0], {}).setdefault(found[1], {})
        here[entry[0]] = subscription
        heappush(self._ends, (subscription.last, subscription.number))

    def is_empty(self, now: int) -> bool:
        """Whether all have expired, which are forgotten then."""
        while self._ends and self._ends[0][0] < now:
            self.remove(heappop(self._ends)[1])
        return not self._all

    def remove(self, number: int) -> None:
        """It is over, if it was not before."""
        if (gone := self._all.pop(number, None)) is not None:
            self._forget(gone)

    def _forget(self, gone: Subscription) -> None:
        found = gone.place
        if found is None:
            del self._others[gone.number]
            return
        place, text = found
        by_text = self._placed[place]
        del by_text[text][gone.number]
        if not by_text[text]:
            del by_text[text]
        if not by_text:
            del self._placed[place]

    def waits(self) -> tuple[int, ...] | None:
        """The numbers of the runs that wait; None where there are others, which stay."""
        if any(not subscription.worker for subscription in self._all.values()):
            return None
        return tuple(self._all)

    def reached(self, params: Sequence[tuple[str | None, Value]]) -> list[Subscription]:
        """Those that an event with these parameters reaches, in the order in which they are served."""
        values = values_of(params)
        found = [s for s in self._candidates(values) if s.fits(values)]
        found.sort(key=attrgetter("number"), reverse=True)
        return found

    def _candidates(self, values: dict[str, str]) -> Iterator[Subscription]:
        yield from self._others.values()
        for place, by_text in self._placed.items():
            value = values.get(place.key)
            if value is not None:
                for part in place.parts(value):
                    yield from by_text.get(part, {}).values()
            else:  # the event lacks the key, so that it is ignored
                for subscriptions in by_text.values():
                    yield from subscriptions.values()


def values_of(params: Sequence[tuple[str | None, Value]]) -> dict[str, str]:
    """What filters look at: the text of each parameter, by its name in lower case; the first of a name. A parameter
    without a name has an empty one, as a filter that begins with its `=`."""
    values: dict[str, str] = {}
    for name, value in params:
        values.setdefault(lower(name or ""), str(value % _UNSIGNED) if isinstance(value, int) else str(value))
    return values


def lower(name: str) -> str:
    """Without case as the server has it: of ASCII letters."""
    return name.lower() if name.isascii() else name.encode("latin-1").lower().decode("latin-1")
