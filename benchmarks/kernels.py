"""The kernel beside ipykernel, in the same run and taking turns, so that both meet the same machine."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from benchmarks.measurement import Measurement, installed

SECONDS = 60
ROUTE = 'event_route[E_BENCH] {\n\txlog("blocked $param(ip)\\n");\n}\n'


@contextmanager
def running_kernel(name: str) -> Iterator[BlockingKernelClient]:
    """A fresh kernel, ready for requests."""
    manager = KernelManager(kernel_name=name)
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client: BlockingKernelClient = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def execute(client: BlockingKernelClient, code: str, expected: str) -> None:
    """Run a cell and wait for its reply and its idle; its output must hold `expected`."""
    output: list[str] = []

    def keep(message: dict[str, object]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and isinstance(content, dict):
            output.append(content["text"])

    reply = client.execute_interactive(code, timeout=SECONDS, output_hook=keep)
    if reply["content"]["status"] != "ok" or expected not in "".join(output):
        raise RuntimeError(f"{code!r} gave {reply['content']} and printed {output}")


def seconds_to_execute(client: BlockingKernelClient, code: str, expected: str) -> float:
    started = time.perf_counter()
    execute(client, code, expected)
    return time.perf_counter() - started


def round_trip(smoke: bool) -> Iterator[Measurement]:
    """A raised event, from request to reply and idle, beside `print(1)`."""
    rounds = 20 if smoke else 300
    with running_kernel("evroute") as ours, running_kernel("python3") as theirs:
        execute(ours, ROUTE, "")
        ours_times, theirs_times = [], []
        for number in range(rounds + 10):
            mine = seconds_to_execute(ours, "%raise E_BENCH ip=192.0.2.1", "blocked 192.0.2.1")
            python = seconds_to_execute(theirs, "print(1)", "1")
            if number >= 10:  # the first ones warm both up
                ours_times.append(mine)
                theirs_times.append(python)
    mine, python = statistics.median(ours_times), statistics.median(theirs_times)
    yield Measurement("round-trip", "ipykernel: print(1), median", python * 1e3, "ms")
    yield Measurement("round-trip", "evroute: %raise, median", mine * 1e3, "ms")
    yield Measurement("round-trip", "ratio", mine / python, "times", 1.2)


def start_up(smoke: bool) -> Iterator[Measurement]:
    """From the start of the process to the first kernel_info reply, and from there to the end of the first cell; starts
    of both kernels taking turns, the median of three runs."""
    runs, starts = (1, 2) if smoke else (3, 10)
    installed()
    seconds_to_start("python3", "print(1)", "1")  # the first start fills the machine's caches
    seconds_to_start("evroute", FIRST_CELL, "blocked 192.0.2.1")
    ratios, ready, ended = [], [], []
    for _ in range(runs):
        theirs, ours = [], []
        for _ in range(starts):
            theirs.append(seconds_to_start("python3", "print(1)", "1")[0])
            ours.append(seconds_to_start("evroute", FIRST_CELL, "blocked 192.0.2.1"))
        ready.append((statistics.median(theirs), statistics.median(start for start, _ in ours)))
        ended.append(statistics.median(cell for _, cell in ours))
        ratios.append(ready[-1][1] / ready[-1][0])
    python, mine = (statistics.median(column) for column in zip(*ready, strict=True))
    yield Measurement("start-up", "ipykernel: ready, median", python * 1e3, "ms")
    yield Measurement("start-up", "evroute: ready, median", mine * 1e3, "ms")
    yield Measurement("start-up", "ratio, median of the runs", statistics.median(ratios), "times", START_BAR)
    yield Measurement("start-up", "evroute: first cell, median", statistics.median(ended) * 1e3, "ms")


def seconds_to_start(name: str, code: str, expected: str) -> tuple[float, float]:
    """Until a fresh kernel is ready, and from then on until its first cell has ended."""
    started = time.perf_counter()
    with running_kernel(name) as client:
        ready = time.perf_counter() - started
        return ready, seconds_to_execute(client, code, expected)


#: a cell that defines a route and raises its event
FIRST_CELL = f"{ROUTE}%raise E_BENCH ip=192.0.2.1\n"
#: how long ours may take to be ready, in times of ipykernel's
START_BAR = 0.97

#: a notebook of 200 routes; the server takes at most 98 event routes, 99 routes
TIMERS = "".join(f"timer_route[tick_{n}, 60] {{\n\texit;\n}}\n" for n in range(8))
HANDLERS = "".join(
    f"event_route[E_OWN_{n}] {{\n\t$var(x{n}) = $param(ip);\n\troute(handle_{n}, $var(x{n}));\n}}\n" for n in range(95)
)
CALLED = "".join(f'route[handle_{n}] {{\n\t$shv(s{n}) = 1;\n\txlog("$param(1)\\n");\n}}\n' for n in range(97))
#: a route that runs for minutes
SPIN = """event_route[E_SPIN] {
    xlog("spinning\\n");
    $var(i) = 0;
    while ($var(i) < 9999) {
        $var(j) = 0;
        while ($var(j) < 9999) { $var(j) += 1; }
        $var(i) += 1;
    }
}
%raise E_SPIN
"""
#: what is asked about, the cursor at its end
QUESTIONS = (
    "event_route[E_PIKE_BLOCKED] {\n\t$var(x) = $param(",
    "event_route[E_PIKE_BLOCKED] {\n\t$shv(",
    "event_route[E_OWN_",
    "route[x] {\n\troute(",
    "route[x] {\n\tca",
    'route[x] {\n\txlog("$(var(x){s.',
    "%raise E_",
)
PYTHON = "import os, json\nos.path.jo"


def seconds_to_answer(client: BlockingKernelClient, kind: str, code: str) -> float:
    """From a question to its reply."""
    ask = client.complete if kind == "complete" else client.inspect
    started = time.perf_counter()
    reply = ask(code, len(code), reply=True, timeout=SECONDS)
    seconds = time.perf_counter() - started
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{code!r} was answered {reply['content']}")
    return seconds


def answers(smoke: bool) -> Iterator[Measurement]:
    """Completion and inspection in a notebook with 200 routes, beside ipykernel; and while a cell runs."""
    rounds = 2 if smoke else 40
    with running_kernel("evroute") as ours, running_kernel("python3") as theirs:
        execute(ours, HANDLERS + CALLED + TIMERS, "")
        for kind in ("complete", "inspect"):
            mine, python = [], []
            for number in range(rounds + 1):
                times = [seconds_to_answer(ours, kind, code) for code in QUESTIONS]
                other = seconds_to_answer(theirs, kind, PYTHON)
                if number:  # the first ones warm both up
                    mine += times
                    python.append(other)
            yield Measurement("answers", f"ipykernel: {kind}, median", statistics.median(python) * 1e3, "ms")
            yield Measurement("answers", f"evroute: {kind}, median", statistics.median(mine) * 1e3, "ms", 20)
        broken = (HANDLERS * 20)[:100_000].replace("}", "", 99)
        worst = max(seconds_to_answer(ours, "complete", broken + code) for code in QUESTIONS)
        yield Measurement("answers", "evroute: 100 KB, broken, worst", worst * 1e3, "ms", 50)
        yield from busy_answers(ours, rounds)


def busy_answers(client: BlockingKernelClient, rounds: int) -> Iterator[Measurement]:
    """The same questions while a route runs."""
    client.execute(SPIN)
    while True:
        message = client.get_iopub_msg(timeout=SECONDS)
        if message["msg_type"] == "stream" and "spinning" in message["content"]["text"]:
            break
    times = sorted(seconds_to_answer(client, "complete", code) for _ in range(rounds) for code in QUESTIONS)
    yield Measurement("answers", "evroute: complete, busy, p95", times[len(times) * 95 // 100] * 1e3, "ms", 20)
