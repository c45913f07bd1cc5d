"""Sessions that nobody closes: dropped, alive when Python ends, copied by a fork. Each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
DEADLINE = 60.0

BEGIN = """
import gc, os, signal, sys, threading, time, warnings
from pathlib import Path
from evroute_kernel import Session

def opened():
    session = Session(workers=2)
    session.load('event_route[E_X] { xlog("x"); } event_route[E_SPIN] { while (1) { $var(i) = 1; } }')
    session.load("max_while_loops=2000000000")
    session.raise_event("E_X")
    session.shared
    return session

def belongings(session):
    return [str(session.shared.path), *(str(worker.pid) for worker in session.workers())]

def is_gone(names):
    return not any(os.path.exists(name if name.startswith("/") else "/proc/" + name) for name in names)

def wait(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        threading.Event().wait(0.005)
"""


def run(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, which must end by itself."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(
        [sys.executable, *options, "-c", BEGIN + script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


DROPPED = """
session = opened()
names = belongings(session)
del session
gc.collect()
wait(lambda: is_gone(names))
print("gone")
"""


def test_a_session_that_is_dropped_ends_and_says_where_it_was_opened() -> None:
    done = run(DROPPED, "-W", "always::ResourceWarning")
    assert done.stdout == "gone\n"
    assert done.returncode == 0
    [line] = [line for line in done.stderr.splitlines() if "ResourceWarning" in line]
    assert "a Session was not closed; it was opened at <string>:" in line


def test_where_warnings_are_errors_it_ends_all_the_same() -> None:
    done = run(DROPPED, "-W", "error")
    assert done.stdout == "gone\n"
    assert "Exception ignored" in done.stderr
    assert "ResourceWarning: a Session was not closed" in done.stderr


def test_a_running_route_does_not_keep_it_alive() -> None:
    done = run(
        """
session = opened()
future = session.submit("E_SPIN")
wait(lambda: any(worker.running for worker in session.workers()))
names = belongings(session)
del session
gc.collect()
print(future.result(20).error.cause)
wait(lambda: is_gone(names))
print("gone")
""",
        "-W",
        "ignore",
    )
    assert (done.stdout, done.stderr) == ("closed\ngone\n", "")


def test_one_that_was_closed_says_nothing() -> None:
    script = "session = opened()\nnames = belongings(session)\nsession.close()\ndel session\ngc.collect()\n"
    done = run(script + "assert is_gone(names)", "-W", "error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("option", "told"), [("always", 2), ("error", 1)])  # only the last error of atexit is shown
def test_one_that_lives_when_python_ends_leaves_nothing(option: str, told: int) -> None:
    done = run("session = opened()\nother = opened()\nprint(*belongings(session), *belongings(other))", "-W", option)
    assert done.stderr.count("ResourceWarning: a Session was not closed") == told
    for name in done.stdout.split():
        assert not (Path(name).exists() if name.startswith("/") else psutil.pid_exists(int(name)))


# -- after a fork -------------------------------------------------------------------------------------------------

FORK = """
warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about threads and fork
session = opened()
names = belongings(session)
pid = os.fork()
if pid == 0:
    signal.alarm(20)
    {child}
_, status = os.waitpid(pid, 0)
print("child", os.waitstatus_to_exitcode(status), flush=True)
assert session.raise_event("E_X").ok
assert not is_gone(names[:1])
session.close()
assert is_gone(names)
print("parent", flush=True)
"""
USES = [
    'session.raise_event("E_X")',
    'session.submit("E_X")',
    'session.submit_batch("E_X", [{}])',
    'session.load("event_route[E_Y] { exit; }")',
    'session.compile("")',
    'session.check("")',
    "session.replay([])",
    'session.subscribe("E_X", "udp:127.0.0.1:1")',
    "session.interrupt()",
    "session.workers()",
    "session.variables(1)",
    "session.reset()",
    "session.log",
    "session.shared",
    "session.settings",
    "session.timeout",
    "session.events()",
    "session.__enter__()",
    "session.timeout.__class__",
]


def test_every_use_in_a_child_says_so_at_once() -> None:
    uses = "; ".join(f"told(lambda: {use})" for use in USES)
    child = """
    def told(use):
        try:
            use()
        except RuntimeError as error:
            assert "belongs to the parent process" in str(error), error
        else:
            print("not refused", flush=True)
    USES
    try:
        session.timeout = 5
    except RuntimeError:
        pass
    else:
        print("not refused", flush=True)
    os._exit(0)
""".replace("USES", uses)
    done = run(FORK.format(child=child.strip()))
    assert done.stdout == "child 0\nparent\n", done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize(
    "child",
    [
        "sys.exit(0)",
        "session.close(); sys.exit(0)",
        "del session; gc.collect(); sys.exit(0)",
        "os._exit(0)",
    ],
)
def test_the_end_of_a_child_takes_nothing_from_its_parent(child: str) -> None:
    done = run(FORK.format(child=child), "-W", "error", "-W", "ignore::DeprecationWarning")
    assert done.stdout == "child 0\nparent\n", done.stderr
    assert done.stderr == ""


def test_a_with_block_can_be_left_in_a_child() -> None:
    done = run("""
warnings.simplefilter("ignore", DeprecationWarning)
with opened() as session:
    names = belongings(session)
    pid = os.fork()
    if pid:
        assert os.waitpid(pid, 0)[1] == 0
        assert session.raise_event("E_X").ok
print("child" if pid == 0 else "parent", is_gone(names), flush=True)
""")
    assert (done.stdout, done.stderr) == ("child False\nparent True\n", "")


def test_a_child_can_open_a_session_of_its_own() -> None:
    child = "mine = opened(); assert mine.raise_event('E_X').ok; mine.close(); sys.exit(0)"
    done = run(FORK.format(child=child))
    assert done.stdout == "child 0\nparent\n", done.stderr


def test_a_child_that_lives_on_does_not_keep_the_workers() -> None:
    done = run("""
warnings.simplefilter("ignore", DeprecationWarning)
session = opened()
names = belongings(session)
reading, writing = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(writing)
    os.read(reading, 1)  # until the parent has looked
    os._exit(0)
session.close()
assert is_gone(names)
os.close(writing)
os.waitpid(pid, 0)
print("gone")
""")
    assert (done.stdout, done.stderr) == ("gone\n", "")
