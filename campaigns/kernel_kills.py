"""Kernels that are killed or stopped at work: nothing of them is left, and what they served can be served anew."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, Final

import psutil

from campaigns.case import Case
from campaigns.client import Ended, Kernel
from campaigns.processes import check_nothing_left, directories, family, fork_servers, workers
from campaigns.report import FaultError
from campaigns.session_kills import DELAY, SIGNALS, send

VICTIMS: Final = ("kernel", "kernel", "worker", "fork server")
#: seconds until a cell that runs too long is interrupted
PATIENCE: Final = 20.0
ROUTES: Final = """%config timeout=2
event_route[E_A] { $shv(n) += 1; xlog("a $param(n)\\n"); raise_event("E_B"); }
event_route[E_B] { cache_store("local", "k", "v"); }
event_route[E_SPIN] {
    $var(i) = 0;
    while ($var(i) < 9999) { $var(j) = 0; while ($var(j) < 9999) { $var(j) += 1; } $var(i) += 1; }
}
timer_route[t, 1] { $shv(n) += 1; }
"""
ACTIONS: Final = (
    "%raise E_A n=1 --count 200",
    "%raise E_A n=1 --count 5000",
    "%raise E_SPIN",
    "%raise E_SPIN --async\n%raise E_A n=2",
    "%timer start t\n%raise E_A --count 100",
    "%record out.jsonl --force\n%raise E_A --count 300\n%replay out.jsonl\n%record",
    "event_route[E_C] { exit; }\nstartup_route { usleep(200000); }",
    "%sh sleep 0.3",
    "%reset",
)


def kill(seed: int, number: int) -> Case:
    name = f"{seed}/kernel kill/{number}"
    victim, how, action = drawn(Random(name))
    return Case(number, f"notebook, {victim}: {how}", f"{how} a {victim} during:\n{action}", name)


def drawn(random: Random) -> tuple[str, str, str]:
    return random.choice(VICTIMS), random.choice(SIGNALS), random.choice(ACTIONS)


def quiet_port() -> int:
    """A free port that the system gives nobody by itself: in the time between two doors it stays free."""
    while True:
        port = SystemRandom().randrange(20_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class KernelKills:
    """A kernel with open doors; another one takes its place when it has been killed."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kills-"))
        self._port = quiet_port()
        self._kernel: Kernel | None = None
        self._members: dict[int, psutil.Process] = {}
        self._private: set[Path] = set()

    def __call__(self, case: Case) -> str:
        random = Random(case.seed)
        victim, how, action = drawn(random)
        kernel = self._opened()
        self._look()
        request = kernel.execute(action)
        time.sleep(random.random() * DELAY * 2)
        self._look()
        hit = attack(random, kernel, victim, how)
        if victim == "kernel" and "CONT" not in how:
            return self._ended(how)
        ended = kernel.finish(request, PATIENCE)
        self._works(kernel)
        return f"{outcome(ended)}" if hit else "nobody to kill"

    def close(self) -> None:
        if self._kernel is not None:
            self._look()
            self._kernel.end()
            self._nothing_left()

    def _opened(self) -> Kernel:
        """The kernel, with routes and with doors at the addresses that earlier ones had."""
        if self._kernel is None:
            self._kernel = Kernel(self._folder)
            self._works(self._kernel)
        return self._kernel

    def _works(self, kernel: Kernel) -> None:
        doors = (f"datagram:127.0.0.1:{self._port}", f"unix:{self._folder}/mi.sock", f"http:127.0.0.1:{self._port}/mi")
        # a worker that was stopped costs the first raise that it gets
        tries = [kernel.cell("%reset"), kernel.cell(ROUTES), kernel.cell("\n".join(f"%mi serve {d}" for d in doors))]
        tries += [kernel.cell("%raise E_A n=7") for _ in range(2)]
        if any(ended.status != "ok" for ended in (*tries[:3], tries[-1])) or "a 7" not in tries[-1].text():
            raise FaultError("the kernel no longer works", "\n".join(str(ended.reply) for ended in tries)[-4000:])
        kernel.check()

    def _look(self) -> None:
        """Remember who belongs to the kernel, and where it keeps things."""
        if self._kernel is not None:
            self._members |= {process.pid: process for process in family(self._kernel.pid)}
            self._private |= directories(self._kernel.pid)

    def _ended(self, how: str) -> str:
        """The kernel was killed; or is stopped, and the user kills it."""
        assert self._kernel is not None
        kernel, self._kernel = self._kernel, None
        if how == "STOP":
            send(psutil.Process(kernel.pid), "KILL")
        kernel.manager.provisioner.process.wait(30)
        self._nothing_left()
        kernel.end()
        return "nothing left"

    def _nothing_left(self) -> None:
        members, private = list(self._members.values()), set(self._private)
        self._members.clear()
        self._private.clear()
        check_nothing_left(members, private)


def attack(random: Random, kernel: Kernel, victim: str, how: str) -> bool:
    """Signal a process of a kernel; False where there is none."""
    pid = kernel.pid
    found = {
        "kernel": lambda: family(pid)[:1],
        "worker": lambda: workers(pid),
        "fork server": lambda: fork_servers(pid),
    }
    processes: list[Any] = found[victim]()
    if not processes:
        return False
    process = random.choice(processes)
    send(process, how.partition(",")[0])
    if "CONT" in how:
        again = threading.Timer(random.random(), send, (process, "CONT"))
        again.start()
        again.join()
    return True


def outcome(ended: Ended) -> str:
    if ended.reply.get("ename") == "InternalError":
        raise FaultError(f"InternalError: {ended.reply['evalue'][:80]}", str(ended.reply))
    return ended.status if ended.status != "error" else f"error {ended.reply['ename']}"
