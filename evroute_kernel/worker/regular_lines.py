"""Recorded events whose lines are all alike, many at once: what `recorded` makes of each, in a fraction of the time.

A line is regular when it is what `%record` or a server writes for parameters that have names: one object with the
event's name, perhaps `params` and a time. Its parameters are then cut out by one pattern, and those of a stretch of
lines read as one JSON array. Anything else, in a line or in the values, makes the whole stretch irregular: it is read
line by line, where the rules stand, and where it is told what is wrong.

That joining texts changes nothing: a text of parameters holds one `{`, its first character. So an array of as many
objects as there are texts has each of them opened by its own text, and ended within it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import EVENT_NAME_LIMIT
from evroute_kernel.runtime.values import INT_MAX, INT_MIN

#: bytes of lines that are taken together, about
STRETCH: Final = 2**15
#: of the first of a block, whose first event shall not wait for many others; and behind an irregular line, which costs
#: no more than its stretch
FIRST_STRETCH: Final = 2**10

_EVENT: Final = rf'"([^"\\\n]{{1,{EVENT_NAME_LIMIT}}})"'
_REGULAR: Final = re.compile(
    rf'^\{{"(?:event|jsonrpc": ?"2\.0", ?"method)": ?{_EVENT}(?:, ?"params": ?(\{{[^{{}}\n]*\}}))?'
    r'(?:, ?"time": ?((?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,20})?))?\}\r?$',
    re.MULTILINE,
)
_decode: Final = json.JSONDecoder(object_pairs_hook=tuple, strict=False).decode


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events, one a line: their names and parameters, and the texts of their times, empty where there is none."""

    names: Sequence[str]
    params: Sequence[Any]
    written_times: Sequence[str]

    def times(self) -> list[int | float | None]:
        """When they were raised, as JSON has numbers."""
        return [(float(text) if "." in text else int(text)) if text else None for text in self.written_times]


def events_of_stretch(text: str, start: int, end: int) -> Stretch | None:
    """The events of `text[start:end]`, one a line; None when not all lines are regular.

    The lines are bytes, one character each; the last one has no line break.
    """
    found = _REGULAR.findall(text, start, end)
    if len(found) != text.count("\n", start, end) + 1:
        return None
    names, texts, times = zip(*found, strict=True)
    if "" in texts:
        texts = tuple(text or "{}" for text in texts)
    joined = ",".join(texts)
    if "\\u" in joined:  # escapes name characters, not bytes
        return None
    try:
        params = _decode(f"[{joined}]")
    except (ValueError, RecursionError):
        return None
    return Stretch(names, params, times) if len(params) == len(names) and _are_plain(params) else None


def _are_plain(params: Sequence[Any]) -> bool:
    """Whether all values are texts, or integers that a script can hold."""
    for each in params:
        for _, value in each:
            if type(value) is not str and (type(value) is not int or not INT_MIN <= value <= INT_MAX):
                return False
    return True
