"""The kernel beside ipykernel, in the same run and taking turns, so that both meet the same machine."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from benchmarks.measurement import Measurement

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
    """From the start of the process to the first kernel_info reply, starts of both kernels taking turns."""
    starts = 2 if smoke else 10
    times: dict[str, list[float]] = {"evroute": [], "python3": []}
    for number in range(starts + 1):
        for name, seconds in times.items():
            started = time.perf_counter()
            with running_kernel(name):
                ready = time.perf_counter() - started
            if number:  # the first start fills the machine's caches
                seconds.append(ready)
    mine, python = (statistics.median(seconds) for seconds in times.values())
    yield Measurement("start-up", "ipykernel: ready, median", python * 1e3, "ms")
    yield Measurement("start-up", "evroute: ready, median", mine * 1e3, "ms", python * 1e3)
