"""A process that runs one command and sees to it that nothing of it outlives the kernel, however the kernel ends.

    python -I -S guardian.py LIFELINE REPORT PROGRAM ARGUMENT...

The kernel holds the other end of the pipe LIFELINE. When that is closed, by the kernel or by its end (SIGKILL too), all
that the command has started is ended: the guardian is made the parent of whatever loses its own, so that it finds
them all, also those in a process group or session of their own. How the command itself has ended is written to
REPORT, in decimal: the exit code, or minus the signal. The guardian ends when nothing of it runs any more.

Run as a file, by an interpreter without the package: it imports Python's own library only, and little of that.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
#: exit code of a shell for a program that cannot be run
_CANNOT_RUN = 126


def main(lifeline: int, report: int, command: list[str]) -> None:
    wake, wake_in = os.pipe()
    for end in (wake, wake_in):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # that there is a handler makes the signal wake the loop
    signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
    _control(_PR_SET_CHILD_SUBREAPER, 1)
    guardian = os.getpid()
    child = os.fork()
    if child == 0:
        _become(command, guardian)
    os.close(0)
    for descriptor in (1, 2):  # else nobody would see the end of what is printed
        os.dup2(wake, descriptor)
    _watch(lifeline, report, wake, child)


def _become(command: list[str], guardian: int) -> NoReturn:
    """In the child: run the command, in a process group of its own. Never returns."""
    try:
        os.setpgid(0, 0)
        _control(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is run would too
            signal.signal(number, signal.SIG_DFL)
        if os.getppid() == guardian:
            os.execv(command[0], command)  # all other descriptors are closed by it
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(_CANNOT_RUN)


def _watch(lifeline: int, report: int, wake: int, child: int) -> None:
    """Wait until nothing runs, or until the kernel has let go."""
    while True:
        ready, _, _ = select.select([lifeline, wake], [], [])
        if lifeline in ready:
            _end_all(child)
            return
        os.read(wake, 512)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            if pid == child:
                os.write(report, str(os.waitstatus_to_exitcode(status)).encode())
                os.close(report)


def _end_all(child: int) -> None:
    """End every process below this one. Who loses its parent meanwhile comes to this process, and is found then."""
    if sys.platform != "linux":
        os.killpg(child, signal.SIGKILL)
        return
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)  # it is not reaped yet, so that the number is nobody else's
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    """The processes whose parent is this one."""
    found = []
    with os.scandir("/proc") as entries:
        for pid in (int(entry.name) for entry in entries if entry.name.isdigit()):
            try:
                status = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
                try:
                    fields = os.read(status, 4096).rpartition(b")")[2].split()
                finally:
                    os.close(status)
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[1]) == os.getpid():
                found.append(pid)
    return found


def _control(option: int, value: int) -> None:
    """`prctl`, where there is one."""
    if sys.platform == "linux":
        call: Any = ctypes.CDLL(None).prctl
        call(option, value, 0, 0, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
