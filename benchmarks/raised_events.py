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
from evroute_kernel import Session

#: a real server blocks for good where more than some 2,700 events wait
EACH: Final = 1000
SCRIPT: Final = f"""event_route[E_GO] {{
    $var(i) = 0;
    while ($var(i) < {EACH}) {{
        $(avp(n)[*]) = NULL;
        $(avp(v)[*]) = NULL;
        $avp(n) = "ip";
        $avp(v) = "192.0.2.1";
        raise_event("E_X", $avp(n), $avp(v));
        $var(i) += 1;
    }}
    if ($param(round) > 1) {{
        $(avp(n)[*]) = NULL;
        $(avp(v)[*]) = NULL;
        $avp(n) = "round";
        $avp(v) = $param(round) - 1;
        raise_event("E_GO", $avp(n), $avp(v));
    }}
}}
event_route[E_X] {{
    $shv(n) += 1;
    $var(s) = "from " + $param(ip);
    if ($var(s) =~ "^from 192\\.") $shv(m) += 1;
}}"""
#: workers -> events a second that there must be where there is no server to compare with
BARS: Final = {1: 60_000, 2: 100_000}
#: seconds for all of a round
PATIENCE: Final = 60.0
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
    chains = [session.submit("E_GO", {"round": turns}, timeout=PATIENCE) for _ in range(session.worker_limit)]
    runs = [chain.result() for chain in chains]
    seconds = time.perf_counter() - started
    if any(not run.ok or run.routes != turns * (EACH + 1) for run in runs):
        raise RuntimeError(f"not all events were run: {runs}")
    return len(runs) * turns * EACH / seconds


def _their_rate(workers: int, turns: int) -> float | None:
    """Events a second of a new server; None without one, and for one that blocks."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "raise_event", "params": ["E_GO", json.dumps({"round": turns})]}
    with real_server.running(SCRIPT, workers) as server:
        if server is None:
            return None
        started = time.perf_counter()
        server.ask(json.dumps(request).encode())
        while server.shared("n") < turns * EACH:
            if time.perf_counter() - started > BLOCKED:
                return None
            time.sleep(0.002)
        return turns * EACH / (time.perf_counter() - started)
