"""Recorded events through two workers: rate, processor time, and how the memory of all processes grows."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import Measurement
from evroute_kernel import Session
from evroute_kernel.engine.results.replays import Latencies

#: a counter of all workers, a concatenation, a regular expression
ROUTE = """event_route[E_BENCH] {
    $shv(count) += 1;
    $var(peer) = $param(ip) + ":" + $param(port);
    if ($param(ip) =~ "^192\\.0\\.2\\.[0-9]+$") { $var(known) = $var(peer); }
}"""
WORKERS = 2
#: events a second, microseconds of processor time for each, MiB
RATE, PROCESSOR_TIME, GROWTH = 200_000, 10, 50
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay took: events a second, seconds of processor time of all processes for each event, bytes."""

    rate: float
    processor_time: float
    growth: int
    latencies: Latencies


def replay(smoke: bool) -> Iterator[Measurement]:
    """A million events of JSON lines; fewer in the other formats."""
    found = replayed(ROUTE, 5_000 if smoke else 1_000_000)
    yield Measurement("replay", "two workers", found.rate, "events/s", RATE, more_is_better=True)
    yield Measurement("replay", "processor time of all", found.processor_time * 1e6, "us/event", PROCESSOR_TIME)
    yield Measurement("replay", "growth of memory", found.growth / 2**20, "MiB", GROWTH)
    yield Measurement("replay", "an event's routes, median", found.latencies.percentile(50) * 1e6, "us")
    yield Measurement("replay", "an event's routes, p99", found.latencies.percentile(99) * 1e6, "us")
    for name, write in (("CSV", write_csv), ("text", write_text)):
        found = replayed(ROUTE, 5_000 if smoke else 300_000, write)
        yield Measurement("replay", f"{name}, two workers", found.rate, "events/s")
        yield Measurement("replay", f"{name}, processor time of all", found.processor_time * 1e6, "us/event")


def write_json(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            params = {"ip": f"192.0.2.{n % 250}", "port": 5060 + n % 100}
            file.write(json.dumps({"event": "E_BENCH", "params": params, "time": 1764000000 + n / 1000}) + "\n")


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("event,ip,port\n")
        file.writelines(f"E_BENCH,192.0.2.{n % 250},{5060 + n % 100}\n" for n in range(count))


def write_text(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"E_BENCH\nip::192.0.2.{n % 250}\nport::{5060 + n % 100}\n\n" for n in range(count))


def replayed(
    script: str, events: int, write: Callable[[Path, int], None] = write_json, workers: int = WORKERS
) -> Replayed:
    """Replay so many events E_BENCH, after as many for warming up as show how much memory there is to begin with."""
    with tempfile.TemporaryDirectory() as directory, Session(workers=workers) as session:
        path = Path(directory) / "events"
        write(path, events)
        session.load(script)
        check(session.replay(path, limit=events // 5).events, events // 5)
        cpu, memory = used(session)
        started = time.perf_counter()
        replaying = session.start_replay(path)
        most = memory
        while not replaying.future.done():
            most = max(most, used(session)[1])
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        result = replaying.future.result()
        check(result.events, events)
        cpu = used(session)[0] - cpu
    return Replayed(events / seconds, cpu / events, max(0, most - memory), result.latencies)


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
