"""Shared memory: values, tables, transactions, and processes that die in the middle of a write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel.runtime.shared import SIZE_LIMIT, Shared, SharedMemoryFull
from evroute_kernel.runtime.values import Dual

DEADLINE = 30


@pytest.fixture
def shared() -> Iterator[Shared]:
    with Shared.temporary() as opened:
        yield opened


@pytest.mark.parametrize("value", [0, -(2**31), 2**31 - 1, "", "text", "Zo\xc3\xab", "\x00\xff", "i5", None])
def test_a_value_comes_back(shared: Shared, value: int | str | None) -> None:
    shared.put("shv", "x", value)
    assert shared.get("shv", "x") == value
    assert type(shared.get("shv", "x")) is type(value)


def test_a_dual_is_stored_as_what_a_variable_keeps(shared: Shared) -> None:
    shared.put("shv", "number", Dual("42abc", 42))
    shared.put("shv", "text", Dual("42abc", 42, is_int=False))
    assert [shared.get("shv", "number"), shared.get("shv", "text")] == [42, "42abc"]


def test_tables_are_apart(shared: Shared) -> None:
    shared.put("a", "k", 1)
    shared.put("ab", "k", 2)
    shared.put("b", "", 3)
    assert shared.items("a") == [("k", 1)]
    assert shared.items("b") == [("", 3)]
    assert shared.tables() == ["a", "ab", "b"]
    shared.clear("a")
    assert shared.tables() == ["ab", "b"]
    shared.clear()
    assert shared.tables() == []


def test_objects(shared: Shared) -> None:
    value = {"entries": [1, 2.5, "ü€", None], "at": (1, 2), "big": 2**70}
    shared.put_object("cache:local", "k", value)
    assert shared.get_object("cache:local", "k") == value
    shared.put_object("cache:local", "k", "€")
    assert shared.get_object("cache:local", "k") == "€"


def test_keys_longer_than_the_database_takes(shared: Shared) -> None:
    keys = ["k" * 2000, "k" * 2001, "k" * 496, "k" * 495, "\xff" * 600]
    for i, key in enumerate(keys):
        shared.put("cache:local", key, i)
    assert [shared.get("cache:local", key) for key in keys] == [0, 1, 2, 3, 4]
    assert sorted(shared.items("cache:local")) == sorted(zip(keys, range(5), strict=True))
    assert shared.delete("cache:local", keys[0])
    assert not shared.delete("cache:local", keys[0])
    assert shared.get("cache:local", keys[0]) is None


def test_update_returns_the_new_value_and_none_removes(shared: Shared) -> None:
    assert shared.update("stat", "n", lambda n: (n or 0) + 1) == 1
    assert shared.update("stat", "n", lambda n: (n or 0) + 1) == 2
    assert shared.update("stat", "n", lambda n: None) is None
    assert shared.items("stat") == []


def test_an_error_in_update_changes_nothing(shared: Shared) -> None:
    shared.put("stat", "n", 1)
    with pytest.raises(ZeroDivisionError):
        shared.update("stat", "n", lambda n: n // 0)
    assert shared.update("stat", "n", lambda n: n + 1) == 2


def test_a_transaction_is_all_or_nothing(shared: Shared) -> None:
    def failing() -> None:
        with shared.transaction():
            shared.put("q", "a", 1)
            with shared.transaction():
                shared.put("q", "b", 2)
            assert shared.items("q") == [("a", 1), ("b", 2)]
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert shared.items("q") == []
    with shared.transaction():
        shared.put("q", "a", 1)
        assert shared.update("q", "a", lambda n: n + 1) == 2
        assert shared.delete("q", "a")
    assert shared.items("q") == []


def fill(shared: Shared) -> None:
    for i in range(4 * SIZE_LIMIT // 2**20):
        shared.put("cache:local", f"k{i}", "x" * 2**20)


def test_what_does_not_fit_is_refused_and_the_rest_goes_on(shared: Shared) -> None:
    with pytest.raises(SharedMemoryFull, match="128 MiB"):
        fill(shared)
    assert shared.get("cache:local", "k0") == "x" * 2**20
    shared.clear("cache:local")
    shared.put("cache:local", "k", 1)
    assert shared.items("cache:local") == [("k", 1)]


def test_a_transaction_that_does_not_fit_is_undone(shared: Shared) -> None:
    with pytest.raises(SharedMemoryFull), shared.transaction():
        fill(shared)
    assert shared.items("cache:local") == []
    shared.put("cache:local", "k", 1)


def test_the_directory_is_private_and_goes(shared: Shared) -> None:
    assert shared.path.stat().st_mode & 0o777 == 0o700
    shared.close()
    assert not shared.path.exists()


ADDER = """
import sys
from evroute_kernel.runtime.shared import Shared
shared = Shared(sys.argv[1])
print("ready", flush=True)
for _ in range(int(sys.argv[2])):
    shared.update("stat", "n", lambda n: (n or 0) + 1)
"""

HOLDER = """
import sys, time
from evroute_kernel.runtime.shared import Shared
shared = Shared(sys.argv[1])
with shared.transaction():
    shared.put("stat", "n", 666)
    print("ready", flush=True)
    time.sleep(60)
"""

READER = """
import sys, time
from evroute_kernel.runtime.shared import Shared
shared = Shared(sys.argv[1])
shared.get("stat", "n")
print("ready", flush=True)
time.sleep(60)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    process.stdout.close()
    return process.wait(DEADLINE)


def test_updates_of_several_processes_add_up(shared: Shared) -> None:
    adders = [start(ADDER, str(shared.path), "20000") for _ in range(2)]
    for _ in range(20000):
        shared.update("stat", "n", lambda n: (n or 0) + 1)
    assert [end(adder) for adder in adders] == [0, 0]
    assert shared.get("stat", "n") == 60000


def test_a_writer_killed_in_a_transaction_blocks_nobody(shared: Shared) -> None:
    shared.put("stat", "n", 1)
    for _ in range(3):
        holder = start(HOLDER, str(shared.path))
        holder.send_signal(signal.SIGKILL)
        assert end(holder) == -signal.SIGKILL
        shared.update("stat", "n", lambda n: n + 1)
    assert shared.get("stat", "n") == 4


def test_writers_killed_at_any_moment_block_nobody(shared: Shared) -> None:
    for _ in range(20):
        adder = start(ADDER, str(shared.path), "1000000000")
        for _ in range(50):
            shared.update("stat", "mine", lambda n: (n or 0) + 1)
        adder.send_signal(signal.SIGKILL)
        end(adder)
    assert shared.get("stat", "mine") == 1000
    assert isinstance(shared.get("stat", "n"), int)


def test_slots_of_killed_readers_are_free_again(shared: Shared) -> None:
    for _ in range(3):
        reader = start(READER, str(shared.path))
        reader.send_signal(signal.SIGKILL)
        end(reader)
    opener = start(READER, str(shared.path))  # a process that opens the environment looks for dead readers
    pids = {int(line.split()[0]) for line in shared._environment.readers().splitlines()[1:] if line.strip()}
    opener.kill()
    end(opener)
    assert pids <= {os.getpid(), opener.pid}


def test_a_forgotten_one_leaves_no_directory() -> None:
    program = "from evroute_kernel.runtime.shared import Shared; print(Shared.temporary().path)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert not Path(done.stdout.strip()).exists()
