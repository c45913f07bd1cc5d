"""Millions of logged lines: all counted, in order, the last ones there, and no more memory than at the beginning."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

from campaigns.client import DEADLINE, Kernel
from campaigns.processes import resident, workers
from campaigns.report import Fault, FaultError, Report
from evroute_kernel import Session
from evroute_kernel.engine.results.runs import LogRecord

#: lines of one event, and of one raise, batch or replay
EACH: Final = 100
BLOCK: Final = 20_000
#: bytes that a process may grow by, once it is warm: a session keeps its last hundred thousand records
GROWTH: Final = 200 * 2**20
#: blocks until a process is warm
WARM: Final = 8
#: of all lines, this part goes through a kernel, but no more than that
TO_KERNEL: Final = 30
KERNEL_MOST: Final = 400_000
ROUTES: Final = f"""max_while_loops = {BLOCK + 1}
event_route[E_LINES] {{
    $var(i) = 0;
    while ($var(i) < $param(lines)) {{
        xlog("L_NOTICE", "$param(first) $var(i)\\n");
        $var(i) += 1;
    }}
}}
"""
_LINE: Final = re.compile(r"^(\d+) (\d+)$", re.MULTILINE)
#: lines that were left out, as the kernel says so
_LEFT_OUT: Final = re.compile(r"([\d,]+) (?:more|lines left out)")


def events(count: int) -> list[dict[str, Any]]:
    """Events that log so many lines together."""
    return [{"first": n, "lines": EACH} for n in range(count // EACH)]


def raised(session: Session, random: Random) -> tuple[LogRecord, ...]:
    return session.raise_event("E_LINES", {"first": 0, "lines": BLOCK}, timeout=DEADLINE).log


def batched(session: Session, random: Random) -> tuple[LogRecord, ...]:
    return session.submit_batch("E_LINES", events(BLOCK), timeout=DEADLINE).result().log


def replayed(session: Session, random: Random) -> tuple[LogRecord, ...]:
    recorded = (("E_LINES", params) for params in events(BLOCK))
    # its result keeps the first ten thousand
    return session.replay(recorded, workers=1, log="all", timeout=DEADLINE).log


WAYS: Final = {"raise": raised, "batch": batched, "replay": replayed}


def of_session(report: Report, count: int, random: Random) -> None:
    """Lines through a session, in blocks by every way."""
    told = [0]

    def on_record(record: LogRecord, origin: object) -> None:
        told[0] += not record.diagnostic

    with Session(workers=1, log_limit=BLOCK, on_record=on_record) as session:
        session.load(ROUTES)
        first: dict[int, int] = {}
        for block in range(max(1, count // BLOCK)):
            way = random.choice(tuple(WAYS))
            before = told[0]
            log = [record.text for record in WAYS[way](session, random) if not record.diagnostic]
            check_order(log, way, report, block)
            if told[0] - before != BLOCK or (way != "replay" and len(log) != BLOCK):
                words = f"{len(log)} of {BLOCK} are in the log, on_record was told of {told[0] - before}"
                report.fail("lines are lost", Fault(block, way, way, words))
            report.add(f"session, {way}", "lines in order", BLOCK)
            if block >= WARM:
                check_growth(report, first, [os.getpid(), *(process.pid for process in workers(os.getpid()))])
        check_last(report, session.log[-1].text)


def check_order(log: list[str], way: str, report: Report, block: int) -> None:
    """The lines of a block are counted up, the first ones of it."""
    wanted = (f"0 {i}" for i in range(BLOCK)) if way == "raise" else (f"{i // EACH} {i % EACH}" for i in range(BLOCK))
    for number, (found, expected) in enumerate(zip(log, wanted, strict=False)):
        if found != f"{expected}\n":
            report.fail("lines are out of order", Fault(block, way, way, f"line {number}: {found!r}, not {expected!r}"))
            return


def check_last(report: Report, found: str) -> None:
    if not found.endswith(f" {EACH - 1}\n") and found != f"0 {BLOCK - 1}\n":
        report.fail("the last line is not there", Fault(-1, "session", "", found))


def check_growth(report: Report, first: dict[int, int], pids: list[int]) -> None:
    """No process holds much more than when it was warm."""
    for pid in pids:
        held = resident(pid)
        grown = held - first.setdefault(pid, held)
        if grown > GROWTH:
            report.fail("memory grows", Fault(-1, "session", "", f"process {pid} by {grown / 2**20:.0f} MiB"))
            first[pid] = held


def of_kernel(report: Report, count: int, folder: Path) -> None:
    """Lines through a kernel: what a cell does not show it counts."""
    kernel = Kernel(folder)
    try:
        kernel.cell(f"%config log={BLOCK}")
        kernel.cell(ROUTES)
        first: dict[int, int] = {}
        for block in range(max(1, count // BLOCK)):
            way, cell = kernel_ways(block)
            ended = kernel.cell(cell)
            problem = kernel_problem(ended.text())
            if ended.status != "ok" or problem is not None:
                detail = f"{problem}\n{ended.reply}\n{ended.text()[-500:]}"
                report.fail("a cell shows other lines", Fault(block, f"kernel, {way}", cell, detail))
            report.add(f"kernel, {way}", "lines shown or counted", BLOCK)
            if block >= WARM:
                check_growth(report, first, [kernel.pid, *(process.pid for process in workers(kernel.pid))])
        kernel.check()
    finally:
        kernel.end()


def kernel_ways(block: int) -> tuple[str, str]:
    if block % 2:
        return "raise", f"%raise E_LINES first=0 lines={BLOCK}"
    return "count", f"%raise E_LINES first=0 lines={EACH} --count {BLOCK // EACH}"


def kernel_problem(text: str) -> str | None:
    """What is wrong with the output of a cell; None when nothing is."""
    numbers = list(_numbers(text))
    left_out = sum(int(found.replace(",", "")) for found in _LEFT_OUT.findall(text))
    if len(numbers) + left_out != BLOCK:
        return f"{len(numbers)} lines shown and {left_out} left out, of {BLOCK}"
    if not numbers or (numbers[-1] + 1) % EACH:
        return "the last line is not there"
    if any(after <= before and after != 0 for before, after in pairwise(numbers)):
        return "lines are out of order"
    return None


def _numbers(text: str) -> Iterator[int]:
    yield from (int(number) for _, number in _LINE.findall(text))


def campaign(seed: int, count: int, jobs: int) -> Report:
    """So many lines, most of them through a session."""
    report = Report("lines", seed, count)
    to_kernel = min(count // TO_KERNEL, KERNEL_MOST)
    attempt(report, "session", lambda: of_session(report, count - to_kernel, Random(f"{seed}/lines")))
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        attempt(report, "kernel", lambda: of_kernel(report, to_kernel, Path(folder)))
    report.note(f"this process holds {resident(os.getpid()) / 2**20:.0f} MiB")
    return report


def attempt(report: Report, what: str, run: Callable[[], None]) -> None:
    """Run a part; a fault that ends it is reported."""
    try:
        run()
    except FaultError as fault:
        report.fail(fault.kind, Fault(-1, what, "", fault.detail))
