"""Commands of the system, in a real kernel."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from evroute_kernel.kernel.magics.shell import SHOWN
from support.frontend import Frontend, started, wait_until


def test_a_command_shows_both_of_its_streams(kernel: Frontend) -> None:
    done = kernel.run("%sh echo out; echo 'é' >&2")
    assert (done.stdout, done.stderr, done.status) == ("out\n", "é\n", "ok")


def test_the_lines_below_are_a_script(kernel: Frontend) -> None:
    assert kernel.run("%%sh\nx=3\necho $((x * 2))\n").stdout == "6\n"
    assert kernel.run("%%sh echo\nx").error["ename"] == "MagicError"


def test_a_command_that_fails_fails_the_cell(kernel: Frontend) -> None:
    done = kernel.run('%sh echo before; exit 3\nxlog("after\\n");')
    assert done.stdout == "before\n"
    assert done.error["ename"] == "CommandFailed"
    assert "exit code 3" in done.error["evalue"]
    assert "SIGTERM" in kernel.run("%sh kill -TERM $$").error["evalue"]
    assert kernel.run("%sh").error["ename"] == "MagicError"


def test_it_stands_where_it_is_written(kernel: Frontend) -> None:
    done = kernel.run('xlog("one\\n");\n%sh echo two\nxlog("three\\n");')
    assert done.stdout == "one\ntwo\nthree\n"


def test_programs_of_the_kernels_environment_are_found(kernel: Frontend) -> None:
    assert kernel.run("%sh evroute --version").stdout.startswith("evroute ")


def test_what_is_printed_is_shown_at_once_and_an_interrupt_ends_all_of_it(kernel: Frontend) -> None:
    request = kernel.execute("%%sh\nsleep 1000 &\necho $!\nsleep 1000\n")
    child = int(kernel.messages(request, "stream")[-1]["content"]["text"])
    kernel.interrupt()
    done = kernel.gather(request)
    assert done.error["ename"] == "Interrupted"
    wait_until(lambda: not is_alive(child))
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"


def test_what_it_leaves_in_the_background_ends_with_the_kernel(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        child = int(kernel.run("%sh sleep 1000 >/dev/null 2>&1 & echo $!").stdout)
        assert kernel.run('xlog("alive\\n");').stdout == "alive\n"
        assert is_alive(child)
    wait_until(lambda: not is_alive(child))


def test_a_background_process_does_not_hold_the_cell(kernel: Frontend, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    request = kernel.execute(f"%sh (cat {tmp_path}/go; echo late) & echo $!")
    done = kernel.gather(request)
    child = int(done.stdout)
    assert (done.status, is_alive(child)) == ("ok", True)
    (tmp_path / "go").write_bytes(b"go on\n")
    late = kernel.messages(request, "stream")  # below the cell that started it
    while "late" not in late[-1]["content"]["text"]:
        late += kernel.messages(request, "stream")
    assert "".join(message["content"]["text"] for message in late) == "go on\nlate\n"
    wait_until(lambda: not is_alive(child))


def test_what_a_command_prints_is_bounded(kernel: Frontend) -> None:
    """A notebook is no place for it, and a browser none either; the command goes on to its end."""
    found = kernel.run(f"%sh yes | head -c {3 * SHOWN}; exit 3")
    assert len(found.stdout) == SHOWN
    assert found.stderr == "\n[more than 1,000,000 characters: the rest is dropped]\n"
    assert "ended with exit code 3" in found.error["evalue"]
    assert "is dropped" not in kernel.run(f"%sh yes | head -c {SHOWN}").stderr


def test_what_background_processes_print_is_bounded(kernel: Frontend, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    request = kernel.execute(f"%sh (cat {tmp_path}/go; yes) & echo $!")
    child = int(kernel.gather(request).stdout)
    (tmp_path / "go").write_bytes(b"y\n")
    late = ""
    while "is dropped" not in late:
        late += kernel.messages(request, "stream")[-1]["content"]["text"]
    assert len(late) < 150_000
    assert is_alive(child)
    assert kernel.run(f"%sh kill {child}").status == "ok"
    wait_until(lambda: not is_alive(child))


@pytest.mark.parametrize(
    "command",
    [
        "sleep 1000 & echo $!",
        "sleep 1000 >/dev/null 2>&1 & echo $!",
        "setsid sh -c 'echo $$; exec sleep 1000' &",
        "nohup setsid sh -c '(sleep 1000 & echo $!)' 2>/dev/null",
        "echo $$; sleep 1000",
    ],
)
def test_nothing_outlives_a_kernel_that_is_killed(tmp_path: Path, command: str) -> None:
    with started(tmp_path) as kernel:
        request = kernel.execute(f"%sh {command}")
        child = int(kernel.messages(request, "stream")[-1]["content"]["text"])
        assert is_alive(child)
        kernel.process.kill()
        wait_until(lambda: not is_alive(child))


def test_a_shell_that_signals_its_group_ends_itself_alone(kernel: Frontend) -> None:
    assert "SIGTERM" in kernel.run("%sh kill -TERM 0").error["evalue"]
    assert kernel.run("%sh yes | head -n 1").stdout == "y\n"  # SIGPIPE is as everywhere


def test_a_command_that_no_shell_can_be_given(kernel: Frontend) -> None:
    error = kernel.run("%sh echo a\0b").error
    assert (error["ename"], error["evalue"]) == ("MagicError", "the command holds a zero byte")


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
