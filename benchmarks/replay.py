"""Recorded events through two workers: rate, processor time, and how the memory of all processes grows."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measurement import Measurement
from evroute_kernel import Session

ROUTE = """event_route[E_BENCH] {
    $shv(count) += 1;
    $var(peer) = $param(ip) + ":" + $param(port);
    if ($param(ip) =~ "^192\\.0\\.2\\.[0-9]+$") { $var(known) = $var(peer); }
}"""
WORKERS = 2
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def replay(smoke: bool) -> Iterator[Measurement]:
    """A million events of a file, after as many for warming up as show how much memory there is to begin with."""
    events = 5_000 if smoke else 1_000_000
    with tempfile.TemporaryDirectory() as directory, Session(workers=WORKERS) as session:
        path = Path(directory) / "events.jsonl"
        write_events(path, events)
        session.load(ROUTE)
        run(session, path, events // 5)
        cpu, memory = used(session)
        started = time.perf_counter()
        replaying = session.start_replay(path)
        most = memory
        while not replaying.future.done():
            most = max(most, used(session)[1])
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        check(replaying.future.result().events, events)
        result = replaying.future.result()
        cpu = used(session)[0] - cpu
    yield Measurement("replay", "two workers", events / seconds, "events/s", 110_000, more_is_better=True)
    yield Measurement("replay", "processor time of all processes", cpu / events * 1e6, "us/event")
    yield Measurement("replay", "growth of memory", max(0, most - memory) / 2**20, "MiB", 50)
    yield Measurement("replay", "an event's routes, median", result.latencies.percentile(50) * 1e6, "us")
    yield Measurement("replay", "an event's routes, p99", result.latencies.percentile(99) * 1e6, "us")


def write_events(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            params = {"ip": f"192.0.2.{n % 250}", "port": 5060 + n % 100}
            file.write(json.dumps({"event": "E_BENCH", "params": params, "time": 1764000000 + n / 1000}) + "\n")


def run(session: Session, path: Path, limit: int) -> None:
    check(session.replay(path, limit=limit).events, limit)


def check(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} events were run, not {wanted}")


def used(session: Session) -> tuple[float, int]:
    """Processor seconds and resident bytes of this process and the workers, so far and now."""
    pids = [os.getpid(), *(worker.pid for worker in session.workers() if worker.pid is not None)]
    seconds, memory = 0.0, 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / _TICKS
        memory += int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE
    return seconds, memory
