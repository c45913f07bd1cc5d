"""Processes and what they leave: memory, descendants, private directories."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from campaigns.report import FaultError
from evroute_kernel.runtime.memory.room import DIRECTORY_PREFIX
from support.frontend import all_gone

#: seconds within which what has ended must have cleaned up
CLEAN: Final = 15.0
_PRIVATE: Final = re.compile(rf'/[^\s"\']*/{re.escape(DIRECTORY_PREFIX)}[^/\s"\']+')


def resident(pid: int) -> int:
    """Bytes of a process's resident memory; 0 where it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def family(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def is_fork_server(process: psutil.Process) -> bool:
    try:
        return any("worker.forkserver" in word for word in process.cmdline())
    except psutil.Error:
        return False


def fork_servers(pid: int) -> list[psutil.Process]:
    """The fork servers of a process, without their workers."""
    servers = [process for process in family(pid)[1:] if is_fork_server(process)]
    pids = {process.pid for process in servers}
    return [process for process in servers if parent_of(process) not in pids]


def workers(pid: int) -> list[psutil.Process]:
    """The workers below a process."""
    return [worker for server in fork_servers(pid) for worker in family(server.pid)[1:]]


def parent_of(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def directories(pid: int) -> set[Path]:
    """The private directories that a process and all below it use."""
    found: set[str] = set()
    for process in family(pid):
        for name in ("maps", "cmdline"):
            try:
                found |= set(_PRIVATE.findall(Path(f"/proc/{process.pid}/{name}").read_text("utf-8", "replace")))
            except OSError:
                continue
    return {Path(name) for name in found}


def wait_for(true: Callable[[], bool], seconds: float, kind: str, detail: Callable[[], object]) -> None:
    """Wait for something nobody tells us of; raises FaultError when it does not come."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise FaultError(kind, str(detail()))
        time.sleep(0.01)


def check_nothing_left(processes: list[psutil.Process], folders: set[Path]) -> None:
    """Raises FaultError if one of these processes or directories is still there after some seconds."""
    wait_for(lambda: all_gone(processes), CLEAN, "a process is left", lambda: alive(processes))
    wait_for(lambda: not any(map(Path.exists, folders)), CLEAN, "a directory is left", lambda: folders)


def alive(processes: list[psutil.Process]) -> list[str]:
    return [f"{p.pid} {p.status()} {p.cmdline()[:3]}" for p in processes if not all_gone([p])]
