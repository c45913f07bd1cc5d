"""A Voila server of its own: this tree's kernel, this Python, and nothing of the machine's."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.lab_server import DEADLINE, end, environment, free_port


@contextmanager
def voila(notebook: Path, home: Path) -> Iterator[str]:
    """The address at which Voila shows a notebook; `home` takes all that it and its kernels would keep for a user."""
    port = free_port()
    options = ["--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1", "--show_tracebacks=True"]
    with (home / "voila.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "voila", *options, str(notebook)],
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_port(port, process, home / "voila.log")
            yield f"http://127.0.0.1:{port}/"
        finally:
            end(process)


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        assert process.poll() is None, f"the server ended with {process.returncode}:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"the server does not answer:\n{log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
