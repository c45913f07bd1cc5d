"""`evroute install` and `uninstall`, as a user has them: in an environment of Jupyter's own folders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Jupyter keeps this user's files, and looks first; else it takes kernelspecs out of this environment."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    return tmp_path / "data" / "kernels"


def run(command: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / command, *arguments], capture_output=True, text=True, timeout=100, check=False)


def names(kernels: Path) -> set[str]:
    return {path.name for path in kernels.iterdir()}


def test_both_kernels_are_there_again_after_jupyter_has_removed_them(home: Path) -> None:
    told = [f"installed the kernelspec {name} in {home / name}" for name in ("evroute", "evroute-4.0")]
    for _ in range(2):
        done = run("evroute", "install", "--user")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == told
        assert names(home) == {"evroute", "evroute-4.0"}
        assert json.loads((home / "evroute-4.0" / "kernel.json").read_text())["argv"][-1].endswith("=4.0")
        assert (home / "evroute-4.0" / "logo-svg.svg").is_file()
        removed = run("jupyter-kernelspec", "remove", "evroute", "evroute-4.0", "-y")
        assert removed.returncode == 0, removed.stderr
        assert names(home) == set()


def test_who_names_one_gets_one(home: Path) -> None:
    run("evroute", "install", "--name", "mine")
    run("evroute", "install", "--server", "4.0")
    run("evroute", "install", "--display-name", "Mine")
    assert names(home) == {"mine", "evroute-4.0", "evroute"}


def test_uninstall_takes_back_what_install_wrote(home: Path) -> None:
    run("evroute", "install")
    run("evroute", "install", "--name", "mine")
    done = run("evroute", "uninstall", "--user")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(f"removed the kernelspec {n} from {home}\n" for n in ("evroute", "evroute-4.0"))
    assert names(home) == {"mine"}
    assert run("evroute", "uninstall", "--user", "--name", "mine").returncode == 0
    assert names(home) == set()


def test_uninstall_below_a_prefix_and_of_one_version(tmp_path: Path) -> None:
    kernels = tmp_path / "share" / "jupyter" / "kernels"
    run("evroute", "install", "--prefix", tmp_path)
    assert run("evroute", "uninstall", "--prefix", tmp_path, "--server", "4.0").returncode == 0
    assert names(kernels) == {"evroute"}


def test_nothing_to_uninstall_says_where_it_has_looked(home: Path) -> None:
    done = run("evroute", "uninstall", "--user")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no kernelspec evroute or evroute-4.0 in" in done.stderr
    assert str(home) in done.stderr
    assert "jupyter kernelspec list" in done.stderr


def test_the_kernel_of_somebody_else_stays(home: Path) -> None:
    other = home / "evroute" / "kernel.json"
    other.parent.mkdir(parents=True)
    other.write_text('{"argv": ["bash", "-m", "bash_kernel"], "display_name": "Bash", "language": "bash"}')
    done = run("evroute", "uninstall", "--user")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not a kernelspec of this kernel" in done.stderr
    assert other.is_file()


def test_names_are_those_that_jupyter_makes_of_them(home: Path) -> None:
    assert "installed the kernelspec mine in " in run("evroute", "install", "--name", "Mine").stdout
    assert run("evroute", "uninstall", "--user", "--name", "Mine").returncode == 0
    assert names(home) == set()


def test_a_link_that_leads_nowhere_is_in_nobodys_way(home: Path, tmp_path: Path) -> None:
    home.mkdir(parents=True)
    (home / "evroute").symlink_to(tmp_path / "gone")
    done = run("evroute", "install", "--user")
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "evroute" / "kernel.json").is_file()
