"""Commands of the system: the clients, captures and files that a lesson about a server also needs."""

from __future__ import annotations

import codecs
import os
import selectors
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Final

from evroute_kernel.engine.arguments import ArgumentError
from evroute_kernel.kernel.cells import MagicLine
from evroute_kernel.kernel.failures import Interrupted, failure
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.kernel.output import STDERR, STDOUT, Outlet
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.execution import CellRun

SHELL: Final = "/bin/sh"
_READ_SIZE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Commands:
    """What the shell is given, and where it stands."""

    text: str
    span: Span


def read_commands(line: MagicLine) -> Commands:
    """The rest of the line, or with `%%sh` the lines below. Raises ArgumentError when there is nothing to run."""
    text = line.text.strip()
    if line.body is not None:
        if text:
            raise ArgumentError("%%sh takes its commands from the lines below", line.span)
        text = line.body
    if not text.strip():
        raise ArgumentError("%sh needs a command", line.span, "write %sh COMMAND, or %%sh with commands below")
    return Commands(text, line.span)


@magic("sh", "COMMAND", read=read_commands, body=True)
async def sh(cell: CellRun, given: Commands) -> None:
    """Run a command in a shell and show what it prints, as it prints it; `%%sh` runs the lines below as a script.

    `opensips-mi`, `opensips-cli`, `cat` of a flatstore file: what stands beside the script in a lesson. Programs of the
    kernel's own environment are found first. There is no standard input. The cell fails when the command does;
    interrupting it ends the command and all that it started. What it leaves running in the background (`&`, with its
    output sent elsewhere) ends with the kernel.
    """
    shell = Shell(given.text, cell.outlet)
    session = cell.session
    session.attach(shell)
    try:
        code = await cell.compute(shell.run)
    except Interrupted:
        shell.close()
        raise
    finally:
        if not shell.is_running:
            session.detach(shell)
    if code:
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        raise failure("CommandFailed", f"the command {how}", given.span)


class Shell:
    """One run of a shell, in a process group of its own."""

    def __init__(self, text: str, outlet: Outlet) -> None:
        self._text = text
        self._outlet = outlet
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._lock = Lock()

    def run(self) -> int:
        """Run it to its end; its exit code, or minus the signal that ended it. Blocks."""
        with self._lock:
            if self._is_closed:
                return -signal.SIGKILL
            process = self._process = subprocess.Popen(
                [SHELL, "-c", self._text],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                process_group=0,
            )
        with process:
            self._show(process)
            return process.wait()

    def _show(self, process: subprocess.Popen[bytes]) -> None:
        """Show both streams, in the order in which they are written, until nobody can write to them any more."""
        decoder = codecs.getincrementaldecoder("utf-8")
        with selectors.DefaultSelector() as selector:
            for pipe, stream in ((process.stdout, STDOUT), (process.stderr, STDERR)):
                assert pipe is not None
                selector.register(pipe, selectors.EVENT_READ, (stream, decoder("replace")))
            while selector.get_map():
                for key, _ in selector.select():
                    self._take(selector, key)

    def _take(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]
        stream, decoder = key.data
        data = os.read(pipe.fileno(), _READ_SIZE)
        self._outlet.write(decoder.decode(data, not data), stream)
        if not data:
            selector.unregister(pipe)

    @property
    def is_running(self) -> bool:
        """Whether the shell, or a program that it left in the background, still runs."""
        return self._signal(0)

    def close(self) -> None:
        """End the shell and all that it started. Safe from any thread; twice is harmless."""
        with self._lock:
            self._is_closed = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> bool:
        """Send a signal to the process group; False when nobody is left in it."""
        if self._process is None:
            return False
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True


def environment() -> dict[str, str]:
    """The kernel's environment, with the programs beside its interpreter found first."""
    own = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([own, os.environ.get("PATH", os.defpath)])}
