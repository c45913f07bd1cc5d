"""Locks: who may take them, and what becomes of those whose owner dies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from evroute_kernel.library.functions import locks
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.memory.accesses import LOCKS
from evroute_kernel.runtime.shared import Shared

#: takes a lock in a process of its own, says so, and waits until it is told to end
HOLDER = """
import sys
from evroute_kernel.library.functions import locks
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.shared import Shared
context = Context(Process(Shared(sys.argv[1])), "E_T")
locks.get_static_lock(context, "a")
print("taken", flush=True)
sys.stdin.readline()
locks.release_static_lock(context, "a")
"""


@pytest.fixture
def holder(process):
    running = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(process.shared.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stdout.readline() == "taken\n"
        yield running
        running.kill()


def test_a_lock_can_be_taken_again_once_it_is_back(run):
    for _ in range(2):
        assert run("get_static_lock", "a") == 1
        assert run("release_static_lock", "a") == 1


def test_giving_back_what_nobody_holds_succeeds(run):
    assert run("release_static_lock", "a") == 1
    assert run("release_dynamic_lock", "a") == 1


def test_taking_a_lock_twice_is_a_clear_error_that_names_it(run):
    run("get_static_lock", "accounting")
    with pytest.raises(ScriptCrash, match="accounting"):
        run("get_static_lock", "accounting")
    # as after the end of the process that hung
    assert run("get_static_lock", "accounting") == 1


def test_texts_of_one_hash_share_a_dynamic_lock(run):
    first = locks.core_hash("a", 32)
    other = next(text for text in map(str, range(1000)) if locks.core_hash(text, 32) == first)
    run("get_dynamic_lock", "a")
    with pytest.raises(ScriptCrash):
        run("get_dynamic_lock", other)


def test_waiting_for_another_process(run, holder):
    def let_go():
        holder.stdin.write("\n")
        holder.stdin.flush()

    timer = threading.Timer(0.05, let_go)
    timer.start()
    assert run("get_static_lock", "a") == 1
    timer.join()


def test_a_lock_dies_with_its_process(run, holder):
    holder.kill()
    holder.wait(timeout=10)
    assert run("get_static_lock", "a") == 1


def test_what_others_hold_is_not_ours(process, holder):
    held = process.shared.get_object(LOCKS, "static:a")
    assert held[0] == holder.pid != os.getpid()


def test_comparing_locks_crashes_the_server(run):
    with pytest.raises(ScriptCrash):
        run("strings_share_lock", "x")


@pytest.mark.parametrize(
    ("text", "value"), [("", 0), ("a", 13), ("abcd", 24), ("abcde", 1), ("\xe9", 20), ("J\xc3\xbcrgen", 2)]
)
def test_the_hash_is_the_servers(text, value):
    assert locks.core_hash(text, 32) == value


def test_two_sessions_have_different_locks(run):
    run("get_static_lock", "a")
    with Shared.temporary() as other:
        assert locks.get_static_lock(Context(Process(other), "E_T"), "a") == 1
