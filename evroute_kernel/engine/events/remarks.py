"""What is odd about the parameters of a raise, measured by what a server sends with the event. Never in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evroute_kernel.engine.events.params import GivenParams, Received
from evroute_kernel.errors import Diagnostic
from evroute_kernel.library.catalogue.declared import EventDeclaration, known_event
from evroute_kernel.library.catalogue.facts import Event, EventParam
from evroute_kernel.library.catalogue.nearness import CERTAIN, likely_params
from evroute_kernel.runtime.values import INT_MAX, INT_MIN

Remark = tuple[str, str | None]


def remarks(
    event: str, given: GivenParams, declared: Mapping[str, EventDeclaration], events: Mapping[str, Event]
) -> tuple[Diagnostic, ...]:
    """Findings of severity "info" about parameters that no server sends so; none for an event that nobody knows, and
    for parameters that came from a server."""
    known = known_event(event, declared, events)
    if known is None or given is None or isinstance(given, Received):
        return ()
    found = _of_named(known, given) if isinstance(given, Mapping) else _of_unnamed(known, given)
    return tuple(Diagnostic("info", "event-parameter", message, None, hint) for message, hint in found)


def _of_named(event: Event, given: Mapping[str, Any]) -> Iterator[Remark]:
    for name, value in given.items():
        param = event.param(name)
        if isinstance(value, float) and not isinstance(value, bool):
            yield from _of_number(name, value)
        if param is not None:
            yield from _of_value(event, param, value)
        elif isinstance(name, str):
            yield from _of_name(event, name)


def _of_unnamed(event: Event, given: Any) -> Iterator[Remark]:
    if not isinstance(given, list | tuple) or event.dynamic:
        return
    if len(given) > len(event.params):
        count = len(event.params)
        has = f"{count} parameter{'s' * (count != 1)}"
        yield f"{event.name} has {has}, and {len(given)} values are given", event.signature
    numbers = [param.name for param, _ in zip(event.params, given, strict=False) if param.type == "int"]
    if numbers:
        message = f"values without names arrive as text, and a server sends {numbers[0]} as a number"
        yield message, f"write {numbers[0]}=..."


def _of_name(event: Event, name: str) -> Iterator[Remark]:
    """A name that the event does not have; where configuration adds some, one that is evidently meant for another."""
    likely = likely_params(name, [param.name for param in event.params])
    if event.dynamic:
        likely = [item for item in likely if item[1] >= CERTAIN]
        if not likely:
            return
    has = f"it has {', '.join(param.name for param in event.params)}" if event.params else "it has none"
    yield f"{event.name} has no parameter {name!r}", f"did you mean {likely[0][0]}?" if likely else has


def _of_number(name: str, value: float) -> Iterator[Remark]:
    if value != value or value in (float("inf"), float("-inf")):
        return
    became = max(INT_MIN, min(INT_MAX, int(value)))
    if became != value:
        yield (
            f"{name}={value:g} becomes {became}: parameters are whole numbers of 32 bits",
            f'as text: {name}="{value:g}"',
        )


def _of_value(event: Event, param: EventParam, value: Any) -> Iterator[Remark]:
    if value is None or isinstance(value, bool | float | list | dict):
        return
    if param.type == "int" and isinstance(value, str):
        hint = f"without quotes: {param.name}={value}" if value.lstrip("-").isdigit() else None
        yield f"{event.name} sends {param.name} as a number, not as text", hint
    elif isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        yield f"{param.name}={value} becomes {INT_MAX if value > 0 else INT_MIN}: 32 bits hold no more", None
    elif param.values and str(value) not in map(str, param.values):
        sent = [str(known) for known in param.values]
        hint = f"it sends {', '.join(sent[:-1])} or {sent[-1]}" if len(sent) > 1 else f"it sends {sent[0]}"
        yield f"{event.name} never sends {param.name}={value}", hint
