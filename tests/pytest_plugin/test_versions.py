"""`evroute_session`: of which version the server is that a test gets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
import pytest

def test_plain(evroute_session):
    assert evroute_session.version == {plain!r}

@pytest.mark.evroute_server("4.0")
def test_marked(evroute_session):
    assert evroute_session.version == "4.0"

@pytest.mark.parametrize("evroute_session", ["3.6", "4.0"], indirect=True)
@pytest.mark.evroute_server("3.6")
def test_both(evroute_session, request):
    assert evroute_session.version in request.node.name
"""


def run(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs pytest on a test file in a folder that is a project of its own."""
    (folder / "test_routes.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize(
    ("project", "arguments", "plain"),
    [
        ("", [], "3.6"),
        ('[tool.evroute]\nserver = "4.0"\n', [], "4.0"),
        ('[tool.pytest.ini_options]\nevroute_server = "4.0"\n', [], "4.0"),
        ('[tool.evroute]\nserver = "4.0"\n', ["-o", "evroute_server=3.6"], "3.6"),
    ],
)
def test_it_is_named_near_the_test(tmp_path: Path, project: str, arguments: list[str], plain: str) -> None:
    (tmp_path / "pyproject.toml").write_text(project or '[tool.pytest.ini_options]\nminversion = "8"\n')
    done = run(tmp_path, TEST.format(plain=plain), *arguments)
    assert "4 passed" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("marker", "told"),
    [('"4.1"', "there is no OpenSIPS '4.1' here: 3.6 or 4.0"), ("", 'takes one version: evroute_server("4.0")')],
)
def test_a_wrong_marker_says_so(tmp_path: Path, marker: str, told: str) -> None:
    text = f"import pytest\n@pytest.mark.evroute_server({marker})\ndef test_x(evroute_session): pass\n"
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nminversion = "8"\n')
    done = run(tmp_path, text)
    assert done.returncode == 1
    assert told in done.stdout
    assert "pytest_plugin.py" not in done.stdout, "no traceback through the fixture"
