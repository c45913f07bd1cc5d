"""Values that are known of what a script compares, and of the parameters of events: offered where they can stand.

Only values of which the server has no others are offered (`values` in the catalogue), and for a parameter without such
a list the sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.frames import BLOCK
from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.assist.place import Place

#: characters before a literal in which its other side stands
_REACH: Final = 200
#: characters of the longest value without quotes that is looked for
_LONGEST: Final = 60
#: `$param(status)`, `$(param(status))`, `$proto`; nothing that a transformation changes
_OPERAND: Final = r"\$(?P<enclosed>\()?\s*(?P<variable>[\w.]+)(?:\(\s*(?P<name>[\w.-]+)\s*\))?\s*(?(enclosed)\))"
_COMPARED: Final = re.compile(rf"{_OPERAND}\s*[=!]=\s*\Z")
_SWITCHED: Final = re.compile(rf"\bswitch\s*\(\s*{_OPERAND}\s*\)\s*\Z")
_CASE: Final = re.compile(r"\bcase\s*\Z")
#: what has been typed of a value without quotes
_TYPED: Final = re.compile(r"-?\w*\Z")
#: texts that the line of a magic takes without quotes
_BARE: Final = re.compile(r"(?!-?\d+\Z)\w[\w.@:/+-]*")


def in_string(defined: Defined, place: Place, start: int, word: str) -> Offer | None:
    """What a text in quotes that begins there may be, when it is compared with something."""
    texts = [value for value in _compared_with(defined, place, start) if isinstance(value, str)]
    return Offer(word, _plain(texts)) if texts else None


def in_code(defined: Defined, place: Place) -> Offer | None:
    """What a value without quotes, or the quotes too, may be that is compared with something."""
    typed = _TYPED.search(place.near, max(0, len(place.near) - _LONGEST))
    word = typed[0] if typed else ""
    values = _compared_with(defined, place, place.cursor - len(word))
    offer = Offer(word, _plain(f'"{v}"' if isinstance(v, str) else str(v) for v in values), lambda word: ())
    return offer if offer.fitting() else None


def of_argument(defined: Defined, function: str, argument: int) -> list[Candidate]:
    """Values of an argument of a function, which is a text."""
    known = defined.library.functions.get(function)
    return _plain(known.params[argument].values if known is not None and argument < len(known.params) else ())


def of_param(defined: Defined, event: str, name: str) -> Iterator[Candidate]:
    """Values of an event's parameter as the line of a magic takes them."""
    known = defined.event(event)
    param = known.param(name) if known else None
    if param is not None:
        kind = "value" if param.values else "sample"
        yield from (Candidate(_on_line(value), kind) for value in param.values or (param.sample,))


def _plain(texts: Iterable[str]) -> list[Candidate]:
    return [Candidate(text, "value") for text in texts]


def _on_line(value: int | str) -> str:
    if isinstance(value, int) or _BARE.fullmatch(value):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _compared_with(defined: Defined, place: Place, start: int) -> Sequence[int | str]:
    """The values of what the literal that begins there is compared with; none where nobody can tell."""
    ahead = place.text[max(place.start, start - _REACH) : start]
    operand = _COMPARED.search(ahead)
    if operand is None and _CASE.search(ahead):
        operand = _switched(place)
    return _values_of(defined, place, operand) if operand else ()


def _switched(place: Place) -> re.Match[str] | None:
    """What the switch goes by whose block the cursor is in."""
    block = next((f.start for f in reversed(place.frames) if f.kind == BLOCK), place.start)
    return _SWITCHED.search(place.text[max(place.start, block - _REACH) : block])


def _values_of(defined: Defined, place: Place, operand: re.Match[str]) -> Sequence[int | str]:
    if operand["variable"] != "param":
        known = defined.library.variables.get(operand["variable"])
        return known.values if known is not None else ()
    route = place.route
    event = defined.event(route.name) if route is not None and route.kind == "event_route" else None
    param = event.param(operand["name"] or "") if event else None
    return param.values if param else ()
