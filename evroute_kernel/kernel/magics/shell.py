"""Commands of the system: the clients, captures and files that a lesson about a server also needs."""

from __future__ import annotations

import codecs
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING, Final

from evroute_kernel.engine.events.given import path_fault
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel import guardian
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import Interrupted, failure
from evroute_kernel.kernel.cell.output import STDERR, STDOUT, Outlet
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell

SHELL: Final = "/bin/sh"
_READ_SIZE: Final = 1 << 16
#: characters that are shown of what a command prints, and of what comes after the end of the shell
SHOWN: Final = 1_000_000
LATE: Final = 100_000


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
    if fault := path_fault(text):
        raise ArgumentError(f"the command {fault}", line.span)
    return Commands(text, line.span)


@magic("sh", "COMMAND", read=read_commands, body="text", takes_hashes=True)
async def sh(cell: Cell, given: Commands) -> None:
    """Run a command in a shell and show what it prints, as it prints it; `%%sh` runs the lines below as a script.

    `!COMMAND` on a line of its own is the same; but `!name(...)` and `!$var(x)` are script.

    `opensips-mi`, `opensips-cli`, `cat` of a flatstore file: what stands beside the script in a lesson. Programs of the
    kernel's own environment are found first. There is no standard input. The cell fails when the command does;
    interrupting it ends the command and all that it started. A million characters are shown of what it prints. What it
    leaves running in the background (`&`) does not hold the cell: what that prints later comes out below the cell, up
    to 100,000 characters. It ends with the kernel, however the kernel ends.
    """
    session = cell.session
    shell = Shell(given.text, cell.outlet, session.detach)
    session.attach(shell)
    try:
        code = await cell.compute(shell.run)
    except Interrupted:
        shell.close()
        raise
    except OSError as error:  # no more processes or descriptors
        session.detach(shell)
        raise failure("CommandFailed", f"the shell cannot be started: {error.strerror}", given.span) from error
    if code:
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        raise failure("CommandFailed", f"the command {how}", given.span)


class Shell:
    """One run of a shell, under a guardian that lets nothing of it outlive the kernel."""

    def __init__(self, text: str, outlet: Outlet, ended: Callable[[Shell], None] = lambda shell: None) -> None:
        """`ended` is called, in any thread, when nothing of it runs any more."""
        self._text = text
        self._outlet = outlet
        self._ended = ended
        #: the end of a pipe whose other end the guardian watches; -1: not there yet, or no more
        self._lifeline = -1
        self._is_closed = False
        self._lock = Lock()

    def run(self) -> int:
        """Run it until the shell ends; its exit code, or minus the signal that ended it. Blocks.

        What it has left running in the background goes on, and a thread shows what that prints.
        """
        with self._lock:
            if self._is_closed:
                self._ended(self)
                return -signal.SIGKILL
            process, report = self._start()
        printed = Printed(process, self._outlet)
        with os.fdopen(report, "rb", buffering=0) as told:
            printed.show_until(told)
            code = int(told.read(20) or -signal.SIGKILL)  # nothing: the guardian itself was killed
        Thread(target=self._show_rest, args=(process, printed), name="evroute sh", daemon=True).start()
        return code

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start the guardian; its process, and where it tells how the shell has ended."""
        theirs, self._lifeline = os.pipe()
        report, told = os.pipe()
        command = [sys.executable, "-I", "-S", guardian.__file__, str(theirs), str(told), SHELL, "-c", self._text]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(theirs, told),
                env=environment(),
                process_group=0,
            )
        except BaseException:
            os.close(report)
            self._let_go()
            raise
        finally:
            os.close(theirs)
            os.close(told)
        return process, report

    def _show_rest(self, process: subprocess.Popen[bytes], printed: Printed) -> None:
        """Show what comes after the shell's end, until nothing of it runs any more."""
        with process:
            printed.show_rest()
        self.close()
        self._ended(self)

    def close(self) -> None:
        """End the shell and all that it started. Safe from any thread; twice is harmless."""
        with self._lock:
            self._is_closed = True
            self._let_go()

    def _let_go(self) -> None:
        lifeline, self._lifeline = self._lifeline, -1
        if lifeline >= 0:
            os.close(lifeline)


class Printed:
    """Shows what comes out of both streams of a process, in the order in which it is written."""

    def __init__(self, process: subprocess.Popen[bytes], outlet: Outlet) -> None:
        self._outlet = outlet
        self._allow(SHOWN)
        self._selector = selectors.DefaultSelector()
        decoder = codecs.getincrementaldecoder("utf-8")
        for pipe, stream in ((process.stdout, STDOUT), (process.stderr, STDERR)):
            assert pipe is not None
            self._selector.register(pipe, selectors.EVENT_READ, (stream, decoder("replace")))

    def show_until(self, told: IO[bytes]) -> None:
        """Show what comes until something else can be read, and what was written before."""
        self._selector.register(told, selectors.EVENT_READ)
        ready = self._selector.select()
        while all(key.fileobj is not told for key, _ in ready):
            self._take(ready)
            ready = self._selector.select()
        self._selector.unregister(told)
        self._take(self._selector.select(0))  # a pipe holds no more than is read at once

    def show_rest(self) -> None:
        """Show what comes until nobody can write any more."""
        self._allow(LATE)
        while self._selector.get_map():
            self._take(self._selector.select())
        self._selector.close()

    def _allow(self, characters: int) -> None:
        """How much is shown from now on; what is beyond that is read and dropped."""
        self._most = self._room = characters

    def _take(self, ready: Sequence[tuple[selectors.SelectorKey, int]]) -> None:
        """Read the pipes that have something, and show it."""
        for key, _ in ready:
            stream, decoder = key.data
            data = os.read(key.fd, _READ_SIZE)
            self._show(decoder.decode(data, not data), stream)
            if not data:
                self._selector.unregister(key.fileobj)

    def _show(self, text: str, stream: str) -> None:
        left = self._room - len(text)
        self._outlet.write(text[: max(0, self._room)], stream)
        if self._room >= 0 > left:
            self._outlet.write(f"\n[more than {self._most:,} characters: the rest is dropped]\n", STDERR)
        self._room = left


def environment() -> dict[str, str]:
    """The kernel's environment, with the programs beside its interpreter found first."""
    own = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([own, os.environ.get("PATH", os.defpath)])}
