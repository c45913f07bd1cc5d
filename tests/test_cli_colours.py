"""Colours of what `evroute run` prints: on a terminal, unless somebody says otherwise."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("evroute")
SCRIPT = r"""
event_route[E_X] {
    xlog("plain\n");
    xlog("L_WARN", "careful $param(x)\n");
    xlog("L_ERR", "wrong\nagain\n");
    xlog("L_ALERT", "no line end");
    $var(x) = 1;
    $var(x) /= 0;
}
"""
ENVIRONMENT = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
BADGE = "\x1b[1;38;5;231;48;5;124m"


def on_terminal(*arguments: str | Path, **environment: str) -> str:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        env=ENVIRONMENT | {"TERM": "xterm"} | environment,
    )
    os.close(slave)
    shown = b""
    with suppress(OSError):  # a terminal that nobody has open any more
        while data := os.read(master, 4096):
            shown += data
    os.close(master)
    process.wait(timeout=60)
    return shown.decode().replace("\r\n", "\n")


def piped(*arguments: str | Path, **environment: str) -> tuple[str, str]:
    done = subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT | environment
    )
    return done.stdout, done.stderr


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "x.cfg"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def run(script: Path) -> tuple[str | Path, ...]:
    return ("run", script, "--raise", "E_X x=1")


def test_a_terminal_gets_colours(run: tuple[str | Path, ...]) -> None:
    shown = on_terminal(*run)
    assert "plain\n" in shown
    assert "\x1b[33mcareful 1\x1b[0m\n" in shown
    assert "\x1b[31mwrong\nagain\x1b[0m\n" in shown
    assert "\x1b[31mno line end\x1b[0m" in shown
    assert f"{BADGE}error:\x1b[0m event_route[E_X]: /= 0" in shown
    assert "\x1b[1m^^^^^^^^^^^^\x1b[0m" in shown


def test_refused_scripts_and_unknown_events_are_coloured(script: Path) -> None:
    assert f"{BADGE}error:\x1b[0m no route handles the event E_Y" in on_terminal("run", script, "--raise", "E_Y")
    script.write_text("event_route[E_X] { xlgo(); }\n")
    shown = on_terminal("run", script)
    assert f"{BADGE}error:\x1b[0m unknown function xlgo()" in shown


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "0"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}]
)
def test_who_wants_no_colours_gets_none(run: tuple[str | Path, ...], environment: dict[str, str]) -> None:
    shown = on_terminal(*run, **environment)
    assert "\x1b" not in shown
    assert "careful 1\n" in shown


def test_pipes_are_plain_unless_forced(run: tuple[str | Path, ...]) -> None:
    out, error = piped(*run)
    assert "\x1b" not in out + error
    forced_out, forced_error = piped(*run, FORCE_COLOR="1")
    assert forced_out == out == "plain\n"
    assert "\x1b[33mcareful 1\x1b[0m\n" in forced_error
    assert re.sub(r"\x1b\[[0-9;]*m", "", forced_error) == error
    assert piped(*run, NO_COLOR="", FORCE_COLOR="")[1] == error, "empty means not set"


def test_what_is_logged_cannot_colour(script: Path) -> None:
    shown = on_terminal("run", script, "--raise", 'E_X {"x": "\\u001b[32mgreen"}')
    assert "\x1b[32m" not in shown
    assert r"careful \x1b[32mgreen" in shown
