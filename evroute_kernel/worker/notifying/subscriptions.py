"""The subscriptions of notify_on_event() and wait_for_event(), and which of them an event reaches.

Observed on OpenSIPS 3.6 and 4.0: all filters must match, but one whose key the event lacks is ignored; a key is
compared without case, a value as fnmatch() does, integers as the text of an unsigned number; of a parameter that comes
twice the first counts; the latest subscription is the first to be served, and one counts until the clock, in whole
seconds, has passed its last second.

Most filters name one value and no pattern, so subscriptions are found by that: of ten thousand that wait for different
calls an event looks at those that wait for its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from operator import attrgetter
from typing import Final, TypeAlias

from evroute_kernel.library.functions.glob import glob_pattern
from evroute_kernel.runtime.values import Value

#: number (unique in a session, growing), event, filters as (key, pattern), route, last second of the epoch, and the
#: worker in which a run waits: 0 for a subscription, which stays
Entry: TypeAlias = "tuple[int, str, tuple[tuple[str, str], ...], str, int, int]"
#: key in lower case, pattern, and what matches it where it is no plain text
Filter: TypeAlias = "tuple[str, str, re.Pattern[str] | None]"

_UNSIGNED: Final = 2**64
_SPECIAL: Final = re.compile(r"[*?\[\\]")


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
    def key(self) -> tuple[str, str] | None:
        """Key and value of a filter that is no pattern."""
        return next(((key, text) for key, text, pattern in self.filters if pattern is None and key), None)

    def fits(self, values: dict[str, str]) -> bool:
        """Whether an event with these parameters reaches it."""
        for key, text, pattern in self.filters:
            value = values.get(key)
            if value is None:
                continue
            if (value != text) if pattern is None else (pattern.fullmatch(value) is None):
                return False
        return True


class Audience:
    """The subscriptions to one event."""

    def __init__(self) -> None:
        self._all: dict[int, Subscription] = {}
        #: those without a filter for one value, and the others by that
        self._others: dict[int, Subscription] = {}
        self._by_value: dict[str, dict[str, dict[int, Subscription]]] = {}
        self._ends: list[tuple[int, int]] = []

    def add(self, entry: Entry) -> None:
        """One more, unless it is there already."""
        if entry[0] in self._all:
            return
        subscription = Subscription(entry)
        self._all[entry[0]] = self._place(subscription)[entry[0]] = subscription
        heappush(self._ends, (subscription.last, subscription.number))

    def _place(self, subscription: Subscription) -> dict[int, Subscription]:
        key = subscription.key
        if key is None:
            return self._others
        return self._by_value.setdefault(key[0], {}).setdefault(key[1], {})

    def is_empty(self, now: int) -> bool:
        """Whether all have expired, which are forgotten then."""
        while self._ends and self._ends[0][0] < now:
            self.remove(heappop(self._ends)[1])
        return not self._all

    def remove(self, number: int) -> None:
        """It is over, if it was not before."""
        if (gone := self._all.pop(number, None)) is None:
            return
        del self._place(gone)[number]
        if (key := gone.key) is not None and not self._by_value[key[0]][key[1]]:
            del self._by_value[key[0]][key[1]]

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
        for key, by_value in self._by_value.items():
            value = values.get(key)
            if value is not None:
                yield from by_value.get(value, {}).values()
            else:  # the event lacks the key, so that it is ignored
                for subscriptions in by_value.values():
                    yield from subscriptions.values()


def values_of(params: Sequence[tuple[str | None, Value]]) -> dict[str, str]:
    """What filters look at: the text of each parameter, by its name in lower case; the first of a name."""
    values: dict[str, str] = {}
    for name, value in params:
        if name:
            values.setdefault(lower(name), str(value % _UNSIGNED) if isinstance(value, int) else str(value))
    return values


def lower(name: str) -> str:
    """Without case as the server has it: of ASCII letters."""
    return name.lower() if name.isascii() else name.encode("latin-1").lower().decode("latin-1")
