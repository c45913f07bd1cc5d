"""The fork server: a parent that cleans up, whatever ends it or its own parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evroute_kernel.engine.workers.processes.launcher import import_paths

Wait = Callable[[Callable[[], bool]], None]
DEADLINE = 60

# a kernel with two busy workers: prints the processes and the directory, then waits to be ended
KERNEL = """
import sys, time
sys.path[:0] = {paths!r}
from evroute_kernel.engine.session.session import Session
session = Session(workers=2)
session.load('event_route[E_SPIN] {{ while (1) {{ $var(i) = $var(i); }} }} max_while_loops=2000000000')
runs = [session.submit("E_SPIN", timeout=600) for _ in range(2)]
while len([w for w in session.workers() if w.state == "running"]) < 2:
    time.sleep(0.01)
server = session._backend.supervisor._pool._launcher.pid
print(server, *(w.pid for w in session.workers()), session._backend.directory, flush=True)
{end}
"""

ENDS = {
    "killed": "time.sleep(600)",
    "exit": "sys.exit()",
    "crash": "import os; os.abort()",
    "close": "session.close()",
    "forked": "import os\nif os.fork() == 0: time.sleep(600)\nelse: os._exit(0)",
}


def start_kernel(end: str) -> tuple[subprocess.Popen[str], list[int], Path]:
    program = KERNEL.format(paths=import_paths(), end=ENDS[end])
    kernel = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert kernel.stdout is not None
    *pids, directory = kernel.stdout.readline().split()
    assert len(pids) == 3
    return kernel, [int(pid) for pid in pids], Path(directory)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("end", ENDS)
def test_no_process_and_no_directory_is_left(end: str, wait: Wait) -> None:
    kernel, pids, directory = start_kernel(end)
    if end == "killed":
        os.killpg(kernel.pid, signal.SIGKILL)  # as Jupyter does: the whole process group
    assert kernel.stdout is not None
    kernel.wait(DEADLINE)
    wait(lambda: not any(map(is_alive, pids)))
    wait(lambda: not directory.exists())
    if end == "forked":  # a copy of the kernel held the other end of every stream
        os.killpg(kernel.pid, signal.SIGKILL)
    kernel.stdout.close()


HASTY = """
import sys, time
sys.path[:0] = {paths!r}
from evroute_kernel.engine.session.session import Session
session = Session(workers=1)
while session._backend.supervisor._pool._launcher is None:
    pass
print(session._backend.supervisor._pool._launcher.pid, session._backend.directory, flush=True)
time.sleep(600)
"""


def test_a_kernel_killed_while_its_fork_server_starts_leaves_nothing(wait: Wait) -> None:
    for _ in range(3):
        program = HASTY.format(paths=import_paths())
        kernel = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert kernel.stdout is not None
        pid, directory = kernel.stdout.readline().split()
        kernel.kill()
        kernel.communicate(timeout=DEADLINE)
        wait(lambda pid=pid: not is_alive(int(pid)))  # type: ignore[misc]
        assert not Path(directory).exists()


def test_workers_follow_a_killed_fork_server(wait: Wait) -> None:
    kernel, pids, _ = start_kernel("killed")
    os.kill(pids[0], signal.SIGKILL)
    wait(lambda: not any(map(is_alive, pids)))
    kernel.kill()
    kernel.communicate(timeout=DEADLINE)


def test_sigterm_ends_it_cleanly(wait: Wait) -> None:
    kernel, pids, _ = start_kernel("killed")
    os.kill(pids[0], signal.SIGTERM)
    wait(lambda: not any(map(is_alive, pids)))
    kernel.kill()
    kernel.communicate(timeout=DEADLINE)


def printed(program: str) -> str:
    """What a program prints in a Python that has read no site, as the fork server's has not."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, json.dumps(import_paths())],
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE,
    )
    return done.stdout


def test_what_4_0_alone_needs_is_imported_for_a_worker_of_4_0() -> None:
    program = (
        "import json, sys; sys.path[:] = json.loads(sys.argv[1])\n"
        "from evroute_kernel.worker.forkserver import import_for, preload\n"
        "loaded = lambda: [name for name in sys.modules if 'inline' in name or name.endswith('.event_context')]\n"
        "preload(); import_for('3.6'); before = loaded()\n"
        "import_for('4.0'); after = set(sys.modules)\n"
        "from evroute_kernel.worker.inline import runs\n"
        "print(before, sorted(set(sys.modules) - after))\n"
    )
    assert printed(program) == "[] []\n"


def test_it_imports_no_parser_and_no_jupyter() -> None:
    program = (
        "import json, sys; sys.path[:] = json.loads(sys.argv[1])\n"
        "from evroute_kernel.worker.forkserver import preload\n"
        "preload()\n"
        "print(*sys.modules)"
    )
    modules = set(printed(program).split())
    assert {"evroute_kernel.worker.child", "evroute_kernel.library.everything"} <= modules
    assert modules & {"lark", "zmq", "ipykernel", "evroute_kernel.lang", "evroute_kernel.engine"} == set()
