"""Full folders: `/dev/shm` and the temporary folder as small memory file systems, for library, kernel and command.

A write into a map of a file that can get no more space ends the process by SIGBUS, which its exit code tells.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

from evroute_kernel.engine.workers.processes.launcher import import_paths

DEADLINE = 120
#: enters a world where all folders for temporary files are small: sizes of /dev/shm and of the others, program; where
#: the environment of the tests lies in one of them, it is mounted again at its place
ENTER = """
size=$2 python=$3 text=$4 prefix=$5
mount -t tmpfs -o size=$1 tmpfs /dev/shm && mkdir /dev/shm/hidden || exit 77
for folder in /tmp /var/tmp /usr/tmp; do
    [ -d $folder ] && [ ! -h $folder ] || continue
    mount --bind $folder /dev/shm/hidden && mount -t tmpfs -o size=$size tmpfs $folder || exit 77
    case $prefix/ in
        $folder/*)
            mkdir -p "$prefix" && mount --bind "/dev/shm/hidden/${prefix#$folder/}" "$prefix" || exit 77 ;;
    esac
    umount /dev/shm/hidden || exit 77
done
rmdir /dev/shm/hidden
unset TMPDIR TEMP TMP
cd /sys && exec "$python" -c "$text"
"""
PROLOGUE = """
import contextlib, os, sys, warnings
sys.path[:0] = {paths!r}
warnings.simplefilter("error")
from pathlib import Path
from evroute_kernel.engine.session.session import Session
from evroute_kernel.runtime.memory.room import NoRoom

def fill(folder):
    with open(f"{{folder}}/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))

def is_full(folder):
    return os.statvfs(folder).f_bavail == 0

def ok(session, event, params=None):
    run = session.raise_event(event, params)
    assert run.ok, run.error.render()
    return [record.text for record in run.log]

def refused(session, event, params=None):
    error = session.raise_event(event, params).error
    assert error is not None
    assert error.cause == "crashed", error.render()
    assert "shared memory cannot grow, /dev/shm has 0 KiB left: remove keys" in error.message, error
    assert "--shm-size" in error.message and "TMPDIR" in error.message
    assert error.span is not None

"""
ROUTES = '''
ROUTES = """
event_route[E_PLAIN] { xlog("plain"); }
event_route[E_INT] { $shv(n) = $param(x); xlog("$shv(n)"); }
event_route[E_COUNT] { $shv(n) += 1; xlog("$shv(n)"); }
event_route[E_NEW] { $shv($param(name)) = 1; }
event_route[E_TEXT] { $shv(text) = $param(x); xlog("$(shv(text){s.len})"); }
event_route[E_CACHE] { cache_store("local", $param(key), $param(x)); }
event_route[E_FETCH] { cache_fetch("local", "$param(key)", $var(x)); xlog("$(var(x){s.len})"); }
event_route[E_REMOVE] { cache_remove("local", "$param(key)"); }
event_route[E_LOUD] { xlog("$param(x)\\\\n"); }
"""
'''


@cache
def entrance() -> tuple[str, ...]:
    """The command that gives a process mounts of its own; empty where this user may not."""
    for options in ("-m", "-rm"):
        command = ("unshare", options, "sh", "-c")
        try:
            done = subprocess.run([*command, "mount -t tmpfs tmpfs /dev/shm"], capture_output=True, timeout=DEADLINE)
        except OSError:
            return ()
        if done.returncode == 0:
            return command
    return ()


def run(program: str, memory: str = "16m", others: str = "1m") -> str:
    """What a program prints that finds so much room in `/dev/shm` and in the temporary folders."""
    if not entrance():
        pytest.skip("this user may not mount anything")
    text = PROLOGUE.format(paths=import_paths()) + ROUTES + program
    return output([*entrance(), ENTER, "enter", memory, others, sys.executable, text, sys.prefix])


def output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


# -- full before it starts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("full", "used"), [("/dev/shm", "/tmp"), ("/tmp", "/dev/shm")])
def test_where_one_folder_is_full_the_other_is_taken(full: str, used: str) -> None:
    program = f"""
fill({full!r})
assert is_full({full!r})
with Session(workers=2) as session:
    session.load(ROUTES)
    assert ok(session, "E_INT", {{"x": 7}}) == ["7"]
    ok(session, "E_CACHE", {{"key": "a", "x": "text"}})
    assert session.submit_batch("E_LOUD", [{{"x": "y" * 1000}}] * 2000).result().ok
    print(session._backend.directory.parent)
"""
    assert run(program, "16m", "16m") == f"{used}\n"


def test_where_all_are_full_the_session_says_so() -> None:
    program = """
for folder in ("/dev/shm", "/tmp", "/var/tmp"):
    fill(folder)
try:
    Session(workers=1)
except NoRoom as error:
    print(error)
print([list(Path(folder).glob("evroute-*")) for folder in ("/dev/shm", "/tmp")])
"""
    said, left, _ = run(program).split("\n")
    assert said.startswith("there is no room for the 2,048 KiB that a session's processes share at first: ")
    assert "/dev/shm (0 KiB free" in said
    assert "/tmp (0 KiB free" in said
    assert "No space left on device" in said
    assert "remove files there, give /dev/shm more room (docker run --shm-size=1g), or set TMPDIR to" in said
    assert left == "[[], []]"


@pytest.mark.parametrize("kilobytes", [4, 300, 500, 600, 900, 1200, 1500, 1800, 2100])
def test_however_much_is_left_it_starts_or_says_so(kilobytes: int) -> None:
    """Whatever the first write is that finds no room. What has started has room for some values."""
    program = """
try:
    session = Session(workers=1)
except NoRoom:
    print("no room")
    sys.exit()
with session:
    session.load(ROUTES)
    fill("/dev/shm")
    ok(session, "E_INT", {"x": 1})
    ok(session, "E_CACHE", {"key": "a", "x": "x" * 1000})
    print("room")
"""
    expected = {4: ["no room\n"], 2100: ["room\n"]}
    assert run(program, f"{kilobytes}k", "4k") in expected.get(kilobytes, ["no room\n", "room\n"])


def test_a_limit_of_the_size_of_files() -> None:
    """Needs no mount: `ulimit -f`, which is one more way to have no room."""
    program = (
        PROLOGUE.format(paths=import_paths())
        + """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2**18, 2**18))
try:
    Session(workers=1)
except NoRoom as error:
    print(error)
"""
    )
    assert "File too large" in output([sys.executable, "-c", program])


# -- full while it runs -------------------------------------------------------------------------------------------

FILLED = """
session = Session(workers=2)
session.load(ROUTES)
ok(session, "E_INT", {"x": 1})
ok(session, "E_TEXT", {"x": "short"})
for number in range(200):
    ok(session, "E_CACHE", {"key": f"k{number}", "x": "y" * 5000})
fill("/dev/shm")
while session.raise_event("E_CACHE", {"key": f"more{number}", "x": "y" * 5000}).ok:
    number += 1
"""


def test_writes_are_refused_and_the_session_goes_on() -> None:
    program = (
        FILLED
        + """
refused(session, "E_CACHE", {"key": "z", "x": "y" * 5000})
refused(session, "E_CACHE", {"key": "z", "x": "y" * 100_000})
refused(session, "E_TEXT", {"x": "y" * 50_000})
assert ok(session, "E_INT", {"x": 42}) == ["42"]
assert ok(session, "E_COUNT") == ["43"]
assert ok(session, "E_PLAIN") == ["plain"]
assert ok(session, "E_FETCH", {"key": "k7"}) == ["5000"]
number = 0
while session.raise_event("E_NEW", {"name": f"new{number}"}).ok and number < 100_000:
    number += 1
refused(session, "E_NEW", {"name": "newer"})
assert ok(session, "E_INT", {"x": 44}) == ["44"]
pids = {worker.pid for worker in session.workers()}
session.close()
print("closed")
"""
    )
    assert run(program) == "closed\n"


def test_keys_can_be_removed_and_their_room_is_used_again() -> None:
    program = (
        FILLED
        + """
refused(session, "E_CACHE", {"key": "z", "x": "y" * 5000})
for number in range(150):
    ok(session, "E_REMOVE", {"key": f"k{number}"})
for number in range(50):
    ok(session, "E_CACHE", {"key": f"z{number}", "x": "z" * 5000})
assert ok(session, "E_FETCH", {"key": "z49"}) == ["5000"]
assert is_full("/dev/shm")
session.close()
print("closed")
"""
    )
    assert run(program) == "closed\n"


def test_a_batch_and_new_workers_in_a_full_folder() -> None:
    program = (
        FILLED
        + """
fill("/tmp")
result = session.submit_batch("E_LOUD", [{"x": "y" * 1000}] * 2000).result()
assert result.ok and len(result.log) == 2000, result.errors
result = session.submit_batch("E_CACHE", [{"key": f"b{n}", "x": "y" * 5000} for n in range(500)]).result()
assert result.events == 500 and result.failed == 500, result
assert {error.cause for error in result.errors} == {"crashed"}
for _ in range(3):
    before = {worker.pid for worker in session.workers()}
    for pid in before:
        os.kill(pid, 9)
    assert ok(session, "E_PLAIN") == ["plain"]
    assert ok(session, "E_LOUD", {"x": "loud"}) == ["loud\\n"]
    assert not before & {worker.pid for worker in session.workers()}
session.close()
print("closed")
"""
    )
    assert run(program) == "closed\n"


def test_the_host_writes_too() -> None:
    """As `%mi` does: in the process of the kernel."""
    program = (
        FILLED
        + """
from evroute_kernel.runtime.shared import SharedMemoryFull
shared = session.shared
for value in ("y" * 5000, "y" * 1_000_000):
    try:
        shared.put("cache:default", "host", value)
    except SharedMemoryFull as error:
        print(str(error).partition(":")[0])
try:
    with shared.transaction():
        for n in range(1000):
            shared.put("cache:default", f"host{n}", "y" * 5000)
except SharedMemoryFull as error:
    print(str(error).partition(":")[0])
assert shared.get("cache:default", "host0") is None
assert len(shared.items("cache:default")) >= 200
shared.put("shv", "n", 5)
assert ok(session, "E_COUNT") == ["6"]
session.reset()
assert shared.items("cache:default") == [] and shared.tables() == []
shared.put("cache:default", "host", "y" * 5000)
session.load(ROUTES)
assert ok(session, "E_FETCH", {"key": "host"}) == ["5000"]
session.close()
"""
    )
    assert run(program) == "shared memory cannot grow, /dev/shm has 0 KiB left\n" * 3


def test_when_there_is_room_again_it_is_used() -> None:
    program = (
        FILLED
        + """
os.unlink("/dev/shm/filler")
for number in range(200):
    ok(session, "E_CACHE", {"key": f"more{number}", "x": "y" * 5000})
session.close()
"""
    )
    run(program)


# -- many ---------------------------------------------------------------------------------------------------------


def test_twenty_sessions_in_the_memory_of_a_container() -> None:
    program = """
sessions = [Session(workers=2) for _ in range(20)]
for session in sessions:
    session.load(ROUTES)
futures = [(s.submit("E_INT", {"x": 3}), s.submit("E_CACHE", {"key": "k", "x": "y" * 10_000})) for s in sessions]
assert all(future.result().ok for pair in futures for future in pair)
assert {session._backend.directory.parent for session in sessions} == {Path("/dev/shm")}
for session in sessions:
    session.close()
assert list(Path("/dev/shm").iterdir()) == []
"""
    run(program, "64m")


def test_sessions_that_fill_the_memory_together() -> None:
    program = """
sessions = [Session(workers=1) for _ in range(4)]
lists = [{"key": f"k{n}", "x": "y" * 50_000} for n in range(400)]
for session in sessions:
    session.load(ROUTES)
batches = [session.submit_batch("E_CACHE", lists) for session in sessions]
failed = [batch.result().failed for batch in batches]
assert all(error.cause == "crashed" for batch in batches for error in batch.result().errors)
assert sum(failed) > 1000, failed
for session in sessions:
    assert ok(session, "E_PLAIN") == ["plain"]
    session.close()
"""
    run(program, "24m")


# -- kernel, management interface, command --------------------------------------------------------------------------


def test_the_management_interface_says_so() -> None:
    program = (
        FILLED
        + """
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
request = '{"jsonrpc": "2.0", "id": 1, "method": "cache_store", "params": ["local", "key", "%s"]}' % ("y" * 5000)
print(answer(Management(session), request.encode()).decode())
session.close()
"""
    )
    said = run(program)
    assert "Server error" in said
    assert "shared memory cannot grow, /dev/shm has 0 KiB left: remove keys" in said


def test_a_kernel_without_room_says_so_and_works_when_there_is_some() -> None:
    program = """
warnings.resetwarnings()
from jupyter_client.manager import KernelManager
for folder in ("/dev/shm", "/tmp", "/var/tmp"):
    fill(folder)
os.truncate("/tmp/filler", 2**20 - 2**16)  # its connection file, and no more
manager = KernelManager(kernel_name="evroute")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
def run(code):
    content = client.execute_interactive(code, timeout=60, output_hook=lambda message: None)["content"]
    return content["status"], content.get("ename"), content.get("evalue")
cell = "event_route[E_A] { xlog(\\"a\\"); }\\n%raise E_A\\n%expect \\"a\\""
for code in (cell, "%routes", "%reset"):
    status, name, text = run(code)
    assert (status, name) == ("error", "NoRoom"), (status, name, text)
    assert text.startswith("there is no room for the 2,048 KiB"), text
os.unlink("/dev/shm/filler")
assert run(cell)[0] == "ok"
client.stop_channels()
manager.shutdown_kernel()
print("ended")
"""
    assert run(program).endswith("ended\n")


def test_the_command_says_so() -> None:
    program = """
from evroute_kernel.cli import main
for folder in ("/dev/shm", "/tmp", "/var/tmp"):
    fill(folder)
sys.stdin = open("/dev/null")
try:
    main(["run", "-"])
except SystemExit as end:
    print(end.code)
"""
    assert run(program) == "1\n"
