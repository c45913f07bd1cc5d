"""One running server: started with a configuration, asked to raise events, its log read as it comes."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fidelity.configuration import MARK, MARKED, configuration
from fidelity.installed import Installed

#: seconds until a started server answers, for one answer, for the log of one event, and until it has ended
START: Final = 15.0
ANSWER: Final = 5.0
RUN: Final = 10.0
STOP: Final = 5.0
#: bytes of one answer of the management interface
LARGEST: Final = 65_535
_FOLDER: Final = re.compile(r"[^\s\[<]*/case\.cfg")
_PLACE: Final = re.compile(r"case\.cfg(:|, line | line )(-?\d+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log: of a script (`xlog`, `log`) or, with a module, of the server itself.

    The server writes every byte beyond ASCII as U+FFFF, so which one it was is lost.
    """

    level: str
    text: str
    pid: int
    module: str = ""
    function: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the server says it, not the script."""
        return bool(self.module)


class RefusedError(Exception):
    """The server does not start with this configuration. `line` counts in the script, from 1."""

    def __init__(self, errors: list[str], line: int | None) -> None:
        super().__init__("; ".join(errors[:3]) or "the server ended without a word")
        self.errors = errors
        self.line = line


class DiedError(Exception):
    """The server has ended while it was in use."""


class Server:
    """A server with one script. `close` ends it; `raise_event` and `drain` are for one thread."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, first_line: int) -> None:
        #: number of the configuration's line on which the script begins
        self.first_line = first_line
        self._process = process
        self._folder = folder
        #: None once the server has closed its end
        self._lines: queue.Queue[Line | None] = queue.Queue()
        self._other: list[str] = []
        self._marks = 0
        self._door: socket.socket | None = None
        self._reader = threading.Thread(target=self._read, name="log of a server", daemon=True)
        self._reader.start()

    @property
    def address(self) -> str:
        """Where its management interface listens, as `%connect` wants it."""
        return f"datagram:{self._folder / 'door'}"

    # -- log ----------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            text = raw.decode("latin-1")
            try:
                said = json.loads(text, strict=False)
                line = Line(
                    said["level"], said["message"], said["pid"], said.get("module", ""), said.get("function", "")
                )
            except (ValueError, KeyError, TypeError):
                self._other.append(text.rstrip("\n"))
                continue
            self._lines.put(line)
        self._lines.put(None)

    def next_line(self, patience: float) -> Line:
        """The next line of the log. Raises DiedError at its end, TimeoutError."""
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise TimeoutError(f"no line in the log for {patience} s") from None
        if line is None:
            self._lines.put(None)
            raise DiedError("the server has ended")
        return line

    def until_quiet(self, seconds: float) -> list[Line]:
        """What is logged until nothing more has come for so long, or until `RUN` has passed."""
        found: list[Line] = []
        deadline = time.monotonic() + RUN
        with suppress(TimeoutError, DiedError):
            while time.monotonic() < deadline:
                found.append(self.next_line(seconds))
        return found

    def until_marked(self) -> list[Line]:
        """What the worker logs until it has run all that was raised so far. Raises DiedError, TimeoutError."""
        self._marks += 1
        self.raise_event(MARK, [str(self._marks)])
        deadline, found = time.monotonic() + RUN, list[Line]()
        try:
            while True:
                line = self.next_line(max(0.01, deadline - time.monotonic()))
                if line.text == f"{MARKED}{self._marks}\n":
                    return found
                found.append(line)
        except DiedError:
            raise DiedError(found) from None

    # -- management ---------------------------------------------------------------------------------------------------

    def ask(self, method: str, params: Any = None) -> Any:
        """What a command of the management interface answers. Raises OSError, TimeoutError; ValueError for an error."""
        if self._door is None:
            self._door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._door.bind(str(self._folder / "asking"))
            self._door.settimeout(ANSWER)
        asked = {"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params})
        self._door.sendto(json.dumps(asked).encode(), str(self._folder / "door"))
        said = json.loads(self._door.recv(LARGEST), strict=False)
        if "error" in said:
            raise ValueError(said["error"]["message"])
        return said["result"]

    def raise_event(self, event: str, params: Any = None) -> str | None:
        """Raise with a list of texts, a mapping, or nothing; what was wrong with it."""
        given: dict[str, Any] = {"event": event}
        if isinstance(params, dict):
            given["params"] = json.dumps(params)
        elif params is not None:
            given["params"] = list(map(str, params))
        try:
            self.ask("raise_event", given)
        except ValueError as error:
            return str(error)
        except (ConnectionError, FileNotFoundError, TimeoutError):
            raise DiedError(self.until_quiet(0.2)) from None
        return None

    # -- life ---------------------------------------------------------------------------------------------------------

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Returns when the server answers. Raises RefusedError."""
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._reader.join(STOP)
                raise self._refused()
            with suppress(OSError, ValueError):
                self.ask("which", ["which"])
                return
            time.sleep(0.02)
        raise TimeoutError(f"the server does not answer for {START} s")

    def _refused(self) -> RefusedError:
        lines = [line for line in self.until_quiet(0.1) if line.level in ("ERROR", "CRITICAL", "ALERT")]
        # lines without a module show the configuration
        said = [f"{line.module}:{line.function}: {line.text.rstrip()}" for line in lines if line.is_own]
        errors = [in_script(text, self.first_line) for text in said or self._other[-3:]]
        return RefusedError(errors, _line_of(errors))

    def close(self) -> None:
        """Ends the server and all its processes."""
        if self._door is not None:
            self._door.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(STOP)
        assert self._process.stderr is not None
        self._process.stderr.close()


def in_script(text: str, first_line: int) -> str:
    """Places that the server names, without the folder; lines count from the first one of the script."""
    return _PLACE.sub(
        lambda place: f"case.cfg{place[1]}{int(place[2]) - first_line + 1}", _FOLDER.sub("case.cfg", text)
    )


def _line_of(errors: list[str]) -> int | None:
    """The line of the script that the server's words name."""
    found = (int(place[2]) for text in errors for place in _PLACE.finditer(text))
    return next((line for line in found if line > 0), None)


def free_port() -> int:
    """A UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    server: Installed,
    script: str,
    *,
    settings: str = "",
    workers: int = 1,
    files: dict[str, str] | None = None,
    marks: bool = True,
) -> Iterator[Server]:
    """A server that runs a script, with `files` beside it for `include_file`. Raises RefusedError."""
    with tempfile.TemporaryDirectory(prefix="fidelity-") as name:
        folder = Path(name)
        text, first_line = configuration(
            server, folder / "door", free_port(), script, settings=settings, workers=workers, marks=marks
        )
        for path, content in {"case.cfg": text, **(files or {})}.items():
            (folder / path).write_text(content, "utf-8", "surrogateescape")
        process = subprocess.Popen(
            [server.program, "-F", "-f", folder / "case.cfg"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started = Server(process, folder, first_line)
        try:
            started.wait_until_ready()
            yield started
        finally:
            started.close()
