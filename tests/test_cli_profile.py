"""`--profile` of `evroute run` and `evroute replay`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("evroute")

SCRIPT = 'event_route[E_X] {\n    if ($param(n) == 1)\n        xlog("one\\n");\n    xlog("end\\n");\n}\n'


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text(SCRIPT)
    return path


def evroute(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, timeout=60, check=False, encoding="utf-8")


def hits(file: Path) -> dict[int, int]:
    found: dict[str, Any] = json.loads(file.read_text())
    assert found["seconds"] == pytest.approx(sum(line["seconds"] for line in found["lines"]))
    assert sum(line["share"] for line in found["lines"]) == pytest.approx(1)
    return {line["line"]: line["hits"] for line in found["lines"]}


def test_run_prints_a_table_and_the_source(script: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    done = evroute("run", script, "--raise", "E_X n=2 --count 3", "--profile", "--profile-json", file)
    assert (done.returncode, done.stdout) == (0, "end\n" * 3)
    lines = done.stderr.splitlines()
    assert lines[0].split() == ["hits", "time", "share", "line"]
    assert len([line for line in lines if re.match(r" +3 .* %  \S+x\.cfg:\d: ", line)]) == 2
    assert lines[-1].strip() == "5  }"
    assert lines[-3].strip() == '3          xlog("one\\n");'
    assert hits(file) == {2: 3, 4: 3}


def test_replay(script: Path, tmp_path: Path) -> None:
    file, events = tmp_path / "x.json", tmp_path / "events.jsonl"
    events.write_text('{"event": "E_X", "params": {"n": 1}}\n' * 10)
    done = evroute("replay", script, events, "--workers", "2", "--log", "none", "--profile", "--profile-json", file)
    assert done.returncode == 0
    assert "x.cfg:4" in done.stderr
    assert hits(file) == {2: 10, 3: 10, 4: 10}


def test_a_file_that_cannot_be_written(script: Path, tmp_path: Path) -> None:
    path = tmp_path / "none" / "x.json"
    done = evroute("run", script, "--raise", "E_X", "--profile-json", path)
    assert done.returncode == 2
    assert f"error: cannot write {path}: No such file or directory" in done.stderr
