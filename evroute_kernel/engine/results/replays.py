"""What became of a replay. Plain records, for anybody to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from evroute_kernel.engine.results.runs import Cause, Log, RouteRuns, RunError
from evroute_kernel.records import dataclass

#: latencies are counted in units of so many seconds
UNIT = 1e-7


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that holds no event, and why. Numbers begin at 1."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """A recorded event whose run did not come to its end. Line 0: an event that a replayed route raised."""

    line: int
    error: RunError

    def __str__(self) -> str:
        return f"line {self.line}: {self.error.message}" if self.line else self.error.message


class Latencies:
    """How long each event took, all its routes together; kept as counts, so that millions take no room.

    Times are exact to 100 ns, the longer ones to three digits. Those of a worker that died are not among them.
    """

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, counts: Mapping[int, int]) -> None:
        """Take in counts by time, in units of 100 ns."""
        self._counts.update(counts)

    def __len__(self) -> int:
        return self._counts.total()

    def percentile(self, percent: float) -> float:
        """Seconds within which so many percent of the events ended; 0.0 when there are none."""
        wanted, seen = len(self) * percent / 100, 0
        for units in sorted(self._counts):
            seen += self._counts[units]
            if seen >= wanted:
                return units * UNIT
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What became of a replay.

    `events` were run, `failed` runs did not come to their end (`causes`: how many of each; `failures`: the first
    hundred). `handled`, `unhandled`: how many events of each name; `filtered` were left out by name. `broken` lines
    held no event (`broken_lines`: the first hundred). Everything up to `last_line` was seen to. `duration` in seconds,
    from the start of the first route to the end of the last. `log` holds the first ten thousand records that were
    shown, `unshown` counts those that were not. `dropped_events`: raised by routes, too many to keep waiting. `ended`:
    why it ended early. `ran`: which routes were run, how often, also those of events that routes raised.
    """

    events: int
    failed: int
    causes: Mapping[str, int]
    failures: tuple[FailedEvent, ...]
    handled: Mapping[str, int]
    unhandled: Mapping[str, int]
    filtered: int
    broken: int
    broken_lines: tuple[BrokenLine, ...]
    last_line: int
    duration: float
    latencies: Latencies = field(repr=False)
    log: Log = field(repr=False)
    unshown: int
    dropped_events: int
    ended: Cause | None
    ran: tuple[RouteRuns, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Every event that something handles was run to its end. Broken lines and unhandled events do not count."""
        return not self.failed and self.ended is None and not self.dropped_events

    @property
    def errors(self) -> tuple[RunError, ...]:
        """The first hundred errors."""
        return tuple(failure.error for failure in self.failures)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.duration if self.duration > 0 else 0.0
