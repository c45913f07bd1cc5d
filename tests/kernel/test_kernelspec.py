"""`evroute install` writes a kernelspec that names this interpreter."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from evroute_kernel.kernel.kernelspec import install


def test_install_below_a_prefix(tmp_path: Path) -> None:
    folder = install(prefix=tmp_path)
    assert folder == tmp_path / "share" / "jupyter" / "kernels" / "evroute"
    assert {path.name for path in folder.iterdir()} == {
        "kernel.json",
        "logo-32x32.png",
        "logo-64x64.png",
        "logo-svg.svg",
    }
    spec = json.loads((folder / "kernel.json").read_text("utf-8"))
    assert spec["argv"] == [sys.executable, "-m", "evroute_kernel", "-f", "{connection_file}"]
    assert (spec["display_name"], spec["language"]) == ("OpenSIPS event_route", "opensips")
    assert spec["interrupt_mode"] == "message"
    assert spec["metadata"] == {"debugger": False, "supported_encryption": ["curve"]}


def test_names(tmp_path: Path) -> None:
    folder = install(prefix=tmp_path, name="lab", display_name="Lab")
    assert folder.name == "lab"
    assert json.loads((folder / "kernel.json").read_text("utf-8"))["display_name"] == "Lab"


def test_one_whose_notebooks_begin_as_a_version(tmp_path: Path) -> None:
    folder = install(prefix=tmp_path, name="evroute-4.0", server="4.0")
    spec = json.loads((folder / "kernel.json").read_text("utf-8"))
    assert spec["argv"][-1] == "--EvrouteKernel.server=4.0"
    assert spec["display_name"] == "OpenSIPS event_route (4.0)"


def test_a_second_time_replaces_the_first(tmp_path: Path) -> None:
    install(prefix=tmp_path, display_name="old")
    folder = install(prefix=tmp_path)
    assert json.loads((folder / "kernel.json").read_text("utf-8"))["display_name"] == "OpenSIPS event_route"


def test_a_bad_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name"):
        install(prefix=tmp_path, name="no blanks please")


def test_for_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert install(user=True) == tmp_path / "kernels" / "evroute"
