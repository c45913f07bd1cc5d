"""Events as a server could send them, made of the catalogue: one of each kind that a route may have to tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.catalogue import Event
from evroute_kernel.library.table import Library


class EventSample(NamedTuple):
    """An event with parameters, as `session.raise_event(*sample)` takes it."""

    name: str
    params: dict[str, int | str]


def sample_params(event: Event) -> dict[str, int | str]:
    """The parameters of an event as a server sends them, but for those that it may leave from an earlier event."""
    return {param.name: param.sample for param in event.params if not param.stale}


def samples(event: Event) -> Iterator[tuple[str, EventSample]]:
    """The samples of an event, each with what is particular about it: `status=active`, `without reason`.

    The first one has every parameter and nothing particular. One more for each other value of a parameter that has few
    of them, and for each parameter that the server sends only at times.
    """
    whole = sample_params(event)
    yield "", EventSample(event.name, whole)
    for param in event.params:
        if param.stale:
            continue
        for value in param.values:
            if value != param.sample:
                yield f"{param.name}={value}", EventSample(event.name, whole | {param.name: value})
        if param.optional:
            without = {name: value for name, value in whole.items() if name != param.name}
            yield f"without {param.name}", EventSample(event.name, without)


def matching(patterns: Iterable[str], library: Library) -> list[Event]:
    """The events of a version whose names match a pattern such as `E_DLG_*`, in its order. Raises GivenError where none
    does."""
    found = dict[str, Event]()
    for pattern in patterns:
        events = {name: event for name, event in library.events.items() if fnmatchcase(name, pattern)}
        if not events:
            hint = library.successor("event", pattern) or did_you_mean(pattern, library.events)
            raise GivenError(f"OpenSIPS {library.version} has no event {pattern}", hint)
        found |= events
    return list(found.values())
