"""What is run twice, with a clock that stands and a seed, is the same to the byte."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("evroute")
DEADLINE = 100
REPEATED = ("--freeze", "2026-11-30T10:00:00", "--seed", "7")
SCRIPT = r"""
loadmodule "cfgutils.so"
loadmodule "uuid.so"
startup_route { $shv(start) = $RANDOM; }
event_route[E_X] {
    uuid($var(id));
    xlog("$param(n) $shv(start) $RANDOM $uuid $var(id) $time(%F %T) $Ts\n");
    raise_event("E_NEXT");
}
event_route[E_NEXT] { xlog("next $RANDOM $time(%T)\n"); }
"""


def evroute(*arguments: str | Path) -> bytes:
    """What the command prints; it must succeed."""
    done = subprocess.run([COMMAND, *arguments], capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text(SCRIPT)
    return path


def test_run(script: Path) -> None:
    command = "run", script, "--raise", "E_X n=1 --count 5", "--raise", "E_X n=2", "--json", *REPEATED
    first = evroute(*command)
    assert first == evroute(*command)
    assert len(first.splitlines()) == 12
    assert first != evroute(*command[:-1], "8")


def test_a_trace_of_a_run(script: Path) -> None:
    command = "run", script, "--raise", "E_X n=1", "--trace", *REPEATED
    assert evroute(*command) == evroute(*command)
    assert evroute(*command, "--json") == evroute(*command, "--json")


def test_replay(script: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    lines = (f'{{"event": "E_X", "params": {{"n": {n}}}, "time": {1790000000 + n}}}\n' for n in range(2000))
    events.write_text("".join(lines))
    command = "replay", script, events, *REPEATED, "--workers"
    alone = evroute(*command, "1")
    assert alone == evroute(*command, "1")
    # each event finds the same, whoever runs it; who is first differs
    assert sorted(evroute(*command, "3").splitlines()) == sorted(alone.splitlines())
    assert len(set(alone.splitlines())) == 4000


CELLS = (
    "%config clock=2026-11-30T10:00:00 seed=7\n%log format=full",
    SCRIPT + 'timer_route[t, 3600] { xlog("tick $RANDOM\\n"); }\n',
    "%raise E_X n=1\n%raise E_X n=2 --count 3\n%tick t",
    'xlog("$RANDOM $pp\\n");\n$uuid',
    "%trace\n%raise E_X n=3",
    "%tick --clock 60\n%raise E_X n=4",
    "%mi ps\n%mi uptime",
    "%config clock=system seed=off",
)


def notebook(*cells: str) -> str:
    made = [
        {"cell_type": "code", "id": f"cell{n}", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
        for n, text in enumerate(cells)
    ]
    kernel = {"name": "evroute", "display_name": "evroute", "language": "opensips"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def executed(path: Path, kind: str) -> str:
    """A notebook that was run."""
    command = [sys.executable, "-m", "nbconvert", "--execute", "--ExecutePreprocessor.record_timing=False"]
    command += ["--to", kind, "--output", "made", str(path)]
    done = subprocess.run(command, capture_output=True, timeout=DEADLINE, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return path.with_name("made.html" if kind == "html" else "made.ipynb").read_text()


def test_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(notebook(*CELLS))
    first = executed(path, "notebook")
    assert "10:01:00" in first
    assert executed(path, "notebook") == first


def test_a_drawing_survives_the_export_to_a_page(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(notebook(SCRIPT, "%timeline\n%raise E_X n=1"))
    page = executed(path, "html")
    [drawing] = re.findall(r'<svg [^>]*role="img".*?</svg>', page, re.DOTALL)
    assert "<title>event_route[E_X]: " in drawing
    assert not re.search(r"<script|<link|src=|href=|url\(|@import|onload", drawing)
    assert "<summary>as text</summary>" in page
