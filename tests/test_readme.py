"""What README.md shows is true."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from evroute_kernel.cli import COMMANDS

CLONE = Path(__file__).parent.parent
README = (CLONE / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PIKE = 'event_route[E_PIKE_BLOCKED] { xlog("blocked $param(ip)\\n"); }\n'


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def test_the_first_cell_prints_what_stands_below_it() -> None:
    metadata = {"kernelspec": {"name": "evroute", "display_name": "", "language": ""}}
    cell = nbformat.v4.new_code_cell(blocks("opensips")[0])
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata=metadata)
    NotebookClient(notebook, timeout=60).execute()
    assert "".join(output["text"] for output in cell.outputs) == blocks("")[0]


def test_the_session_example_runs(tmp_path: Path) -> None:
    (tmp_path / "opensips.cfg").write_text(PIKE)
    program = next(text for text in blocks("python") if "Session(" in text)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "NOTICE blocked 192.0.2.66\n", "")


def test_the_pytest_example_passes(tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(next(text for text in blocks("python") if "evroute_session" in text))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", [line for text in blocks("sh") for line in text.splitlines() if "evroute" in line])
def test_the_commands_work(tmp_path: Path, line: str) -> None:
    (tmp_path / "opensips.cfg").write_text(PIKE)
    shutil.copy(Path(__file__).parent.parent / "notebooks" / "tour.ipynb", tmp_path)
    command = f"PATH={Path(sys.executable).parent}:$PATH; {line}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_magics_exist() -> None:
    from evroute_kernel.kernel.magics import everything  # noqa: F401 - fills the table
    from evroute_kernel.kernel.magics.declaration import MAGICS

    # docs/magics.md is made from the magics, and has them all
    assert set(re.findall(r"`%%?(\w+)", README)) <= set(MAGICS)


def test_the_commands_exist() -> None:
    assert set(re.findall(r"`evroute ([a-z]+)", README)) <= set(COMMANDS)


def test_containers_have_a_python_that_will_do() -> None:
    """No container is built here: what they install is what the step `lab` of .ci/run installs."""
    project = tomllib.loads((CLONE / "pyproject.toml").read_text("utf-8"))["project"]
    dockerfile = (CLONE / "Dockerfile").read_text("utf-8")
    runtime = (CLONE / ".binder" / "runtime.txt").read_text("utf-8")
    tested = {name.rpartition(" ")[2] for name in project["classifiers"] if "Python :: 3." in name}
    assert re.findall(r"^FROM python:([0-9.]+)", dockerfile, re.MULTILINE)[0] in tested
    assert runtime.strip().removeprefix("python-") in tested
    assert "'/src[lab]'" in dockerfile
    assert (CLONE / ".binder" / "requirements.txt").read_text("utf-8") == ".[lab]\n"
    assert "lab" in project["optional-dependencies"]


def test_the_picture_is_small() -> None:
    (picture,) = re.findall(r"^!\[.+\]\((.+)\)$", README, re.MULTILINE)
    assert 10_000 < (CLONE / picture).stat().st_size < 100_000
