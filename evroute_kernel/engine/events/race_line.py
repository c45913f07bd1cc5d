"""How people write events that are to race, on one line: `%race` and `evroute run --race`.

    E_A ip=192.0.2.1 E_B ip=192.0.2.1
    E_A 192.0.2.1 -- my_event {"ip": "192.0.2.1"} --limit 500

Each event is written as for `%raise`. The next one begins where a word looks like the name of an event of a server
(`E_...`, without quotes), or behind `--`. Options count for all of them, wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from evroute_kernel.engine.events.raise_line import ArgumentError, Params, RaiseRequest, Scanner, with_samples
from evroute_kernel.errors import ScriptError
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.library.table import Library
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source, Span

USAGE: Final = (
    "EVENT [PARAMETERS] [--] EVENT [PARAMETERS] [[--] EVENT [PARAMETERS]] [--check] [--sample] [--limit N]"
    " [--seconds S]"
)
OPTIONS: Final[Mapping[str, str | None]] = {"check": None, "sample": None, "limit": "N", "seconds": "S"}
#: how many events can race
FEWEST, MOST = 2, 3

_EVENT: Final = re.compile(r"E_[A-Z0-9_]+(?!\S)")
_NEXT: Final = re.compile(r"--(?!\S)")


@dataclass(frozen=True, slots=True)
class RaceRequest:
    """Events that are to race: each with the place of its name."""

    events: tuple[tuple[RaiseRequest, Span], ...]
    options: dict[str, str | bool]

    @property
    def span(self) -> Span:
        """From the name of the first event to that of the last one."""
        (_, first), *_, (_, last) = self.events
        return replace(first, end=last.end)

    @property
    def limits(self) -> dict[str, Any]:
        """What was said of them: `limit` and `seconds` of `Session.race`."""
        kinds = {"limit": int, "seconds": float}
        return {name: kind(self.options[name]) for name, kind in kinds.items() if name in self.options}

    def filled_in(
        self, library: Library, declared: Mapping[str, EventDeclaration] = MappingProxyType({})
    ) -> list[tuple[str, Params]]:
        """The events, with `--sample` also with the parameters that are not given (`raise_line.with_samples`). Raises
        ScriptError, at the name of the event."""
        found = []
        for request, span in self.events:
            sampled = RaiseRequest(request.event, request.params, self.options)
            try:
                found.append((request.event, with_samples(sampled, library, declared)))
            except ScriptError as error:
                raise ArgumentError(error.diagnostics[0].message, span, error.diagnostics[0].hint) from None
        return found


def parse_race(text: str, source: Source | None = None, offset: int = 0, usage: str = f"%race {USAGE}") -> RaceRequest:
    """Understand what follows `%race`; the rest is as in `raise_line.parse_raise`. Raises ArgumentError."""
    return _Scanner(text, source or Source("race", text), offset, usage).race()


def _start(text: str) -> int:
    return len(text) - len(text.lstrip())


class _Scanner(Scanner):
    """Reads one event after the other."""

    known = OPTIONS

    def race(self) -> RaceRequest:
        events: list[tuple[RaiseRequest, Span]] = []
        options: dict[str, str | bool] = {}
        self._read_options(options)
        while not events or not self.at_end:
            if len(events) == MOST:
                self.fail(f"{MOST} events can race, no more", self.position, self.end_of_word(self.position))
            start = self.position
            request = self.request()
            if again := request.options.keys() & options.keys():
                self.fail(f"option --{min(again)} is given twice", start, self.position)
            options |= request.options
            end = self.end_of_word(start)
            events.append((request, self.source.span(self.offset + start, self.offset + end)))
            self._skip_mark()
        if len(events) < FEWEST:
            self.fail(
                "one event alone does not race", _start(self.text), len(self.text.rstrip()), f"usage: {self.usage}"
            )
        return RaceRequest(tuple(events), options)

    def begins_next(self) -> bool:
        return bool(_NEXT.match(self.text, self.position) or _EVENT.match(self.text, self.position))

    def _read_options(self, options: dict[str, str | bool]) -> None:
        """Those before the first event."""
        self.skip_blanks()
        while self.text.startswith("--", self.position) and not self.at_end:
            self.option(options)
            self.skip_blanks()

    def _skip_mark(self) -> None:
        found = _NEXT.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
            self.skip_blanks()
            if self.at_end:
                self.fail("an event is missing behind --", found.start(), found.end())
