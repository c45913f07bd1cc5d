"""What the runtime itself remarks while routes run: each remark is shown once, as a finding, and counted from then on.

A loop can make ten thousand of them. What a lint has said of the same place a moment ago is not said again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import uuid4

from evroute_kernel.errors import Diagnostic, Parts, Severity, parts
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import LogRecord

#: remarks of one cell that are shown; where there are more, those are counted together
MOST_REMARKS: Final = 50
#: different remarks that are shown of one place: in a loop their values differ, and little else
MOST_OF_A_PLACE: Final = 3

#: level, text and statement of the remark; or what stands for those that are not shown
Place: TypeAlias = "tuple[str, Source | None, int]"

_SEVERITIES: Final[dict[str, Severity]] = {
    "ALERT": "error",
    "CRITICAL": "error",
    "ERROR": "error",
    "WARNING": "warning",
}


class Remark:
    """One that is shown. `id` is that of its display, which is told how often the remark came."""

    def __init__(self, record: LogRecord) -> None:
        self.id = uuid4().hex
        self.count = 1
        self._told = 1
        self._level = record.level
        severity = _SEVERITIES.get(record.level, "info")
        self._found = Diagnostic(severity, "run-time", record.text.rstrip(), record.span)

    @property
    def has_changed(self) -> bool:
        """Whether it came again since it was shown."""
        return self.count != self._told

    def parts(self) -> Parts:
        """What is shown of it now."""
        self._told = self.count
        times = "" if self.count == 1 else f", {self.count:,} times"
        return parts(self._found, tag=f"run time{times}", label=self._level.lower())


class Remarks:
    """Those of one cell."""

    def __init__(self) -> None:
        self._shown: dict[tuple[Place, str], Remark] = {}
        #: the last one shown of each place
        self._last: dict[Place, Remark] = {}
        self._of_places = Counter[Place]()
        #: whether one of them came again since `changed` was asked
        self.have_changed = False
        self._foretold: list[tuple[Span, tuple[str, ...]]] = []

    def foretell(self, found: Iterable[Diagnostic]) -> None:
        """These findings are shown: what the runtime says when they come true need not be."""
        from evroute_kernel.lang.lints.registry import LINTS

        for one in found:
            lint = LINTS.get(one.code)
            if lint is not None and lint.foretells and one.span is not None:
                self._foretold.append((one.span, lint.foretells))

    def take(self, record: LogRecord) -> Remark | None:
        """The remark, if it is to be shown now: None when it is counted, or was foretold."""
        span = record.span
        if span is not None and any(told in record.text for told in self._told_of(span)):
            return None
        place: Place = (record.level, span.source, span.start) if span else (record.level, None, -1)
        known = self._shown.get((place, record.text)) or self._crowded(place)
        if known is not None:
            known.count += 1
            self.have_changed = True
            return None
        remark = Remark(record)
        self._shown[place, record.text] = self._last[place] = remark
        self._of_places[place] += 1
        return remark

    def changed(self) -> list[Remark]:
        """Those that came again since they were shown."""
        self.have_changed = False
        return [remark for remark in self._shown.values() if remark.has_changed]

    def _crowded(self, place: Place) -> Remark | None:
        """The remark that stands for another one, where there is no room for more."""
        if self._of_places[place] >= MOST_OF_A_PLACE:
            return self._last[place]
        if len(self._shown) >= MOST_REMARKS:
            return self._last.get(place) or next(reversed(self._shown.values()))
        return None

    def _told_of(self, span: Span) -> Iterator[str]:
        """What is foretold of a statement, on the line that it begins on: in a block below that are other ones."""
        for place, texts in self._foretold:
            if place.source is span.source and span.start <= place.start < span.end and place.line == span.line:
                yield from texts
