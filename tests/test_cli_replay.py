"""`evroute replay` as a process of its own."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.evroute_command import listening

COMMAND = Path(sys.executable).with_name("evroute")
SCRIPT = """event_route[E_X] {
    xlog("x $param(n)\\n");
    if ($param(n) == 3) xlog("L_WARN", "three\\n");
    $var(x) = 100;
    $var(x) /= $param(n);
}
"""


def evroute(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "replay", *arguments], capture_output=True, timeout=60, check=False, text=True, encoding="utf-8"
    )


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl.gz"
    lines = [f'{{"jsonrpc":"2.0","method":"E_X","params":{{"n":{n}}}}}\n' for n in range(1, 6)]
    path.write_bytes(gzip.compress("".join([*lines, "broken\n", '{"method":"E_Y"}\n']).encode()))
    return path


def test_what_is_logged_and_what_became_of_it(script: Path, events: Path) -> None:
    done = evroute(script, events, "--workers", "1")
    assert done.returncode == 0
    assert done.stdout == "x 1\nx 2\nx 3\nx 4\nx 5\n"
    said = done.stderr.splitlines()
    assert said[0] == "three"
    assert said[1] == f"{events}: 5 events run, none failed, 1 not handled, 1 broken line"
    assert "events a second" in said[2]
    assert said[3] == "E_Y: not handled: 1 event"
    assert said[4].startswith("line 6: broken: no JSON at column 1")


def test_options(script: Path, events: Path) -> None:
    assert evroute(script, events, "--limit", "2", "--log", "none", "--workers", "1").stdout == ""
    assert evroute(script, events, "--limit", "2", "--only", "E_X", "--workers", "1").stdout == "x 1\nx 2\n"
    assert evroute(script, events, "--log", "errors").stderr.splitlines()[0] == "three"


def test_failures(script: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("event,n\nE_X,1\nE_X,0\n", encoding="utf-8")
    done = evroute(script, events)
    assert done.returncode == 1
    assert "line 3: failed: event_route[E_X]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/absent",), "cannot read /absent: No such file"),
        (("/",), "is a directory"),
        (("{script}",), "none of the formats"),
        (("{events}", "--speed", "fast"), "expected max, or a factor such as 10x, not 'fast'"),
        (("{events}", "--workers", "0"), "expected a number above 0, not '0'"),
        (("{events}", "--log", "some"), "expected all, errors, none or a number of records, not 'some'"),
        (("{events}", "--event", "E_X"), "a name for all events is for CSV files"),
    ],
)
def test_wrong_usage(script: Path, events: Path, arguments: tuple[str, ...], said: str) -> None:
    done = evroute(script, *(each.format(script=script, events=events) for each in arguments))
    assert done.returncode == 2
    assert said in done.stderr


def test_a_pace_without_times(script: Path, events: Path) -> None:
    done = evroute(script, events, "--speed", "1x")
    assert done.returncode == 1
    assert "no times to keep" in done.stderr


def test_an_interrupt_says_how_far_it_came(script: Path, tmp_path: Path) -> None:
    events = tmp_path / "many.jsonl"
    events.write_text('{"event": "E_X", "params": {"n": 1}}\n' * 20_000, encoding="utf-8")
    script.write_text('event_route[E_X] { usleep(5000); xlog("here\\n"); }', encoding="utf-8")
    command: list[str | Path] = [COMMAND, "replay", script, events]
    with listening(command) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        said = process.stderr.read()
        assert process.wait(30) == 130
    assert "stopped, all done up to line" in said
