"""`pytest --cov` with scripts: lines and branches that tests run through `evroute_session`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """\
event_route[E_X] {
    if ($param(n) == 1)
        xlog("one\\n");
    switch ($param(n)) {
        case 2:
            xlog("two\\n");
            break;
        case 3:
            xlog("three\\n");
    }
}
startup_route {
    $shv(a) = 1;
}
"""
TESTS = """\
import pytest

@pytest.mark.evroute_session(load="x.cfg", workers=2)
@pytest.mark.parametrize("n", [2, 4])
def test_x(evroute_session, n):
    evroute_session.submit_batch("E_X", [{"n": n}] * 3).result()
"""
CONFIGURATION = '[tool.coverage.run]\nbranch = {}\nplugins = ["evroute_kernel.coverage"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.cfg").write_text(SCRIPT)
    (tmp_path / "other.cfg").write_text("event_route[E_Y] {\n    exit;\n}\n")
    (tmp_path / "test_x.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION.format("true"))
    return tmp_path


def run(folder: Path, *options: str) -> str:
    """What pytest shows, in a process of its own: coverage.py measures one at a time."""
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov=.", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, timeout=100, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("parallel", [(), ("-n", "2")])
def test_lines_and_branches_in_all_reports(folder: Path, parallel: tuple[str, ...]) -> None:
    kinds = ("json", "xml", "html", "lcov")
    shown = run(folder, *parallel, "--cov-report=term-missing", *(f"--cov-report={kind}" for kind in kinds))
    (row,) = [line.split() for line in shown.splitlines() if line.startswith("x.cfg")]
    assert row[1:5] == ["9", "2", "6", "2"]
    assert "other.cfg" in shown
    report = json.loads((folder / "coverage.json").read_text())["files"]["x.cfg"]
    assert report["executed_lines"] == [2, 4, 5, 6, 7, 8, 13]
    assert report["missing_lines"] == [3, 9]
    assert report["missing_branches"] == [[2, 3], [8, 9]]
    assert 'filename="x.cfg"' in (folder / "coverage.xml").read_text()
    assert "SF:x.cfg" in (folder / "coverage.lcov").read_text()
    page = next((folder / "htmlcov").glob("x_cfg*.html")).read_text()
    assert '<span class="key">switch</span>' in page
    assert "line 8 never went on to line 9" in page


def test_lines_alone(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(CONFIGURATION.format("false"))
    run(folder, "--cov-report=json")
    report = json.loads((folder / "coverage.json").read_text())["files"]["x.cfg"]
    assert (report["executed_lines"], report["missing_lines"]) == ([2, 4, 5, 6, 7, 8, 13], [3, 9])


def test_without_the_plugin_nothing_is_collected(folder: Path) -> None:
    (folder / "pyproject.toml").unlink()
    assert "x.cfg" not in run(folder, "--cov-report=term")
