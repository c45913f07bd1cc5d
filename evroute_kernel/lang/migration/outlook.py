"""Where a script of 3.6 runs otherwise under 4.0: what the lints of that version say of the new text, at the places of
the old one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.lang.migration.migrate import Change, Migration
from evroute_kernel.runtime.versions import VERSIONS
from evroute_kernel.source import Source


def runs_otherwise(
    source: Source, migration: Migration, environment: Environment, *, scratch: bool = False
) -> Iterator[Diagnostic]:
    """The findings about a migrated text that are true of the new version only."""
    only_new = {code for code, lint in LINTS.items() if lint.versions != VERSIONS}
    places = _Places(migration.changes)
    new = Source(source.name, migration.text)
    for found in findings(new, environment, scratch=scratch):
        if found.code in only_new and found.span is not None and found.span.source is new:
            start = places.before(found.span.start)
            span = source.span(start, max(start + 1, places.before(found.span.end)))
            yield replace(found, span=span)


class _Places:
    """Places of a changed text, found in the old one."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        #: where the changes begin in the new text, and how far what follows each of them has moved
        self._starts, self._shifts = list[int](), list[int]()
        shift = 0
        for change in changes:
            self._starts.append(change.span.start + shift)
            shift += len(change.after) - len(change.before)
            self._shifts.append(shift)

    def before(self, position: int) -> int:
        """Where a place of the new text is in the old one; within new text, where that begins."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return position
        change = self._changes[index]
        is_within = position < self._starts[index] + len(change.after)
        return change.span.start if is_within else position - self._shifts[index]
