"""The process around a worker: its output, the signals it hears, its memory, its environment and current folder."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

#: ends the route that runs, and not the worker
INTERRUPT_SIGNAL: Final = signal.SIGUSR1
#: exit code of a worker that ran out of memory; if a route was running, it has said so
EXIT_OUT_OF_MEMORY: Final = 3


def redirect_output(descriptor: int) -> None:
    """Standard input is empty; what is printed goes to the supervisor, which shows it as diagnostics."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(nothing)
    os.close(descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the process's own
    sys.stdout = open(1, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    faulthandler.enable(2)


def set_signals(interrupt: Callable[[int, FrameType | None], None]) -> None:
    """SIGINT is the supervisor's business: a Ctrl-C in a terminal reaches every process of the group."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(INTERRUPT_SIGNAL, interrupt)


_baseline = 0


def limit_memory(limit: int | None) -> None:
    """Bound the address space to what the process had at first and `limit` bytes more; None lifts the bound."""
    global _baseline
    _baseline = _baseline or _address_space()
    soft = resource.RLIM_INFINITY if limit is None else _baseline + limit
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY and (limit is None or soft > hard):
        soft = hard
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()


def surround(environment: Mapping[str, str], folder: str) -> None:
    """Set variables, and go to a folder, unless it is empty; what is so already costs next to nothing."""
    changed = {name: value for name, value in environment.items() if os.environ.get(name) != value}
    if changed:
        os.environ.update(changed)
        if "TZ" in changed:
            time.tzset()
    if folder:
        with suppress(OSError):  # one that is gone holds no files either
            os.chdir(folder)
