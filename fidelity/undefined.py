"""What a 4.0 leaves to chance: parameters of an event inside an event, once the memory that they lie in is given back.

The parameters point into the AVPs they were made of. Those are given back when the first route of the event has ended,
unless they are older than the first event that the outermost route raised. Who reads parameters after that finds
whatever lies there: a second route of the event, and a route that has raised events itself.
"""

from __future__ import annotations

import re
from typing import Final

_HEAD: Final = re.compile(r"^(?:event_)?route\[(\w+)\] \{$", re.MULTILINE)
_RAISE: Final = re.compile(r'raise_event\("(\w+)"(, )?')
_AGAIN: Final = re.compile(r"raise_event\(|\broute\(")
_SUBSCRIPTION: Final = re.compile(r'subscribe_event\("(\w+)", "route:(\w+)"\)')
_PARAM: Final = re.compile(r"\$\(?param\(")


def reads_freed_values(script: str) -> bool:
    """Whether a program may read them; it says so of some that do not."""
    bodies = _bodies(script)
    given = {event for event, arguments in _RAISE.findall(script) if arguments}
    routes: dict[str, list[str]] = {event: [event] for event in given}
    for event, route in _SUBSCRIPTION.findall(script):
        if event in given:
            routes[event].append(route)
    return any(
        _PARAM.search(bodies.get(name, "")) and (len(names) > 1 or _raises_before_it_reads(bodies.get(name, "")))
        for names in routes.values()
        for name in names
    )


def _raises_before_it_reads(body: str) -> bool:
    raised = _AGAIN.search(body)
    if raised is None:
        return False
    # a loop comes back to what stands before the raise
    start = 0 if re.search(r"\b(while|for) \(", body[: raised.start()]) else raised.start()
    return _PARAM.search(body, start) is not None or "route(" in body[start:]


def _bodies(script: str) -> dict[str, str]:
    heads = [*_HEAD.finditer(script)]
    ends = [*(head.start() for head in heads[1:]), len(script)]
    return {head[1]: script[head.end() : end] for head, end in zip(heads, ends, strict=True)}
