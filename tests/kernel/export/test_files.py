"""Files are written as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evroute_kernel.kernel.export import files
from evroute_kernel.kernel.export.files import write_whole


def test_a_new_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.cfg", "Zoë\n")
    assert (tmp_path / "a.cfg").read_bytes() == "Zoë\n".encode()
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "a.cfg").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.cfg"
    path.write_text("old")
    with pytest.raises(FileExistsError):
        write_whole(path, "new")
    assert path.read_text() == "old"


def test_force_replaces_it(tmp_path: Path) -> None:
    path, link = tmp_path / "a.cfg", tmp_path / "link.cfg"
    path.write_text("old")
    path.chmod(0o600)
    link.symlink_to(path)
    write_whole(link, "new", force=True)
    assert (path.read_text(), path.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o600, True)
    assert sorted(tmp_path.iterdir()) == [path, link]


def test_an_error_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.cfg"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new", force=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no ordinary file"):
        write_whole(tmp_path, "text", force=True)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no ordinary file"):
        write_whole(tmp_path / "pipe", "text", force=True)
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a.cfg", "text")
