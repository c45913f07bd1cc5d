"""How a replay grows with cores, in a simulation: workers run portions side by side, the engine serves one at a time.

What the engine takes is measured here: so much for each portion, and so much for each event in it, which two replays
with portions of different sizes tell apart. What a worker takes for an event is measured too. The rest is arithmetic on
a machine of so many cores: who is done asks for the next portion, and waits until the engine has served those before.
"""

from __future__ import annotations

import heapq
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

from benchmarks.measurement import Measurement
from benchmarks.replay import ROUTE, check, used, write_json
from evroute_kernel import Session
from evroute_kernel.engine.workers import raises

ROUTES: Final = {
    "one assignment": "event_route[E_BENCH] { $var(port) = $param(port); }",
    "counter, text, regex": ROUTE,
}
CORES: Final = (1, 2, 4, 8, 16, 32)
#: events of a portion in the two replays that are measured
SIZES: Final = (256, 4096)
#: portions for each worker that are simulated
PORTIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of processor time: of the engine for a portion and for each event in it, of a worker for an event."""

    portion: float
    event: float
    worker: float

    @property
    def size(self) -> int:
        """Events of a portion, which is to take a worker `TASK_TIME`."""
        least, most = raises.TASK_SIZES
        return int(min(max(raises.TASK_TIME / self.worker, least), most))

    @property
    def engine(self) -> float:
        """What the engine takes for one event, its part of the portion's included."""
        return self.event + self.portion / self.size


def scaling(smoke: bool) -> Iterator[Measurement]:
    for name, script in ROUTES.items():
        costs = measured(script, 20_000 if smoke else 400_000)
        yield Measurement("scaling", f"{name}: engine", costs.engine * 1e6, "us/event")
        yield Measurement("scaling", f"{name}: worker", costs.worker * 1e6, "us/event")
        for cores in CORES:
            rate = simulated(costs, cores)
            yield Measurement("scaling", f"{name}: {cores} cores", rate, "events/s")
            yield Measurement("scaling", f"{name}: engine's share", 100 * rate * costs.engine, "%")


def measured(script: str, events: int) -> Costs:
    """What a replay of so many events takes, with one worker."""
    with tempfile.TemporaryDirectory() as directory, Session(workers=1) as session:
        path = Path(directory) / "events.jsonl"
        write_json(path, events)
        session.load(script)
        (few, _), (many, worker) = (_taken(session, path, events, size) for size in SIZES)
    portion = max(0.0, (few - many) / (1 / SIZES[0] - 1 / SIZES[1]))
    return Costs(portion, max(0.0, many - portion / SIZES[1]), worker)


def _taken(session: Session, path: Path, events: int, size: int) -> tuple[float, float]:
    """Seconds of processor time for an event, of this process and of the worker, with portions of one size."""
    with patch.object(raises, "TASK_SIZES", (size, size)):
        check(session.replay(path, limit=events // 5).events, events // 5)
        everybody, mine = used(session)[0], time.process_time()
        check(session.replay(path).events, events)
        mine = time.process_time() - mine
        return mine / events, (used(session)[0] - everybody - mine) / events


def simulated(costs: Costs, cores: int) -> float:
    """Events a second on so many cores, with as many workers; the engine takes its time from the same cores."""
    served = costs.portion + costs.event * costs.size
    run = costs.worker * costs.size
    wanting = [0.0] * cores  # when each worker asks for its next portion
    engine = 0.0
    for _ in range(cores * PORTIONS):
        engine = max(engine, heapq.heappop(wanting)) + served
        heapq.heappush(wanting, engine + run)
    rate = cores * PORTIONS * costs.size / max(wanting)
    return min(rate, cores / (costs.worker + costs.engine))
