"""What is in the variables where a run stands still, as plain values.

Scopes are pairs of name and `(name, value)` pairs. A value is a number, a text (a byte string), None for null,
`("list", values)` for an AVP with the newest first and for JSON arrays, `("map", pairs)` for JSON objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.values import stored
from evroute_kernel.runtime.watching.hook import Frame
from evroute_kernel.worker.watching.evaluating import within

#: characters of a text, entries of a collection, and levels of a document that are told
TEXT_LIMIT: Final = 2**12
ENTRIES: Final = 1000
DEPTH: Final = 30

Pair = tuple[str, Any]


def variables(process: Process, frame: Frame) -> Iterator[tuple[str, tuple[Pair, ...]]]:
    """The scopes of a frame."""
    context = frame.context
    arguments = context.scopes[within(frame)]
    if arguments is None:
        given = ((name or str(i + 1), value) for i, (name, value) in enumerate(context.params))
    else:
        given = ((str(i + 1), value) for i, value in enumerate(arguments))
    yield "$param", _pairs(given)
    yield "$var", _pairs((name, value) for name, value in process.var.items() if value is not None)
    yield "$avp", _pairs((name, values[::-1]) for name, values in context.avps.items() if values)
    yield "$shv", _pairs(process.shared.plain.items(SHARED_TABLE))
    yield "$json", _pairs(process.json.items())
    yield "run", (("$rc", process.rc), ("event", context.event))


def _pairs(items: Iterable[tuple[Any, Any]], depth: int = DEPTH) -> tuple[Pair, ...]:
    return tuple((str(name), plain(value, depth)) for name, value in islice(items, ENTRIES))


def plain(value: Any, depth: int = DEPTH) -> Any:
    """A value as it is told."""
    if isinstance(value, dict | list) and depth == 0:
        return "..."
    if isinstance(value, dict):
        return "map", _pairs(value.items(), depth - 1)
    if isinstance(value, list | tuple):
        return "list", tuple(plain(each, depth - 1) for each in value[:ENTRIES])
    if value is None or isinstance(value, int | float):
        return value
    found = stored(value)
    return found[:TEXT_LIMIT] if isinstance(found, str) else found
