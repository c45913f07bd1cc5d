"""Directories for socket files: who may use them, and what becomes of those that killed processes left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from evroute_kernel.engine.live.files import SocketDirectory

PROGRAM = """
import os, signal
from pathlib import Path
from evroute_kernel.engine.live.files import SocketDirectory
print(SocketDirectory(Path("/")).path, flush=True)
signal.pause()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_server_of_the_same_user_is_let_in_and_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "peer").touch()
    directory = SocketDirectory(tmp_path / "peer")
    (path := directory.new_path()).touch()
    directory.admit(path)
    assert (directory.path.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    directory.remove()
    directory.remove()
    assert not directory.path.exists()


def test_a_server_of_another_user_can_write_but_not_list(tmp_path: Path) -> None:
    directory = SocketDirectory(tmp_path / "unknown")
    (path := directory.new_path()).touch()
    directory.admit(path)
    assert (directory.path.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o711, 0o622)
    directory.remove()


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        SocketDirectory(tmp_path).remove()
        assert left.exists()
        os.kill(process.pid, signal.SIGKILL)
    SocketDirectory(tmp_path).remove()
    assert not left.exists()
