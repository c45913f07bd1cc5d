"""A fork server made of this very process: a command that runs a script needs no second interpreter.

The usual one is started by `engine.workers.processes.launcher` and imports all that the command has imported already,
which is half of a short run. A process may be copied while it has one thread, so the command asks for it before it
makes a session; the next launcher takes the copy. Linux only: elsewhere what systems put into a process need not
survive a copy.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from itertools import pairwise
from typing import NoReturn

from evroute_kernel.records import dataclass
from evroute_kernel.worker.forkserver import import_all, run

#: seconds between two looks at a process that is about to end
_PAUSE = 0.005


class Copy:
    """The process, with the part of subprocess.Popen's interface that launchers use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutError after so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"process {self.pid} does not end")
            time.sleep(_PAUSE)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


@dataclass(slots=True, eq=False)
class Spare:
    """A fork server that waits to be told its directory. `stream` and `output` are as `Launcher` has them."""

    process: Copy
    stream: socket.socket
    output: int
    _told: int

    def begin(self, directory: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # it has ended: whoever reads `output` tells why
            os.write(self._told, os.fsencode(directory))
        os.close(self._told)


_spares: list[Spare] = []


def prepare() -> None:
    """Copy this process into a fork server for the next session, where that is possible."""
    import_all()
    if sys.platform != "linux" or threading.active_count() > 1 or _spares:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    ours, theirs = socket.socketpair()
    output, printed = os.pipe()
    asked, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(theirs.detach(), printed, asked, parent)
    theirs.close()
    os.close(printed)
    os.close(asked)
    os.set_blocking(output, False)
    _spares.append(Spare(Copy(pid), ours, output, told))


def take() -> Spare | None:
    """The fork server that was prepared in this process, which is the caller's from now on."""
    while _spares:
        spare = _spares.pop()
        if spare.process.poll() is None:
            return spare
    return None


def _become(stream: int, printed: int, asked: int, parent: int) -> NoReturn:
    """In the copy. What the command had open is none of its business; it never returns into the command."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (printed, 1), (printed, 2)):
            os.dup2(source, target)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        _close_all_but({0, 1, 2, stream, asked})
        run(stream, parent, lambda: os.fsdecode(_rest(asked)))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)


def _close_all_but(kept: set[int]) -> None:
    for low, high in pairwise([-1, *sorted(kept), os.sysconf("SC_OPEN_MAX")]):
        if low + 1 < high:
            os.closerange(low + 1, high)


def _rest(descriptor: int) -> bytes:
    """All that comes until the other end is closed."""
    with open(descriptor, "rb") as file:
        return file.read()
