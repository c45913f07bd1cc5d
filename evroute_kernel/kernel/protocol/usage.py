"""What the kernel and its workers use, for `usage_request` (jupyter-resource-usage, JupyterLab's kernel panel).

psutil is optional: without it the reply has the memory of what `/proc` tells about, and no processor times.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


class Usage:
    """Measures processes. Processor use is that since the measurement before, so the first one is 0."""

    def __init__(self) -> None:
        self._processes: dict[int, Any] = {}

    def reply(self) -> dict[str, Any]:
        """The content of a usage_reply: memory in bytes, processor use in percent of one core."""
        found: dict[str, Any] = {"hostname": socket.gethostname(), "pid": os.getpid(), "cpu_count": os.cpu_count()}
        try:
            import psutil
        except ImportError:
            memory = sum(_resident(pid) for pid in [os.getpid(), *_descendants(os.getpid())])
            return {**found, "kernel_memory": memory} if memory else found
        return {
            **found,
            **self._measured(psutil),
            "host_cpu_percent": psutil.cpu_percent(),
            "host_virtual_memory": dict(psutil.virtual_memory()._asdict()),
        }

    def _measured(self, psutil: Any) -> dict[str, Any]:
        """Processor use and memory of this process and all below it."""
        own = psutil.Process()
        living = {process.pid: process for process in [own, *own.children(recursive=True)]}
        # the same objects again: they know when they were asked last
        self._processes = {pid: self._processes.get(pid, process) for pid, process in living.items()}
        cpu, memory = 0.0, 0
        for process in self._processes.values():
            with suppress(psutil.Error):  # it has ended meanwhile
                cpu += process.cpu_percent()
                memory += _own_share(process, psutil)
        return {"kernel_cpu": cpu, "kernel_memory": memory}


def _own_share(process: Any, psutil: Any) -> int:
    """Bytes of a process; pages that it shares with others count in part, where the system tells."""
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        full = process.memory_info()
    return int(getattr(full, "pss", full.rss))


def _resident(pid: int) -> int:
    """Bytes of a process in memory; 0 where that is not told."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _descendants(pid: int) -> Iterable[int]:
    """The processes below one, as far as they are told."""
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                yield child
                yield from _descendants(child)
