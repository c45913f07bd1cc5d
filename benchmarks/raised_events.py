"""Events that routes raise, beside a real server: a route raises a thousand, then itself with one round less to go.

Here each worker has a chain of its own, for what a route raises runs in its worker; on a server one chain keeps all
processes busy.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Final

from benchmarks import real_server
from benchmarks.measurement import Measurement
from benchmarks.raising import ROUND, run_chains, script
from evroute_kernel import Session

SCRIPT: Final = script()
#: workers -> events a second that there must be where there is no server to compare with
BARS: Final = {1: 60_000, 2: 100_000}
#: seconds after which a real server has blocked for good, as it may where its processes wait for each other
BLOCKED: Final = 10.0


def raised_events(smoke: bool) -> Iterator[Measurement]:
    """The best of some rounds, with one worker and with two."""
    rounds, turns = (1, 1) if smoke else (4, 20)
    for workers, bar in BARS.items():
        with Session(workers=workers) as session:
            session.load(SCRIPT)
            _our_rate(session, 1)  # starts the workers
            rates = [(_their_rate(workers, turns), _our_rate(session, turns)) for _ in range(rounds)]
        there = max((rate for rate, _ in rates if rate is not None), default=None)
        what = f"{workers} worker{'s' if workers > 1 else ''}"
        must_be = 1.0 if workers > 1 else None
        yield Measurement("raised", what, max(rate for _, rate in rates), "events/s", bar, True, there, must_be)


def _our_rate(session: Session, turns: int) -> float:
    started = time.perf_counter()
    run_chains(session, turns)
    return session.worker_limit * turns * ROUND / (time.perf_counter() - started)


def _their_rate(workers: int, turns: int) -> float | None:
    """Events a second of a new server; None without one, and for one that blocks."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "raise_event", "params": ["E_GO", json.dumps({"round": turns})]}
    with real_server.running(SCRIPT, workers) as server:
        if server is None:
            return None
        started = time.perf_counter()
        server.ask(json.dumps(request).encode())
        while server.shared("n") < turns * ROUND * 99 // 100:  # two processes that count at once lose one
            if time.perf_counter() - started > BLOCKED:
                return None
            time.sleep(0.002)
        return turns * ROUND / (time.perf_counter() - started)
