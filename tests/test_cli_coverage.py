"""`--coverage FILE` of `evroute run` and `evroute replay`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("evroute")

SCRIPT = 'event_route[E_X] {\n    if ($param(n) == 1)\n        xlog("one\\n");\n    xlog("end\\n");\n}\n'
ONE_WAY = ["DA:2,1", "DA:3,0", "DA:4,1"]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text(SCRIPT)
    return path


def evroute(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, timeout=60, check=False, encoding="utf-8")


def records(file: Path, kind: str) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith(kind)]


def test_run(script: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.lcov"
    done = evroute("run", script, "--raise", "E_X n=2", "--coverage", file)
    assert (done.returncode, done.stdout) == (0, "end\n")
    assert records(file, "SF:") == [f"SF:{script}"]
    assert records(file, "DA:") == ONE_WAY
    assert records(file, "BRDA:") == ["BRDA:2,0,0,0", "BRDA:2,0,1,1"]


def test_replay(script: Path, tmp_path: Path) -> None:
    file, events = tmp_path / "x.lcov", tmp_path / "events.jsonl"
    events.write_text('{"event": "E_X", "params": {"n": 2}}\n' * 10)
    done = evroute("replay", script, events, "--workers", "2", "--log", "none", "--coverage", file)
    assert done.returncode == 0
    assert records(file, "DA:") == ONE_WAY


def test_a_run_that_fails_is_covered_too(script: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.lcov"
    script.write_text('loadmodule "cfgutils.so"\nevent_route[E_X] {\n$var(i) = 1;\nsleep(30);\n$var(j) = 1;\n}\n')
    done = evroute("run", script, "--raise", "E_X --timeout 0.5", "--coverage", file)
    assert done.returncode == 1
    assert records(file, "DA:") == ["DA:3,1", "DA:4,1", "DA:5,0"]


def test_a_file_that_cannot_be_written(script: Path, tmp_path: Path) -> None:
    done = evroute("run", script, "--raise", "E_X", "--coverage", tmp_path / "none" / "x.lcov")
    assert done.returncode == 2
    assert f"error: cannot write {tmp_path / 'none' / 'x.lcov'}: No such file or directory" in done.stderr


def test_a_script_on_standard_input_has_no_file_that_a_tracefile_could_name(tmp_path: Path) -> None:
    file = tmp_path / "x.lcov"
    command = [COMMAND, "run", "-", "--raise", "E_X", "--coverage", file]
    done = subprocess.run(command, input=SCRIPT, capture_output=True, timeout=60, check=False, encoding="utf-8")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a tracefile names files, and standard input is none: save the script for --coverage" in done.stderr
    assert not file.exists()


@pytest.mark.parametrize("option", ["--coverage", "--profile-json"])
def test_what_is_read_is_not_overwritten(script: Path, tmp_path: Path, option: str) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text('{"event": "E_X", "params": {"n": 2}}\n')
    (link := tmp_path / "link").symlink_to(script)
    for target in (script, link, events):
        done = evroute("replay", script, events, option, target)
        assert done.returncode == 2
        assert f"error: {target} is what is read here, and would be overwritten" in done.stderr
    assert script.read_text() == SCRIPT


def test_routes_of_an_included_file_are_told_there_alone(script: Path, tmp_path: Path) -> None:
    main, file = tmp_path / "main.cfg", tmp_path / "x.lcov"
    main.write_text('include_file "x.cfg"\nevent_route[E_Y] {\n    exit;\n}\n')
    evroute("run", main, "--raise", "E_Y", "--coverage", file)
    assert records(file, "FN:") == ["FN:1,event_route[E_X]", "FN:2,event_route[E_Y]"]
