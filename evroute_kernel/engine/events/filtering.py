"""Why the filters of notify_on_event() let an event through, or did not. Never in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.engine.events.params import Params
from evroute_kernel.errors import Diagnostic
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.notifying.subscriptions import Entry, Subscription, lower, values_of

#: the code of these remarks
FILTER: Final = "event-filter"


def filter_remarks(event: str, params: Params, entries: Iterable[Entry]) -> tuple[Diagnostic, ...]:
    """Findings of severity "info" about the subscriptions to an event (byte strings) that is raised now: filters that
    keep it from a route, and those that say nothing of it since it lacks their key."""
    values = values_of(params)
    found = dict.fromkeys(line for entry in entries for line in _of_subscription(event, values, entry))
    return tuple(Diagnostic("info", FILTER, decode(message), None, hint) for message, hint in found)


def _of_subscription(event: str, values: dict[str, str], entry: Entry) -> Iterator[tuple[str, str | None]]:
    _, _, filters, route, _, worker = entry
    whom = f"the run that waits in worker {worker}" if worker and not route else f"route[{route}]"
    for key, pattern in filters:
        value = values.get(lower(key))
        text = f"{key}={pattern}"
        if value is None:
            names = ", ".join(decode(name) or "some without a name" for name in values)
            has = f"it has {names}" if values else "it has none"
            yield f"the filter {text} of {whom} is ignored: {event} came without a parameter '{key}'", has
        elif not Subscription((*entry[:2], ((key, pattern),), *entry[3:])).fits(values):
            yield f"the filter {text} keeps {event} from {whom}: {key} is '{value}'", None
