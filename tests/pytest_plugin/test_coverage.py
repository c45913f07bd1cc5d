"""`pytest --cov` with scripts: lines and branches that tests run through `evroute_session`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]
#: each runs pytest, with workers of its own, in other processes
pytestmark = pytest.mark.timeout(300)

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


#: plugins of others, which have nothing to do here and take most of the time that pytest needs to begin
IDLE = ("hypothesispytest", "inline_snapshot", "nbmake", "nbval", "syrupy")


def run(folder: Path, *options: str, cov: str = ".", core: str = "ctrace") -> str:
    """What pytest shows, in a process of its own: coverage.py measures one at a time."""
    without = [f"-pno:{name}" for name in ("cacheprovider", *IDLE)]
    line = [sys.executable, "-m", "pytest", "-q", *without, f"--cov={cov}", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    environment["COVERAGE_CORE"] = core
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, timeout=250, check=False, text=True)
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
    assert "line 8 never went on to line 9: it was never matched" in page


def test_lines_alone(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(CONFIGURATION.format("false"))
    run(folder, "--cov-report=json")
    report = json.loads((folder / "coverage.json").read_text())["files"]["x.cfg"]
    assert (report["executed_lines"], report["missing_lines"]) == ([2, 4, 5, 6, 7, 8, 13], [3, 9])


def reported(folder: Path) -> dict[str, Any]:
    """What the report in JSON says of each file, without those of Python."""
    files = json.loads((folder / "coverage.json").read_text())["files"]
    return {name: found for name, found in files.items() if not name.endswith(".py")}


def test_replays_and_workers_that_are_killed(folder: Path) -> None:
    (folder / "test_x.py").write_text(
        """
import os, signal, pytest

SCRIPT = 'loadmodule "cfgutils.so"'

@pytest.mark.evroute_session(load=["x.cfg", "slow.cfg"], workers=2, check=False)
def test_x(evroute_session, tmp_path):
    events = tmp_path / "events.jsonl"
    events.write_text('{"event": "E_X", "params": {"n": 3}}\\n' * 20)
    evroute_session.replay(str(events))
    future = evroute_session.submit("E_SLOW")
    pids = []
    while not pids:
        pids = [worker.pid for worker in evroute_session.workers() if worker.running and evroute_session.shv["slow"]]
    os.kill(pids[0], signal.SIGKILL)
    assert [error.cause for error in future.result().errors] == ["worker died"]
"""
    )
    slow = 'loadmodule "cfgutils.so"\nevent_route[E_SLOW] {\n$shv(slow) = 1;\nsleep(60);\n$shv(slow) = 2;\n}\n'
    (folder / "slow.cfg").write_text(slow)
    run(folder, "--cov-report=json")
    found = reported(folder)
    assert found["x.cfg"]["executed_lines"] == [2, 4, 5, 8, 9, 13]
    assert (found["slow.cfg"]["executed_lines"], found["slow.cfg"]["missing_lines"]) == ([3, 4], [5])


CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "source": "# Limits"},
    {"cell_type": "code", "source": ["%config workers=2\n", "$shv(limit) = 2;"]},
    {
        "cell_type": "code",
        "source": "event_route[E_X] {\n    if ($param(n) > $shv(limit))\n        exit;\n    $shv(seen) += 1;\n}\n"
        "%raise E_X n=9",
    },
    {"cell_type": "code", "source": "event_route[E_X] {", "metadata": {"tags": ["raises-exception"]}},
]


#: gw1 begins when gw0 knows its tests: pytest-cov removes the data files of all who measure as it begins
LATE = """\
import os

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER == "gw1":
    open("collected").close()
"""
CONFTEST = """\
import os
import pytest

@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        open("collected", "w").close()
"""


def test_a_worker_that_begins_late_takes_nothing_from_the_other(folder: Path) -> None:
    os.mkfifo(folder / "collected")
    (folder / "late.py").write_text(LATE)
    (folder / "conftest.py").write_text(CONFTEST)
    run(folder, "-n", "2", "-p", "late", "--cov-report=json")
    assert reported(folder)["x.cfg"]["missing_lines"] == [3, 9]
    assert reported(folder)["other.cfg"]["executed_lines"] == []


@pytest.mark.parametrize("parallel", [(), ("-n", "2")])
def test_cells_of_a_notebook(folder: Path, parallel: tuple[str, ...]) -> None:
    cells = [{"metadata": {}, "outputs": [], "id": f"c{i}", **cell} for i, cell in enumerate(CELLS)]
    (folder / "limits.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    (folder / "test_x.py").write_text(TESTS.replace("x.cfg", "limits.ipynb"))
    run(folder, *parallel, *(f"--cov-report={kind}" for kind in ("json", "xml", "html", "lcov")))
    found = reported(folder)
    assert found["limits.ipynb:In[1]"]["executed_lines"] == [2]
    assert found["limits.ipynb:In[2]"]["executed_lines"] == [2, 3, 4]
    assert found["limits.ipynb:In[2]"]["missing_branches"] == []
    assert 'filename="limits.ipynb:In[2]"' in (folder / "coverage.xml").read_text()
    assert "SF:limits.ipynb:In[2]" in (folder / "coverage.lcov").read_text()
    page = next((folder / "htmlcov").glob("limits*2*.html")).read_text()
    assert "E_X" in page
    assert "raise" in page  # magics are shown, though nothing of them is counted


def test_a_notebook_that_is_broken_fails_the_test_with_its_cell(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS.replace("x.cfg", "limits.ipynb"))
    name = pytester.path / "limits.ipynb"
    name.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "$shv(a) = 1;\nroute(r;"}]}))
    pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.fnmatch_lines(["*limits.ipynb:In?1?:2:8*"])
    name.write_text("{}")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.fnmatch_lines(
        ["*no notebook: it has no list of cells*"]
    )


def test_what_is_measured_is_said_as_for_python(folder: Path) -> None:
    scripts = folder / "scripts"
    scripts.mkdir()
    for name in ("used", "unused", "left"):
        (scripts / f"{name}.cfg").write_text(SCRIPT)
    options = 'load=["x.cfg", "scripts/used.cfg"]'
    (folder / "test_x.py").write_text(TESTS.replace('load="x.cfg"', options))
    with (folder / "pyproject.toml").open("a") as file:
        file.write('omit = ["*/left.cfg"]\n')
    # of Python nothing is measured, and nobody complains that there are no data
    shown = run(folder, "--cov-report=json", "-W", "error::coverage.exceptions.CoverageWarning", cov="scripts")
    assert "warning" not in shown.lower()
    found = reported(folder)
    assert found.keys() == {"scripts/used.cfg", "scripts/unused.cfg"}
    assert found["scripts/unused.cfg"]["executed_lines"] == []


BY_NAME = """
from pathlib import Path

def test_named(evroute_session):
    for name in ("x.cfg", str(Path("scripts/deep.cfg").resolve()), "beside.cfg"):
        path = next(path for path in (Path(name), Path(__file__).parent / name) if path.is_file())
        evroute_session.load(path.read_text(), name=name)
    evroute_session.load(Path("other.cfg").read_text().replace("E_Y", "E_ELSE"), name="other.cfg")
    for event in ("E_X", "E_DEEP", "E_BESIDE", "E_ELSE"):
        evroute_session.raise_event(event, {"n": 2})
"""


def test_a_text_that_is_loaded_under_the_name_of_a_file_counts_for_it(folder: Path) -> None:
    """By its name from where pytest starts, from the folder of the test, or whole; where it is the text of the file."""
    for name in ("scripts/deep.cfg", "tests/beside.cfg"):
        (folder / name).parent.mkdir()
        event = Path(name).stem.upper()
        (folder / name).write_bytes(f"event_route[E_{event}] {{\r\n    $shv(b) = 1;\r\n}}\r\n".encode())
    (folder / "test_x.py").rename(folder / "tests/test_x.py")
    (folder / "tests/test_x.py").write_text(BY_NAME)
    run(folder, "--cov-report=json")
    found = {name: report["executed_lines"] for name, report in reported(folder).items()}
    assert found == {"x.cfg": [2, 4, 5, 6, 7, 13], "scripts/deep.cfg": [2], "tests/beside.cfg": [2], "other.cfg": []}


def test_a_file_that_is_loaded_twice_has_the_lines_of_both(folder: Path) -> None:
    (folder / "test_x.py").write_text(
        TESTS.replace(
            "evroute_session.submit_batch",
            "evroute_session.raise_event('E_X', {'n': 1})\n"
            "    evroute_session.load(open('x.cfg').read(), name='x.cfg')\n    evroute_session.submit_batch",
        )
    )
    run(folder, "--cov-report=json")
    assert reported(folder)["x.cfg"]["missing_lines"] == [9]


def test_comments_leave_lines_and_blocks_out(folder: Path) -> None:
    text = SCRIPT.replace("case 3:", "case 3:  # pragma: no cover").replace("== 1)", "== 1) // no branch")
    (folder / "x.cfg").write_text(text.replace("startup_route {", "startup_route {  # No Cover"))
    text = (folder / "x.cfg").read_text().replace("//", "#")
    (folder / "x.cfg").write_text(text + 'route[r] {\nxlog("no cover");\n}\n')
    run(folder, "--cov-report=json")
    found = reported(folder)["x.cfg"]
    assert found["excluded_lines"] == [8, 9, 12, 13]
    assert found["missing_lines"] == [3, 16]
    assert found["missing_branches"] == []


def test_contexts_are_the_tests(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        CONFIGURATION.format("true") + "[tool.coverage.json]\nshow_contexts = true\n"
    )
    run(folder, "--cov-report=json", "--cov-context=test")
    found = reported(folder)["x.cfg"]["contexts"]
    assert set(found["6"]) == {"test_x.py::test_x[2]|run"}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with Python 3.12")
def test_the_core_that_knows_no_plugins(folder: Path) -> None:
    """From 3.14 on it is the default one, and knows branches too."""
    branch = "true" if sys.version_info >= (3, 14) else "false"
    (folder / "pyproject.toml").write_text(CONFIGURATION.format(branch))
    shown = run(folder, "--cov-report=json", "-W", "error::coverage.exceptions.CoverageWarning", core="sysmon")
    assert "warning" not in shown.lower()
    found = reported(folder)
    assert (found["x.cfg"]["missing_lines"], found["other.cfg"]["missing_lines"]) == ([3, 9], [2])


def test_without_the_plugin_nothing_is_collected(folder: Path) -> None:
    (folder / "pyproject.toml").unlink()
    assert "x.cfg" not in run(folder, "--cov-report=term")
