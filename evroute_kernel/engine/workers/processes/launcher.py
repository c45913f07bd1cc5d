"""The supervisor's end of the fork server: starts it, asks it for workers, hears of their ends.

The fork server gets its import paths and descriptors from the command line, runs Python isolated (no environment, no
user site, nothing from the current directory) and in a session of its own, so that a signal to the kernel's process
group leaves it time to clean up.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final, TypeAlias

from evroute_kernel.worker import early
from evroute_kernel.worker.messages import Decoder, Message, SignalWorker, StartWorker, encode

#: seconds that the fork server gets to end by itself
END_DEADLINE: Final = 2.0
_RECEIVE_SIZE: Final = 2**16
_PROGRAM: Final = (
    "import json, sys; paths, descriptor, parent, directory = json.loads(sys.argv[1]); sys.path[:] = paths; "
    "from evroute_kernel.worker.forkserver import main; main(descriptor, parent, directory)"
)

Process: TypeAlias = "subprocess.Popen[bytes] | early.Copy"


class Launcher:
    """One fork server process. `fileno` is readable when it has something to say; `output` is what it prints."""

    def __init__(self, directory: Path) -> None:
        """Start the process, unless one has been prepared; it works in the background. It removes `directory` when it
        ends."""
        self._decoder = Decoder()
        self._process: Process
        spare = early.take()
        if spare is None:
            self._start(directory)
        else:
            self._process, self._stream, self.output = spare.process, spare.stream, spare.output
            spare.begin(str(directory))

    def _start(self, directory: Path) -> None:
        if not sys.executable:
            raise FileNotFoundError(errno.ENOENT, "Python does not know its own interpreter", sys.executable)
        self._stream, theirs = socket.socketpair()
        try:
            self.output, output = os.pipe()
        except OSError:
            self._stream.close()
            theirs.close()
            raise
        os.set_blocking(self.output, False)
        arguments = json.dumps([import_paths(), theirs.fileno(), os.getpid(), str(directory)])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except BaseException:
            self._stream.close()
            os.close(self.output)
            raise
        finally:
            theirs.close()
            os.close(output)

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        return self._stream.fileno()

    def start(self, message: StartWorker, stream: socket.socket, output: int, box: int) -> None:
        """Ask for a worker. The descriptors are the worker's from now on; the caller closes its copies."""
        socket.send_fds(self._stream, [encode(message)], [stream.fileno(), output, box])

    def signal(self, number: int, signal_number: signal.Signals) -> None:
        """Signal a worker, unless it has ended. Without a fork server there is none: its workers follow it."""
        if not self.is_closed:
            self._stream.sendall(encode(SignalWorker(number, int(signal_number))))

    def receive(self) -> list[Message] | None:
        """What it said; None when it has ended."""
        try:
            data = self._stream.recv(_RECEIVE_SIZE)
        except ConnectionResetError:
            return None
        return self._decoder.feed(data) if data else None

    def read_output(self) -> str | None:
        """What it printed since the last call; None when nothing can come any more."""
        try:
            data = os.read(self.output, _RECEIVE_SIZE)
        except BlockingIOError:
            return ""
        return data.decode("utf-8", "replace") if data else None

    @property
    def is_closed(self) -> bool:
        """Whether `close` has been called: it tells nothing of its workers any more, and signals none."""
        return self._stream.fileno() < 0

    def kill(self) -> None:
        """End it although it does not answer; its workers have asked the system to follow it. `close` it then."""
        self._process.kill()

    @property
    def status(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return self._process.poll()

    def close(self) -> None:
        """End it and, through it, all workers. Returns when they are gone."""
        self._stream.close()
        try:
            self._process.wait(END_DEADLINE)
        except (subprocess.TimeoutExpired, TimeoutError):
            self._process.kill()  # its workers have asked the system to follow it
            self._process.wait()
        os.close(self.output)

    def leave_to_parent(self) -> None:
        """In a process that was forked: close the copies of descriptors. The fork server is no child of this one."""
        self._stream.close()
        with contextlib.suppress(OSError):  # the parent was closing it just then
            os.close(self.output)
        self._process.returncode = 0  # nobody here will ever know how it ends; it is not to be looked for


def import_paths() -> list[str]:
    """Where the fork server finds this package and its dependencies: the same places as this process."""
    home = str(Path(__file__).parents[3])
    return list(dict.fromkeys([home, *(str(Path(path).resolve()) for path in sys.path if path)]))
