"""Start, restart, shutdown, and what a kernel says of itself. No process outlives its kernel."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil

from support.frontend import SPIN, Frontend, all_gone, started, wait_until


def children(kernel: Frontend) -> list[psutil.Process]:
    kernel.run("event_route[E_X] { exit; }\n%raise E_X")
    found: list[psutil.Process] = kernel.process.children(recursive=True)
    assert len(found) >= 2, "a fork server and a worker"
    return found


def test_shutdown_leaves_no_process(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        found = [kernel.process, *children(kernel)]
        assert kernel.control("shutdown_request", {"restart": False}) == {"status": "ok", "restart": False}
        wait_until(lambda: all_gone(found), 10)


def test_shutdown_while_a_route_runs(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        kernel.spin()
        found = [kernel.process, *kernel.process.children(recursive=True)]
        kernel.control("shutdown_request", {"restart": False})
        wait_until(lambda: all_gone(found), 10)


def test_a_killed_kernel_takes_its_workers_with_it(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        kernel.execute(SPIN + "%raise E_SPIN --detach")
        found = [kernel.process, *children(kernel)]
        kernel.process.send_signal(signal.SIGKILL)
        wait_until(lambda: all_gone(found), 10)


def test_restart_begins_afresh(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        found = [kernel.process, *children(kernel)]
        kernel.manager.restart_kernel(now=False)
        kernel.client.wait_for_ready(timeout=30)
        wait_until(lambda: all_gone(found), 10)
        again = kernel.run("%routes")
        assert again.shown == ["no route is defined"]
        assert again.reply["execution_count"] == 1


def test_kernel_info_is_honest(kernel: Frontend) -> None:
    info = kernel.ask("kernel_info_request").reply
    assert info["status"] == "ok"
    assert info["protocol_version"] == "5.5"
    assert info["implementation"] == "evroute"
    assert info["supported_features"] == ["debugger"]
    assert info["language_info"]["name"] == "opensips"
    assert info["language_info"]["mimetype"] == "text/x-opensips"
    assert info["language_info"]["file_extension"].startswith(".")
    assert "codemirror_mode" not in info["language_info"]
    assert kernel.control("kernel_info_request", {})["implementation"] == "evroute"


def test_what_the_debugger_cannot_do_is_refused_politely(kernel: Frontend) -> None:
    reply = kernel.control("debug_request", {"type": "request", "command": "restartFrame", "seq": 3})
    assert (reply["success"], reply["command"], reply["request_seq"]) == (False, "restartFrame", 3)


def test_the_first_completion_finds_its_facts_read() -> None:
    program = (
        "import sys, threading\n"
        "from evroute_kernel.kernel.questions.warming import prepare_for_questions\n"
        "prepare_for_questions()\n"
        "[t.join() for t in threading.enumerate() if t.name == 'evroute questions']\n"
        "needed = {'evroute_kernel.kernel.questions.completion', 'evroute_kernel.kernel.questions.inspection'}\n"
        "needed |= {'evroute_kernel.assist.completion', 'evroute_kernel.assist.inspection'}\n"
        "sys.exit(', '.join(needed - set(sys.modules)) or 'evroute_kernel.engine.session.session' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_comes_after_idle(kernel: Frontend) -> None:
    kernel.run('xlog("a\\n");')
    assert kernel.is_quiet(0.3)


def test_no_profile_of_ipython_is_made(tmp_path: Path, monkeypatch: object) -> None:
    import os

    home = tmp_path / "home"
    home.mkdir()
    before = os.environ.copy()
    os.environ.update(IPYTHONDIR=str(home / "ipython"), HOME=str(home))
    try:
        with started(tmp_path) as kernel:
            assert kernel.run("1").shown == ["1"]
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert not (home / "ipython").exists()
