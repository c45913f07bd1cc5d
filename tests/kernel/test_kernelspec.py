"""`evroute install` writes a kernelspec that names this interpreter."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest

import evroute_kernel
from evroute_kernel.kernel.kernelspec import BROUGHT, install, resources, specification
from evroute_kernel.runtime.versions import DEFAULT_VERSION, VERSIONS

CLONE = Path(__file__).parent.parent.parent


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
    assert spec["metadata"] == {"debugger": True, "supported_encryption": ["curve"]}


def test_names(tmp_path: Path) -> None:
    folder = install(prefix=tmp_path, name="lab", display_name="Lab")
    assert folder.name == "lab"
    assert json.loads((folder / "kernel.json").read_text("utf-8"))["display_name"] == "Lab"


def test_one_whose_notebooks_begin_as_a_version(tmp_path: Path) -> None:
    folder = install(prefix=tmp_path, name="evroute-4.0", server="4.0")
    spec = json.loads((folder / "kernel.json").read_text("utf-8"))
    assert spec["argv"][-1] == "--EvrouteKernel.server=4.0"
    assert spec["display_name"] == "OpenSIPS event_route (4.0)"


@pytest.mark.parametrize("server", [version for version in VERSIONS if version != DEFAULT_VERSION])
def test_the_wheel_has_one_for_each_version(server: str) -> None:
    """It is the one that `evroute install --server` would write, with the name of an interpreter to be replaced."""
    plain = resources() / "kernel.json"
    shipped = json.loads((resources().with_name(f"evroute-{server}") / "kernel.json").read_text("utf-8"))
    written = specification(plain.read_text("utf-8"), server=server)
    assert {**shipped, "argv": shipped["argv"][1:]} == {**written, "argv": written["argv"][1:]}
    assert shipped["argv"][0] == json.loads(plain.read_text("utf-8"))["argv"][0]
    project = tomllib.loads((CLONE / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    places = {target.rpartition("/")[2] for target in shared.values() if f"evroute-{server}" in target}
    assert places == {f"evroute-{server}", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}


def test_what_is_written_comes_from_the_package() -> None:
    """And not from where the wheel has put the kernelspecs: that folder goes with `jupyter kernelspec remove`."""
    package = Path(evroute_kernel.__file__).parent
    assert resources().is_relative_to(package)
    assert {folder.name for folder in resources().parent.iterdir()} == set(BROUGHT)


def test_a_second_time_replaces_the_first(tmp_path: Path) -> None:
    install(prefix=tmp_path, display_name="old")
    folder = install(prefix=tmp_path)
    assert json.loads((folder / "kernel.json").read_text("utf-8"))["display_name"] == "OpenSIPS event_route"


def test_a_bad_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name"):
        install(prefix=tmp_path, name="no blanks please")


@pytest.mark.parametrize("server", VERSIONS)
def test_the_kernelspecs_of_the_wheel_know_every_version(server: str) -> None:
    assert list(BROUGHT.values()).count(None) == 1
    assert server == DEFAULT_VERSION or BROUGHT[f"evroute-{server}"] == server


def test_for_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert install(user=True) == tmp_path / "kernels" / "evroute"
