"""Why no worker could be started: a sentence, and what to do about it."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from evroute_kernel.records import dataclass
from evroute_kernel.worker.process import EXIT_OUT_OF_MEMORY

REPORT: Final = "raise the event again; if that does not help, please report what is shown here"


@dataclass(frozen=True, slots=True)
class Complaint:
    """`detail` is what a process printed before it ended, where its last line does not tell all."""

    reason: str
    hint: str
    detail: str = ""


def _limit(number: int) -> str:
    """A limit of this process, as it is shown."""
    soft = resource.getrlimit(number)[0]
    return "unlimited" if soft == resource.RLIM_INFINITY else str(soft)


def _no_room(directory: Path) -> Complaint:
    where = f"there is no room for its memory in {directory.parent}"
    return Complaint(where, f"free some there, or name a folder with more room in TMPDIR: {directory.parent} is full")


#: error number -> what it means for whoever starts a process; the folder is that of the shared memory
_MEANINGS: Final[dict[int, Callable[[Path], Complaint]]] = {
    errno.EMFILE: lambda directory: Complaint(
        f"this process has as many files open as it may ({_limit(resource.RLIMIT_NOFILE)})",
        "close some (connections and subscriptions count too), or raise the limit: ulimit -n",
    ),
    errno.ENFILE: lambda directory: Complaint(
        "the system has as many files open as it may", "end programs that have many files open"
    ),
    errno.EAGAIN: lambda directory: Complaint(
        f"no more processes may be started (limit of this user: {_limit(resource.RLIMIT_NPROC)})",
        "end some, or raise the limit: ulimit -u; in a container, its limit of processes",
    ),
    errno.ENOMEM: lambda directory: Complaint(
        "the system has no memory for one more process", "end something else, or use fewer workers"
    ),
    errno.ENOSPC: _no_room,
    errno.EDQUOT: _no_room,
    errno.EFBIG: lambda directory: Complaint(
        f"files may not be as large as it needs them (limit: {_limit(resource.RLIMIT_FSIZE)} bytes)",
        "raise the limit: ulimit -f",
    ),
}


def of_error(error: OSError, directory: Path) -> Complaint:
    """What has kept the system from starting a process."""
    if not sys.executable:
        return Complaint("Python does not know its own interpreter", "start it from an environment, by its full path")
    if error.filename is not None and error.filename == sys.executable:
        reason = f"the Python interpreter {error.filename} cannot be run: {(error.strerror or str(error)).lower()}"
        return Complaint(reason, "its environment may have been moved or removed: start again from one that is there")
    meaning = _MEANINGS.get(error.errno or 0)
    if meaning is not None:
        return meaning(directory)
    what = (error.strerror or str(error)).lower()
    where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
    return Complaint(f"{what}{where}", REPORT)


def of_fault(error: Exception) -> Complaint:
    """Starting has failed by a fault of ours."""
    return Complaint(f"{type(error).__name__}: {error}", REPORT)


def of_end(who: str, status: int | None, printed: str, memory: int | None) -> Complaint:
    """How a process ended that should have run. `memory`: what a worker may grow by."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if status == EXIT_OUT_OF_MEMORY or "MemoryError" in last or "Cannot allocate memory" in last:
        return _too_little_memory(memory)
    reason = f"{who} {ended(status)}" + (f": {last}" if last else "")
    hint = REPORT
    if "ModuleNotFoundError" in last or "ImportError" in last:
        hint = f"install what {sys.executable} lacks, or start again from a complete environment"
    return Complaint(reason, hint, "\n".join(lines) if len(lines) > 1 else "")


def _too_little_memory(memory: int | None) -> Complaint:
    bound = resource.getrlimit(resource.RLIMIT_AS)[0]
    if bound != resource.RLIM_INFINITY:
        return Complaint(
            f"this process may have {bound / 2**20:g} MiB of addresses only, which is too little for a worker",
            "raise the limit: ulimit -v",
        )
    if memory is None:
        return Complaint("the system has too little memory for it", "end something else, or use fewer workers")
    reason = f"a worker may grow by {memory / 2**20:.3g} MiB only, which is too little to begin with"
    return Complaint(reason, "allow more: %config memory=512M, Session(memory_limit=...)")


def ended(status: int | None) -> str:
    """How a process ended, in words. `status`: its exit code, or minus the signal; None: not known."""
    if status is None:
        return "ended with the fork server"
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    if status == EXIT_OUT_OF_MEMORY:
        return "ran out of memory"
    return f"exited with code {status}"
