"""Fork servers that are copies of the process that wants them: in processes of their own, which have one thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a copy is made on Linux only")

ROUTE = 'event_route[E_X] { xlog("pid $pp\\n"); }'
PRELUDE = f"""
import os, sys
from pathlib import Path
from evroute_kernel.worker import early
from evroute_kernel import Session

ROUTE = {ROUTE!r}

def run(session):
    session.load(ROUTE)
    assert session.raise_event("E_X").ok, "the event's route did not end"

def server(session):
    return session._backend.supervisor._pool._launcher.pid

def program(pid):
    return Path(f"/proc/{{pid}}/cmdline").read_bytes()

def gone(pid):
    return not Path(f"/proc/{{pid}}").exists()
"""


def python(program: str) -> str:
    """What a program prints that has a Python process of its own."""
    done = subprocess.run([sys.executable, "-c", PRELUDE + program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_next_session_has_a_copy_as_its_server() -> None:
    printed = python("""
early.prepare()
with Session(workers=2) as session:
    run(session)
    pid = server(session)
    print(program(pid) == program(os.getpid()))
print(gone(pid))
""")
    assert printed.split() == ["True", "True"]


def test_without_preparation_the_server_is_an_interpreter_of_its_own() -> None:
    printed = python("""
with Session(workers=1) as session:
    run(session)
    print(program(server(session)) == program(os.getpid()))
""")
    assert printed.split() == ["False"]


def test_a_second_session_starts_its_own_server() -> None:
    printed = python("""
early.prepare()
with Session(workers=1) as one, Session(workers=1) as other:
    run(one)
    run(other)
    print(server(one) != server(other))
    print([program(server(session)) == program(os.getpid()) for session in (one, other)].count(True))
""")
    assert printed.split() == ["True", "1"]


def test_a_copy_that_has_died_is_not_taken() -> None:
    printed = python("""
import signal
early.prepare()
pid = early._spares[0].process.pid
os.kill(pid, signal.SIGKILL)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
with Session(workers=1) as session:
    run(session)
    print(server(session) != pid)
""")
    assert printed.split() == ["True"]


def test_a_session_outlives_its_copy() -> None:
    printed = python("""
import signal
early.prepare()
with Session(workers=1) as session:
    run(session)
    os.kill(server(session), signal.SIGKILL)
    print(any(session.raise_event("E_X").ok for _ in range(3)))  # the first may meet a worker that dies with it
""")
    assert printed.split() == ["True"]


def test_files_and_output_of_the_command_stay_its_own(tmp_path: Path) -> None:
    printed = python(f"""
file = open({str(tmp_path / "open")!r}, "w")
sys.stdout.write("once ")
early.prepare()
with Session(workers=1) as session:
    run(session)
    pid = server(session)
    places = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{{pid}}/fd") if os.path.lexists(entry.path)]
    print(file.name in places, os.readlink("/proc/self/fd/1") in places)
    print(os.getsid(pid) == pid)
""")
    assert printed.split() == ["once", "False", "False", "True"]


def test_one_that_nobody_takes_ends_with_the_process() -> None:
    pid = python("early.prepare(); print(early._spares[0].process.pid)").strip()
    ended = "import os, sys, time\nwhile os.path.exists(f'/proc/{sys.argv[1]}'): time.sleep(0.01)"
    subprocess.run([sys.executable, "-c", ended, pid], check=True, timeout=30)


def test_a_process_with_threads_is_not_copied() -> None:
    printed = python("""
import threading
stay = threading.Event()
thread = threading.Thread(target=stay.wait)
thread.start()
early.prepare()
print(early._spares)
stay.set()
thread.join()
""")
    assert printed.split() == ["[]"]
