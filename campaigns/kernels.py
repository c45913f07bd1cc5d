"""Many kernels at once on a small /dev/shm, which they fill: each run may fail, no process may die of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, Final

from campaigns.client import Ended, Kernel
from campaigns.processes import check_nothing_left, directories, family
from campaigns.report import Fault, FaultError, Report
from evroute_kernel.runtime.memory.room import MEMORY_DIRECTORY

#: cells of each kernel while there is room, and while there is none
ROUNDS: Final = 4
ROUTES: Final = """
event_route[E_USE] {
    $shv(n) += 1;
    cache_store("local", "key$param(n)", "value");
    cache_add("local", "calls", 1, 0);
    $shv(text) = "some text $param(n)";
}
event_route[E_FILL] {
    $var(text) = "0123456789abcdef0123456789abcdef";
    $var(i) = 0;
    while ($var(i) < 11) { $var(text) = $var(text) + $var(text); $var(i) += 1; }
    $var(i) = 0;
    while ($var(i) < $param(blocks)) { cache_store("local", "$param(from)/$var(i)", "$var(text)"); $var(i) += 1; }
}
"""
#: blocks of 64 KiB that a kernel tries to write in one round
BLOCKS: Final = 1500
#: what must not be read anywhere
FATAL: Final = ("SIGBUS", "SIGSEGV", "internal error", "InternalError")


class Tenant:
    """One kernel among many."""

    def __init__(self, number: int, folder: Path, report: Report) -> None:
        self.number, self.report = number, report
        self._folder = folder / str(number)
        self._folder.mkdir()
        self._kernel: Kernel | None = None

    def start(self) -> None:
        self._kernel = Kernel(self._folder)
        self._cell("routes", ROUTES)

    def use(self) -> None:
        """Counters, cache, batches."""
        for n in range(ROUNDS):
            self._cell("raises", f"%raise E_USE n={n} --count 20")
            self._cell("a batch", f"%raise E_USE n={n} --count 2000")
            self._cell("%shv", "%shv")

    def fill(self, random: Random) -> None:
        """Write until no more fits. A run that cannot write ends with an error; the next cell works."""
        for n in range(ROUNDS):
            self._cell("filling", f"%raise E_FILL from={n} blocks={random.randrange(BLOCKS)}")
            self._cell("raises, crowded", "%raise E_USE n=1 --count 20")
            self._cell("no memory needed", '"works"', '"works"')

    def end(self) -> None:
        assert self._kernel is not None
        members, private = family(self._kernel.pid), directories(self._kernel.pid)
        self._kernel.end()
        check_nothing_left(members, private)

    def _cell(self, what: str, code: str, value: str | None = None) -> Ended:
        assert self._kernel is not None
        ended = self._kernel.cell(code, 120.0)
        self._kernel.check()
        said = f"{ended.text('stderr')}{ended.reply}"
        fatal = next((word for word in FATAL if word in said), None)
        if fatal is not None:
            raise FaultError(f"{what}: {fatal}", said[-4000:])
        if value is not None and ended.value != value:
            raise FaultError(f"{what}: no {value}", said[-4000:])
        name = ended.reply.get("ename") or ended.status
        self.report.add(what, str(name))
        return ended


def lease(seed: int, count: int, report: Report) -> None:
    """All kernels of a campaign: started together, then at work together, then filling the memory together."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder, ThreadPoolExecutor(count) as threads:
        tenants = [Tenant(number, Path(folder), report) for number in range(count)]
        phases: tuple[tuple[str, Any], ...] = (
            ("start", Tenant.start),
            ("use", Tenant.use),
            ("fill", lambda tenant: tenant.fill(Random(f"{seed}/tenant/{tenant.number}"))),
            ("end", Tenant.end),
        )
        for phase, act in phases:
            if phase == "end":
                used = shutil.disk_usage(MEMORY_DIRECTORY)
                report.note(f"{MEMORY_DIRECTORY}: {used.used / 2**20:.0f} of {used.total / 2**20:.0f} MiB in use")
            for tenant, done in [(tenant, threads.submit(act, tenant)) for tenant in tenants]:
                try:
                    done.result()
                except Exception as error:
                    kind = error.kind if isinstance(error, FaultError) else type(error).__name__
                    report.fail(kind, Fault(tenant.number, phase, f"kernel {tenant.number}: {phase}", str(error)))


def confined(megabytes: int, arguments: list[str]) -> int | None:
    """Run this campaign again where /dev/shm has that size; its exit code, None where this cannot be done.

    A mount of our own in a namespace of our own: nobody else sees it, and it ends with the process.
    """
    mount = f"mount -t tmpfs -o size={megabytes}m tmpfs {MEMORY_DIRECTORY}"
    program = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return None
    if subprocess.run([*program, mount], capture_output=True, check=False).returncode != 0:
        return None
    again = [sys.executable, "-m", "campaigns", *arguments]
    return subprocess.run([*program, f'{mount} && exec "$@"', "sh", *again], check=False).returncode


def campaign(seed: int, count: int, jobs: int) -> Report:
    """So many kernels, in the /dev/shm that there is."""
    report = Report("kernels", seed, 0)
    lease(seed, count, report)
    report.wanted = report.outcomes.total()
    return report
