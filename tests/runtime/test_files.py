"""Files that a script names: regular ones alone, no more than a bound, and nothing that waits."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from evroute_kernel.runtime.files import LARGEST, FileError, read_bytes


def reason(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        read_bytes(path)
    return caught.value.reason


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        reasons = [reason(path) for path in (Path("/dev/zero"), tmp_path / "fifo", tmp_path, tmp_path / "socket")]
    assert reasons[:3] == [f"it is {kind}, not a regular file" for kind in ("a device", "a FIFO", "a directory")]
    assert reasons[3]  # the system does not open it


def test_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(LARGEST)
    assert len(read_bytes(path)) == LARGEST
    os.truncate(path, 2**40)
    assert reason(path) == "it is too large: it has more than 16 MiB"


def test_files_without_a_size() -> None:
    assert b"Pid:" in read_bytes(Path("/proc/self/status"))
    with pytest.raises(FileError, match="more than 0 MiB"):
        read_bytes(Path("/proc/self/status"), 10)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000, "none"])
def test_names_that_no_file_has(tmp_path: Path, name: str) -> None:
    assert reason(tmp_path / name)


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        reason(tmp_path)
        reason(Path("/dev/zero"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
