"""What became of the raises of one `%raise` line: a summary, and a table of the routes that were run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from evroute_kernel.kernel.cell.failures import run_failure
from evroute_kernel.kernel.cell.output import Outlet
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.rendering import findings_bundle

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import BatchResult, LogRecord, Run, RunError

#: (event, route)
Place = tuple[str, str]
HEADINGS: Final = ("event", "route", "runs", "records", "result")


class Tally:
    """Counts runs. `total` is how many there are to be; times are kept and shown to who asks for them only."""

    def __init__(self, event: str, total: int) -> None:
        self.event = event
        self.total = total
        self.done = 0
        self.failed = 0
        self.seconds: list[float] = []
        self.runs: Counter[Place] = Counter()
        self.records: Counter[Place] = Counter()
        self.causes: dict[Place, Counter[str]] = {}

    def add(self, result: Run | BatchResult) -> None:
        """Count one raise, or a batch of them."""
        from evroute_kernel.engine.results.runs import BatchResult

        done, failed = (result.events, result.failed) if isinstance(result, BatchResult) else (1, not result.ok)
        self.done += done
        self.failed += failed
        self.seconds.append(result.duration)
        for ran in result.ran:
            self.runs[ran.event, ran.route] += ran.runs
        self._count(result.log, result.errors)

    def _count(self, records: Iterable[LogRecord], errors: Iterable[RunError]) -> None:
        for record in records:
            self.records[record.event, record.route] += 1
        for error in errors:
            self.causes.setdefault((error.event, error.route), Counter())[error.cause] += 1

    # -- what is shown ----------------------------------------------------------------------------------------------

    def summary(self, stats: bool = False) -> dict[str, str]:
        """One line: how often the event was raised and how many runs failed; with `stats` how long it took."""
        of = "" if self.done == self.total else f" of {self.total}"
        times = "once" if self.done == self.total == 1 else f"{self.done}{of} times"
        text = f"{self.event}: raised {times}, {self.failed or 'none'} failed"
        if stats and self.done:
            text += f"; {self.timing()}"
        return {"text/plain": text, "text/html": f"<div>{escape(text)}</div>"}

    def timing(self) -> str:
        """Rate, and how long a run took: its median and the 95th percentile, for a batch their mean."""
        seconds = sum(self.seconds)
        rate = f"{seconds:.3f} s in routes, {self.done / max(seconds, 1e-9):.0f} a second"
        if len(self.seconds) < self.done or self.done < 2:
            return f"{rate}, {1000 * seconds / self.done:.3f} ms each"
        slow = quantiles(self.seconds, n=20)[-1]
        return f"{rate}, half of them within {1000 * median(self.seconds):.3f} ms, 95 % within {1000 * slow:.3f} ms"

    def report(self) -> dict[str, str]:
        """A table: each route with its runs, log records and outcome. A block that was called has no runs."""
        places = dict.fromkeys([*self.runs, *self.records, *self.causes])
        rows = [
            (event, route, self.runs.get((event, route)), self.records[event, route], self.outcome((event, route)))
            for event, route in places
        ]
        return Table(HEADINGS, rows, "no route was run").bundle()

    def outcome(self, place: Place) -> str | None:
        causes = self.causes.get(place)
        if causes is None:
            return "ok" if place in self.runs else None
        return ", ".join(cause if count == 1 else f"{cause} ({count})" for cause, count in causes.items())


def tell_errors(outlet: Outlet, result: Run | BatchResult) -> None:
    """Show why runs failed for which no cell waits any more. Safe from any thread."""
    if result.errors:
        outlet.display(findings_bundle(run_failure(result.errors).diagnostics))
