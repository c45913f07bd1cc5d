"""An export starts on the server that it was made for, where OPENSIPS and OPENSIPS_MODULES name one."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from threading import Timer

sys.path.insert(0, str(Path(__file__).parents[3]))  # beside the tests, not a part of what is installed

import pytest

from evroute_kernel.kernel.export.notebooks import read_file, title_of
from evroute_kernel.kernel.export.standalone import export
from evroute_kernel.runtime.versions import VERSIONS, server_version
from fidelity.installed import Installed, NotInstalledError, installed

#: seconds after which a server that has not started is ended
PATIENCE = 30.0
#: what the one version has and the other refuses
SETTINGS = {"3.6": "tcp_parallel_read_on_workers = 1", "4.0": "tcp_threads = 2"}
ROUTES = """startup_route { $shv(n) = 7; raise_event("E_X"); }
event_route[E_X] { xlog("L_ALERT", "n is $shv(n)\\n"); }"""
STATEMENT = "$shv(m) = 1;"


@pytest.fixture(scope="module")
def server() -> Installed:
    try:
        return installed()
    except NotInstalledError as error:
        pytest.skip(str(error))


def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def written(folder: Path, server: Installed, version: str) -> Path:
    """The configuration that a notebook of a version amounts to."""
    own = f'mpath = "{server.modules}/"\nsocket = udp:127.0.0.1:{port()}\nstderror_enabled = yes\nsyslog_enabled = no'
    cells = [own, SETTINGS[version], ROUTES, STATEMENT, "%raise E_X"]
    raw = {
        "cells": [{"cell_type": "code", "source": text} for text in cells],
        "metadata": {"evroute": {"server": version}},
    }
    (folder / "a.ipynb").write_text(json.dumps(raw))
    notebook = read_file(folder / "a.ipynb")
    assert notebook.version is not None
    made = export(notebook.cells, title_of("a"), folder, version=notebook.version)
    assert (made.findings, made.refused) == ((), ())
    path = folder / "a.cfg"
    path.write_text(made.text)
    return path


def lines(server: Installed, path: Path, folder: Path) -> Generator[str]:
    """What a server writes from its start on; it ends with the iterator."""
    command = [server.program, "-F", "-f", path, "-w", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, process_group=0)
    patience = Timer(PATIENCE, process.kill)
    patience.start()
    try:
        assert process.stderr is not None
        with process.stderr:
            yield from process.stderr
    finally:
        patience.cancel()
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def test_it_starts_and_runs_on_the_server_of_its_version(server: Installed, tmp_path: Path) -> None:
    path = written(tmp_path, server, server_version(server.version()))
    seen = []
    with closing(lines(server, path, tmp_path)) as written_lines:
        for line in written_lines:
            seen.append(line)
            if "n is 7" in line:
                return
    pytest.fail("".join(seen))


def test_the_server_of_the_other_version_refuses_it(server: Installed, tmp_path: Path) -> None:
    """Else the test above would say nothing of versions."""
    (other,) = set(VERSIONS) - {server_version(server.version())}
    command = [server.program, "-C", "-f", written(tmp_path, server, other)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode != 0
    assert "syntax error" in done.stderr + done.stdout
