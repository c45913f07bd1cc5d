"""`--timeline FILE` of `evroute run` and `evroute replay`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support.trace_events import check

COMMAND = Path(sys.executable).with_name("evroute")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text('event_route[E_X] {\n    raise_event("E_Y");\n}\nevent_route[E_Y] {\n    xlog("y\\n");\n}\n')
    return path


def evroute(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, timeout=60, check=False, encoding="utf-8")


@pytest.mark.parametrize("name", ["x.json", "x.svg", "x.html"])
def test_run(script: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    done = evroute("run", script, "--raise", "E_X", "--timeline", file)
    assert (done.returncode, done.stdout) == (0, "y\n"), done.stderr
    text = file.read_text()
    assert "event_route[E_Y]" in text
    if name == "x.json":
        check(json.loads(text))
    elif name == "x.svg":
        ElementTree.fromstring(text)
    else:
        assert text.startswith("<!DOCTYPE html>")


def test_replay(script: Path, tmp_path: Path) -> None:
    file, events = tmp_path / "x.json", tmp_path / "events.jsonl"
    events.write_text('{"event": "E_X"}\n' * 100)
    done = evroute("replay", script, events, "--workers", "2", "--log", "none", "--timeline", file)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    check(found)
    assert sum(event["name"] == "event_route[E_Y]" and event["ph"] == "B" for event in found["traceEvents"]) == 100


def test_what_cannot_be_written(script: Path, tmp_path: Path) -> None:
    done = evroute("run", script, "--raise", "E_X", "--timeline", tmp_path / "x.png")
    assert done.returncode == 2
    assert ".svg or .html, not 'x.png'" in done.stderr
    done = evroute("run", script, "--raise", "E_X", "--timeline", tmp_path / "none" / "x.svg")
    assert done.returncode == 2
    assert f"error: cannot write {tmp_path / 'none' / 'x.svg'}: No such file or directory" in done.stderr
